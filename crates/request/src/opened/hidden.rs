//! Characters that a human does not see, or that show text in another order than it is read.

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
            '\0'..'\u{20}' | '\u{7f}'..'\u{a0}' => return Some(Hidden::Control),
            // Joiners shape emoji and several scripts, and a single mark orders mixed text; between
            // Latin letters they only hide.
            '\u{200c}' | '\u{200d}' | '\u{feff}' | '\u{200e}' | '\u{200f}' | '\u{61c}'
                if !before.is_ascii() => {}
            '\u{ad}'
            | '\u{34f}'
            | '\u{115f}'
            | '\u{1160}'
            | '\u{17b4}'
            | '\u{17b5}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200d}'
            | '\u{2060}'..='\u{2064}'
            | '\u{206a}'..='\u{206f}'
            | '\u{3164}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{e0000}'..='\u{e0fff}' => {
                return Some(Hidden::Invisible);
            }
            '\u{200e}'
            | '\u{200f}'
            | '\u{61c}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}' => return Some(Hidden::Bidi),
            _ => {}
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
