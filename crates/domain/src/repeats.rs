//! How an agent repeated a request that was held, for the human who decides about it.

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// How many intents are kept of the repetitions of one request. A model that rewords its intent more often
/// adds nothing that helps a human to decide.
pub const REPEATED_INTENTS_MAX: usize = 20;

/// How an agent repeated a request while it was pending.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repeats {
    /// How often the request was repeated.
    pub count: u64,
    /// When it was repeated last.
    pub last_at: Timestamp,
    /// The intents that differ from the first one, oldest first. At most [`REPEATED_INTENTS_MAX`].
    pub intents: Vec<String>,
}

impl Repeats {
    /// Returns the repetitions after one more, and whether its intent was new. `first` is the intent of
    /// the request that was held.
    #[must_use]
    pub fn after(earlier: Option<Self>, first: &str, intent: &str, at: Timestamp) -> (Self, bool) {
        let mut repeats = earlier.unwrap_or(Self {
            count: 0,
            last_at: at,
            intents: Vec::new(),
        });
        repeats.count = repeats.count.saturating_add(1);
        repeats.last_at = repeats.last_at.max(at);
        let is_known = first == intent || repeats.intents.iter().any(|known| known == intent);
        let is_new = !is_known && repeats.intents.len() < REPEATED_INTENTS_MAX;
        if is_new {
            repeats.intents.push(intent.to_owned());
        }
        (repeats, is_new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repeat(intents: &[&str]) -> Repeats {
        let mut repeats = None;
        for (second, intent) in (1..).zip(intents) {
            let (next, _) = Repeats::after(repeats, "Remove x", intent, Timestamp(second));
            repeats = Some(next);
        }
        repeats.unwrap()
    }

    #[test]
    fn each_wording_is_kept_once_and_every_repetition_counts() {
        let repeats = repeat(&["Remove x", "Delete x", "Remove x", "Delete x", "Clean up"]);
        assert_eq!(repeats.count, 5);
        assert_eq!(repeats.intents, ["Delete x", "Clean up"]);
        assert_eq!(repeats.last_at, Timestamp(5));
    }

    #[test]
    fn the_number_of_wordings_is_bounded() {
        let intents: Vec<String> = (0..100).map(|number| format!("Attempt {number}")).collect();
        let repeats = repeat(&intents.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(repeats.count, 100);
        assert_eq!(repeats.intents, intents[..REPEATED_INTENTS_MAX]);
    }
}
