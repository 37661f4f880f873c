//! Resolves references within a document. References to other documents are never followed.

use std::cell::{Cell, OnceCell, RefCell, RefMut};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::kinds::Kinds;
use crate::pointer::{self, HOPS_MAX};
use crate::warning::Warnings;

/// The limit on the values that are visited while following schemas, per document: more than three times the values
/// that a document may have. Schemas that refer to one another would otherwise be followed again and again.
const WORK_MAX: usize = 5_000_000;

/// The time limit for reading a tree. Documents with thousands of operations take a second; one that
/// takes longer repeats large parts by reference.
const TIME_MAX: Duration = Duration::from_secs(10);

/// A document whose references can be followed, and its warnings.
pub(super) struct Source<'v> {
    root: &'v Value,
    warnings: RefCell<Warnings>,
    work: Cell<usize>,
    end: Instant,
    kinds: OnceCell<Kinds<'v>>,
}

impl<'v> Source<'v> {
    pub(super) fn new(root: &'v Value, warnings: Warnings) -> Self {
        Self {
            root,
            warnings: RefCell::new(warnings),
            work: Cell::new(WORK_MAX),
            end: Instant::now() + TIME_MAX,
            kinds: OnceCell::new(),
        }
    }

    pub(super) fn root(&self) -> &'v Value {
        self.root
    }

    /// Returns which schemas build on which.
    pub(super) fn kinds(&self) -> &Kinds<'v> {
        self.kinds.get_or_init(|| Kinds::of(self.root))
    }

    /// Adds a warning.
    pub(super) fn warn(&self, place: &str, trouble: &str) {
        self.warnings.borrow_mut().add(place, trouble);
    }

    /// Returns the warnings, for a reader that adds its own.
    pub(super) fn warnings(&self) -> RefMut<'_, Warnings> {
        self.warnings.borrow_mut()
    }

    pub(super) fn into_warnings(self) -> Warnings {
        self.warnings.into_inner()
    }

    /// Returns whether the time limit is reached.
    pub(super) fn is_late(&self) -> bool {
        Instant::now() > self.end
    }

    /// Takes a step from the document's limit on work; returns false once that or the time is used up.
    pub(super) fn may_continue(&self) -> bool {
        match self.work.get() {
            0 => false,
            left if left == 1 || self.is_late() => {
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
            let Ok(target) = pointer::follow(self.root, pointer) else {
                self.warn(reference, "is a reference to nothing in this document");
                return None;
            };
            value = target;
        }
        self.warn(place, "has circular references");
        None
    }
}
