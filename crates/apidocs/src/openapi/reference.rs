//! Resolves references within a document. References to other documents are never followed.

use std::cell::{Cell, RefCell};

use serde_json::Value;

use crate::text::percent_decoded;
use crate::warning::Warnings;

/// The length limit of a chain of references.
const HOPS_MAX: usize = 32;

/// The limit on the values that are visited while following schemas, per document.
const WORK_MAX: usize = 5_000_000;

/// A document whose references can be followed, and its warnings.
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

    /// Adds a warning.
    pub(super) fn warn(&self, place: &str, trouble: &str) {
        self.warnings.borrow_mut().add(place, trouble);
    }

    pub(super) fn into_warnings(self) -> Warnings {
        self.warnings.into_inner()
    }

    /// Takes a step from the document's limit on work; returns false once it is used up.
    pub(super) fn may_continue(&self) -> bool {
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

    /// Returns the value after following its references. If they lead nowhere, adds a warning and
    /// returns `None`.
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
        self.warn(place, "has circular references");
        None
    }

    fn at(&self, pointer: &str) -> Option<&'v Value> {
        let pointer = percent_decoded(pointer);
        if let Some(found) = self.root.pointer(&pointer) {
            return Some(found);
        }
        // Some documents refer to a schema by its name alone: `#Pet` or `#/Pet`.
        let name = pointer.trim_start_matches('/');
        if name.is_empty() || name.contains('/') {
            return None;
        }
        ["/components/schemas/", "/definitions/"]
            .iter()
            .find_map(|home| self.root.pointer(&format!("{home}{name}")))
    }
}
