//! The audit log: entries chained by their hashes, so that a change to one invalidates all later ones.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::event::{Event, Subject, Unknown};
use crate::evidence::Fields;
use crate::id::{AgentId, AuditId, UserId, WorkspaceId};
use crate::request::Digest;
use crate::time::Timestamp;

/// The author of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Actor {
    /// A human.
    User(UserId),
    /// An agent.
    Agent(AgentId),
    /// The gateway itself, for expiry, recovery and retention.
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

impl FromStr for Actor {
    type Err = Unknown;

    fn from_str(text: &str) -> Result<Self, Unknown> {
        let actor = match text.split_once(':') {
            Some(("user", id)) => id.parse().map(|id| Self::User(UserId(id))),
            Some(("agent", id)) => id.parse().map(|id| Self::Agent(AgentId(id))),
            None if text == "gateway" => Ok(Self::Gateway),
            None if text == "operator" => Ok(Self::Operator),
            _ => return Err(Unknown),
        };
        // Another spelling of an id is not a text that this version writes.
        actor
            .ok()
            .filter(|actor| actor.to_string() == text)
            .ok_or(Unknown)
    }
}

/// An audit entry before it joins a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAuditEntry {
    /// The workspace it concerns; `None` if it concerns the whole gateway.
    pub workspace: Option<WorkspaceId>,
    /// When it happened.
    pub at: Timestamp,
    /// Who caused it.
    pub actor: Actor,
    /// The event.
    pub event: Event,
    /// The object of the event.
    pub subject: Subject,
    /// Further details, as a JSON object. Never contains a secret.
    pub detail: serde_json::Value,
}

/// The member of a new entry's detail that lists the rows it covers.
pub const COVERS: &str = "covers";

/// An audit entry in its chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// The entry's id.
    pub id: AuditId,
    /// The chain it belongs to. Every writer has its own chain, so that writers never wait for one
    /// another.
    pub chain: i64,
    /// Its position in the chain, from 1 and without gaps.
    pub sequence: i64,
    /// The workspace it concerns.
    pub workspace: Option<WorkspaceId>,
    /// When it happened.
    pub at: Timestamp,
    /// Who caused it.
    pub actor: String,
    /// The text of the event, such as `action.approved`. An entry of another version may have one
    /// that is unknown here.
    pub event: String,
    /// The text of the event's object, such as `service:3`.
    pub subject: String,
    /// Further details, as the JSON text that was hashed.
    pub detail: String,
    /// The digests of the rows that were written in the same transaction, as the JSON text that was
    /// hashed. `None` if the entry covers no row or predates row coverage.
    pub covers: Option<String>,
    /// The hash of the previous entry in the chain; zeros for the first.
    pub previous_hash: Digest,
    /// Its own hash.
    pub hash: Digest,
}

/// The end of a chain, to which the next entry is linked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChainHead {
    /// The chain.
    pub chain: i64,
    /// The last entry's position; zero for an empty chain.
    pub sequence: i64,
    /// The last entry's hash; zeros for an empty chain.
    pub hash: Digest,
}

impl ChainHead {
    /// Returns the head of an empty chain.
    pub fn start(chain: i64) -> Self {
        Self {
            chain,
            sequence: 0,
            hash: Digest([0; 32]),
        }
    }

    /// Links an entry to the chain and moves the head to it. The [`COVERS`] member of its detail
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
            event: new.event.to_string(),
            subject: new.subject.to_string(),
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

    /// Verifies that `entry` follows this head, and moves the head to it.
    pub fn follow(&mut self, entry: &AuditEntry) -> Result<(), ChainBroken> {
        let follows = entry.chain == self.chain
            && entry.sequence == self.sequence + 1
            && entry.previous_hash == self.hash
            && entry.has_valid_hash();
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

/// Returns the hash of an entry, which covers the previous entry's hash and the digest of its own body.
///
/// The body has a digest of its own, so that a proof can lead along the chain without showing the entries in between.
pub fn linked(previous: Digest, body: Digest) -> Digest {
    Fields::new("gaiterguard.audit.v3")
        .bytes(previous.0.as_slice())
        .bytes(body.0.as_slice())
        .finish()
}

/// The first entry that does not follow from its predecessors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error(
    "entry {id} does not follow from the one before it: chain {chain} is broken at position {sequence}"
)]
pub struct ChainBroken {
    /// The chain.
    pub chain: i64,
    /// The position of the first invalid entry.
    pub sequence: i64,
    /// The entry found there.
    pub id: AuditId,
}

impl AuditEntry {
    /// Returns the event, if this version knows it.
    pub fn event(&self) -> Option<Event> {
        self.event.parse().ok()
    }

    /// Returns the object of the event, if this version knows its kind.
    pub fn subject(&self) -> Option<Subject> {
        self.subject.parse().ok()
    }

    /// Returns the digest of every field but the hashes.
    pub fn body(&self) -> Digest {
        Fields::new("gaiterguard.audit.entry.v3")
            .number(self.id.0)
            .number(self.chain)
            .number(self.sequence)
            .number(self.workspace.map(|workspace| workspace.0))
            .number(self.at.0)
            .text(self.actor.as_str())
            .text(self.event.as_str())
            .text(self.subject.as_str())
            .text(self.detail.as_str())
            .text(self.covers.as_deref())
            .finish()
    }

    /// Returns the hash that links this entry to the previous one.
    pub fn computed_hash(&self) -> Digest {
        linked(self.previous_hash, self.body())
    }

    /// Whether the hash is made from the body's digest, so that the chain can be followed across this entry without
    /// the entry itself.
    pub fn is_linked_by_body(&self) -> bool {
        self.hash == self.computed_hash()
    }

    /// Whether the hash matches the entry, in the present form or the earlier one.
    fn has_valid_hash(&self) -> bool {
        self.is_linked_by_body() || self.hash == self.earlier_hash()
    }

    /// Returns the hash in the form of entries that an earlier version wrote: the SHA-256 of the previous
    /// hash and every field, each text prefixed with its length.
    fn earlier_hash(&self) -> Digest {
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
    use crate::id::RequestEntryId;

    fn chain() -> Vec<AuditEntry> {
        let mut head = ChainHead::start(3);
        (1..=3)
            .map(|id| {
                let new = NewAuditEntry {
                    workspace: Some(WorkspaceId(1)),
                    at: Timestamp(id),
                    actor: Actor::Agent(AgentId(2)),
                    event: Event::RequestForwarded,
                    subject: Subject::RequestEntry(RequestEntryId(id)),
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
    fn every_actor_is_read_back_from_its_text() {
        for actor in [
            Actor::User(UserId(1)),
            Actor::Agent(AgentId(23)),
            Actor::Gateway,
            Actor::Operator,
        ] {
            assert_eq!(actor.to_string().parse(), Ok(actor));
        }
        for text in [
            "",
            "user",
            "user:",
            "user:01",
            "user:+1",
            "robot:1",
            "gateway:1",
        ] {
            assert_eq!(text.parse::<Actor>(), Err(Unknown), "{text}");
        }
    }

    #[test]
    fn a_whole_chain_holds() {
        assert_eq!(verify(&chain()), Ok(()));
    }

    #[test]
    fn entries_with_hashes_of_the_earlier_form_are_valid() {
        let mut earlier = chain();
        let mut previous = Digest([0; 32]);
        for entry in &mut earlier {
            entry.previous_hash = previous;
            entry.hash = entry.earlier_hash();
            previous = entry.hash;
            assert!(!entry.is_linked_by_body());
        }
        assert_eq!(verify(&earlier), Ok(()));
        earlier[1].covers = None;
        assert_eq!(verify(&earlier).unwrap_err().id, AuditId(2));
    }

    #[test]
    fn the_chain_can_be_followed_by_the_digests_of_bodies() {
        let chain = chain();
        let bodies = chain.iter().map(AuditEntry::body);
        let end = bodies.fold(Digest([0; 32]), linked);
        assert_eq!(end, chain[2].hash);
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
