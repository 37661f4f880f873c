//! Cursors of lists: the key of the last row, opaque to clients.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::error::InvalidCursor;

/// A page of a list, newest first.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<T> {
    /// The rows of the page.
    pub items: Vec<T>,
    /// The cursor of the next page; `None` at the end of the list.
    pub next_cursor: Option<String>,
}

/// The key that a list is ordered by. Rows that are added while a client pages do not shift it, as
/// they would an offset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position<Id> {
    pub at: i64,
    pub id: Id,
}

pub type NumberPosition = Position<i64>;
pub type TextPosition = Position<String>;

fn decode(cursor: &str) -> Result<(i64, String), InvalidCursor> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| InvalidCursor)?;
    let text = String::from_utf8(bytes).map_err(|_| InvalidCursor)?;
    let (at, id) = text.split_once(' ').ok_or(InvalidCursor)?;
    Ok((at.parse().map_err(|_| InvalidCursor)?, id.to_owned()))
}

impl<Id: std::fmt::Display> Position<Id> {
    pub fn encode(&self) -> String {
        URL_SAFE_NO_PAD.encode(format!("{} {}", self.at, self.id))
    }
}

impl NumberPosition {
    /// Returns the position of a cursor, or the one before the newest row.
    pub fn of(cursor: Option<&str>) -> Result<Self, InvalidCursor> {
        let Some(cursor) = cursor else {
            return Ok(Self {
                at: i64::MAX,
                id: i64::MAX,
            });
        };
        let (at, id) = decode(cursor)?;
        Ok(Self {
            at,
            id: id.parse().map_err(|_| InvalidCursor)?,
        })
    }
}

impl TextPosition {
    /// Returns the position of a cursor, or the one before the newest row.
    pub fn of(cursor: Option<&str>) -> Result<Self, InvalidCursor> {
        let Some(cursor) = cursor else {
            // Ids consist of hexadecimal digits and hyphens, all of which sort before a tilde.
            return Ok(Self {
                at: i64::MAX,
                id: "~".to_owned(),
            });
        };
        let (at, id) = decode(cursor)?;
        uuid::Uuid::try_parse(&id).map_err(|_| InvalidCursor)?;
        Ok(Self { at, id })
    }
}

/// Makes a page of up to `limit` rows. The query fetches one row more, which shows that there is
/// another page.
pub fn page<T, Id: std::fmt::Display>(
    mut items: Vec<T>,
    limit: u32,
    position: impl Fn(&T) -> Position<Id>,
) -> Page<T> {
    let limit = limit as usize;
    let more = items.len() > limit;
    items.truncate(limit);
    let next_cursor = more
        .then(|| items.last().map(|last| position(last).encode()))
        .flatten();
    Page { items, next_cursor }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_decodes_to_its_position() {
        let number = NumberPosition { at: 7, id: 3 };
        assert_eq!(NumberPosition::of(Some(&number.encode())), Ok(number));
        let text = TextPosition {
            at: -1,
            id: "01920000-0000-7000-8000-000000000000".to_owned(),
        };
        assert_eq!(TextPosition::of(Some(&text.encode())), Ok(text));
    }

    #[test]
    fn an_invalid_cursor_is_refused() {
        for odd in ["", "!", "MQ", "MSAy eA", "eCAx", "MSB4"] {
            assert_eq!(NumberPosition::of(Some(odd)), Err(InvalidCursor), "{odd}");
        }
        let no_action = Position { at: 1, id: 5 }.encode();
        assert_eq!(TextPosition::of(Some(&no_action)), Err(InvalidCursor));
    }
}
