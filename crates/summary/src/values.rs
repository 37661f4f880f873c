//! The values of a request's query and body, with their places and their documentation.

use std::collections::HashMap;

use gaiterguard_apidocs::{Operation, Place};
use gaiterguard_domain::effect::Effect;
use gaiterguard_judge::{Role, effect_of_call};
use gaiterguard_request::node::push_token;
use gaiterguard_request::opened::{Body, Document, Opened};
use gaiterguard_request::{Arena, Node};

use crate::words::{is_in, is_verb, words};

/// The most values that are read. A summary shows six, and a larger body is a list of more of the same.
const VALUES_MAX: usize = 2000;

/// The most characters of a value that are kept. Enough for the beginning of a message on a phone.
pub(crate) const VALUE_CHARS_MAX: usize = 300;

/// How many different calls of one request are kept by name. A headline names two and counts the others.
const CALLS_MAX: usize = 4;

/// How many texts that hold JSON are opened within one another, as deep as the assessor opens them.
const WRAPPED_MAX: usize = 3;

/// Elements of HTML that say how their text looks and not what it is.
const MARKUP_TAGS: &str = "a b blockquote body br code div em figure h1 h2 h3 h4 h5 h6 html i li main ol p pre section \
    span strong table tbody td th thead tr u ul";

/// Attributes of such elements.
const MARKUP_LOOKS: &str = "class style";

/// Members of a command that name it, whatever they say.
const COMMAND_NAMES: &[&str] = &["action", "command", "cmd", "method", "op", "operation"];

/// Members that name a command, but also many other things: only a verb with an object counts.
const KIND_NAMES: &[&str] = &["event", "kind", "type"];

/// The longest name of a command, in bytes. Longer texts are values.
const COMMAND_BYTES_MAX: usize = 64;

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

    /// Returns the group of the values that have the same name in other items of a list.
    pub(crate) fn group(&self) -> String {
        let place = if self.location.starts_with("query") {
            "query"
        } else {
            "body"
        };
        format!("{place}\0{}", self.names.join("\0"))
    }

    /// Returns the location of the object or list that holds it.
    pub(crate) fn parent(&self) -> &str {
        self.location
            .rsplit_once('/')
            .map_or("", |(parent, _)| parent)
    }
}

/// A call within a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    /// Its name, or its method and its target.
    pub(crate) name: String,
    /// How often it appears.
    pub(crate) times: usize,
    /// The grave effect that its name has.
    effect: Option<Effect>,
}

impl Call {
    /// Orders calls by their effect, the gravest first.
    fn rank(&self) -> (bool, Option<Effect>) {
        (self.effect.is_none(), self.effect)
    }
}

/// The calls within a request.
#[derive(Debug, Default)]
pub(crate) struct Calls {
    /// Different ones, the gravest first.
    pub(crate) named: Vec<Call>,
    /// How many calls there are.
    pub(crate) count: usize,
    /// The gravest effect that the name of a command has.
    pub(crate) effect: Option<Effect>,
    /// Whether they are the commands of a list, which may belong to the object in the path, and not the
    /// calls that the whole request consists of.
    pub(crate) is_batch: bool,
}

impl Calls {
    fn push(&mut self, name: &str) {
        self.count += 1;
        if let Some(known) = self.named.iter_mut().find(|known| known.name == name) {
            known.times += 1;
            return;
        }
        let call = Call {
            name: name.to_owned(),
            times: 1,
            // The name of a request in a batch begins with its method.
            effect: effect_of_call(name.split(' ').next().unwrap_or(name)),
        };
        let place = self
            .named
            .iter()
            .position(|known| call.rank() < known.rank())
            .unwrap_or(self.named.len());
        self.named.insert(place, call);
        // A harmless call must not hide a grave one.
        self.named.truncate(CALLS_MAX);
    }
}

/// The values of a request.
#[derive(Debug, Default)]
pub(crate) struct Values {
    /// The values that were read.
    pub(crate) kept: Vec<Value>,
    /// How many more there are.
    pub(crate) dropped: usize,
    /// How many values each group has, those that were not read included.
    pub(crate) groups: HashMap<String, usize>,
    /// The calls within the request: GraphQL root fields, the requests of a batch, or commands of a list.
    pub(crate) calls: Calls,
    /// Whether the body cannot be read.
    pub(crate) is_unread: bool,
}

/// Returns the values of a request.
pub(crate) fn of_request(opened: &Opened<'_>, operation: Option<&Operation>) -> Values {
    let mut reader = Reader {
        values: Values::default(),
        operation,
        names: Vec::new(),
        envelope: &[],
        wrapped: 0,
        is_in_markup: false,
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
        Body::Bytes => reader.values.is_unread = true,
        Body::Empty => {}
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
    /// How many texts were opened around the value.
    wrapped: usize,
    /// Whether the value is inside a text that is XML.
    is_in_markup: bool,
}

impl Reader<'_> {
    fn node(&mut self, node: &Node<'_>, location: &str) {
        match node {
            Node::Null => {}
            Node::Bool(value) => {
                self.leaf(location, if *value { "true" } else { "false" }, Kind::Bool);
            }
            Node::Number(spelled) => self.leaf(location, spelled, Kind::Other),
            Node::Text(text) => self.text(location, text),
            Node::List(items) => {
                self.commands(items);
                for (number, item) in items.iter().enumerate() {
                    self.node(item, &format!("{location}/{number}"));
                }
            }
            Node::Map(members) => {
                for (name, value) in *members {
                    let mut inner = location.to_owned();
                    push_token(&mut inner, name);
                    if self.is_in_markup && is_in(MARKUP_LOOKS, name) {
                        self.values.dropped += 1;
                        continue;
                    }
                    // The text of an XML element next to its attributes, and an unnamed part, have no name.
                    let is_look =
                        self.is_in_markup && is_in(MARKUP_TAGS, &name.to_ascii_lowercase());
                    let is_named = !name.is_empty() && !is_look;
                    if is_named {
                        self.names.push((*name).to_owned());
                    }
                    self.node(value, &inner);
                    if is_named {
                        self.names.pop();
                    }
                }
            }
        }
    }

    /// Reads a text, or the values in it if it is a JSON list or object or an XML document.
    fn text(&mut self, location: &str, text: &str) {
        let trimmed = text.trim();
        let is_container = trimmed.len() > 2
            && (trimmed.starts_with('{') && trimmed.ends_with('}')
                || trimmed.starts_with('[') && trimmed.ends_with(']'));
        let is_xml = trimmed.starts_with('<') && trimmed.ends_with('>');
        if (is_container || is_xml) && self.wrapped < WRAPPED_MAX {
            let arena = Arena::for_body(trimmed.len());
            let read = if is_xml {
                Node::parse_xml(trimmed, &arena).ok()
            } else {
                Node::of_json(trimmed, &arena).ok()
            };
            if let Some(node) = read {
                let before = self.values.kept.len() + self.values.dropped;
                let was_in_markup = std::mem::replace(&mut self.is_in_markup, is_xml);
                self.wrapped += 1;
                self.node(&node, location);
                self.wrapped -= 1;
                self.is_in_markup = was_in_markup;
                // A list of nothing is shown as it is written.
                if self.values.kept.len() + self.values.dropped > before {
                    return;
                }
            }
        }
        self.leaf(location, text, Kind::Other);
    }

    /// Counts the commands of a list: items that name what is done to each of them.
    fn commands(&mut self, items: &[Node<'_>]) {
        // The calls of a GraphQL document or of JSON-RPC are counted already.
        let is_counted = self.values.calls.count > 0 && !self.values.calls.is_batch;
        if is_counted || items.len() < 2 {
            return;
        }
        let requests = || items.iter().map(request_of).collect::<Option<Vec<_>>>();
        let commands = || {
            let commands = items.iter().map(command_of);
            commands.map(|command| command.map(str::to_owned)).collect()
        };
        let Some(commands) = requests().or_else(commands) else {
            return;
        };
        let calls = &mut self.values.calls;
        calls.is_batch = true;
        for command in commands {
            calls.push(&command);
        }
        let gravest = calls.named.first().and_then(|call| call.effect);
        calls.effect = calls.effect.into_iter().chain(gravest).min();
    }

    fn leaf(&mut self, location: &str, text: &str, kind: Kind) {
        if self.names.len() == 1 && self.envelope.contains(&self.name()) {
            self.values.dropped += 1;
            return;
        }
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let role = self.role(matches!(kind, Kind::Bool), is_number);
        if role == Role::Command {
            let known = self.values.calls.effect.into_iter();
            self.values.calls.effect = known.chain(effect_of_statement(text)).min();
        }
        let (text, is_cut) = beginning(text, VALUE_CHARS_MAX);
        let value = Value {
            location: location.to_owned(),
            names: self.names.clone(),
            text: text.to_owned(),
            is_cut,
            role,
            meaning: self.meaning(location),
        };
        *self.values.groups.entry(value.group()).or_default() += 1;
        if self.values.kept.len() == VALUES_MAX {
            self.values.dropped += 1;
        } else {
            self.values.kept.push(value);
        }
    }

    fn name(&self) -> &str {
        self.names.last().map_or("", |name| &**name)
    }

    /// Returns the role of a value by its name, or by the name around it if its own says nothing.
    fn role(&self, is_bool: bool, is_number: bool) -> Role {
        let mut names = self.names.iter().rev();
        let Some(own) = names.next() else {
            return Role::Content;
        };
        // An identifier has no words, as in a map from variations to their shares.
        if is_identifier(own) {
            return if is_number {
                Role::Quantity
            } else {
                Role::None
            };
        }
        let is_generic = |name: &str| {
            GENERIC_NAMES
                .iter()
                .any(|one| name.eq_ignore_ascii_case(one))
        };
        let outer = names.next().filter(|_| is_generic(own));
        let role = match (Role::of(own), outer.map(|outer| Role::of(outer))) {
            // An argument of a command is not a command.
            (Role::Identifier, Some(Role::Command)) => Role::Identifier,
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

/// Whether a name is an identifier that a machine made, such as a UUID.
pub(crate) fn is_identifier(name: &str) -> bool {
    name.len() >= 16
        && name.bytes().any(|byte| byte.is_ascii_digit())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

/// Returns the effect of a database statement by its first word.
fn effect_of_statement(text: &str) -> Option<Effect> {
    let first = text.split_whitespace().next()?.to_ascii_lowercase();
    let is_statement = text.split_whitespace().nth(2).is_some();
    match &*first {
        _ if !is_statement => None,
        "delete" | "drop" | "truncate" => Some(Effect::Delete),
        "grant" | "revoke" => Some(Effect::Access),
        "alter" | "create" | "insert" | "merge" | "replace" | "update" => Some(Effect::Change),
        _ => None,
    }
}

/// Returns the request that an item of a list is: `PUT /tasks/1`.
fn request_of(item: &Node<'_>) -> Option<String> {
    const METHODS: &str = "DELETE GET HEAD OPTIONS PATCH POST PUT";
    let text = |names: &str| {
        let mut members = item.members().iter();
        let named = |name: &str| is_in(names, &name.to_ascii_lowercase());
        members.find_map(|(name, value)| value.as_text().filter(|_| named(name)))
    };
    let method = text("http_method method verb")?.to_ascii_uppercase();
    let target = text("endpoint href path relative_path relative_url relativepath uri url")?;
    is_in(METHODS, &method).then(|| format!("{method} {target}"))
}

/// Returns the name of the command that an item of a list is.
fn command_of<'n>(item: &Node<'n>) -> Option<&'n str> {
    item.members().iter().find_map(|(name, value)| {
        let command = value.as_text().filter(|text| {
            text.len() <= COMMAND_BYTES_MAX && !text.contains(char::is_whitespace)
        })?;
        let is_named = |names: &[&str]| names.iter().any(|one| name.eq_ignore_ascii_case(one));
        let said: Vec<String> = words(command).collect();
        let is_act = said.first().is_some_and(|word| is_verb(word))
            || said.last().is_some_and(|word| is_verb(word))
            || effect_of_call(command).is_some();
        let counts = is_named(COMMAND_NAMES) || is_named(KIND_NAMES) && said.len() > 1;
        (is_act && counts).then_some(command)
    })
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
