//! Whether a held request is usual: how it compares with earlier requests and rulings.
//!
//! A request is recorded with two keys, one for its operation and one for its recipients, so that equal
//! ones are found by an index. The key of the recipients is a keyed hash, which does not identify them.
//! Nothing unknown is reported as usual.

mod context;
mod key;
mod past;

use gaiterguard_sealing::Sealing;
use gaiterguard_store::Store;

pub use context::{AmountRange, Context};
pub use key::operation_key;
pub use past::{Earlier, RequestRepeats};

/// Compares held requests with earlier ones.
#[derive(Clone)]
pub struct Familiarity {
    store: Store,
    sealing: Sealing,
}

impl Familiarity {
    /// Creates the comparison over the database and the vault.
    pub fn new(store: Store, sealing: Sealing) -> Self {
        Self { store, sealing }
    }
}
