//! Warnings about the parts of a document that could not be read, limited in number and length.

use crate::text;

/// The limit on the warnings of a document. A broken document repeats one mistake in every operation, and people
/// read the first few.
pub const WARNINGS_MAX: usize = 100;

/// The length limit of a warning, in characters: a sentence and a place. Both may quote the document.
pub const WARNING_CHARS_MAX: usize = 300;

/// The shortest that a place is cut to, in characters, however long the problem is.
const PLACE_CHARS_MIN: usize = 40;

/// Collects warnings up to a limit, each once. Beyond the limit they are counted, with repetitions.
#[derive(Debug, Default)]
pub(crate) struct Warnings {
    listed: Vec<String>,
    omitted: usize,
}

impl Warnings {
    /// Adds a warning about a place in the document.
    pub(crate) fn add(&mut self, place: &str, problem: &str) {
        // The author of the document controls the length of a place; the problem must stay visible.
        let separator = ": ";
        let room = WARNING_CHARS_MAX.saturating_sub(problem.chars().count() + separator.len());
        let place = text::cut(place, room.max(PLACE_CHARS_MIN));
        let warning = text::cut(&format!("{place}{separator}{problem}"), WARNING_CHARS_MAX);
        if self.listed.contains(&warning) {
            return;
        }
        // The last one says how many were omitted.
        if self.listed.len() < WARNINGS_MAX - 1 {
            self.listed.push(warning);
        } else {
            self.omitted += 1;
        }
    }

    /// Returns all warnings; the last one says how many were omitted.
    pub(crate) fn finish(mut self) -> Vec<String> {
        if self.omitted > 0 {
            let omitted = self.omitted;
            self.listed.push(format!("and {omitted} more not listed"));
        }
        self.listed
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
        assert_eq!(said[99], "and 901 more not listed");
    }

    #[test]
    fn the_same_problem_is_reported_once() {
        let mut warnings = Warnings::default();
        warnings.add("#/a", "is missing");
        warnings.add("#/a", "is missing");
        assert_eq!(warnings.finish(), ["#/a: is missing"]);
    }
}
