//! A documented operation: a method on a path template, its purpose and its parameters.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A document's description of one method on one path template.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operation {
    /// The document's `operationId`, or `METHOD /template`.
    pub id: String,
    /// The method, in upper case.
    pub method: String,
    /// The path template as the document spells it, without the servers' base path.
    pub template: String,
    /// A one-line description: the document's summary, or the beginning of its description.
    pub summary: Option<String>,
    /// The full description, as Markdown or plain text.
    pub description: Option<String>,
    /// The document's tags for it.
    pub tags: Vec<String>,
    /// Whether the document marks it as deprecated.
    pub deprecated: bool,
    /// Its path, query and header parameters.
    pub parameters: Vec<Parameter>,
    /// Its request body.
    pub body: Body,
    /// The scopes that any of its security requirements lists.
    pub scopes: Vec<String>,
    /// The paths of the servers that offer it, without host or trailing slash; `""` for a root.
    /// A part in braces matches any segment.
    pub base_paths: Arc<[String]>,
}

impl Operation {
    /// Returns the path of a call relative to a service's base URL with this path. It is the template
    /// below the path of a server, without the part that the base URL contains already.
    pub fn call_path(&self, service_path: &str) -> String {
        let service = service_path.trim_end_matches('/');
        let below_service = |base: &str| {
            let whole = format!("{}{}", base.trim_end_matches('/'), self.template);
            without_base(&whole, service)
        };
        let mut bases = self.base_paths.iter().map(String::as_str);
        // A base URL outside all of the servers replaces their path, as a proxy does.
        bases
            .find_map(below_service)
            .unwrap_or_else(|| self.template.clone())
    }

    /// Returns the parameter with a name in a location.
    pub fn parameter(&self, place: Place, name: &str) -> Option<&Parameter> {
        self.parameters
            .iter()
            .find(|parameter| parameter.place == place && parameter.name == name)
    }
}

/// Returns what follows a base in a path, by whole segments; `None` if the path does not begin with it. A
/// segment in braces is any segment.
fn without_base(path: &str, base: &str) -> Option<String> {
    let mut rest = path;
    for segment in base.split('/').filter(|segment| !segment.is_empty()) {
        let below = rest.strip_prefix('/')?;
        let (first, behind) = below.split_at(below.find('/').unwrap_or(below.len()));
        let is_any = first.starts_with('{') && first.ends_with('}');
        if first != segment && !is_any {
            return None;
        }
        rest = behind;
    }
    Some(if rest.is_empty() { "/" } else { rest }.to_owned())
}

/// The location of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = ParameterPlace))]
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
    /// The parameter's name.
    pub name: String,
    /// Its location.
    pub place: Place,
    /// The document's description of it.
    pub description: Option<String>,
    /// The JSON type of its value, if the document names exactly one.
    pub kind: Option<String>,
    /// The allowed values; empty if the document lists none.
    pub values: Vec<String>,
    /// Whether it is required.
    pub required: bool,
    /// Whether a path parameter may contain slashes.
    pub spans_slashes: bool,
}

/// A document's description of a body.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Body {
    /// The fields, outer ones first.
    pub fields: Vec<Field>,
    /// Whether the top level may have unlisted members: the document does not describe them, allows
    /// them, or was too large to read completely.
    pub is_open: bool,
    /// Whether a body is required.
    pub required: bool,
    /// The media types it may have.
    pub media_types: Vec<String>,
}

impl Body {
    /// Returns the field at a pointer in which `*` replaces the index of a list.
    pub fn field(&self, pointer: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.pointer == pointer)
    }

    /// Returns whether the document describes a value at a JSON pointer of a body. Numbers in the
    /// pointer may be indices of lists.
    pub fn documents(&self, pointer: &str) -> Documented {
        let mut known = String::new();
        let mut is_open = self.is_open;
        let mut may_be_list = self.fields.is_empty();
        let mut rest = pointer.split('/').skip(1).peekable();
        while let Some(part) = rest.next() {
            let length = known.len();
            known.push('/');
            known.push_str(part);
            if let Some(field) = self.field(&known) {
                is_open = field.is_open;
                may_be_list = field.kind.as_deref().is_none_or(|kind| kind == "array");
                continue;
            }
            if is_index(part) {
                known.truncate(length);
                known.push_str("/*");
                if may_be_list && rest.peek().is_none() || self.has_below(&known) {
                    continue;
                }
                // The members of a list in a list have no field of their own.
                if may_be_list && rest.all(is_index) {
                    return Documented::Unknown;
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

/// Whether a part of a pointer is the index of a list, or stands for all of them.
fn is_index(part: &str) -> bool {
    part == "*" || !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a document describes a value in a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Documented {
    /// The document describes it.
    Yes,
    /// The document lists all possible values, and this one is not listed.
    No,
    /// The document does not say.
    Unknown,
}

/// A documented field of a body.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// Its JSON pointer, with `*` for the members of a list: `/items/*/price`.
    pub pointer: String,
    /// The document's description of it.
    pub description: Option<String>,
    /// Its JSON type, if the document names exactly one.
    pub kind: Option<String>,
    /// The allowed values; empty if the document lists none.
    pub values: Vec<String>,
    /// Whether the enclosing object requires it.
    pub required: bool,
    /// Whether it may have unlisted members.
    pub is_open: bool,
}

impl Field {
    /// Returns the last part of its pointer that is a name.
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
    fn the_path_of_a_call_is_relative_to_the_base_url() {
        for (bases, template, service, expected) in [
            (&[""][..], "/charges", "", "/charges"),
            (&[""], "/charges", "/v1/", "/charges"),
            (&["/api"], "/contents/{path}", "/api", "/contents/{path}"),
            (&[""], "/api/contents/{path}", "/api", "/contents/{path}"),
            (&["/v1"], "/charges", "", "/v1/charges"),
            (&["/v1"], "/charges", "/", "/v1/charges"),
            (&["/api/v1"], "/charges", "/api", "/v1/charges"),
            (&["/v1"], "/charges", "/stripe", "/charges"),
            (&["/v1"], "/{id}", "/stripe", "/{id}"),
            (&["/{version}"], "/charges", "/v2", "/charges"),
            (&["/beta", "/v1"], "/charges", "/v1", "/charges"),
            (&[""], "/apis", "/api", "/apis"),
            (&[""], "/api", "/api", "/"),
        ] {
            let operation = Operation {
                template: template.to_owned(),
                base_paths: bases.iter().map(|base| (*base).to_owned()).collect(),
                ..Operation::default()
            };
            let path = operation.call_path(service);
            assert_eq!(path, expected, "{bases:?} {template} {service}");
        }
    }

    #[test]
    fn a_body_lists_its_documented_values() {
        let field = |pointer: &str, is_open: bool| Field {
            pointer: pointer.to_owned(),
            is_open,
            ..Field::default()
        };
        let body = Body {
            fields: vec![
                Field {
                    kind: Some("string".to_owned()),
                    ..field("/name", false)
                },
                field("/lines", false),
                field("/lines/*/price", false),
                Field {
                    kind: Some("object".to_owned()),
                    ..field("/metadata", true)
                },
                Field {
                    kind: Some("array".to_owned()),
                    ..field("/rows", false)
                },
            ],
            ..Body::default()
        };
        for (pointer, documented) in [
            ("", Documented::Yes),
            ("/name", Documented::Yes),
            ("/name/0", Documented::No),
            ("/0", Documented::No),
            ("/lines/0/price", Documented::Yes),
            ("/lines/12", Documented::Yes),
            ("/metadata/anything/at/all", Documented::Unknown),
            ("/metadata/7", Documented::Unknown),
            ("/rows/0", Documented::Yes),
            ("/rows/0/1", Documented::Unknown),
            ("/rows/0/name", Documented::No),
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
