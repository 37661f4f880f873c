//! Whole numbers in every spelling of JSON.

use gaiterguard_domain::field;
use serde::de::{Deserialize, Deserializer, Error as _};
use serde_json::Number;

/// Deserializes an optional whole number, as [`field::whole`] reads it.
pub fn whole<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<i64>,
{
    let Some(number) = Option::<Number>::deserialize(deserializer)? else {
        return Ok(None);
    };
    field::whole(&number)
        .and_then(|whole| T::try_from(whole).ok())
        .map(Some)
        .ok_or_else(|| D::Error::custom("must be a whole number within range"))
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::whole;

    #[derive(Debug, Deserialize)]
    struct Limit {
        #[serde(default, deserialize_with = "whole")]
        limit: Option<u32>,
    }

    fn limit(text: &str) -> Result<Option<u32>, serde_json::Error> {
        let json = format!("{{\"limit\":{text}}}");
        serde_json::from_str::<Limit>(&json).map(|read| read.limit)
    }

    #[test]
    fn a_whole_number_is_read_in_any_spelling() {
        for text in ["50", "50.0", "5e1", "5.0E+1"] {
            assert_eq!(limit(text).unwrap(), Some(50), "{text}");
        }
        assert_eq!(limit("null").unwrap(), None);
        assert_eq!(serde_json::from_str::<Limit>("{}").unwrap().limit, None);
    }

    #[test]
    fn other_numbers_and_texts_are_refused() {
        for text in ["50.5", "-1", "1e99", "4294967296", "\"50\"", "true", "[]"] {
            assert!(limit(text).is_err(), "{text}");
        }
    }
}
