//! What is wrong with an audit log.

use gaiterguard_domain::audit::ChainBroken;
use thiserror::Error;

/// Why the audit log is not whole.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AuditBroken {
    /// An entry does not follow from those before it.
    #[error(transparent)]
    Entry(#[from] ChainBroken),
    /// Entries at the end of a chain are gone.
    #[error("chain {chain} ends at place {found}, but it reached place {expected}")]
    Tail {
        /// The chain.
        chain: i64,
        /// The place of the last entry that is there.
        found: i64,
        /// The place that the chain is known to have reached.
        expected: i64,
    },
    /// An entry is not the one that was recorded elsewhere as standing at its place.
    #[error("the entry at place {sequence} of chain {chain} is not the one that was recorded")]
    Other {
        /// The chain.
        chain: i64,
        /// The place.
        sequence: i64,
    },
    /// A row is not as an entry says that it was written.
    #[error(
        "entry {id} does not hold: the row {row} of {table} is not as it was recorded: {what} \
         (chain {chain}, place {sequence})"
    )]
    Row {
        /// The entry.
        id: i64,
        /// Its chain.
        chain: i64,
        /// Its place.
        sequence: i64,
        /// The table of the row.
        table: &'static str,
        /// The row's id.
        row: String,
        /// Which columns differ, or what else is wrong.
        what: &'static str,
    },
    /// A chain has entries and no head.
    #[error("chain {chain} has entries but no head")]
    Head {
        /// The chain.
        chain: i64,
    },
}
