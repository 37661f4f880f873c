//! Checks a proof with nothing but the proof and, if it is known, the gateway's public key.

use gaiterguard_domain::audit::{AuditEntry, linked};
use gaiterguard_domain::checkpoint::SignedCheckpoint;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_rows::covered::{Covers, covers};
use gaiterguard_rows::proven_request::ProvenRequest;
use thiserror::Error;

use crate::document::{CheckpointDocument, EntryDocument, NotADocument, ProofDocument, Shows};
use crate::key::{PublicKey, is_valid};

/// Why a proof is not valid.
#[derive(Debug, Error)]
pub enum ProofRefused {
    /// A part of it is not what the format says.
    #[error(transparent)]
    Document(#[from] NotADocument),
    /// A checkpoint was not signed with the expected key.
    #[error("checkpoint {number} was signed with the key {found}, and not with {expected}")]
    OtherKey {
        /// The checkpoint's number.
        number: i64,
        /// The key that it names.
        found: PublicKey,
        /// The key that was expected.
        expected: PublicKey,
    },
    /// The signature of a checkpoint is not valid.
    #[error("the signature of checkpoint {0} is not valid")]
    Signature(i64),
    /// An entry does not lead to the checkpoint that it names.
    #[error("entry {entry} does not lead to a head of checkpoint {checkpoint}")]
    Path {
        /// The entry's id.
        entry: i64,
        /// The checkpoint's number.
        checkpoint: i64,
    },
    /// No entry covers the request.
    #[error("no entry of the decision covers the request as it is shown")]
    Request,
    /// An entry does not show what the proof claims.
    #[error("entry {entry} is not about {what} of this request")]
    Unrelated {
        /// The entry's id.
        entry: i64,
        /// The part of the request that it should show.
        what: &'static str,
    },
}

/// How a request ended, as far as a proof shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndOfRequest {
    /// It had not ended when the proof was made.
    Open,
    /// The end that the request's columns describe is proven.
    Proven,
    /// The columns describe an end that the proof does not cover.
    NotProven,
}

/// A change of the action that a request became.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionEvent {
    /// When it happened.
    pub at: Timestamp,
    /// Who caused it.
    pub actor: String,
    /// The event.
    pub event: String,
}

/// The facts that a proof shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proven {
    /// The request.
    pub request: ProvenRequest,
    /// Whether its end is proven.
    pub end: EndOfRequest,
    /// The changes of its action.
    pub changes: Vec<ActionEvent>,
    /// The key that signed the checkpoints.
    pub key: PublicKey,
    /// When the last of the checkpoints was made.
    pub signed_at: Timestamp,
}

/// Checks a proof. Without a key, its checkpoints may be signed with any one key, which the caller must compare with
/// the gateway's.
///
/// # Errors
///
/// If the proof is not valid.
pub fn check(proof: &ProofDocument, key: Option<PublicKey>) -> Result<Proven, ProofRefused> {
    let checkpoints = proof.checkpoints.iter().map(CheckpointDocument::signed);
    let checkpoints: Vec<SignedCheckpoint> = checkpoints.collect::<Result<_, _>>()?;
    let first = checkpoints.first().ok_or(ProofRefused::Request)?;
    let key = key.unwrap_or(PublicKey(first.key));
    for signed in &checkpoints {
        let number = signed.checkpoint.number;
        if signed.key != key.0 {
            return Err(ProofRefused::OtherKey {
                number,
                found: PublicKey(signed.key),
                expected: key,
            });
        }
        if !is_valid(signed) {
            return Err(ProofRefused::Signature(number));
        }
    }
    let request = &proof.request;
    let subject = request
        .action_id
        .as_ref()
        .map(|action| format!("action:{action}"));
    let mut is_decided = false;
    let mut is_end_covered = false;
    let mut changes = Vec::new();
    for shown in &proof.entries {
        let entry = signed_entry(shown, &checkpoints)?;
        let covered = entry.covers.as_deref().and_then(covers);
        let unrelated = |what| ProofRefused::Unrelated {
            entry: entry.id.0,
            what,
        };
        match shown.shows {
            Shows::Decision => {
                let covered = covered.ok_or(ProofRefused::Request)?;
                let is_own_workspace =
                    entry.workspace.map(|workspace| workspace.0) == Some(request.workspace_id);
                if !is_own_workspace || !covers_row(&covered, request) {
                    return Err(ProofRefused::Request);
                }
                is_decided = true;
                is_end_covered |= covers_end(&covered, request);
            }
            Shows::End => {
                if !covered.is_some_and(|covered| covers_end(&covered, request)) {
                    return Err(unrelated("the end"));
                }
                is_end_covered = true;
            }
            Shows::Action => {
                if subject.as_deref() != Some(entry.subject.as_str()) {
                    return Err(unrelated("the action"));
                }
                // An execution's response ends the request.
                is_end_covered |= covered.is_some_and(|covered| covers_end(&covered, request));
            }
        }
        // The entry that covers the end may be about the action of another request.
        if subject.as_deref() == Some(entry.subject.as_str()) {
            changes.push(ActionEvent {
                at: entry.at,
                actor: entry.actor,
                event: entry.event,
            });
        }
    }
    if !is_decided {
        return Err(ProofRefused::Request);
    }
    changes.sort_by_key(|approval| approval.at);
    let end = match (request.end().is_open(), is_end_covered) {
        (true, _) => EndOfRequest::Open,
        (false, true) => EndOfRequest::Proven,
        (false, false) => EndOfRequest::NotProven,
    };
    let signed_at = checkpoints.iter().map(|signed| signed.checkpoint.at).max();
    Ok(Proven {
        request: request.clone(),
        end,
        changes,
        key,
        signed_at: signed_at.unwrap_or(Timestamp(0)),
    })
}

/// Returns an entry, once its way to a signed head is checked.
fn signed_entry(
    shown: &EntryDocument,
    checkpoints: &[SignedCheckpoint],
) -> Result<AuditEntry, ProofRefused> {
    let entry = shown.entry()?;
    let links = shown.links();
    let reached = i64::try_from(links.len()).unwrap_or(i64::MAX);
    let sequence = entry.sequence.saturating_add(reached);
    let mut hash = entry.hash;
    for link in links {
        hash = linked(hash, link?);
    }
    let signed = checkpoints
        .iter()
        .find(|signed| signed.checkpoint.number == shown.checkpoint);
    let is_signed =
        signed.is_some_and(|signed| {
            signed.checkpoint.heads.iter().any(|head| {
                head.chain == entry.chain && head.sequence == sequence && head.hash == hash
            })
        });
    if is_signed {
        Ok(entry)
    } else {
        Err(ProofRefused::Path {
            entry: entry.id.0,
            checkpoint: shown.checkpoint,
        })
    }
}

/// Whether an entry covers the row of a request, as its own or as one of several reads.
fn covers_row(covered: &Covers, request: &ProvenRequest) -> bool {
    if let Some(own) = &covered.request
        && *own == request.columns().covered()
    {
        return true;
    }
    covered.reads.iter().any(|read| {
        let end = (!read.is_open).then(|| request.end());
        *read == request.columns().covered_as_read(end)
    })
}

/// Whether an entry covers how a request ended: among the ends, or with the row of a read that had ended.
fn covers_end(covered: &Covers, request: &ProvenRequest) -> bool {
    let end = request.end().covered();
    let is_of_read = |request: &ProvenRequest| {
        let row = request.columns().covered_as_read(Some(request.end()));
        covered.reads.contains(&row)
    };
    covered.ends.contains(&end) || is_of_read(request)
}
