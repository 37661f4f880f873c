//! Characters that a reader does not see, or that change the order in which others are seen.
//!
//! The ranges come from the Unicode Character Database 17.0: the properties `Default_Ignorable_Code_Point`
//! and `Bidi_Control`, and the general categories Cc, Cf, Zl, Zp and Co.

use self::Invisible::{
    Bidi, Blank, Control, Ignorable, LineSeparator, PrivateUse, ScriptFormat, VariationSelector,
};

/// The reason why a character is not seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Invisible {
    /// A control character (general category Cc), including tab and line breaks.
    Control,
    /// A character that ends a line or a paragraph (general categories Zl and Zp).
    LineSeparator,
    /// A character that changes the direction of the text around it (`Bidi_Control`).
    Bidi,
    /// A character that is never displayed (`Default_Ignorable_Code_Point`), except for those that change
    /// the one before.
    Ignorable,
    /// A character that only selects the shape of the one before, as in emoji and Mongolian
    /// (`Variation_Selector` in the Basic Multilingual Plane).
    VariationSelector,
    /// A format character of a script (general category Cf, and the controls of hieroglyphs).
    ScriptFormat,
    /// U+2800, the Braille pattern without dots, which looks like a space.
    Blank,
    /// A character without a meaning of its own: for private use (Co), or in a plane without characters.
    PrivateUse,
}

/// All ranges, in ascending order and without overlaps.
const RANGES: &[(char, char, Invisible)] = &[
    ('\0', '\u{1f}', Control),
    ('\u{7f}', '\u{9f}', Control),
    ('\u{ad}', '\u{ad}', Ignorable),
    ('\u{34f}', '\u{34f}', Ignorable),
    ('\u{600}', '\u{605}', ScriptFormat),
    ('\u{61c}', '\u{61c}', Bidi),
    ('\u{6dd}', '\u{6dd}', ScriptFormat),
    ('\u{70f}', '\u{70f}', ScriptFormat),
    ('\u{890}', '\u{891}', ScriptFormat),
    ('\u{8e2}', '\u{8e2}', ScriptFormat),
    ('\u{115f}', '\u{1160}', Ignorable),
    ('\u{17b4}', '\u{17b5}', Ignorable),
    ('\u{180b}', '\u{180d}', VariationSelector),
    ('\u{180e}', '\u{180e}', Ignorable),
    ('\u{180f}', '\u{180f}', VariationSelector),
    ('\u{200b}', '\u{200d}', Ignorable),
    ('\u{200e}', '\u{200f}', Bidi),
    ('\u{2028}', '\u{2029}', LineSeparator),
    ('\u{202a}', '\u{202e}', Bidi),
    ('\u{2060}', '\u{2065}', Ignorable),
    ('\u{2066}', '\u{2069}', Bidi),
    ('\u{206a}', '\u{206f}', Ignorable),
    ('\u{2800}', '\u{2800}', Blank),
    ('\u{3164}', '\u{3164}', Ignorable),
    ('\u{e000}', '\u{f8ff}', PrivateUse),
    ('\u{fe00}', '\u{fe0f}', VariationSelector),
    ('\u{feff}', '\u{feff}', Ignorable),
    ('\u{ffa0}', '\u{ffa0}', Ignorable),
    ('\u{fff0}', '\u{fff8}', Ignorable),
    ('\u{fff9}', '\u{fffb}', ScriptFormat),
    ('\u{110bd}', '\u{110bd}', ScriptFormat),
    ('\u{110cd}', '\u{110cd}', ScriptFormat),
    ('\u{13430}', '\u{1345f}', ScriptFormat),
    ('\u{1bca0}', '\u{1bca3}', Ignorable),
    ('\u{1d173}', '\u{1d17a}', Ignorable),
    ('\u{e0000}', '\u{e0fff}', Ignorable),
    ('\u{e1000}', '\u{10ffff}', PrivateUse),
];

impl Invisible {
    /// Returns why `c` is not seen; `None` if it is seen, or is a space.
    pub fn of(c: char) -> Option<Self> {
        // Most text is printable ASCII, which needs no search.
        if matches!(c, ' '..='~') {
            return None;
        }
        let next = RANGES.partition_point(|(first, _, _)| *first <= c);
        let (_, last, kind) = RANGES[next.checked_sub(1)?];
        (c <= last).then_some(kind)
    }

    /// Returns whether such characters can disguise a text from its reader. Those that shape emoji or a
    /// script, and those that are displayed as a box, cannot.
    fn disguises(self) -> bool {
        matches!(self, Control | LineSeparator | Bidi | Ignorable)
    }
}

/// Returns whether a character can disguise what a human reads. Texts that approvers read may not contain
/// one, apart from tabs and line breaks where several lines are allowed.
pub fn is_deceptive(c: char) -> bool {
    Invisible::of(c).is_some_and(Invisible::disguises)
}

/// Returns whether a character is never displayed (`Default_Ignorable_Code_Point`). Servers that fold
/// names (`NFKC_Casefold`) remove such characters.
pub fn is_ignorable(c: char) -> bool {
    matches!(Invisible::of(c), Some(Bidi | Ignorable | VariationSelector))
}

/// Returns the ranges of all [deceptive](is_deceptive) characters in ascending order. Adjacent ranges are
/// joined.
pub fn deceptive_ranges() -> Vec<(char, char)> {
    let mut joined: Vec<(char, char)> = Vec::new();
    for &(first, last, _) in RANGES.iter().filter(|(_, _, kind)| kind.disguises()) {
        match joined.last_mut() {
            Some((_, end)) if u32::from(*end) + 1 == u32::from(first) => *end = last,
            _ => joined.push((first, last)),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ranges_are_sorted_and_do_not_overlap() {
        for pair in RANGES.windows(2) {
            assert!(pair[0].0 <= pair[0].1 && pair[0].1 < pair[1].0, "{pair:?}");
        }
    }

    #[test]
    fn a_character_has_the_kind_of_its_range() {
        for (c, kind) in [
            ('\0', Some(Control)),
            ('\n', Some(Control)),
            ('\u{9f}', Some(Control)),
            ('\u{200d}', Some(Ignorable)),
            ('\u{202e}', Some(Bidi)),
            ('\u{3164}', Some(Ignorable)),
            ('\u{fe0f}', Some(VariationSelector)),
            ('\u{e0001}', Some(Ignorable)),
            ('\u{10ffff}', Some(PrivateUse)),
            (' ', None),
            ('a', None),
            ('\u{a0}', None),
            ('\u{fffd}', None),
            ('界', None),
            ('😀', None),
        ] {
            assert_eq!(Invisible::of(c), kind, "{c:?}");
        }
    }

    #[test]
    fn every_deceptive_character_is_in_a_listed_range_and_no_other_is() {
        let ranges = deceptive_ranges();
        for c in '\0'..=char::MAX {
            let is_listed = ranges
                .iter()
                .any(|(first, last)| (*first..=*last).contains(&c));
            assert_eq!(is_listed, is_deceptive(c), "{c:?}");
        }
    }
}
