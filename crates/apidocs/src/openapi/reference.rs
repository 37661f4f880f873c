//! References within a document. Nothing outside the document is ever looked at.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};

use serde_json::Value;

use crate::text::percent_decoded;
use crate::warning::Warnings;

/// The longest chain of references from one to the next.
const HOPS_MAX: usize = 32;

/// The most values that are looked at while schemas are followed, in a whole document.
const WORK_MAX: usize = 5_000_000;

/// A document whose references can be followed, and what there is to say about it.
pub(super) struct Source<'v> {
    root: &'v Value,
    warnings: RefCell<Warnings>,
    work: Cell<usize>,
}

impl<'v> Source<'v> {
    pub(super) fn new(root: &'v Value, warnings: Warnings) -> Self {
        Self {
            root,
            warnings: RefCell::new(warnings),
            work: Cell::new(WORK_MAX),
        }
    }

    pub(super) fn root(&self) -> &'v Value {
        self.root
    }

    /// Notes what could not be read.
    pub(super) fn warn(&self, place: &str, trouble: &str) {
        self.warnings.borrow_mut().add(place, trouble);
    }

    pub(super) fn into_warnings(self) -> Warnings {
        self.warnings.into_inner()
    }

    /// Takes a step of the work that a document is worth; false once it is used up.
    pub(super) fn may_go_on(&self) -> bool {
        match self.work.get() {
            0 => false,
            1 => {
                self.work.set(0);
                self.warn("schemas", "are too large; not all body fields are known");
                false
            }
            left => {
                self.work.set(left - 1);
                true
            }
        }
    }

    /// The value that a value stands for, once its references have been followed. None, with a
    /// warning, if they lead nowhere.
    pub(super) fn resolve(&self, place: &str, value: &'v Value) -> Option<&'v Value> {
        let mut value = value;
        for _ in 0..HOPS_MAX {
            let Some(reference) = value.get("$ref").and_then(Value::as_str) else {
                return Some(value);
            };
            let Some(pointer) = reference.strip_prefix('#') else {
                self.warn(
                    reference,
                    "is a reference to another file or address, which is not followed",
                );
                return None;
            };
            let Some(target) = self.at(pointer) else {
                self.warn(reference, "is a reference to nothing in this document");
                return None;
            };
            value = target;
        }
        self.warn(place, "has references that lead round in a circle");
        None
    }

    fn at(&self, pointer: &str) -> Option<&'v Value> {
        let pointer: Cow<'_, str> = percent_decoded(pointer);
        if let Some(found) = self.root.pointer(&pointer) {
            return Some(found);
        }
        // Names such as `#Pet` are anchors; others forget the slash.
        let name = pointer.trim_start_matches('/');
        ["/components/schemas/", "/definitions/"]
            .iter()
            .filter(|_| !name.contains('/') && !name.is_empty())
            .find_map(|home| self.root.pointer(&format!("{home}{name}")))
    }
}
