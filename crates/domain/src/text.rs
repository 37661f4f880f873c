//! Text that operators enter.
//!
//! Control characters, invisible characters, and characters that reorder text are refused, because
//! they could disguise what an approver reads.

use std::borrow::Cow;

use serde_json::Value;

use crate::field::FieldValue;
use crate::invisible::is_deceptive;

/// The maximum length of a name, in characters. It is shown in one line of a list.
pub const NAME_CHARS_MAX: usize = 100;

/// The maximum length of a title, in characters. It is shown in a line or two.
pub const TITLE_CHARS_MAX: usize = 200;

/// The maximum length of a longer text, in characters: about a page, which people still read.
pub const TEXT_CHARS_MAX: usize = 2000;

/// A name of up to 100 characters. Surrounding white space is trimmed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name(String);

/// A title.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Title(String);

/// Text of one or more lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text(String);

/// Text of one or more lines that is not blank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words(String);

impl Name {
    /// Returns a name that was checked when it was stored.
    pub fn stored(name: String) -> Self {
        Self(name)
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the text.
    pub fn into_string(self) -> String {
        self.0
    }
}

impl Title {
    /// Returns the text; `None` if it is blank.
    pub fn into_filled(self) -> Option<String> {
        filled(self.0)
    }
}

impl Text {
    /// Returns the text; `None` if it is blank.
    pub fn into_filled(self) -> Option<String> {
        filled(self.0)
    }
}

impl Words {
    /// Returns a text that was checked when it was stored.
    pub fn stored(text: String) -> Self {
        Self(text)
    }

    /// Returns the text.
    pub fn into_string(self) -> String {
        self.0
    }
}

fn filled(text: String) -> Option<String> {
    Some(text).filter(|text| !text.trim().is_empty())
}

impl FieldValue for Name {
    fn parse(value: Value) -> Result<Self, Cow<'static, str>> {
        let text = String::parse(value)?;
        Ok(Self(name(&text)?))
    }
}

impl FieldValue for Title {
    fn parse(value: Value) -> Result<Self, Cow<'static, str>> {
        bounded(String::parse(value)?, TITLE_CHARS_MAX).map(Self)
    }
}

impl FieldValue for Text {
    fn parse(value: Value) -> Result<Self, Cow<'static, str>> {
        bounded(String::parse(value)?, TEXT_CHARS_MAX).map(Self)
    }
}

impl FieldValue for Words {
    fn parse(value: Value) -> Result<Self, Cow<'static, str>> {
        let words = String::parse(value)?;
        if words.trim().is_empty() {
            return Err("must not be blank".into());
        }
        bounded(words, TEXT_CHARS_MAX).map(Self)
    }
}

/// Returns the name without surrounding white space.
fn name(text: &str) -> Result<String, Cow<'static, str>> {
    let name = text.trim();
    let length = name.chars().count();
    if length == 0 || length > NAME_CHARS_MAX {
        return Err(format!("must be 1 to {NAME_CHARS_MAX} characters long").into());
    }
    if name.chars().any(is_deceptive) {
        return Err("must not contain control, invisible, or bidirectional characters".into());
    }
    Ok(name.to_owned())
}

/// Returns the text if it has at most `chars_max` characters. It may have several lines.
fn bounded(text: String, chars_max: usize) -> Result<String, Cow<'static, str>> {
    if text.chars().count() > chars_max {
        return Err(format!("must be at most {chars_max} characters long").into());
    }
    if text
        .chars()
        .any(|c| is_deceptive(c) && !matches!(c, '\n' | '\r' | '\t'))
    {
        return Err("must not contain control, invisible, or bidirectional characters".into());
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_name_is_short_and_has_no_invisible_characters() {
        assert_eq!(name("  stripe "), Ok("stripe".to_owned()));
        assert!(name(&"ä".repeat(100)).is_ok());
        for refused in [
            "",
            "   ",
            "a\nb",
            "a\u{202e}b",
            "a\u{200b}b",
            "a\u{2066}b",
            "a\u{3164}b",
            "a\u{e0001}b",
            &"ä".repeat(101),
        ] {
            assert!(name(refused).is_err(), "{refused:?}");
        }
    }

    #[test]
    fn a_text_may_have_lines_and_be_blank_but_words_may_not_be_blank() {
        assert_eq!(Text::parse(json!("a\n\tb")), Ok(Text("a\n\tb".to_owned())));
        assert_eq!(Text::parse(json!(" \n")).map(Text::into_filled), Ok(None));
        assert!(Words::parse(json!(" \n")).is_err());
        assert!(Text::parse(json!("a\u{200b}b")).is_err());
        assert!(Text::parse(json!("x".repeat(2001))).is_err());
        assert!(Title::parse(json!("x".repeat(201))).is_err());
        assert!(Title::parse(json!("x".repeat(200))).is_ok());
    }
}
