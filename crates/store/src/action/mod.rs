//! Held requests.

pub(crate) mod bulk;

mod read;
mod retention;
mod row;

pub use self::read::{ActionFilter, StoredHead};
pub use self::row::{ActionWithNames, DamagedAction, StoredAction};
