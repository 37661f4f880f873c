//! The values of a request that are compared with the intent.

use gaiterguard_text::words::Stem;

use crate::finding::Finding;
use crate::role::Role;
use crate::signal::SignalKind;

/// The most values of one request that are compared with the intent, over all roles. Limits memory to
/// about 10 MB. A request with more is held, because a skipped value may be the one that matters.
pub(crate) const KEPT_MAX: usize = 1 << 15;

/// The most calls within one request that are assessed. Limits the time for a batch: a request
/// with more is held.
pub(crate) const CALLS_MAX: usize = 256;

/// The most bytes of a value that are kept. An email address has at most 254 (RFC 5321).
const VALUE_BYTES_MAX: usize = 256;

/// The most pieces of a long text that are compared with the intent: 16 KB of text.
pub(crate) const PIECES_MAX: usize = 64;

/// The most findings of one request's fields. Each kind is reported once, so more are rare.
const FINDINGS_MAX: usize = 64;

/// A value and its place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found<'k> {
    pub(crate) evidence: &'k str,
    pub(crate) name: &'k str,
    pub(crate) value: &'k str,
    /// Whether this is the whole value. Only the beginning of a long one is kept, and knowing the
    /// beginning proves nothing about the rest.
    pub(crate) is_whole: bool,
}

impl Found<'_> {
    /// Whether it is in the query.
    pub(crate) fn is_in_query(&self) -> bool {
        self.evidence == "query"
    }
}

/// A call within the request and its place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Inner<'k> {
    pub(crate) evidence: &'k str,
    pub(crate) method: Option<&'k str>,
    pub(crate) name: &'k str,
}

/// A method override in the body and its place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Override<'k> {
    pub(crate) evidence: &'k str,
    pub(crate) method: &'k str,
}

/// The most values that are compared one by one. Limits the time for a large body to less than half a
/// second. A request with more is held, because a skipped value may be the one that matters.
pub(crate) const LEAVES_MAX: usize = 1 << 15;

/// The type of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LeafKind {
    Null,
    Bool(bool),
    Number,
    Text,
}

/// A value, whatever its role.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Leaf<'k> {
    pub(crate) kind: LeafKind,
    pub(crate) found: Found<'k>,
}

/// The values of a request by their role.
#[derive(Debug, Default)]
pub(crate) struct Fields<'k> {
    /// All values, in order.
    pub(crate) leaves: Vec<Leaf<'k>>,
    /// Whether values were left out because there are more than [`LEAVES_MAX`].
    pub(crate) has_more_leaves: bool,
    pub(crate) recipients: Vec<Found<'k>>,
    pub(crate) attendees: Vec<Found<'k>>,
    pub(crate) accounts: Vec<Found<'k>>,
    pub(crate) amounts: Vec<Found<'k>>,
    pub(crate) quantities: Vec<Found<'k>>,
    pub(crate) payments: Vec<Found<'k>>,
    pub(crate) access: Vec<Found<'k>>,
    pub(crate) contents: Vec<Found<'k>>,
    pub(crate) identifiers: Vec<Found<'k>>,
    pub(crate) owners: Vec<Found<'k>>,
    pub(crate) actions: Vec<Found<'k>>,
    pub(crate) commands: Vec<Found<'k>>,
    pub(crate) dates: Vec<Found<'k>>,
    pub(crate) secrets: Vec<Found<'k>>,
    pub(crate) links: Vec<Found<'k>>,
    pub(crate) addresses: Vec<Found<'k>>,
    /// Lists without items, by their names.
    pub(crate) empty_lists: Vec<Found<'k>>,
    /// The stems of the top-level names.
    pub(crate) names: Vec<Stem>,
    /// Members that frameworks read as a method override.
    pub(crate) overrides: Vec<Override<'k>>,
    /// A text that is too long to be compared to its end.
    pub(crate) unread: Option<Found<'k>>,
    /// Calls within the request.
    pub(crate) calls: Vec<Inner<'k>>,
    /// Whether there is a value without a known role.
    pub(crate) has_unknown: bool,
    /// Whether a GraphQL document was found, and whether it changes anything.
    pub(crate) graphql: Option<bool>,
    /// Findings that do not depend on the intent.
    pub(crate) findings: Vec<Finding>,
}

impl<'k> Fields<'k> {
    /// Returns the list for values of a role.
    pub(crate) fn of_role(&mut self, role: Role) -> Option<&mut Vec<Found<'k>>> {
        Some(match role {
            Role::None | Role::Link => return None,
            Role::Recipient => &mut self.recipients,
            Role::Attendee => &mut self.attendees,
            Role::Account => &mut self.accounts,
            Role::Amount => &mut self.amounts,
            Role::Quantity => &mut self.quantities,
            Role::Payment => &mut self.payments,
            Role::Access => &mut self.access,
            Role::Content => &mut self.contents,
            Role::Identifier => &mut self.identifiers,
            Role::Owner => &mut self.owners,
            Role::Action => &mut self.actions,
            Role::Command => &mut self.commands,
            Role::Date => &mut self.dates,
            Role::Secret => &mut self.secrets,
        })
    }

    /// Adds a finding, unless there is one of its kind. An effect in the body replaces the same one in the
    /// query, because only the hidden one holds the request.
    pub(crate) fn report(&mut self, finding: Finding) {
        let mut known = self.findings.iter_mut();
        if let Some(known) = known.find(|known| known.is(finding.kind)) {
            if finding.kind.effect.is_some() && known.is_open() && !finding.is_open() {
                *known = finding;
            }
        } else if self.findings.len() < FINDINGS_MAX {
            self.findings.push(finding);
        }
    }

    /// Whether there is a finding of this kind.
    pub(crate) fn knows(&self, kind: SignalKind) -> bool {
        self.findings.iter().any(|known| known.is(kind))
    }
}

/// Returns the part of a value that is kept.
pub(crate) fn cut(value: &str) -> &str {
    let mut end = value.len().min(VALUE_BYTES_MAX);
    while !value.is_char_boundary(end) {
        end -= 1;
    }
    &value[..end]
}

/// Splits a text into pieces of at most [`VALUE_BYTES_MAX`] bytes, between words if possible.
pub(crate) fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let piece = cut(rest);
        if piece.is_empty() {
            return None;
        }
        let is_last = piece.len() == rest.len();
        let between = piece
            .rfind(char::is_whitespace)
            .filter(|at| !is_last && *at > 0);
        let (piece, behind) = rest.split_at(between.unwrap_or(piece.len()));
        rest = behind;
        Some(piece)
    })
}
