//! The limits on a document's tree.

/// The limit on the values of a document, after its YAML aliases are expanded. Aliases of aliases grow
/// exponentially, so the size of the text bounds nothing.
pub(super) const VALUES_MAX: usize = 1_500_000;

/// The limit on the text of a document, after its YAML aliases are expanded, in bytes: three times the size limit
/// of a document that is read whole, so that only aliases exceed it. Parts that a selection leaves out are not
/// counted.
pub(super) const TEXT_BYTES_MAX: usize = 48 * 1024 * 1024;

/// The nesting limit of values. Whatever walks a document later uses one stack frame for each level.
pub(super) const DEPTH_MAX: usize = 100;
