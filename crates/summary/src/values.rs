//! The values of a request's query and body, with their places and their documentation.

use gaiterguard_apidocs::{Operation, Place};
use gaiterguard_judge::Role;
use gaiterguard_request::Node;
use gaiterguard_request::node::push_token;
use gaiterguard_request::opened::{Body, Document, Opened};

/// The most values that are read. A summary shows six, and a larger body is a list of more of the same.
const VALUES_MAX: usize = 2000;

/// The most characters of a value that are kept. Enough for the beginning of a message on a phone.
pub(crate) const VALUE_CHARS_MAX: usize = 300;

/// How many calls of one request are kept by name. A headline names two and counts the others.
const CALLS_MAX: usize = 4;

/// Names that say nothing about a value, so that the name around it counts: `emailAddress/address`.
const GENERIC_NAMES: &[&str] = &[
    "address", "amount", "code", "id", "key", "name", "number", "text", "value",
];

/// A value and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Value {
    /// `query/NAME`, or `body` followed by a JSON pointer.
    pub(crate) location: String,
    /// The names of the members that it is in, the outermost first. Indices of lists are left out.
    pub(crate) names: Vec<String>,
    /// The value, or the beginning of it.
    pub(crate) text: String,
    /// Whether it is longer than [`VALUE_CHARS_MAX`].
    pub(crate) is_cut: bool,
    /// The role of its name.
    pub(crate) role: Role,
    /// The document's description of it.
    pub(crate) meaning: Option<String>,
}

impl Value {
    /// Returns the name of the value; empty for a body that is a single text.
    pub(crate) fn name(&self) -> &str {
        self.names.last().map_or("", |name| &**name)
    }

    /// Returns the location of the object or list that holds it.
    pub(crate) fn parent(&self) -> &str {
        self.location
            .rsplit_once('/')
            .map_or("", |(parent, _)| parent)
    }
}

/// The calls within a request.
#[derive(Debug, Default)]
pub(crate) struct Calls {
    /// The first of them.
    pub(crate) named: Vec<String>,
    /// How many there are.
    pub(crate) count: usize,
}

impl Calls {
    fn push(&mut self, call: &str) {
        self.count += 1;
        if self.named.len() < CALLS_MAX {
            self.named.push(call.to_owned());
        }
    }
}

/// The values of a request.
#[derive(Debug, Default)]
pub(crate) struct Values {
    /// The values that were read.
    pub(crate) kept: Vec<Value>,
    /// How many more there are.
    pub(crate) dropped: usize,
    /// The calls within the request: GraphQL root fields, or the requests of a batch.
    pub(crate) calls: Calls,
}

/// Returns the values of a request.
pub(crate) fn of_request(opened: &Opened<'_>, operation: Option<&Operation>) -> Values {
    let mut reader = Reader {
        values: Values::default(),
        operation,
        names: Vec::new(),
        envelope: &[],
    };
    for (name, value) in opened.query().members() {
        reader.names.push((*name).to_owned());
        reader.node(value, &format!("query/{name}"));
        reader.names.pop();
    }
    match opened.content() {
        Body::Json(node)
        | Body::Form(node)
        | Body::Multipart(node)
        | Body::Xml(node, _)
        | Body::Values(node, _) => {
            reader.calls(node);
            reader.node(node, "body");
        }
        Body::Text(text) => reader.leaf("body", text, Kind::Other),
        Body::Requests(requests) => {
            for (method, target) in requests {
                reader.values.calls.push(&format!("{method} {target}"));
            }
            reader.values.dropped += requests.len();
        }
        Body::Empty | Body::Bytes => {}
    }
    reader.values
}

/// The kind of a value.
#[derive(Clone, Copy)]
enum Kind {
    Bool,
    Other,
}

struct Reader<'a> {
    values: Values,
    operation: Option<&'a Operation>,
    names: Vec<String>,
    /// Members of the body that only say which calls it has.
    envelope: &'static [&'static str],
}

impl Reader<'_> {
    fn node(&mut self, node: &Node<'_>, location: &str) {
        match node {
            Node::Null => {}
            Node::Bool(value) => {
                self.leaf(location, if *value { "true" } else { "false" }, Kind::Bool);
            }
            Node::Number(spelled) => self.leaf(location, spelled, Kind::Other),
            Node::Text(text) => self.leaf(location, text, Kind::Other),
            Node::List(items) => {
                for (number, item) in items.iter().enumerate() {
                    self.node(item, &format!("{location}/{number}"));
                }
            }
            Node::Map(members) => {
                for (name, value) in *members {
                    let mut inner = location.to_owned();
                    push_token(&mut inner, name);
                    self.names.push((*name).to_owned());
                    self.node(value, &inner);
                    self.names.pop();
                }
            }
        }
    }

    fn leaf(&mut self, location: &str, text: &str, kind: Kind) {
        if self.names.len() == 1 && self.envelope.contains(&self.name()) {
            self.values.dropped += 1;
            return;
        }
        if self.values.kept.len() == VALUES_MAX {
            self.values.dropped += 1;
            return;
        }
        let (text, is_cut) = beginning(text, VALUE_CHARS_MAX);
        let role = self.role(matches!(kind, Kind::Bool));
        self.values.kept.push(Value {
            location: location.to_owned(),
            names: self.names.clone(),
            text: text.to_owned(),
            is_cut,
            role,
            meaning: self.meaning(location),
        });
    }

    fn name(&self) -> &str {
        self.names.last().map_or("", |name| &**name)
    }

    /// Returns the role of a value by its name, or by the name around it if its own says nothing.
    fn role(&self, is_bool: bool) -> Role {
        let mut names = self.names.iter().rev();
        let Some(own) = names.next() else {
            return Role::Content;
        };
        let is_generic = |name: &str| {
            GENERIC_NAMES
                .iter()
                .any(|one| name.eq_ignore_ascii_case(one))
        };
        let outer = names.next().filter(|_| is_generic(own));
        let role = match (Role::of(own), outer.map(|outer| Role::of(outer))) {
            (Role::None | Role::Identifier | Role::Owner, Some(outer)) if outer != Role::None => {
                outer
            }
            (own, _) => own,
        };
        match role {
            // A recipient, an account or an amount cannot be true or false.
            Role::Access | Role::Action => role,
            _ if is_bool => Role::None,
            _ => role,
        }
    }

    fn meaning(&self, location: &str) -> Option<String> {
        let operation = self.operation?;
        if let Some(name) = location.strip_prefix("query/") {
            return operation.parameter(Place::Query, name)?.description.clone();
        }
        let pointer = location.strip_prefix("body")?;
        let field = operation
            .body
            .field(pointer)
            .or_else(|| operation.body.field(&without_indices(pointer)))?;
        field.description.clone()
    }

    /// Collects the calls in a body: root fields of a GraphQL document, or the methods of JSON-RPC.
    fn calls(&mut self, body: &Node<'_>) {
        let one = std::slice::from_ref(body);
        let bodies = if body.items().is_empty() {
            one
        } else {
            body.items()
        };
        for body in bodies {
            let text = |name| body.get(name).and_then(Node::as_text);
            if let Some(document) = text("query").filter(|text| Document::looks_like(text))
                && let Some(document) = Document::read(document)
            {
                for field in document.operations.iter().flat_map(|(_, fields)| fields) {
                    self.values.calls.push(field);
                }
                self.envelope = &["query", "operationName"];
            } else if let Some(method) = text("method").filter(|_| body.get("jsonrpc").is_some()) {
                self.values.calls.push(method);
                self.envelope = &["jsonrpc", "id", "method"];
            }
        }
    }
}

/// Replaces the indices in a pointer by `*`, as documents describe the items of a list.
fn without_indices(pointer: &str) -> String {
    let parts = pointer.split('/').map(|part| {
        let is_index = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if is_index { "*" } else { part }
    });
    parts.collect::<Vec<_>>().join("/")
}

/// Returns the first characters of a text, and whether there are more.
pub(crate) fn beginning(text: &str, chars_max: usize) -> (&str, bool) {
    match text.char_indices().nth(chars_max) {
        Some((end, _)) => (&text[..end], true),
        None => (text, false),
    }
}
