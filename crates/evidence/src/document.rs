//! Checkpoints and proofs as JSON. Every number and every text is one that a digest covers, so nothing is formatted:
//! times are milliseconds since 1970, and `detail` and `covers` are the texts that were hashed.

use gaiterguard_domain::audit::{AuditEntry, ChainHead};
use gaiterguard_domain::checkpoint::{Checkpoint, SignedCheckpoint};
use gaiterguard_domain::id::{AuditId, WorkspaceId};
use gaiterguard_domain::request::Digest;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_rows::proven_request::ProvenRequest;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The format of checkpoints.
const CHECKPOINT_FORMAT: &str = "gaiterguard.checkpoint.v1";

/// The format of proofs.
const PROOF_FORMAT: &str = "gaiterguard.proof.v1";

/// A text is not a document of the expected format.
#[derive(Debug, Error)]
pub enum NotADocument {
    /// It is not JSON, or a field is missing, unknown, or of another type.
    #[error("it is not a document of the format {expected}: {error}")]
    Json {
        /// The expected format.
        expected: &'static str,
        /// Why it cannot be parsed.
        error: serde_json::Error,
    },
    /// It has another format.
    #[error("its format is {found:?}, and only {expected} is supported")]
    Format {
        /// The format that it states.
        found: String,
        /// The expected format.
        expected: &'static str,
    },
    /// A text is not hexadecimal, or not of the right length.
    #[error("`{field}` must be {bytes} bytes in hexadecimal")]
    Hexadecimal {
        /// The field.
        field: &'static str,
        /// The number of bytes.
        bytes: usize,
    },
}

/// Signed checkpoint of the audit log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = AuditCheckpoint))]
#[serde(deny_unknown_fields)]
pub struct CheckpointDocument {
    /// Version of the format.
    #[cfg_attr(feature = "schema", schema(example = "gaiterguard.checkpoint.v1"))]
    format: String,
    /// Number of the checkpoint, from 1 and without gaps.
    number: i64,
    /// When it was made, in milliseconds since 1970.
    at: i64,
    /// Digest of the checkpoint before it. Null for the first.
    #[cfg_attr(feature = "schema", schema(required))]
    previous: Option<String>,
    /// Heads of the chains that have grown since the previous checkpoint.
    heads: Vec<HeadDocument>,
    /// Ed25519 public key that verifies the signature, in hexadecimal.
    key: String,
    /// Ed25519 signature of the checkpoint's digest, in hexadecimal.
    signature: String,
}

/// Head of a chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = AuditCheckpointHead))]
#[serde(deny_unknown_fields)]
struct HeadDocument {
    /// The chain.
    chain: i64,
    /// Position of its last entry.
    sequence: i64,
    /// Hash of that entry, in hexadecimal.
    hash: String,
}

/// Proof that a request was recorded as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = RequestProof))]
#[serde(deny_unknown_fields)]
pub struct ProofDocument {
    /// Version of the format.
    #[cfg_attr(feature = "schema", schema(example = "gaiterguard.proof.v1"))]
    format: String,
    /// Every column of the request that the audit log covers.
    #[cfg_attr(feature = "schema", schema(value_type = Object))]
    pub(crate) request: ProvenRequest,
    /// Audit entries that cover the request, the one with its decision first.
    pub(crate) entries: Vec<EntryDocument>,
    /// Checkpoints that the entries lead to.
    pub(crate) checkpoints: Vec<CheckpointDocument>,
}

/// The part of a request that an entry of its proof shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = RequestProofShows))]
#[serde(rename_all = "snake_case")]
pub(crate) enum Shows {
    /// The request's row.
    Decision,
    /// How the request ended.
    End,
    /// A change of the action that the request became.
    Action,
}

/// Audit entry of a proof, with the path to the checkpoint that covers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = RequestProofEntry))]
#[serde(deny_unknown_fields)]
pub(crate) struct EntryDocument {
    /// The part of the request that the entry shows.
    pub(crate) shows: Shows,
    /// Unique identifier.
    id: i64,
    /// Chain that the entry belongs to.
    chain: i64,
    /// Position in the chain.
    sequence: i64,
    /// Workspace that it concerns. Null if it concerns the whole gateway.
    #[cfg_attr(feature = "schema", schema(required))]
    workspace_id: Option<i64>,
    /// When it happened, in milliseconds since 1970.
    at: i64,
    /// Who did it.
    actor: String,
    /// Name of the event.
    event: String,
    /// The object that it happened to.
    subject: String,
    /// Details, as the JSON text that was hashed.
    detail: String,
    /// Digests of the rows that the entry covers, as the JSON text that was hashed.
    #[cfg_attr(feature = "schema", schema(required))]
    covers: Option<String>,
    /// Hash of the previous entry in the chain, in hexadecimal.
    previous_hash: String,
    /// Digests of the bodies of the entries that follow in the chain, up to the checkpoint's head, in hexadecimal.
    links: Vec<String>,
    /// Number of the checkpoint.
    pub(crate) checkpoint: i64,
}

impl CheckpointDocument {
    /// Returns the document of a checkpoint.
    pub fn of(signed: &SignedCheckpoint) -> Self {
        let SignedCheckpoint {
            checkpoint,
            key,
            signature,
        } = signed;
        let heads = checkpoint.heads.iter().map(|head| HeadDocument {
            chain: head.chain,
            sequence: head.sequence,
            hash: head.hash.to_string(),
        });
        Self {
            format: CHECKPOINT_FORMAT.to_owned(),
            number: checkpoint.number,
            at: checkpoint.at.0,
            previous: checkpoint.previous.map(|digest| digest.to_string()),
            heads: heads.collect(),
            key: hex::encode(key),
            signature: hex::encode(signature),
        }
    }

    /// Parses a document.
    ///
    /// # Errors
    ///
    /// If the text is not a checkpoint of the supported format.
    pub fn parse(text: &[u8]) -> Result<Self, NotADocument> {
        let document: Self = parse(text, CHECKPOINT_FORMAT)?;
        is_format(&document.format, CHECKPOINT_FORMAT)?;
        Ok(document)
    }

    /// Returns the checkpoint. Its signature is not verified.
    ///
    /// # Errors
    ///
    /// If a digest, the key, or the signature is not hexadecimal of its length.
    pub fn signed(&self) -> Result<SignedCheckpoint, NotADocument> {
        let heads = self.heads.iter().map(|head| {
            Ok(ChainHead {
                chain: head.chain,
                sequence: head.sequence,
                hash: digest("hash", &head.hash)?,
            })
        });
        let previous = self.previous.as_deref();
        Ok(SignedCheckpoint {
            checkpoint: Checkpoint {
                number: self.number,
                at: Timestamp(self.at),
                previous: previous.map(|text| digest("previous", text)).transpose()?,
                heads: heads.collect::<Result<_, NotADocument>>()?,
            },
            key: bytes("key", &self.key)?,
            signature: bytes("signature", &self.signature)?,
        })
    }
}

impl ProofDocument {
    pub(crate) fn new(
        request: ProvenRequest,
        entries: Vec<EntryDocument>,
        checkpoints: Vec<CheckpointDocument>,
    ) -> Self {
        Self {
            format: PROOF_FORMAT.to_owned(),
            request,
            entries,
            checkpoints,
        }
    }

    /// Parses a document.
    ///
    /// # Errors
    ///
    /// If the text is not a proof of the supported format.
    pub fn parse(text: &[u8]) -> Result<Self, NotADocument> {
        let document: Self = parse(text, PROOF_FORMAT)?;
        is_format(&document.format, PROOF_FORMAT)?;
        for checkpoint in &document.checkpoints {
            is_format(&checkpoint.format, CHECKPOINT_FORMAT)?;
        }
        Ok(document)
    }
}

impl EntryDocument {
    pub(crate) fn of(shows: Shows, entry: &AuditEntry, links: &[Digest], checkpoint: i64) -> Self {
        Self {
            shows,
            id: entry.id.0,
            chain: entry.chain,
            sequence: entry.sequence,
            workspace_id: entry.workspace.map(|workspace| workspace.0),
            at: entry.at.0,
            actor: entry.actor.clone(),
            event: entry.event.clone(),
            subject: entry.subject.clone(),
            detail: entry.detail.clone(),
            covers: entry.covers.clone(),
            previous_hash: entry.previous_hash.to_string(),
            links: links.iter().map(Digest::to_string).collect(),
            checkpoint,
        }
    }

    /// Returns the entry, with the hash that follows from it.
    pub(crate) fn entry(&self) -> Result<AuditEntry, NotADocument> {
        let mut entry = AuditEntry {
            id: AuditId(self.id),
            chain: self.chain,
            sequence: self.sequence,
            workspace: self.workspace_id.map(WorkspaceId),
            at: Timestamp(self.at),
            actor: self.actor.clone(),
            event: self.event.clone(),
            subject: self.subject.clone(),
            detail: self.detail.clone(),
            covers: self.covers.clone(),
            previous_hash: digest("previous_hash", &self.previous_hash)?,
            hash: Digest([0; 32]),
        };
        entry.hash = entry.computed_hash();
        Ok(entry)
    }

    /// Returns the digests of the bodies of the entries that follow.
    pub(crate) fn links(&self) -> impl ExactSizeIterator<Item = Result<Digest, NotADocument>> {
        self.links.iter().map(|link| digest("links", link))
    }
}

fn parse<T: serde::de::DeserializeOwned>(
    text: &[u8],
    expected: &'static str,
) -> Result<T, NotADocument> {
    serde_json::from_slice(text).map_err(|error| NotADocument::Json { expected, error })
}

fn is_format(found: &str, expected: &'static str) -> Result<(), NotADocument> {
    if found == expected {
        return Ok(());
    }
    Err(NotADocument::Format {
        found: found.to_owned(),
        expected,
    })
}

fn digest(field: &'static str, text: &str) -> Result<Digest, NotADocument> {
    bytes(field, text).map(Digest)
}

fn bytes<const N: usize>(field: &'static str, text: &str) -> Result<[u8; N], NotADocument> {
    let mut bytes = [0; N];
    hex::decode_to_slice(text, &mut bytes)
        .map_err(|_| NotADocument::Hexadecimal { field, bytes: N })?;
    Ok(bytes)
}
