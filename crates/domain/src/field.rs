//! Reading the fields that an operator enters, so that one response lists every mistake.
//! Messages say what a field must be and never repeat its value.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::invisible::is_deceptive;
use crate::redact;
use crate::time::Timestamp;

/// The longest name of anything an operator names, in characters.
pub const NAME_CHARS_MAX: usize = 100;

/// The message for a text that holds an agent key.
pub const KEY_NOT_STORED: &str =
    "must not contain an agent key in any spelling, because this text is stored and shown";

/// One field that cannot be taken as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// The field's name; members of an object are joined with dots.
    pub field: String,
    /// The message: what the field must be.
    pub message: String,
    /// Where in it: the line and the column, both from 1, where it is a text with lines.
    #[serde(skip)]
    pub place: Option<(u32, u32)>,
}

impl FieldError {
    /// An error of `field`.
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            message: message.into(),
            place: None,
        }
    }

    /// The same error at a line and a column.
    #[must_use]
    pub fn at(mut self, line: u32, column: u32) -> Self {
        self.place = Some((line, column));
        self
    }
}

/// Reads the members of an object and gathers what is wrong with them.
pub struct FieldReader<'a> {
    fields: &'a Map<String, Value>,
    errors: Vec<FieldError>,
}

impl<'a> FieldReader<'a> {
    pub fn new(fields: &'a Map<String, Value>) -> Self {
        Self {
            fields,
            errors: Vec::new(),
        }
    }

    /// Notes an error.
    pub fn refuse(&mut self, field: &str, message: impl Into<String>) {
        self.errors.push(FieldError::new(field, message));
    }

    /// Notes errors of the members of `field`.
    pub fn refuse_members(&mut self, field: &str, errors: Vec<FieldError>) {
        self.errors.extend(
            errors
                .into_iter()
                .map(|error| FieldError::new(format!("{field}.{}", error.field), error.message)),
        );
    }

    /// Whether the field is there, even as null.
    pub fn has(&self, field: &str) -> bool {
        self.fields.contains_key(field)
    }

    /// The field's value, unless it is absent or null.
    pub fn value(&self, field: &str) -> Option<&'a Value> {
        self.fields.get(field).filter(|value| !value.is_null())
    }

    /// A string without an agent key, if the field is there.
    pub fn string(&mut self, field: &str) -> Option<&'a str> {
        let text = self.any_string(field)?;
        if redact::holds_agent_key(text.as_bytes()) {
            self.refuse(field, KEY_NOT_STORED);
            return None;
        }
        Some(text)
    }

    /// A string without an agent key that has to be there.
    pub fn required_string(&mut self, field: &str) -> Option<&'a str> {
        if self.value(field).is_none() {
            self.refuse(field, "is required");
            return None;
        }
        self.string(field)
    }

    /// A string that has to be there. It is the caller's to look for agent keys, unless the string is
    /// sealed and never shown.
    pub fn required_any_string(&mut self, field: &str) -> Option<&'a str> {
        if self.value(field).is_none() {
            self.refuse(field, "is required");
            return None;
        }
        self.any_string(field)
    }

    fn any_string(&mut self, field: &str) -> Option<&'a str> {
        let text = self.value(field)?.as_str();
        if text.is_none() {
            self.refuse(field, "must be a string");
        }
        text
    }

    /// Whether something is so, if the field is there.
    pub fn boolean(&mut self, field: &str) -> Option<bool> {
        let value = self.value(field)?.as_bool();
        if value.is_none() {
            self.refuse(field, "must be true or false");
        }
        value
    }

    /// A number in `least..=most`, if the field is there.
    pub fn number(&mut self, field: &str, least: f64, most: f64) -> Option<f64> {
        let number = self.value(field)?.as_f64();
        let bounded = number.filter(|number| (least..=most).contains(number));
        if bounded.is_none() {
            self.refuse(
                field,
                format!("must be a number from {least:?} to {most:?}"),
            );
        }
        bounded
    }

    /// A whole number in `0..=most`, if the field is there.
    pub fn whole_number(&mut self, field: &str, most: u32) -> Option<u32> {
        let number = self.value(field)?.as_u64();
        let bounded = number
            .and_then(|number| u32::try_from(number).ok())
            .filter(|number| *number <= most);
        if bounded.is_none() {
            self.refuse(field, format!("must be a whole number from 0 to {most}"));
        }
        bounded
    }

    /// An instant, if the field is there.
    pub fn timestamp(&mut self, field: &str) -> Option<Timestamp> {
        let timestamp = self
            .value(field)?
            .as_str()
            .and_then(|text| text.parse().ok());
        if timestamp.is_none() {
            self.refuse(
                field,
                "must be an RFC 3339 date and time with a time zone, such as 2030-01-31T12:00:00Z",
            );
        }
        timestamp
    }

    /// A list of ids, if the field is there.
    pub fn ids<T>(&mut self, field: &str, make: impl Fn(i64) -> T) -> Option<Vec<T>> {
        let value = self.value(field)?;
        let ids: Option<Vec<T>> = value.as_array().and_then(|list| {
            list.iter()
                .map(|id| id.as_i64().map(&make))
                .collect::<Option<Vec<T>>>()
        });
        if ids.is_none() {
            self.refuse(field, "must be an array of IDs, which are whole numbers");
        }
        ids
    }

    /// One id, if the field is there.
    pub fn id<T>(&mut self, field: &str, make: impl Fn(i64) -> T) -> Option<T> {
        let id = self.value(field)?.as_i64();
        if id.is_none() {
            self.refuse(field, "must be an ID, which is a whole number");
        }
        id.map(make)
    }

    /// A name that has to be there.
    pub fn required_name(&mut self) -> Option<String> {
        let text = self.required_string("name")?;
        self.checked_name(text)
    }

    /// A name, if the field is there. Null is not a name.
    pub fn name(&mut self) -> Option<String> {
        if self.has("name") {
            self.required_name()
        } else {
            None
        }
    }

    fn checked_name(&mut self, text: &str) -> Option<String> {
        match name(text) {
            Ok(name) => Some(name),
            Err(message) => {
                self.refuse("name", message);
                None
            }
        }
    }

    /// Text of at most `chars_max` characters, if the field is there and not blank.
    pub fn text(&mut self, field: &str, chars_max: usize) -> Option<String> {
        let text = self.string(field)?;
        if text.chars().count() > chars_max {
            self.refuse(
                field,
                format!("must be at most {chars_max} characters long"),
            );
            return None;
        }
        if text
            .chars()
            .any(|c| is_deceptive(c) && !matches!(c, '\n' | '\r' | '\t'))
        {
            self.refuse(
                field,
                "must not contain control, invisible, or bidirectional characters",
            );
            return None;
        }
        (!text.trim().is_empty()).then(|| text.to_owned())
    }

    /// The errors, if there are any.
    pub fn finish(self) -> Result<(), Vec<FieldError>> {
        if self.errors.is_empty() {
            Ok(())
        } else {
            Err(self.errors)
        }
    }
}

/// A name without the white space around it, or what it must be.
pub fn name(text: &str) -> Result<String, String> {
    let name = text.trim();
    let length = name.chars().count();
    if length == 0 || length > NAME_CHARS_MAX {
        return Err(format!("must be 1 to {NAME_CHARS_MAX} characters long"));
    }
    if name.chars().any(is_deceptive) {
        return Err("must not contain control, invisible, or bidirectional characters".to_owned());
    }
    Ok(name.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_name_is_short_and_holds_nothing_that_is_not_seen() {
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
    fn every_mistake_is_reported_together() {
        let Value::Object(fields) = json!({
            "name": 5, "holdSeconds": 301, "isActive": "yes", "expiresAt": "tomorrow",
            "riskThreshold": 1.5, "serviceIds": [1, "2"], "agent_id": 1.5,
        }) else {
            unreachable!()
        };
        let mut reader = FieldReader::new(&fields);
        assert_eq!(reader.required_name(), None);
        assert_eq!(reader.whole_number("holdSeconds", 300), None);
        assert_eq!(reader.boolean("isActive"), None);
        assert_eq!(reader.timestamp("expiresAt"), None);
        assert_eq!(reader.number("riskThreshold", 0.0, 1.0), None);
        assert_eq!(reader.ids("serviceIds", |id| id), None);
        assert_eq!(reader.id("agent_id", |id| id), None);
        let fields: Vec<String> = reader
            .finish()
            .unwrap_err()
            .into_iter()
            .map(|error| error.field)
            .collect();
        assert_eq!(
            fields,
            [
                "name",
                "holdSeconds",
                "isActive",
                "expiresAt",
                "riskThreshold",
                "serviceIds",
                "agent_id"
            ]
        );
    }
}
