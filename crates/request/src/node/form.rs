//! Reading form data.

use thiserror::Error;

use super::{Member, Node, VALUES_MAX};
use crate::Arena;

/// The reason why bytes cannot be read as a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum FormError {
    /// A decoded name or value is not UTF-8.
    #[error("is not UTF-8 once decoded, in the field that begins at byte {0}")]
    NotUtf8(usize),
    /// More fields than the limit.
    #[error("contains more than {VALUES_MAX} fields")]
    TooMany,
}

impl<'a> Node<'a> {
    /// Reads `application/x-www-form-urlencoded` into a map of texts. Names such as `a[b]` stay as
    /// they are.
    ///
    /// # Errors
    ///
    /// If a decoded name or value is not UTF-8, or there are more than [`VALUES_MAX`] fields.
    pub fn parse_form(body: &'a [u8], arena: &'a Arena) -> Result<Self, FormError> {
        parse(body, arena).map(Self::Map)
    }
}

/// Returns the fields of a form or a query. Invalid escapes stay as they are (WHATWG URL Standard); a
/// field without `=` has an empty value.
fn parse<'a>(body: &'a [u8], arena: &'a Arena) -> Result<&'a [Member<'a>], FormError> {
    let mut fields = Vec::new();
    let mut at = 0;
    for field in body.split(|byte| *byte == b'&') {
        let start = at;
        at += field.len() + 1;
        if field.is_empty() {
            continue;
        }
        if fields.len() == VALUES_MAX {
            return Err(FormError::TooMany);
        }
        let equals = field.iter().position(|byte| *byte == b'=');
        let (name, value) = match equals {
            Some(equals) => (&field[..equals], &field[equals + 1..]),
            None => (field, &[][..]),
        };
        let name = decode(name, arena).ok_or(FormError::NotUtf8(start))?;
        let value = decode(value, arena).ok_or(FormError::NotUtf8(start))?;
        fields.push((name, Node::Text(value)));
    }
    Ok(arena.list(&fields))
}

fn decode<'a>(spelled: &'a [u8], arena: &'a Arena) -> Option<&'a str> {
    if !spelled.iter().any(|byte| matches!(byte, b'%' | b'+')) {
        return std::str::from_utf8(spelled).ok();
    }
    let mut bytes = Vec::with_capacity(spelled.len());
    let mut rest = spelled;
    while let Some((&first, tail)) = rest.split_first() {
        rest = tail;
        match (first, tail) {
            (b'+', _) => bytes.push(b' '),
            (b'%', [high, low, after @ ..]) => match (digit(*high), digit(*low)) {
                (Some(high), Some(low)) => {
                    bytes.push(high * 16 + low);
                    rest = after;
                }
                _ => bytes.push(b'%'),
            },
            _ => bytes.push(first),
        }
    }
    std::str::from_utf8(&bytes)
        .ok()
        .map(|text| arena.text(text))
}

fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}
