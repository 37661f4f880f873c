//! Keeping values, so that they can be compared with the intent.

use gaiterguard_text::char_classes::CharClasses;
use gaiterguard_text::words::of_name;

use super::{Cursor, Visitor};
use crate::field::{Fields, Found, KEPT_MAX, LEAVES_MAX, Leaf, LeafKind, PIECES_MAX, cut, pieces};
use crate::finding::{Finding, shown};
use crate::role::Role;
use crate::signal;

/// The initial capacity for the values of a role. Saves reallocations: one is usually followed by more.
const ROOM: usize = 16;

/// The number of values of a role whose pointer is written out, which takes longer than comparing them.
/// The evidence of later ones is the body as a whole.
const PLACED_MAX: usize = 256;

/// The most lists without items that are kept. More say the same.
const EMPTY_LISTS_MAX: usize = 16;

impl<'k> Visitor<'k> {
    /// Keeps a value by itself.
    pub(super) fn leaf(&mut self, kind: LeafKind, value: &str, cursor: &Cursor<'_, 'k>) {
        if self.fields.leaves.len() == LEAVES_MAX {
            if !self.fields.has_more_leaves {
                self.fields.has_more_leaves = true;
                self.too_many_values(LEAVES_MAX, cursor);
            }
            return;
        }
        self.written.clear();
        if self.fields.leaves.len() < PLACED_MAX {
            cursor.place.write(&mut self.written);
        }
        let kept = cut(value);
        self.fields.leaves.push(Leaf {
            kind,
            found: Found {
                evidence: self.arena.text(&self.written),
                name: cursor.name,
                value: self.arena.text(kept),
                is_whole: kept.len() == value.len(),
            },
        });
    }

    /// Keeps a text that is to be compared with the intent.
    pub(super) fn value(&mut self, value: &str, classes: CharClasses, cursor: &Cursor<'_, 'k>) {
        self.leaf(LeafKind::Text, value, cursor);
        if matches!(value, "0.0.0.0/0" | "::/0") || (value == "*" && is_access_name(cursor)) {
            let sentence = format!(
                "“{}” is a wildcard that matches everyone or everything.",
                shown(value)
            );
            self.fields.report(Finding::new(
                signal::WILDCARD,
                cursor.place.pointer(),
                sentence,
            ));
        }
        let is_address = classes.has_at() && is_email(value);
        let role = match cursor.role {
            role @ (Role::Attendee | Role::Access | Role::Secret) => role,
            // Whatever is around it.
            _ if is_address => Role::Recipient,
            role => role,
        };
        if classes.may_have_host() && has_link(value, classes) {
            let is_link = |word: &&str| word.contains("://") || word.starts_with("www.");
            let mut links = value.split_whitespace().filter(is_link).peekable();
            if links.peek().is_none() {
                self.keep(|fields| Some(&mut fields.links), value, cursor);
            }
            for link in links {
                self.keep(|fields| Some(&mut fields.links), link, cursor);
            }
        }
        if !is_address && role == Role::Content && classes.has_at() {
            let addresses = value
                .split(|c: char| {
                    c.is_whitespace() || matches!(c, '<' | '>' | ',' | ';' | '(' | ')' | '"')
                })
                .map(|word| word.trim_matches(['.', ':', '\'']))
                .filter(|word| is_email(word));
            for address in addresses {
                self.keep(|fields| Some(&mut fields.addresses), address, cursor);
            }
        }
        // A repeated text adds no information.
        let is_said_again = role == Role::Content
            && self
                .fields
                .contents
                .last()
                .is_some_and(|last| last.value == value);
        if role == Role::Content && cut(value).len() < value.len() {
            self.pieces(value, cursor);
        } else if !is_said_again {
            self.keep(|fields| fields.of_role(role), value, cursor);
        }
    }

    /// Keeps a long text in pieces, so that its end is compared like its beginning.
    fn pieces(&mut self, text: &str, cursor: &Cursor<'_, 'k>) {
        let mut pieces = pieces(text);
        for piece in pieces.by_ref().take(PIECES_MAX) {
            self.keep(|fields| Some(&mut fields.contents), piece, cursor);
            if let Some(last) = self.fields.contents.last_mut() {
                last.is_whole = false;
            }
        }
        if pieces.next().is_some() && self.fields.unread.is_none() {
            self.fields.unread = self.fields.contents.last().copied();
        }
    }

    /// Keeps the place of a list without items.
    pub(super) fn empty_list(&mut self, cursor: &Cursor<'_, 'k>) {
        if self.fields.empty_lists.len() < EMPTY_LISTS_MAX {
            self.fields.empty_lists.push(Found {
                evidence: self.arena.text(&cursor.place.pointer()),
                name: cursor.name,
                value: "",
                is_whole: true,
            });
        }
    }

    /// Keeps a value with those of its role, up to [`KEPT_MAX`].
    pub(super) fn keep(
        &mut self,
        kept: impl for<'f> FnOnce(&'f mut Fields<'k>) -> Option<&'f mut Vec<Found<'k>>>,
        value: &str,
        cursor: &Cursor<'_, 'k>,
    ) {
        if value.is_empty() {
            return;
        }
        let Some(kept) = kept(&mut self.fields) else {
            self.fields.has_unknown = true;
            return;
        };
        // A table column often repeats one value. A value in the query does not stand for the same one
        // in the body, where its effect is hidden.
        if kept.last().is_some_and(|last| {
            last.value == value
                && last.name == cursor.name
                && last.is_in_query() == cursor.place.is_query()
        }) {
            return;
        }
        if self.kept == KEPT_MAX {
            self.too_many_values(KEPT_MAX, cursor);
            return;
        }
        self.kept += 1;
        if kept.capacity() == 0 {
            kept.reserve(ROOM);
        }
        let evidence = if kept.len() < PLACED_MAX {
            self.written.clear();
            cursor.place.write(&mut self.written);
            self.arena.text(&self.written)
        } else {
            ""
        };
        kept.push(Found {
            evidence,
            name: cursor.name,
            value: self.arena.text(cut(value)),
            is_whole: cut(value).len() == value.len(),
        });
    }

    fn too_many_values(&mut self, max: usize, cursor: &Cursor<'_, 'k>) {
        if self.fields.knows(signal::TOO_MANY_VALUES) {
            return;
        }
        let sentence = format!(
            "It has more than {max} values to compare with the intent, so not all were checked."
        );
        let place = cursor.place.pointer();
        self.fields
            .report(Finding::new(signal::TOO_MANY_VALUES, place, sentence));
    }
}

/// Whether a text holds an address on the web.
fn has_link(text: &str, classes: CharClasses) -> bool {
    let bytes = text.as_bytes();
    text.starts_with("www.")
        || memchr::memchr_iter(b':', bytes).any(|at| bytes[at..].starts_with(b"://"))
        || (classes.has_space() && text.contains(" www."))
}

fn is_access_name(cursor: &Cursor<'_, '_>) -> bool {
    cursor.role == Role::Access
        || of_name(cursor.name).any(|word| {
            [
                "origin", "origins", "ip", "ips", "host", "hosts", "action", "actions", "allow",
                "allowed",
            ]
            .iter()
            .any(|known| word.eq_ignore_ascii_case(known))
        })
}

/// Whether a text is an e-mail address and nothing else.
pub(crate) fn is_email(text: &str) -> bool {
    text.len() <= 254
        && text.split_once('@').is_some_and(|(name, host)| {
            !name.is_empty()
                && host.contains('.')
                && !host.starts_with('.')
                && !text.contains(|c: char| c.is_whitespace() || matches!(c, '/' | ':'))
                && !host.contains('@')
        })
}
