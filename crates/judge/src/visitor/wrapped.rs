//! Values that are encoded or written within a text.

use gaiterguard_request::opened::{self, Decoded, Document};
use gaiterguard_request::{Arena, Node};
use gaiterguard_text::char_classes::CharClasses;

use super::{Cursor, Visitor};
use crate::field::LeafKind;
use crate::finding::Finding;
use crate::place::Place;
use crate::route::Route;
use crate::signal;

/// The number of levels at which encoded text within text is decoded. Every level may multiply the work,
/// and a request with more is held.
const WRAPPED_MAX: usize = 3;

/// The shortest text that is tried as base64, in bytes. Shorter ones
/// encode at most 11 bytes.
const BASE64_MIN: usize = 16;

impl<'k> Visitor<'k> {
    /// Opens what is wrapped into a text, or reports that it is wrapped too often to be opened.
    pub(super) fn unwrap(&mut self, text: &str, classes: CharClasses, cursor: &Cursor<'_, 'k>) {
        if cursor.wrapped < WRAPPED_MAX {
            self.open(text, classes, cursor);
        } else if text.len() > BASE64_MIN
            && (opened::decoded(text, &mut self.room).is_some() || is_json_container(text))
        {
            self.fields.report(Finding::of(
                signal::WRAPPED_TOO_DEEP,
                cursor.place.pointer(),
            ));
        }
    }

    fn open(&mut self, text: &str, classes: CharClasses, cursor: &Cursor<'_, 'k>) {
        if matches!(
            opened::inmost(cursor.name),
            "query" | "mutation" | "document"
        ) && Document::looks_like(text)
        {
            self.graphql(text, cursor.place);
        } else if classes.may_be_json() && is_json_container(text) {
            // Its values are visited once and need not live as long as the request.
            let arena = Arena::for_body(text.len());
            match Node::of_json(text.trim(), &arena) {
                Ok(node) => self.within(cursor, |visitor, inside| visitor.node(&node, inside)),
                Err(_) => self.values(text, cursor),
            }
        } else if may_hold_values(text, classes) {
            self.values(text, cursor);
        } else if text.len() >= BASE64_MIN && may_be_base64(text, classes) {
            match opened::decoded(text, &mut self.room) {
                Some(Decoded::Text(text)) => {
                    self.within(cursor, |visitor, inside| {
                        visitor.mail(&text, inside);
                        visitor.text(&text, inside);
                    });
                }
                Some(Decoded::Program) => {
                    self.fields
                        .report(Finding::of(signal::CARRIES_PROGRAM, cursor.place.pointer()));
                }
                Some(Decoded::TooLong) => self.fields.report(Finding::new(
                    signal::WRAPPED_TOO_DEEP,
                    cursor.place.pointer(),
                    "It contains more compressed text than can be inspected.",
                )),
                None => {}
            }
        }
    }

    /// Visits the header of an e-mail (RFC 5322), which may name recipients that no field names.
    fn mail(&mut self, text: &str, cursor: &Cursor<'_, 'k>) {
        const FIELDS: [&str; 6] = ["to", "cc", "bcc", "from", "subject", "reply-to"];
        for line in text.lines().take_while(|line| !line.is_empty()) {
            let Some((name, value)) = line.split_once(':') else {
                continue;
            };
            if !FIELDS.iter().any(|known| name.eq_ignore_ascii_case(known)) {
                continue;
            }
            let (known, _) = self.name_cache.name(name);
            let cursor = Cursor {
                role: known.role,
                name: known.name,
                ..*cursor
            };
            for part in value.split(',') {
                let address = part.rsplit_once('<').map_or(part, |(_, address)| address);
                let address = address.trim().trim_end_matches('>');
                self.value(address, CharClasses::of(address), &cursor);
            }
        }
    }

    /// Visits a text as a form, an XML document, an e-mail and other formats.
    fn values(&mut self, text: &str, cursor: &Cursor<'_, 'k>) {
        let arena = Arena::for_body(text.len());
        for node in opened::values_in(text, &arena) {
            self.envelopes(&node);
            self.within(cursor, |visitor, inside| {
                // Forms and XML say a name once for each item of a list.
                let repeats = true;
                visitor.node(&node, &Cursor { repeats, ..*inside });
            });
        }
    }

    /// Visits what is wrapped into the text at this place. No pointer leads into a text, so what is
    /// found in it is found at it.
    fn within(&mut self, cursor: &Cursor<'_, 'k>, visit: impl FnOnce(&mut Self, &Cursor<'_, 'k>)) {
        let place = cursor.place.pointer();
        let inside = Cursor {
            place: &Place::Named(&place),
            wrapped: cursor.wrapped + 1,
            repeats: false,
            ..*cursor
        };
        visit(self, &inside);
    }

    pub(super) fn graphql(&mut self, text: &str, place: &Place<'_>) {
        let Some(document) = Document::read(text) else {
            self.fields
                .report(Finding::of(signal::UNREADABLE_DOCUMENT, place.pointer()));
            return;
        };
        self.arguments(&document, place);
        let changes = document.changes();
        self.fields.graphql = Some(self.fields.graphql.unwrap_or(false) || changes);
        for (kind, names) in &document.operations {
            for name in names {
                // Servers may delete in a query, though they should not.
                if *kind == opened::OperationKind::Mutation
                    || Route::of_call(name).deleting_verb().is_some()
                {
                    self.call(None, name, place);
                }
            }
        }
        if changes {
            for name in &document.fragments {
                self.call(None, name, place);
            }
        }
    }

    /// Keeps the values that a GraphQL document contains: `kind: public`, `id: "7"`.
    fn arguments(&mut self, document: &Document<'_>, place: &Place<'_>) {
        for (name, value) in &document.arguments {
            let (known, _) = self.name_cache.name(name);
            let cursor = Cursor {
                role: known.role,
                name: known.name,
                ..Cursor::at(place, false)
            };
            match &**value {
                value @ ("true" | "false") => {
                    self.leaf(LeafKind::Bool(value == "true"), value, &cursor);
                }
                "null" => self.leaf(LeafKind::Null, "", &cursor),
                value => self.leaf(LeafKind::Text, value, &cursor),
            }
        }
    }
}

/// Whether a text may be XML, YAML, a form, or begin with JSON.
fn may_hold_values(text: &str, classes: CharClasses) -> bool {
    let begun = text.trim_start();
    begun.starts_with(['<', '{', '['])
        || begun.starts_with("---")
        || (!classes.has_space() && memchr::memchr(b'&', text.as_bytes()).is_some())
}

fn may_be_base64(text: &str, classes: CharClasses) -> bool {
    classes.may_be_base64() || (!classes.has_space() && text.trim_start().starts_with("data:"))
}

fn is_json_container(text: &str) -> bool {
    let text = text.trim();
    text.len() > 2
        && ((text.starts_with('{') && text.ends_with('}'))
            || (text.starts_with('[') && text.ends_with(']')))
}
