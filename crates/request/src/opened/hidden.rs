//! Characters that a human does not see, or that show text in another order than it is read.

use gaiterguard_domain::invisible::Invisible;

/// The kind of hidden text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hidden {
    /// A character without a shape of its own.
    Invisible,
    /// One that turns the direction of the text around it.
    Bidi,
    /// A control character.
    Control,
    /// Letters of two scripts that look alike, in one word.
    MixedScripts,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Script {
    None,
    Latin,
    LookAlike,
}

/// The first such character of a text.
pub fn hidden_in(text: &str) -> Option<Hidden> {
    let mut before = ' ';
    let mut script = Script::None;
    for c in text.chars() {
        match c {
            '\t' | '\n' | '\r' => {}
            // Joiners shape emoji and several scripts, and a single mark orders mixed text; between
            // Latin letters they only hide.
            '\u{200c}' | '\u{200d}' | '\u{feff}' | '\u{200e}' | '\u{200f}' | '\u{61c}'
                if !before.is_ascii() => {}
            _ => match Invisible::of(c) {
                Some(Invisible::Control) => return Some(Hidden::Control),
                Some(Invisible::Ignorable) => return Some(Hidden::Invisible),
                Some(Invisible::Bidi) => return Some(Hidden::Bidi),
                _ => {}
            },
        }
        let now = match c {
            'a'..='z' | 'A'..='Z' => Script::Latin,
            '\u{370}'..='\u{3ff}' | '\u{400}'..='\u{52f}' if c.is_alphabetic() => Script::LookAlike,
            c if c.is_alphanumeric() => script,
            _ => Script::None,
        };
        if script != Script::None && now != Script::None && now != script {
            return Some(Hidden::MixedScripts);
        }
        script = now;
        before = c;
    }
    None
}
