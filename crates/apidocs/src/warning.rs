//! Warnings about the parts of a document that could not be read, limited in number and length.

use std::collections::HashSet;

use crate::text;

/// The limit on the warnings of a document.
pub const WARNINGS_MAX: usize = 100;

/// The length limit of a warning, in characters.
pub const WARNING_CHARS_MAX: usize = 300;

/// Collects warnings, without repetitions and up to a limit.
#[derive(Debug, Default)]
pub(crate) struct Warnings {
    said: Vec<String>,
    known: HashSet<String>,
    unsaid: usize,
}

impl Warnings {
    /// Adds a warning about a place in the document.
    pub(crate) fn add(&mut self, place: &str, trouble: &str) {
        if self.said.len() + 1 >= WARNINGS_MAX {
            self.unsaid += 1;
            return;
        }
        // The author of the document controls the length of a place; the problem must stay visible.
        let room = WARNING_CHARS_MAX.saturating_sub(trouble.chars().count() + 2);
        let place = text::cut(place, room.max(40));
        let warning = text::cut(&format!("{place}: {trouble}"), WARNING_CHARS_MAX);
        if self.known.insert(warning.clone()) {
            self.said.push(warning);
        }
    }

    /// Returns all warnings; the last one says how many were omitted.
    pub(crate) fn finish(mut self) -> Vec<String> {
        if self.unsaid > 0 {
            self.said
                .push(format!("and {} more that are not listed", self.unsaid));
        }
        self.said
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_are_bounded_and_say_how_many_were_left_out() {
        let mut warnings = Warnings::default();
        for number in 0..1_000 {
            warnings.add(
                &format!("/place/{number}/{}", "x".repeat(999)),
                "is not an object",
            );
        }
        let said = warnings.finish();
        assert_eq!(said.len(), WARNINGS_MAX);
        assert!(said.iter().all(|w| w.chars().count() <= WARNING_CHARS_MAX));
        assert!(said[0].ends_with("is not an object"), "{}", said[0]);
        assert_eq!(said[99], "and 901 more that are not listed");
    }

    #[test]
    fn the_same_problem_is_reported_once() {
        let mut warnings = Warnings::default();
        warnings.add("#/a", "is missing");
        warnings.add("#/a", "is missing");
        assert_eq!(warnings.finish(), ["#/a: is missing"]);
    }
}
