//! Why verification of the audit log fails.

use gaiterguard_domain::audit::{AuditEntry, ChainBroken};
use thiserror::Error;

/// Why the audit log is not intact.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AuditBroken {
    /// An entry does not follow from the ones before it.
    #[error(transparent)]
    Entry(#[from] ChainBroken),
    /// Entries are missing at the end of a chain.
    #[error("chain {chain} ends at position {found}, but it reached position {expected}")]
    Tail {
        /// The chain.
        chain: i64,
        /// The sequence number of the last entry found.
        found: i64,
        /// The sequence number that the chain is known to have reached.
        expected: i64,
    },
    /// An entry is not the one that was recorded elsewhere with its sequence number.
    #[error("the entry at position {sequence} of chain {chain} is not the one that was recorded")]
    Other {
        /// The chain.
        chain: i64,
        /// The sequence number.
        sequence: i64,
    },
    /// A row does not match what an entry says was written.
    #[error(
        "the row {row} of {table} is not as entry {id} recorded it: {what} (chain {chain}, position \
         {sequence})"
    )]
    Row {
        /// The entry's id.
        id: i64,
        /// The entry's chain.
        chain: i64,
        /// The entry's sequence number.
        sequence: i64,
        /// The row's table.
        table: &'static str,
        /// The row's id.
        row: String,
        /// The columns that differ, or what else is wrong.
        what: &'static str,
    },
    /// A signed checkpoint is not the one that was signed, or is missing.
    #[error("checkpoint {number} {what}")]
    Checkpoint {
        /// The checkpoint's number.
        number: i64,
        /// The fault, as the rest of a sentence.
        what: &'static str,
    },
    /// A chain has entries but no head.
    #[error("chain {chain} has entries but no head")]
    Head {
        /// The chain.
        chain: i64,
    },
}

/// Identifies an entry.
#[derive(Clone, Copy, Debug)]
pub(super) struct EntryRef {
    pub(super) id: i64,
    pub(super) chain: i64,
    pub(super) sequence: i64,
}

impl EntryRef {
    pub(super) fn of(entry: &AuditEntry) -> Self {
        Self {
            id: entry.id.0,
            chain: entry.chain,
            sequence: entry.sequence,
        }
    }

    /// Returns where the entry is, for comparisons.
    pub(super) fn place(self) -> (i64, i64) {
        (self.chain, self.sequence)
    }

    /// Returns that a row is not as this entry says.
    pub(super) fn broken(
        self,
        table: &'static str,
        row: String,
        what: &'static str,
    ) -> AuditBroken {
        AuditBroken::Row {
            id: self.id,
            chain: self.chain,
            sequence: self.sequence,
            table,
            row,
            what,
        }
    }
}
