//! What the fields of a request hold, as far as it is compared with the intent.

use super::finding::Finding;
use super::role::Role;
use super::signal::SignalKind;
use super::words::Stem;

/// The most values of one request that are compared with the intent, of all roles together. They take
/// some 10 MB. A request with more of them is held, because what is passed over may be what matters.
pub(super) const KEPT_MAX: usize = 1 << 15;

/// The most calls that are judged within one request.
pub(super) const CALLS_MAX: usize = 256;

/// How much of a value is kept, in bytes.
const VALUE_BYTES_MAX: usize = 256;

/// Of how many pieces a long text that someone will read is compared with the intent: 16 KB of it.
pub(super) const PIECES_MAX: usize = 64;

/// The most findings of one request's fields; the first ones are as good as any.
const FINDINGS_MAX: usize = 64;

/// A value and where it stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found<'k> {
    pub(crate) evidence: &'k str,
    pub(crate) name: &'k str,
    pub(crate) value: &'k str,
    /// Whether this is the whole value. Of a long one only the beginning is kept, and nothing follows
    /// from the beginning being known.
    pub(crate) is_whole: bool,
}

/// A call within the request and where it stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Inner<'k> {
    pub(crate) evidence: &'k str,
    pub(crate) method: Option<&'k str>,
    pub(crate) name: &'k str,
}

/// Another method for the request, in its body, and where it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Override<'k> {
    pub(crate) evidence: &'k str,
    pub(crate) method: &'k str,
}

/// The most values that are looked at one by one.
pub(super) const LEAVES_MAX: usize = 4096;

/// What kind of value it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LeafKind {
    Null,
    Bool(bool),
    Number,
    Text,
}

/// A value by itself, whatever it is for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Leaf<'k> {
    pub(crate) kind: LeafKind,
    pub(crate) found: Found<'k>,
}

/// What the fields of a request hold.
#[derive(Debug, Default)]
pub(crate) struct Fields<'k> {
    /// All values, in order.
    pub(crate) leaves: Vec<Leaf<'k>>,
    /// Whether there were more than are kept.
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
    /// The stems of the names at the top, which also say what a request is about.
    pub(crate) names: Vec<Stem>,
    /// Members by which frameworks take another method.
    pub(crate) overrides: Vec<Override<'k>>,
    /// A text that is too long to be compared with the intent to its end.
    pub(crate) unread: Option<Found<'k>>,
    /// Calls within the request.
    pub(crate) calls: Vec<Inner<'k>>,
    /// Whether there is a value whose name says nothing of what it is for.
    pub(crate) has_unknown: bool,
    /// Whether a GraphQL document was found, and whether it changes anything.
    pub(crate) graphql: Option<bool>,
    /// What holds or hints by itself.
    pub(crate) findings: Vec<Finding>,
}

impl<'k> Fields<'k> {
    /// Where values of a role are kept.
    pub(super) fn of_role(&mut self, role: Role) -> Option<&mut Vec<Found<'k>>> {
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

    /// Takes in what holds or hints by itself: of each kind the first.
    pub(super) fn report(&mut self, finding: Finding) {
        if self.findings.len() < FINDINGS_MAX && !self.knows(finding.kind) {
            self.findings.push(finding);
        }
    }

    /// Whether something of this kind was taken in.
    pub(super) fn knows(&self, kind: SignalKind) -> bool {
        self.findings.iter().any(|known| known.is(kind))
    }
}

/// As much of a value as is kept.
pub(super) fn cut(value: &str) -> &str {
    let mut end = value.len().min(VALUE_BYTES_MAX);
    while !value.is_char_boundary(end) {
        end -= 1;
    }
    &value[..end]
}

/// The pieces of a text, each as long as what is kept of a value, cut between words where there are
/// any.
pub(super) fn pieces(text: &str) -> impl Iterator<Item = &str> {
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
