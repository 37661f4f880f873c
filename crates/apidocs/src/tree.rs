//! Parses the JSON tree of a document within limits. It skips values that a description of an API does
//! not need while parsing, and counts those it keeps, including expanded aliases.

use std::cell::Cell;
use std::fmt;
use std::io::{self, Read};
use std::time::{Duration, Instant};

use serde::de::{
    DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_json::{Map, Number, Value};
use serde_saphyr::options::DuplicateKeyPolicy;

use crate::stack;

/// The limit on the values of a document, after its YAML aliases are expanded.
pub(crate) const VALUES_MAX: usize = 1_500_000;

/// The limit on the text of a document, after its YAML aliases are expanded, in bytes.
pub(crate) const TEXT_BYTES_MAX: usize = 48 * 1024 * 1024;

/// The nesting limit of values.
pub(crate) const DEPTH_MAX: usize = 100;

/// The limit on the parser events that YAML aliases may produce.
const REPLAYED_EVENTS_MAX: usize = 300_000;

/// The time limit for parsing YAML. The largest documents within the other limits take a third of it.
const YAML_TIME_MAX: Duration = Duration::from_secs(30);

/// The size of the pieces of a YAML text that the parser gets, in bytes. The time limit can be exceeded
/// by one piece.
const PIECE_BYTES: usize = 4096;

/// The reason why a tree could not be parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Broken {
    /// The line, counted from 1, if it is known.
    pub(crate) line: Option<u64>,
    /// The problem.
    pub(crate) trouble: String,
}

/// Parses JSON.
pub(crate) fn from_json(text: &str) -> Result<Value, Broken> {
    let budget = Budget::default();
    let mut deserializer = serde_json::Deserializer::from_str(text);
    budget
        .root()
        .deserialize(&mut deserializer)
        .and_then(|value| deserializer.end().map(|()| value))
        .map_err(|error| Broken {
            line: Some(error.line() as u64),
            trouble: error.to_string(),
        })
}

/// Parses YAML.
pub(crate) fn from_yaml(text: &str) -> Result<Value, Broken> {
    stack::on_a_large_one(|| read_yaml(text, YAML_TIME_MAX)).unwrap_or_else(|| {
        Err(Broken {
            line: None,
            trouble: "the YAML reader failed".to_owned(),
        })
    })
}

fn read_yaml(text: &str, time_max: Duration) -> Result<Value, Broken> {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_events: 8_000_000,
            max_nodes: 8_000_000,
            max_depth: DEPTH_MAX * 2,
            max_total_scalar_bytes: 2 * TEXT_BYTES_MAX,
            max_merge_keys: 50_000,
            enforce_alias_anchor_ratio: false,
        },
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        strict_booleans: true,
        null_as_string: true,
        ignore_binary_tag_for_string: true,
        with_snippet: false,
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: REPLAYED_EVENTS_MAX,
        },
    };
    let budget = Budget::default();
    let is_late = Cell::new(false);
    let timed = Timed {
        rest: text.as_bytes(),
        end: Instant::now() + time_max,
        is_late: &is_late,
    };
    serde_saphyr::with_deserializer_from_reader_with_options(timed, options, |deserializer| {
        budget.root().deserialize(deserializer)
    })
    .map_err(|error| Broken {
        line: error.location().map(|location| location.line()),
        trouble: if is_late.get() {
            format!(
                "this YAML takes longer than {} seconds to read: split it, or write it as JSON",
                time_max.as_secs()
            )
        } else {
            error.to_string()
        },
    })
}

/// A reader that fails once the time limit is reached.
struct Timed<'t> {
    rest: &'t [u8],
    end: Instant,
    is_late: &'t Cell<bool>,
}

impl Read for Timed<'_> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        if Instant::now() > self.end {
            self.is_late.set(true);
            return Err(io::ErrorKind::TimedOut.into());
        }
        let length = room.len().min(PIECE_BYTES);
        self.rest.read(&mut room[..length])
    }
}

/// The remaining limits.
#[derive(Debug)]
struct Budget {
    values: Cell<usize>,
    bytes: Cell<usize>,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            values: Cell::new(VALUES_MAX),
            bytes: Cell::new(TEXT_BYTES_MAX),
        }
    }
}

impl Budget {
    fn root(&self) -> Node<'_> {
        Node {
            budget: self,
            spot: Spot::Described,
            depth: 0,
        }
    }

    fn take_value<E: serde::de::Error>(&self) -> Result<(), E> {
        match self.values.get().checked_sub(1) {
            Some(left) => {
                self.values.set(left);
                Ok(())
            }
            None => Err(E::custom(format_args!(
                "the document contains more than {VALUES_MAX} values, including expanded aliases"
            ))),
        }
    }

    fn take_text<E: serde::de::Error>(&self, text: &str) -> Result<(), E> {
        match self.bytes.get().checked_sub(text.len()) {
            Some(left) => {
                self.bytes.set(left);
                Ok(())
            }
            None => Err(E::custom(format_args!(
                "the document contains more than {TEXT_BYTES_MAX} bytes of text, including \
                 expanded aliases"
            ))),
        }
    }
}

/// The position of a value in a document, which determines what may be skipped in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Spot {
    /// Its keys are keywords of the specification.
    Described,
    /// Its keys are names that the author chose: a property may be called `example`.
    Named,
    /// A list of maps whose keys are names: the security requirements, by scheme.
    Requirements,
    /// Only a scalar is needed: a default or an example.
    Scalar,
}

impl Spot {
    /// Returns the position of a key's value; `None` if it is skipped.
    fn of(self, key: &str) -> Option<Self> {
        if self != Self::Described {
            return Some(Self::Described);
        }
        match key {
            "responses" | "examples" | "callbacks" | "webhooks" | "links" | "xml"
            | "externalDocs" => None,
            "example" | "x-example" | "default" | "x-multi-segment" => Some(Self::Scalar),
            "security" => Some(Self::Requirements),
            "paths"
            | "properties"
            | "patternProperties"
            | "definitions"
            | "schemas"
            | "parameters"
            | "requestBodies"
            | "securitySchemes"
            | "securityDefinitions"
            | "$defs"
            | "pathItems"
            | "variables"
            | "content"
            | "dependentSchemas" => Some(Self::Named),
            _ if key.starts_with("x-") => None,
            _ => Some(Self::Described),
        }
    }
}

/// A value to parse, at its place in a description. It counts values while it parses, skips those that
/// a description does not need, and merges repeated keys. `request` reads YAML with a visitor of its own,
/// because it must keep everything that a server may use.
#[derive(Clone, Copy, Debug)]
struct Node<'b> {
    budget: &'b Budget,
    spot: Spot,
    depth: usize,
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<Value, E> {
        self.budget.take_value()?;
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Value, E> {
        self.budget.take_value()?;
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Value, E> {
        self.budget.take_value()?;
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        self.budget.take_value()?;
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<Value, E> {
        self.budget.take_value()?;
        self.budget.take_text(value)?;
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E: serde::de::Error>(self, value: String) -> Result<Value, E> {
        self.budget.take_value()?;
        self.budget.take_text(&value)?;
        Ok(Value::String(value))
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<Value, E> {
        self.budget.take_value()?;
        Ok(Value::Null)
    }

    fn visit_none<E: serde::de::Error>(self) -> Result<Value, E> {
        self.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        self.budget.take_value()?;
        if self.spot == Spot::Scalar {
            while list.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(Value::Null);
        }
        let member = self.inner(if self.spot == Spot::Requirements {
            Spot::Named
        } else {
            Spot::Described
        })?;
        let mut members = Vec::new();
        while let Some(value) = list.next_element_seed(member)? {
            members.push(value);
        }
        Ok(Value::Array(members))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        self.budget.take_value()?;
        if self.spot == Spot::Scalar {
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            return Ok(Value::Null);
        }
        let mut members = Map::new();
        while let Some(key) = map.next_key::<Key>()? {
            let Key(key) = key;
            // serde_json passes numbers with their original spelling in this form.
            if key == "$serde_json::private::Number" && members.is_empty() {
                let number: String = map.next_value()?;
                return number
                    .parse()
                    .map(Value::Number)
                    .map_err(|_| A::Error::custom("an invalid number"));
            }
            self.budget.take_text(&key)?;
            match self.spot.of(&key) {
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
                Some(spot) => {
                    let value = map.next_value_seed(self.inner(spot)?)?;
                    insert(&mut members, key, value);
                }
            }
        }
        Ok(Value::Object(members))
    }
}

impl Node<'_> {
    fn inner<E: serde::de::Error>(self, spot: Spot) -> Result<Self, E> {
        if self.depth >= DEPTH_MAX {
            return Err(E::custom(format_args!(
                "values nest deeper than {DEPTH_MAX} levels"
            )));
        }
        Ok(Self {
            spot,
            depth: self.depth + 1,
            ..self
        })
    }
}

/// Merges the values of a repeated key as far as they are compatible: documents that are assembled from
/// parts repeat paths.
fn insert(members: &mut Map<String, Value>, key: String, value: Value) {
    match (members.get_mut(&key), value) {
        (Some(Value::Object(before)), Value::Object(more)) => before.extend(more),
        (_, value) => {
            members.insert(key, value);
        }
    }
}

/// A key of a map: any scalar, as it is spelled.
struct Key(String);

impl<'de> serde::Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;

        impl Visitor<'_> for KeyVisitor {
            type Value = Key;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a key")
            }

            fn visit_str<E: serde::de::Error>(self, key: &str) -> Result<Key, E> {
                Ok(Key(key.to_owned()))
            }

            fn visit_string<E: serde::de::Error>(self, key: String) -> Result<Key, E> {
                Ok(Key(key))
            }
        }

        deserializer.deserialize_str(KeyVisitor)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn yaml_that_takes_too_long_is_given_up_with_a_reason() {
        let text = "a:\n".repeat(100_000);
        let broken = read_yaml(&text, Duration::ZERO).unwrap_err();
        assert!(
            broken.trouble.contains("takes longer than 0 seconds"),
            "{broken:?}"
        );
        assert!(read_yaml("a: b", Duration::from_mins(1)).is_ok());
    }

    #[test]
    fn json_and_yaml_give_the_same_tree() {
        let json = r#"{"a": [1, 2.5, true, null, "x"], "200": {"b": "c"}}"#;
        let yaml = "a: [1, 2.5, true, null, x]\n200:\n  b: c\n";
        let expected = json!({"a": [1, 2.5, true, null, "x"], "200": {"b": "c"}});
        assert_eq!(from_json(json).unwrap().to_string(), expected.to_string());
        assert_eq!(from_yaml(yaml).unwrap().to_string(), expected.to_string());
    }

    #[test]
    fn unneeded_values_are_skipped_but_never_a_name() {
        let read = from_json(
            r#"{"responses": {"200": {}}, "x-internal": 1, "example": {"a": 1},
                "properties": {"example": {"type": "string", "example": "e"}, "responses": {}}}"#,
        );
        assert_eq!(
            read.unwrap(),
            json!({"example": null,
                   "properties": {"example": {"type": "string", "example": "e"}, "responses": {}}})
        );
    }

    #[test]
    fn the_names_of_security_schemes_are_kept() {
        let text = r#"{"security": [{"default": ["a"], "x-oauth": ["b"]}, {"links": []}]}"#;
        let expected = json!({"security": [{"default": ["a"], "x-oauth": ["b"]}, {"links": []}]});
        assert_eq!(from_json(text).unwrap(), expected);
    }

    #[test]
    fn words_that_old_yaml_took_for_truth_stay_words() {
        let read = from_yaml("enum: [on, off, yes, no, true]\n").unwrap();
        assert_eq!(read, json!({"enum": ["on", "off", "yes", "no", true]}));
    }

    #[test]
    fn a_repeated_path_keeps_both_methods() {
        let read = from_json(r#"{"paths": {"/a": {"get": {}}, "/a": {"post": {}}}}"#).unwrap();
        assert_eq!(read, json!({"paths": {"/a": {"get": {}, "post": {}}}}));
    }

    #[test]
    fn aliases_that_grow_without_end_are_refused() {
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..12 {
            let before = format!("*a{}, ", level - 1).repeat(10);
            bomb = format!("{bomb}a{level}: &a{level} [{before}]\n");
        }
        let broken = from_yaml(&bomb).unwrap_err();
        assert!(broken.line.is_some(), "{broken:?}");
        let passed_over = bomb.replace("a11: &a11", "responses: &a11");
        assert!(from_yaml(&passed_over).is_err());
    }

    #[test]
    fn values_that_nest_too_deeply_are_rejected() {
        let flow = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let block = |depth: usize| {
            (0..depth).fold(String::new(), |text, depth| {
                format!("{text}{}a:\n", " ".repeat(depth))
            })
        };
        assert!(from_json(&flow(DEPTH_MAX)).is_ok());
        assert!(from_json(&flow(100_000)).is_err());
        assert!(from_yaml(&flow(DEPTH_MAX)).is_ok());
        assert!(from_yaml(&flow(100_000)).is_err());
        assert!(from_yaml(&block(DEPTH_MAX)).is_ok());
        assert!(from_yaml(&block(2_000)).is_err());
        let ignored = format!("responses:\n{}", block(2_000).replace("a:", " a:"));
        assert!(from_yaml(&ignored).is_err());
    }
}
