//! The part of a document that is kept.

use super::wanted::Wanted;
use crate::include::Include;

/// The part of a document that is kept.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part<'p> {
    /// The operations to keep, if not all.
    pub(super) include: Option<&'p Include>,
    /// The places that references lead to, in parts that are otherwise skipped.
    pub(super) wanted: &'p Wanted,
}
