//! The part of a document that is read, if not all of it.

use std::borrow::Cow;
use std::fmt;

use gaiterguard_domain::field::FieldValue;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The limit on the tags or paths of a selection. Every path of a description is compared with each of them.
pub const NAMES_MAX: usize = 100;

/// The length limit of a tag or path, in bytes. Tags and path prefixes of real descriptions are shorter.
pub const NAME_BYTES_MAX: usize = 500;

/// Selects the operations of a document by their tags and paths. An empty list selects all; with both
/// lists, an operation must match both.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = DocumentInclude))]
#[serde(deny_unknown_fields)]
pub struct Include {
    /// Tags. An operation must have at least one of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<Vec<String>>, max_items = 100))]
    pub tags: Vec<String>,
    /// Paths, as in the document. The path of an operation must be one of them or lie below one. Paths are
    /// compared segment by segment; the names of parameters are ignored.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<Vec<String>>, max_items = 100, example = json!(["/v1/users"])))]
    pub paths: Vec<String>,
}

impl Include {
    /// Returns whether it selects everything.
    pub fn is_everything(&self) -> bool {
        self.tags.is_empty() && self.paths.is_empty()
    }

    /// Returns whether it selects operations on this path template.
    pub(crate) fn admits_path(&self, template: &str) -> bool {
        self.paths.is_empty() || self.paths.iter().any(|prefix| is_below(template, prefix))
    }

    /// Returns whether it selects operations with these tags.
    pub(crate) fn admits_tags<'t>(&self, mut tags: impl Iterator<Item = &'t str>) -> bool {
        self.tags.is_empty() || tags.any(|tag| self.tags.iter().any(|wanted| wanted == tag))
    }

    /// Returns whether it selects an operation, given its object.
    pub(crate) fn admits_operation(&self, operation: &Value) -> bool {
        let tags = operation.get("tags").and_then(Value::as_array);
        self.admits_tags(tags.into_iter().flatten().filter_map(Value::as_str))
    }
}

impl FieldValue for Include {
    fn parse(value: Value) -> Result<Self, Cow<'static, str>> {
        let expected = || {
            Cow::Owned(format!(
                "must be an object with `tags`, `paths` or both, each a list of up to {NAMES_MAX} strings of at most \
                 {NAME_BYTES_MAX} bytes"
            ))
        };
        let Value::Object(mut members) = value else {
            return Err(expected());
        };
        let tags = names(&mut members, "tags");
        let paths = names(&mut members, "paths");
        match (tags, paths) {
            (Some(tags), Some(paths)) if members.is_empty() => Ok(Self { tags, paths }),
            _ => Err(expected()),
        }
    }
}

/// Removes a list of names; returns `None` if it is not one.
fn names(members: &mut Map<String, Value>, key: &str) -> Option<Vec<String>> {
    match members.shift_remove(key) {
        None | Some(Value::Null) => Some(Vec::new()),
        Some(Value::Array(list)) if list.len() <= NAMES_MAX => list
            .into_iter()
            .map(|name| String::parse(name).ok())
            .map(|name| name.filter(|name| name.len() <= NAME_BYTES_MAX))
            .collect(),
        Some(_) => None,
    }
}

/// Says what is selected, for a human.
impl fmt::Display for Include {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for (noun, names) in [("tags", &self.tags), ("paths", &self.paths)] {
            if !names.is_empty() {
                write!(formatter, "{separator}{noun} {}", names.join(", "))?;
                separator = "; ";
            }
        }
        Ok(())
    }
}

/// Returns whether a template begins with a prefix, by whole segments.
fn is_below(template: &str, prefix: &str) -> bool {
    let mut segments = template.split('/').filter(|segment| !segment.is_empty());
    let mut wanted = prefix.split('/').filter(|segment| !segment.is_empty());
    wanted.all(|wanted| {
        segments.next().is_some_and(|segment| {
            segment == wanted || is_parameter(segment) && is_parameter(wanted)
        })
    })
}

fn is_parameter(segment: &str) -> bool {
    segment.starts_with('{') && segment.ends_with('}')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn paths_are_selected_by_whole_segments() {
        let include = |paths: &[&str]| Include {
            paths: paths.iter().map(|path| (*path).to_owned()).collect(),
            ..Include::default()
        };
        for (prefix, template, is_in) in [
            ("/users", "/users", true),
            ("/users/", "/users/{id}", true),
            ("users", "/users/{id}/posts", true),
            ("/users/{user-id}/posts", "/users/{id}/posts/{post}", true),
            ("/user", "/users", false),
            ("/users/{id}", "/users", false),
            ("/users/{id}", "/users/me", false),
            ("/", "/anything", true),
        ] {
            let found = include(&["/other", prefix]).admits_path(template);
            assert_eq!(found, is_in, "{prefix} {template}");
        }
        assert!(include(&[]).admits_path("/x"));
    }

    #[test]
    fn a_selection_is_read_from_its_lists() {
        let many = vec!["a"; NAMES_MAX + 1];
        for value in [
            json!([]),
            json!({"tags": "a"}),
            json!({"tags": ["a".repeat(NAME_BYTES_MAX + 1)]}),
            json!({"tags": [1]}),
            json!({"paths": many}),
            json!({"tags": ["a"], "methods": ["GET"]}),
        ] {
            assert!(Include::parse(value.clone()).is_err(), "{value}");
        }
        for everything in [json!({}), json!({"tags": [], "paths": null})] {
            assert!(Include::parse(everything).unwrap().is_everything());
        }
        let include = Include::parse(json!({"tags": ["a", "b"], "paths": ["/c"]})).unwrap();
        assert_eq!(include.to_string(), "tags a, b; paths /c");
        let kept = serde_json::to_string(&include).unwrap();
        assert_eq!(serde_json::from_str::<Include>(&kept).unwrap(), include);
    }

    #[test]
    fn one_of_the_tags_suffices() {
        let include = Include {
            tags: vec!["a".to_owned(), "b".to_owned()],
            ..Include::default()
        };
        for (operation, is_in) in [
            (json!({"tags": ["c", "b"]}), true),
            (json!({"tags": ["A"]}), false),
            (json!({"tags": "a"}), false),
            (json!({}), false),
        ] {
            assert_eq!(include.admits_operation(&operation), is_in, "{operation}");
        }
    }
}
