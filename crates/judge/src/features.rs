//! The features of a request, each with a weight from the table.
//!
//! The first character of a name gives its kind, and the fit enforces it. `~` describes the operation;
//! its weight may have either sign. `+` says that something is present and never lowers a score. `-`
//! describes the whole request, so an addition can only remove it; it never raises a score.

use crate::weights::{self, Code};

/// The features of one request.
#[derive(Debug, Default)]
pub(crate) struct Features {
    sum: f64,
    codes: Vec<Code>,
    /// The names, if the caller asks for them.
    names: Option<Vec<String>>,
}

/// Whether the names of features are kept. Only the fit of the weights needs them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Names {
    Kept,
    Dropped,
}

impl Features {
    pub(crate) fn new(names: Names) -> Self {
        Self {
            names: (names == Names::Kept).then(Vec::new),
            ..Self::default()
        }
    }

    /// Begins with the weight of an operation and that of every request.
    pub(crate) fn start_from(&mut self, sum: f64) {
        self.sum += sum + weights::of(Code::of(&["bias"]));
    }

    /// Counts a feature whose name is made of these parts; once, however often it is found. Its
    /// weight is returned.
    pub(crate) fn add(&mut self, parts: &[&str]) -> f64 {
        let code = Code::of(parts);
        if self.codes.contains(&code) {
            return 0.0;
        }
        self.codes.push(code);
        if let Some(names) = &mut self.names {
            names.push(parts.concat());
        }
        let weight = weights::of(code);
        self.sum += weight;
        weight
    }

    /// The sum of the weights.
    pub(crate) fn sum(&self) -> f64 {
        self.sum
    }

    /// The names of what was counted.
    pub(crate) fn into_names(self) -> Vec<String> {
        self.names.unwrap_or_default()
    }
}
