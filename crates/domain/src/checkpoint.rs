//! Checkpoints of the audit log: the heads of its chains at a moment, signed. A checkpoint that was kept elsewhere
//! shows that entries were cut from the end of a chain, which the chain itself cannot show.

use crate::audit::ChainHead;
use crate::evidence::Fields;
use crate::request::Digest;
use crate::time::Timestamp;

/// The heads of the chains that have grown since the previous checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Its number, from 1 and without gaps.
    pub number: i64,
    /// When it was made.
    pub at: Timestamp,
    /// The digest of the checkpoint before it; `None` for the first.
    pub previous: Option<Digest>,
    /// The heads, in order of their chains.
    pub heads: Vec<ChainHead>,
}

impl Checkpoint {
    /// Returns the digest that is signed.
    pub fn digest(&self) -> Digest {
        let fields = Fields::new("gaiterguard.checkpoint.v1")
            .number(self.number)
            .number(self.at.0)
            .bytes(self.previous.as_ref().map(|digest| digest.0.as_slice()));
        let fields = self.heads.iter().fold(fields, |fields, head| {
            fields
                .number(head.chain)
                .number(head.sequence)
                .bytes(head.hash.0.as_slice())
        });
        fields.finish()
    }
}

/// A checkpoint with its signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedCheckpoint {
    /// The checkpoint.
    pub checkpoint: Checkpoint,
    /// The public key that verifies the signature (Ed25519, RFC 8032).
    pub key: [u8; 32],
    /// The signature of the digest.
    pub signature: [u8; 64],
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checkpoints_that_differ_have_digests_that_differ() {
        let head = ChainHead {
            chain: 1,
            sequence: 2,
            hash: Digest([3; 32]),
        };
        let checkpoint = Checkpoint {
            number: 1,
            at: Timestamp(1),
            previous: None,
            heads: vec![head],
        };
        let change = |change: &dyn Fn(&mut Checkpoint)| {
            let mut changed = checkpoint.clone();
            change(&mut changed);
            changed.digest()
        };
        let all = [
            checkpoint.digest(),
            change(&|other| other.number = 2),
            change(&|other| other.at = Timestamp(2)),
            change(&|other| other.previous = Some(Digest([0; 32]))),
            change(&|other| other.heads[0].chain = 2),
            change(&|other| other.heads[0].sequence = 3),
            change(&|other| other.heads[0].hash = Digest([4; 32])),
            change(&|other| other.heads.push(head)),
            change(&|other| other.heads.clear()),
        ];
        for (place, one) in all.iter().enumerate() {
            assert!(!all[place + 1..].contains(one), "{place}");
        }
    }
}
