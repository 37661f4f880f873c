//! Held requests.

pub(crate) mod bulk;

mod familiar;
pub(crate) mod read;
mod retention;
mod row;
mod ruled;

pub use self::familiar::{
    ActionFamiliarity, ApprovedFilter, ApprovedSummary, OperationFamiliarity,
};
pub use self::read::{ActionFilter, StoredHead};
pub use self::row::{ActionWithNames, DamagedAction, StoredAction};
pub use self::ruled::{RuledAction, RulingFilter};
