//! Pagination of lists.

use gaiterguard_store::Page;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Maximum number of items per page. The rows of a page are in memory at the same time, and an item may have
/// several KiB.
const LIMIT_MAX: u32 = 200;

/// Maximum length of a cursor, in bytes. Cursors of the store are much shorter.
const CURSOR_BYTES_MAX: usize = 512;

/// Number of items per page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limit(u32);

impl Limit {
    /// Returns the number.
    pub(crate) fn get(self) -> u32 {
        self.0
    }
}

impl Default for Limit {
    fn default() -> Self {
        Self(50)
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let refused = || serde::de::Error::custom("must be a whole number from 1 to 200");
        let text = String::deserialize(deserializer)?;
        let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
        let limit: u32 = text.parse().map_err(|_| refused())?;
        if is_plain && (1..=LIMIT_MAX).contains(&limit) {
            Ok(Self(limit))
        } else {
            Err(refused())
        }
    }
}

/// Position of a page: the `next_cursor` of the previous page.
#[derive(Debug)]
struct Cursor(String);

impl<'de> Deserialize<'de> for Cursor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.is_empty() || text.len() > CURSOR_BYTES_MAX {
            return Err(serde::de::Error::custom(
                "must be the next_cursor of a page of this list",
            ));
        }
        Ok(Self(text))
    }
}

/// Maximum length of a search text, in characters. A text longer than the longest title could not match.
const SEARCH_CHARS_MAX: usize = 200;

/// Text to search a list for.
#[derive(Debug)]
pub(crate) struct SearchText(String);

impl SearchText {
    /// Returns the text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the text.
    pub(crate) fn into_string(self) -> String {
        self.0
    }
}

impl<'de> Deserialize<'de> for SearchText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.chars().count() > SEARCH_CHARS_MAX {
            return Err(serde::de::Error::custom(
                "must be at most 200 characters long",
            ));
        }
        // PostgreSQL cannot store the null character in text.
        if text.contains('\0') {
            return Err(serde::de::Error::custom(
                "must not contain a null character",
            ));
        }
        Ok(Self(text))
    }
}

/// Query parameters of every list, next to its filters.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageQuery {
    /// Maximum number of items.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200, default = 50)]
    pub limit: Limit,
    /// The `next_cursor` of the previous page.
    #[param(value_type = Option<String>, min_length = 1, max_length = 512)]
    cursor: Option<Cursor>,
}

impl PageQuery {
    /// Returns the cursor.
    pub(crate) fn cursor(&self) -> Option<&str> {
        self.cursor.as_ref().map(|cursor| cursor.0.as_str())
    }
}

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct List<T> {
    /// The items.
    pub items: Vec<T>,
    /// Pass it as `cursor` to get the next page; null on the last page.
    #[schema(required)]
    pub next_cursor: Option<String>,
}

impl<T> List<T> {
    /// Converts a page of the store, item by item.
    pub(crate) fn of<U>(page: Page<U>, convert: impl FnMut(U) -> T) -> Self {
        Self {
            items: page.items.into_iter().map(convert).collect(),
            next_cursor: page.next_cursor,
        }
    }

    /// Cuts a page out of a complete list that is sorted by `key`. Returns `None` if the cursor
    /// does not belong to this list.
    pub(crate) fn cut<U>(all: Vec<U>, query: &PageQuery, key: impl Fn(&U) -> i64) -> Option<Self>
    where
        T: From<U>,
    {
        let after: Option<i64> = match query.cursor() {
            Some(cursor) => Some(cursor.parse().ok()?),
            None => None,
        };
        let limit = query.limit.get() as usize;
        let mut items: Vec<U> = all
            .into_iter()
            .filter(|item| after.is_none_or(|after| key(item) > after))
            .take(limit + 1)
            .collect();
        let next_cursor = (items.len() > limit).then(|| {
            items.truncate(limit);
            items.last().map(|last| key(last).to_string())
        });
        Some(Self {
            items: each(items),
            next_cursor: next_cursor.flatten(),
        })
    }
}

/// Converts every item.
pub fn each<T, U: From<T>>(all: Vec<T>) -> Vec<U> {
    all.into_iter().map(U::from).collect()
}

/// Response to a DELETE.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Done {
    /// Result in words.
    #[schema(value_type = String)]
    pub message: &'static str,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(text: &str) -> Result<PageQuery, serde_urlencoded::de::Error> {
        serde_urlencoded::from_str(text)
    }

    #[test]
    fn a_limit_is_bounded() {
        assert_eq!(query("").unwrap().limit.get(), 50);
        assert_eq!(query("limit=200").unwrap().limit.get(), 200);
        for odd in [
            "limit=0",
            "limit=201",
            "limit=",
            "limit=+1",
            "limit=x",
            "cursor=",
        ] {
            assert!(query(odd).is_err(), "{odd}");
        }
    }

    #[test]
    fn pages_follow_one_another_to_the_end_of_the_list() {
        let first = List::<i64>::cut(vec![1, 2, 3, 5], &query("limit=2").unwrap(), |id| *id);
        let first = first.unwrap();
        assert_eq!(first.items, [1, 2]);
        let rest = format!("limit=2&cursor={}", first.next_cursor.unwrap());
        let second = List::<i64>::cut(vec![1, 2, 3, 5], &query(&rest).unwrap(), |id| *id);
        let second = second.unwrap();
        assert_eq!(second.items, [3, 5]);
        assert_eq!(second.next_cursor, None);
    }

    #[test]
    fn a_cursor_of_another_list_is_refused() {
        assert!(List::<i64>::cut(vec![1], &query("cursor=x").unwrap(), |id| *id).is_none());
    }
}
