//! The side of a request that is compared with its intent.

use crate::effects::Effects;
use crate::field::Fields;
use crate::route::Route;

/// The known facts about a request that its intent is compared with.
pub(crate) struct Behavior<'a> {
    pub(crate) effects: Effects,
    pub(crate) route: &'a Route<'a>,
    pub(crate) fields: &'a Fields<'a>,
    pub(crate) host: &'a str,
    /// Whether its effect depends only on the calls in its body.
    pub(crate) takes_calls: bool,
    /// Words of the documented operation.
    pub(crate) documented: &'a str,
}
