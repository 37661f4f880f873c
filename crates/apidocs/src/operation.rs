//! A documented operation: what a method on a path template does, and what it takes.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// What a document says of one method on one path template.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operation {
    /// The document's `operationId`, or else `METHOD /template`.
    pub id: String,
    /// The method, in capitals.
    pub method: String,
    /// The path template as the document spells it, without the servers' base path.
    pub template: String,
    /// One line on what it does: the document's summary, or else how its description begins.
    pub summary: Option<String>,
    /// What it does, at length; Markdown or plain text.
    pub description: Option<String>,
    /// The groups that the document puts it in.
    pub tags: Vec<String>,
    /// Whether the document advises against using it.
    pub deprecated: bool,
    /// What it takes in path, query and headers.
    pub parameters: Vec<Parameter>,
    /// What it takes in its body.
    pub body: Body,
    /// The scopes that any of its security requirements names.
    pub scopes: Vec<String>,
    /// The paths of the servers that offer it: without host or trailing slash, `""` for a root.
    /// A part in braces stands for any segment.
    pub base_paths: Arc<[String]>,
}

impl Operation {
    /// The parameter of a name in a place.
    pub fn parameter(&self, place: Place, name: &str) -> Option<&Parameter> {
        self.parameters
            .iter()
            .find(|parameter| parameter.place == place && parameter.name == name)
    }
}

/// Where a parameter stands in a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// In the path.
    Path,
    /// In the query.
    Query,
    /// In a header.
    Header,
    /// In a cookie.
    Cookie,
}

/// A documented parameter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub place: Place,
    /// What it means.
    pub description: Option<String>,
    /// The JSON type of its value, if the document names exactly one.
    pub kind: Option<String>,
    /// The values it may have; empty if the document lists none.
    pub values: Vec<String>,
    /// Whether it must be given.
    pub required: bool,
    /// Whether a path parameter may hold slashes.
    pub spans_slashes: bool,
}

/// What a document says of a body.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Body {
    /// The fields, outer ones first.
    pub fields: Vec<Field>,
    /// Whether members may stand at its top that are not listed: the document says nothing of
    /// them, admits others, or was too large to be read to its end.
    pub is_open: bool,
    /// Whether a body must be sent.
    pub required: bool,
    /// The media types it may have.
    pub media_types: Vec<String>,
}

impl Body {
    /// The field at a pointer in which `*` stands for the index of a list.
    pub fn field(&self, pointer: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.pointer == pointer)
    }

    /// Whether the document knows of a value at a JSON pointer of a body. Numbers in it may be
    /// indices of lists.
    pub fn documents(&self, pointer: &str) -> Documented {
        let mut known = String::new();
        let mut is_open = self.is_open;
        let mut rest = pointer.split('/').skip(1).peekable();
        while let Some(part) = rest.next() {
            let length = known.len();
            known.push('/');
            known.push_str(part);
            if let Some(field) = self.field(&known) {
                is_open = field.is_open;
                continue;
            }
            let is_index = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            if is_index || part == "*" {
                known.truncate(length);
                known.push_str("/*");
                let is_list = rest.peek().is_none() || self.has_below(&known);
                if is_list || is_open {
                    continue;
                }
            }
            return if is_open {
                Documented::Unknown
            } else {
                Documented::No
            };
        }
        Documented::Yes
    }

    fn has_below(&self, pointer: &str) -> bool {
        self.fields.iter().any(|field| {
            field
                .pointer
                .strip_prefix(pointer)
                .is_some_and(|below| below.is_empty() || below.starts_with('/'))
        })
    }
}

/// Whether a document knows of a value in a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Documented {
    /// It names it.
    Yes,
    /// It names what may be there, and this is not among it.
    No,
    /// It does not say what may be there.
    Unknown,
}

/// A documented field of a body.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// Its JSON pointer, with `*` for the members of a list: `/items/*/price`.
    pub pointer: String,
    /// What it means.
    pub description: Option<String>,
    /// Its JSON type, if the document names exactly one.
    pub kind: Option<String>,
    /// The values it may have; empty if the document lists none.
    pub values: Vec<String>,
    /// Whether the object that holds it must have it.
    pub required: bool,
    /// Whether members may stand in it that are not listed.
    pub is_open: bool,
}

impl Field {
    /// The last part of its pointer that is a name.
    pub fn name(&self) -> &str {
        self.pointer
            .rsplit('/')
            .find(|part| *part != "*")
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_knows_what_it_documents() {
        let field = |pointer: &str, is_open: bool| Field {
            pointer: pointer.to_owned(),
            is_open,
            ..Field::default()
        };
        let body = Body {
            fields: vec![
                field("/name", false),
                field("/lines", false),
                field("/lines/*/price", false),
                field("/metadata", true),
            ],
            ..Body::default()
        };
        for (pointer, documented) in [
            ("", Documented::Yes),
            ("/name", Documented::Yes),
            ("/lines/0/price", Documented::Yes),
            ("/lines/12", Documented::Yes),
            ("/metadata/anything/at/all", Documented::Unknown),
            ("/lines/0/discount", Documented::No),
            ("/admin", Documented::No),
            ("/name/first", Documented::No),
        ] {
            assert_eq!(body.documents(pointer), documented, "{pointer}");
        }
        let open = Body {
            is_open: true,
            ..body
        };
        assert_eq!(open.documents("/admin"), Documented::Unknown);
    }
}
