//! Who did what: entries chained by their hashes, so that a change to one shows in all later ones.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::id::{AgentId, AuditId, UserId, WorkspaceId};
use crate::request::Digest;
use crate::time::Timestamp;

/// Who did something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Actor {
    /// A human.
    User(UserId),
    /// An agent.
    Agent(AgentId),
    /// The gateway itself: expiry, recovery, retention.
    Gateway,
    /// Someone at the command line of the gateway's machine.
    Operator,
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(id) => write!(f, "user:{id}"),
            Self::Agent(id) => write!(f, "agent:{id}"),
            Self::Gateway => f.write_str("gateway"),
            Self::Operator => f.write_str("operator"),
        }
    }
}

/// What an entry says, before it is chained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAuditEntry {
    /// Whose workspace it concerns; none for what concerns the whole gateway.
    pub workspace: Option<WorkspaceId>,
    /// When it happened.
    pub at: Timestamp,
    /// Who did it.
    pub actor: Actor,
    /// What happened: `noun.verb`, such as `action.approved`.
    pub event: &'static str,
    /// What it happened to, such as `action:0192…` or `service:3`.
    pub subject: String,
    /// The particulars, a JSON object. Never a secret.
    pub detail: serde_json::Value,
}

/// The member of a new entry's detail that says which rows it covers.
pub const COVERS: &str = "covers";

/// An entry in its chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// Its id.
    pub id: AuditId,
    /// The chain it belongs to. Every writer has its own, so that writers need not wait for one
    /// another.
    pub chain: i64,
    /// Its place in the chain, from 1, without gaps.
    pub sequence: i64,
    /// Whose workspace it concerns.
    pub workspace: Option<WorkspaceId>,
    /// When it happened.
    pub at: Timestamp,
    /// Who did it.
    pub actor: String,
    /// What happened.
    pub event: String,
    /// What it happened to.
    pub subject: String,
    /// The particulars, as the JSON text that was hashed.
    pub detail: String,
    /// The digests of the rows that were written together with it, as the JSON text that was hashed;
    /// `None` if it tells of no row, or is from before rows were covered.
    pub covers: Option<String>,
    /// The hash of the entry before it in the chain; zeros for the first.
    pub previous_hash: Digest,
    /// Its own hash.
    pub hash: Digest,
}

/// The end of a chain, which the next entry is linked to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChainHead {
    /// The chain.
    pub chain: i64,
    /// The last entry's place; zero before the first.
    pub sequence: i64,
    /// The last entry's hash; zeros before the first.
    pub hash: Digest,
}

impl ChainHead {
    /// The head of a chain without entries.
    pub fn start(chain: i64) -> Self {
        Self {
            chain,
            sequence: 0,
            hash: Digest([0; 32]),
        }
    }

    /// Links an entry to the chain and moves the head to it. The member [`COVERS`] of its detail
    /// becomes [`AuditEntry::covers`].
    pub fn link(&mut self, id: AuditId, mut new: NewAuditEntry) -> AuditEntry {
        let detail = new.detail.as_object_mut();
        let covers = detail.and_then(|detail| detail.remove(COVERS));
        let mut entry = AuditEntry {
            id,
            chain: self.chain,
            sequence: self.sequence + 1,
            workspace: new.workspace,
            at: new.at,
            actor: new.actor.to_string(),
            event: new.event.to_owned(),
            subject: new.subject,
            detail: new.detail.to_string(),
            covers: covers.map(|covers| covers.to_string()),
            previous_hash: self.hash,
            hash: Digest([0; 32]),
        };
        entry.hash = entry.computed_hash();
        self.sequence = entry.sequence;
        self.hash = entry.hash;
        entry
    }

    /// Checks that `entry` follows this head, and moves the head to it.
    pub fn follow(&mut self, entry: &AuditEntry) -> Result<(), ChainBroken> {
        let follows = entry.chain == self.chain
            && entry.sequence == self.sequence + 1
            && entry.previous_hash == self.hash
            && entry.hash == entry.computed_hash();
        if !follows {
            return Err(ChainBroken {
                chain: self.chain,
                sequence: self.sequence + 1,
                id: entry.id,
            });
        }
        self.sequence = entry.sequence;
        self.hash = entry.hash;
        Ok(())
    }
}

/// The first entry that does not follow from the ones before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error("entry {id} does not follow: chain {chain} is broken at place {sequence}")]
pub struct ChainBroken {
    /// The chain.
    pub chain: i64,
    /// The place at which the chain was still whole, plus one.
    pub sequence: i64,
    /// The entry found there.
    pub id: AuditId,
}

impl AuditEntry {
    /// SHA-256 over the hash before it and every field, each with its length before it. What an entry
    /// covers is a field of its own under a label of its own, so none can lose it unseen.
    pub fn computed_hash(&self) -> Digest {
        let mut hash = Sha256::new();
        hash.update(match self.covers {
            None => b"gaiterguard.audit.v1\n",
            Some(_) => b"gaiterguard.audit.v2\n",
        });
        hash.update(self.previous_hash.0);
        for number in [
            self.id.0,
            self.chain,
            self.sequence,
            self.workspace.map_or(0, |workspace| workspace.0),
            self.at.0,
        ] {
            hash.update(number.to_be_bytes());
        }
        let texts = [&self.actor, &self.event, &self.subject, &self.detail];
        for text in texts.into_iter().chain(&self.covers) {
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text);
        }
        Digest(hash.finalize().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain() -> Vec<AuditEntry> {
        let mut head = ChainHead::start(3);
        (1..=3)
            .map(|id| {
                let new = NewAuditEntry {
                    workspace: Some(WorkspaceId(1)),
                    at: Timestamp(id),
                    actor: Actor::Agent(AgentId(2)),
                    event: "request.forwarded",
                    subject: format!("request:{id}"),
                    detail: serde_json::json!({ "method": "GET", "covers": { "row": id } }),
                };
                head.link(AuditId(id), new)
            })
            .collect()
    }

    fn verify(entries: &[AuditEntry]) -> Result<(), ChainBroken> {
        let mut head = ChainHead::start(3);
        entries.iter().try_for_each(|entry| head.follow(entry))
    }

    #[test]
    fn a_whole_chain_holds() {
        assert_eq!(verify(&chain()), Ok(()));
    }

    #[test]
    fn an_entry_that_was_changed_removed_or_moved_breaks_the_chain() {
        let mut changed = chain();
        changed[1].detail = "{\"method\":\"PUT\"}".to_owned();
        assert_eq!(verify(&changed).unwrap_err().id, AuditId(2));
        for covers in [None, Some("{\"row\":7}".to_owned())] {
            let mut uncovered = chain();
            uncovered[1].covers = covers;
            assert_eq!(verify(&uncovered).unwrap_err().id, AuditId(2));
        }
        let mut rehashed = changed;
        rehashed[1].hash = rehashed[1].computed_hash();
        assert_eq!(verify(&rehashed).unwrap_err().id, AuditId(3));
        let mut removed = chain();
        removed.remove(1);
        assert_eq!(verify(&removed).unwrap_err().id, AuditId(3));
        let mut moved = chain();
        moved.swap(0, 1);
        assert!(verify(&moved).is_err());
    }
}
