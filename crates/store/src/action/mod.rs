//! Held requests.

pub(crate) mod bulk;

mod earlier;
mod familiar;
pub(crate) mod read;
mod repeated;
mod retention;
mod ruled;

pub use self::earlier::{ActionPast, EarlierAttempt};
pub use self::familiar::{
    ActionFamiliarity, ApprovedFilter, ApprovedSummary, OperationFamiliarity,
};
pub use self::read::{ActionFilter, StoredHead};
pub use self::ruled::{RuledAction, RulingFilter};
pub use gaiterguard_rows::action_row::{ActionWithNames, DamagedAction, StoredAction};
