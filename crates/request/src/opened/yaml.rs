//! YAML 1.2 into names and values.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::options::DuplicateKeyPolicy;

use crate::node::{Member, VALUES_MAX};
use crate::{Arena, Node};

/// The most bytes that are read as YAML. Reading YAML takes longer than reading other formats, and files that
/// people write are far shorter.
const BYTES_MAX: usize = 1 << 20;

/// The deepest nesting that is read. The YAML reader is recursive and takes some 27 KB of stack for each level
/// in a build without optimizations, so this keeps it below half of a worker thread's 2 MiB. Real files nest
/// less than 20 levels.
const DEPTH_MAX: usize = 32;

/// The most values that aliases may repeat. Aliases of aliases grow exponentially; files that people write repeat a
/// few dozen values.
const REPEATED_MAX: usize = 10_000;

/// Why a text is not read as YAML.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum YamlError {
    /// It is not YAML.
    NotYaml,
    /// It is too large, or nests or repeats too much.
    TooMuch,
}

/// A value, before it is put into the arena.
enum Value {
    Null,
    Bool(bool),
    Number(String),
    Text(String),
    List(Vec<Self>),
    Map(Vec<(String, Self)>),
}

/// Reads the documents of a text; several become a list.
///
/// # Errors
///
/// Where the text is not YAML, or is more than is read.
pub(super) fn read<'a>(text: &str, arena: &'a Arena) -> Result<Node<'a>, YamlError> {
    if text.len() > BYTES_MAX {
        return Err(YamlError::TooMuch);
    }
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_events: 2 * VALUES_MAX,
            max_nodes: VALUES_MAX,
            max_depth: DEPTH_MAX,
            max_total_scalar_bytes: 2 * BYTES_MAX,
        },
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        with_snippet: false,
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: REPEATED_MAX,
        },
    };
    let documents: Vec<Value> = serde_saphyr::from_multiple_with_options(text, options)
        .map_err(|error| YamlError::of(&error))?;
    let nodes: Vec<Node<'a>> = documents.iter().map(|one| one.kept(arena)).collect();
    match nodes.as_slice() {
        [] => Err(YamlError::NotYaml),
        [one] => Ok(*one),
        several => Ok(Node::List(arena.list(several))),
    }
}

/// Whether a text has the marks of YAML that a reading line by line would miss.
pub(super) fn looks_like(text: &str) -> bool {
    text.starts_with("---")
        || text.starts_with(['{', '['])
        || text.lines().any(|line| {
            let line = line.trim();
            line.ends_with(':') || line.contains(": ") || line.starts_with("- ")
        })
}

/// Whether a text has marks that hardly any prose has: braces around it all, keys and values marked as
/// such, anchors, tags, or values on the lines that follow.
pub(super) fn is_explicit(text: &str) -> bool {
    let is_content = |line: &&str| !line.is_empty() && !line.starts_with(['#', '%']);
    let lines = || text.lines().map(str::trim).filter(is_content);
    let first = lines()
        .map(|line| line.trim_start_matches("---").trim_start())
        .find(|line| !line.is_empty());
    let is_marked = |line: &str| {
        let line = line.trim_start_matches("- ");
        let value = line
            .split_once(": ")
            .map(|(name, value)| (name, value.trim()));
        line.starts_with("? ")
            || value.is_some_and(|(name, value)| {
                let is_multiline = matches!(value, "|" | ">" | "|-" | ">-" | "|+" | ">+");
                let is_tagged = value.starts_with(['&', '!', '{'])
                    && value[1..].starts_with(|c: char| !c.is_whitespace());
                (is_multiline || is_tagged) && !name.contains(char::is_whitespace)
            })
    };
    first.is_some_and(|line| line.starts_with(['{', '[', '!', '&'])) || lines().any(is_marked)
}

impl YamlError {
    fn of(error: &serde_saphyr::Error) -> Self {
        match error {
            serde_saphyr::Error::Budget { .. }
            | serde_saphyr::Error::AliasReplayCounterOverflow { .. }
            | serde_saphyr::Error::AliasReplayLimitExceeded { .. }
            | serde_saphyr::Error::AliasExpansionLimitExceeded { .. }
            | serde_saphyr::Error::AliasReplayStackDepthExceeded { .. } => Self::TooMuch,
            serde_saphyr::Error::AliasError { error, .. } => Self::of(error),
            _ => Self::NotYaml,
        }
    }
}

impl Value {
    fn kept<'a>(&self, arena: &'a Arena) -> Node<'a> {
        match self {
            Self::Null => Node::Null,
            Self::Bool(value) => Node::Bool(*value),
            Self::Number(spelled) => Node::Number(arena.text(spelled)),
            Self::Text(text) => Node::Text(arena.text(text)),
            Self::List(items) => {
                let items: Vec<Node<'a>> = items.iter().map(|item| item.kept(arena)).collect();
                Node::List(arena.list(&items))
            }
            Self::Map(members) => {
                let members: Vec<Member<'a>> = members
                    .iter()
                    .map(|(name, value)| (arena.text(name), value.kept(arena)))
                    .collect();
                Node::Map(arena.list(&members))
            }
        }
    }

    /// A key as the name of a member.
    fn into_name(self) -> String {
        match self {
            Self::Text(text) | Self::Number(text) => text,
            Self::Bool(value) => value.to_string(),
            Self::Null | Self::List(_) | Self::Map(_) => String::new(),
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

/// Keeps every value in its order, repeated names included, because servers differ in which of them
/// they use. `apidocs` reads YAML with a visitor of its own: it skips and merges what it reads.
struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.to_string()))
    }

    fn visit_i128<E>(self, value: i128) -> Result<Value, E> {
        Ok(Value::Number(value.to_string()))
    }

    fn visit_u128<E>(self, value: u128) -> Result<Value, E> {
        Ok(Value::Number(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Number(value.to_string()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::Text(value))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
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
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(Value::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut members = Vec::new();
        while let Some((name, value)) = map.next_entry::<Value, Value>()? {
            members.push((name.into_name(), value));
        }
        Ok(Value::Map(members))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn documents_become_names_and_values() {
        let arena = Arena::default();
        let node = read(
            "base: &b\n  role: admin\nuser:\n  <<: *b\n  amount: 5\n  ok: true\n",
            &arena,
        );
        let node = node.unwrap();
        let role = node.pointer("/user/role").and_then(Node::as_text);
        assert_eq!(role, Some("admin"));
        let amount = node.pointer("/user/amount");
        assert_eq!(amount.and_then(Node::as_number), Some("5"));
        assert_eq!(node.pointer("/user/ok").and_then(Node::as_bool), Some(true));
        let several = read("a: 1\n---\nrole: admin\n", &arena).unwrap();
        assert_eq!(
            several.pointer("/1/role").and_then(Node::as_text),
            Some("admin")
        );
        let twice = read("role: user\nrole: admin\n", &arena).unwrap();
        assert_eq!(twice.all("role").count(), 2);
        for not_yaml in ["a: [", "a: b: c"] {
            assert_eq!(read(not_yaml, &arena).unwrap_err(), YamlError::NotYaml);
        }
        let nested = |depth: usize| format!("{}x{}", "[".repeat(depth), "]".repeat(depth));
        assert!(read(&nested(DEPTH_MAX - 1), &arena).is_ok());
        let too_deep = read(&nested(DEPTH_MAX + 1), &arena).unwrap_err();
        assert_eq!(too_deep, YamlError::TooMuch);
        let bomb = (1..30).fold(
            "a0: &a0 [x, x, x, x, x, x, x, x]\n".to_owned(),
            |text, number| {
                let before = format!("*a{}", number - 1);
                format!(
                    "{text}a{number}: &a{number} [{}]\n",
                    [before.as_str(); 8].join(", ")
                )
            },
        );
        assert_eq!(read(&bomb, &arena).unwrap_err(), YamlError::TooMuch);
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[a:&*!|>'\" \n{}\\[\\],#-]{0,40}") {
            let _ = read(&text, &Arena::default());
        }
    }
}
