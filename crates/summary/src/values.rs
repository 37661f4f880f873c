//! The values of a request's query and body, with their places and their documentation.

use std::collections::{HashMap, HashSet};

use gaiterguard_apidocs::{Operation, Place};
use gaiterguard_domain::effect::Effect;
use gaiterguard_domain::secret_name::mentions_secret;
use gaiterguard_judge::{Role, effect_of_call};
use gaiterguard_request::node::push_token;
use gaiterguard_request::opened::{
    Body, Decoded, Document, InflationRoom, Opened, decoded, message,
};
use gaiterguard_request::{Arena, Node};
use http::Method;

use crate::calldata::{self, TokenCall};
use crate::calls::{Calls, effect_of_statement};
use crate::member::{
    beginning, bracketed, group_of, is_identifier, is_of_resource, rest_of, without_indices,
};
use crate::procedure::{self, Procedure};
use crate::statement::{self, Statement};
use crate::value::{ENDING_CHARS_MAX, VALUE_CHARS_MAX, Value};
use crate::words::is_in;
use crate::{filter, header, pairs, party, selection};

/// The most values that are read. A summary shows six, and a larger body is a list of more of the same.
const VALUES_MAX: usize = 2000;

/// How many texts that hold JSON are opened within one another, as deep as the assessor opens them.
const WRAPPED_MAX: usize = 3;

/// Elements of HTML that say how their text looks and not what it is.
const MARKUP_TAGS: &str = "a b blockquote body br code div em figure h1 h2 h3 h4 h5 h6 html i li main ol p pre section \
    span strong table tbody td th thead tr u ul";

/// Attributes of such elements.
const MARKUP_LOOKS: &str = "class style";

/// Names that say nothing about a value, so that the name around it counts: `emailAddress/address`.
const GENERIC_NAMES: &[&str] = &[
    "address", "amount", "code", "id", "key", "name", "number", "text", "value",
];

/// The values of a request.
#[derive(Debug, Default)]
pub(crate) struct Values {
    /// The values that were read.
    pub(crate) kept: Vec<Value>,
    /// How many more there are.
    pub(crate) dropped: usize,
    /// How many of those only say which call it is.
    pub(crate) framing: usize,
    /// How many values each group of a kept value has, those that were not kept included.
    pub(crate) groups: HashMap<String, usize>,
    /// The calls within the request: GraphQL root fields, the requests of a batch, or commands of a list.
    pub(crate) calls: Calls,
    /// Whether the body cannot be read.
    pub(crate) is_unread: bool,
    /// Whether a selection without a condition makes the request one for everything.
    pub(crate) selects_all: bool,
    /// The effect of the procedure that a remote call names.
    pub(crate) of_procedure: Option<Effect>,
    /// The gravest database statement among the values.
    pub(crate) statement: Option<Statement>,
    /// The first call of a token within a transaction.
    pub(crate) token_call: Option<TokenCall>,
}

impl Values {
    /// Returns the effect of the request in the light of the procedure that it calls: the path of such an
    /// interface reads like a phone call or like running code, whatever is called.
    pub(crate) fn effect(&self, own: Effect) -> Effect {
        let is_of_path = |role| !self.kept.iter().any(|value| value.role == role);
        match (own, self.of_procedure) {
            (own, Some(called)) if called < own => called,
            (Effect::Code, Some(called)) if is_of_path(Role::Command) => called,
            (Effect::ShareOutside, Some(called)) if is_of_path(Role::Recipient) => called,
            _ => own,
        }
    }
}

/// Returns the values of a request.
///
/// `effect` is the effect of the request by its path: a selection of everything matters only if
/// something is done to it.
pub(crate) fn of_request(
    opened: &Opened<'_>,
    operation: Option<&Operation>,
    is_endpoint: bool,
    effect: Effect,
) -> Values {
    let mut reader = Reader {
        method: opened.request().method,
        changes: effect != Effect::Read,
        is_endpoint,
        frame: HashSet::new(),
        values: Values::default(),
        operation,
        names: Vec::new(),
        envelope: &[],
        wrapped: 0,
        xml: Xml::No,
        bound: Vec::new(),
    };
    reader.calls_of_head(opened);
    for (name, value) in opened.query().members() {
        let names = bracketed(name);
        let depth = names.len();
        reader.names.extend(names);
        reader.node(value, &format!("query/{name}"));
        reader.names.truncate(reader.names.len() - depth);
    }
    for (name, value) in header::shown(opened.request().headers) {
        reader.names.push(name.to_owned());
        reader.leaf(&format!("header/{name}"), value, Kind::Other);
        reader.names.pop();
    }
    match opened.content() {
        Body::Json(node)
        | Body::Form(node)
        | Body::Multipart(node)
        | Body::Xml(node, _)
        | Body::Values(node, _) => {
            if reader.values.calls.count == 0 {
                reader.calls(node);
            }
            if matches!(opened.content(), Body::Xml(..)) {
                reader.xml = Xml::Body;
            }
            reader.node(node, "body");
        }
        Body::Text(text) => reader.leaf("body", text, Kind::Other),
        Body::Requests(_, list) => {
            reader.values.calls.add_requests(list.items(), "body");
            reader.node(list, "body");
        }
        Body::Bytes => reader.values.is_unread = true,
        Body::Empty => {}
    }
    reader.values
}

/// Returns the text that a value holds in base64: JSON, XML, a message, or any text if the name says that it is one.
fn of_base64(text: &str, name: &str) -> Option<String> {
    const TEXTS: &str = "body content html message payload raw text";
    if !party::is_encoded(text) {
        return None;
    }
    let Some(Decoded::Text(decoded)) = decoded(text, &mut InflationRoom::default()) else {
        return None;
    };
    let begins = decoded.trim_start();
    let is_container =
        begins.starts_with(['{', '[', '<']) || message(&decoded, &Arena::default()).is_some();
    (is_container || is_in(TEXTS, &name.to_ascii_lowercase())).then_some(decoded)
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
    method: &'a Method,
    /// Whether the request does more than to read.
    changes: bool,
    /// Whether the path only says that something is called.
    is_endpoint: bool,
    /// The locations of values that only name the call.
    frame: HashSet<String>,
    /// Members of the body that only say which calls it has.
    envelope: &'static [&'static str],
    /// How many texts were opened around the value.
    wrapped: usize,
    /// Whether the value is inside XML.
    xml: Xml,
    /// The variables of a GraphQL document by the arguments that they are the values of.
    bound: Vec<(String, String)>,
}

/// Whether a value is inside XML.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Xml {
    /// It is not.
    No,
    /// The body is XML, where a list of one item looks like the item itself.
    Body,
    /// A text is XML, which may be markup.
    Text,
}

impl Reader<'_> {
    fn node(&mut self, node: &Node<'_>, location: &str) {
        match node {
            // In a merge patch, null removes the value.
            Node::Null | Node::Text("") if *self.method == Method::PATCH => self.empty(location),
            // Without a date, nothing expires.
            Node::Null if *self.method == Method::PUT && self.role(false, false) == Role::Date => {
                self.empty(location);
            }
            // Without a limit or a protection, more is possible than with one.
            Node::Null if selection::null_matters(self.name()) => self.empty(location),
            Node::Null => {}
            Node::List([]) | Node::Map([]) => self.empty(location),
            Node::Bool(value) => {
                self.leaf(location, if *value { "true" } else { "false" }, Kind::Bool);
            }
            Node::Number(spelled) => self.leaf(location, spelled, Kind::Other),
            Node::Text(text) => self.text(location, text),
            Node::List(items) => {
                // Each pair says what is done to its own value.
                if !pairs::are_all(items) {
                    let is_xml = self.xml == Xml::Body;
                    self.values.calls.add_commands(items, is_xml, location);
                }
                for (number, item) in items.iter().enumerate() {
                    let location = format!("{location}/{number}");
                    match item {
                        Node::Map(members) if !members.is_empty() => {
                            self.map(members, &location, true);
                        }
                        item => self.node(item, &location),
                    }
                }
            }
            Node::Map(members) => self.map(members, location, false),
        }
    }

    /// Reads a map: a value with its name, or its members.
    fn map<'n>(&mut self, members: &'n [(&'n str, Node<'n>)], location: &str, is_item: bool) {
        if self.xml == Xml::Body && !is_item && !self.names.is_empty() {
            self.values
                .calls
                .add_commands(&[Node::Map(members)], true, location);
        }
        let Some(pair) = pairs::of(members, is_item) else {
            self.members(members, location, &[]);
            return;
        };
        self.names.push(if pair.is_condition {
            format!("{}{}", pairs::CONDITION, pair.name)
        } else {
            pair.name.to_owned()
        });
        match pair.value {
            Some((member, value)) => {
                let mut inner = location.to_owned();
                push_token(&mut inner, member);
                self.node(&value, &inner);
            }
            None => self.leaf(location, pairs::REMOVED, Kind::Other),
        }
        self.names.pop();
        self.members(members, location, &pair.said);
    }

    /// Counts the items of lists that are named by what is done to them, if one of them takes something away:
    /// `{"deletes": [{"id": "r1"}], "posts": [{"name": "www"}]}`.
    fn acts_of(&mut self, members: &[(&str, Node<'_>)]) {
        const REMOVES: &str = "delete deletes deletions remove removes removals";
        const WRITES: &str = "add additions adds create creates insert inserts patches post posts put puts set sets \
            update updates upserts";
        let is_list = |(name, value): &&(&str, Node<'_>), names: &str| {
            is_in(names, &name.to_ascii_lowercase())
                && value.items().iter().any(|item| !item.members().is_empty())
        };
        if self.values.calls.count > 0 || !members.iter().any(|one| is_list(&one, REMOVES)) {
            return;
        }
        for (name, value) in members {
            let act = if is_list(&&(*name, *value), REMOVES) {
                "delete"
            } else if is_list(&&(*name, *value), WRITES) {
                "write"
            } else {
                continue;
            };
            self.values.calls.add_acts(act, value.items());
        }
    }

    /// Reads the members of a map, except for those that are said already.
    fn members(&mut self, members: &[(&str, Node<'_>)], location: &str, said: &[&str]) {
        if self.changes && self.names.len() < 2 {
            self.acts_of(members);
        }
        for (name, value) in members.iter().filter(|(name, _)| !said.contains(name)) {
            let mut inner = location.to_owned();
            push_token(&mut inner, name);
            // The header of a SOAP envelope routes it, and has the session and the password of the caller.
            let is_soap_header = self.xml == Xml::Body
                && procedure::local(name) == "Header"
                && self
                    .names
                    .last()
                    .is_some_and(|outer| procedure::local(outer) == "Envelope");
            if is_soap_header || self.xml == Xml::Text && is_in(MARKUP_LOOKS, name) {
                self.values.dropped += 1;
                continue;
            }
            // The text of an XML element next to its attributes, and an unnamed part, have no name.
            let is_look = self.xml == Xml::Text && is_in(MARKUP_TAGS, &name.to_ascii_lowercase());
            let is_named = !name.is_empty() && !is_look;
            let outer = self.names.len();
            match pairs::operator(name) {
                Some(pairs::Operator::Sets) => {
                    self.node(value, &inner);
                    continue;
                }
                Some(pairs::Operator::Does(act)) if !value.members().is_empty() => {
                    for (changed, by) in value.members() {
                        self.names.push(format!("{act} {changed}"));
                        let mut location = inner.clone();
                        push_token(&mut location, changed);
                        self.node(by, &location);
                        self.names.truncate(outer);
                    }
                    continue;
                }
                Some(pairs::Operator::Unsets) if !value.members().is_empty() => {
                    for (unset, _) in value.members() {
                        self.names.push((*unset).to_owned());
                        let mut location = inner.clone();
                        push_token(&mut location, unset);
                        self.leaf(&location, pairs::REMOVED, Kind::Other);
                        self.names.truncate(outer);
                    }
                    continue;
                }
                _ => {}
            }
            if is_named {
                match self.argument_of(name) {
                    Some(argument) => self.names.push(argument),
                    None => self.names.extend(bracketed(name)),
                }
            }
            self.node(value, &inner);
            self.names.truncate(outer);
        }
    }

    /// Returns the name of the argument that a variable of a GraphQL document is the value of, if it is only one.
    fn argument_of(&self, variable: &str) -> Option<String> {
        if self.bound.is_empty() || self.names.last().is_none_or(|outer| outer != "variables") {
            return None;
        }
        let mut arguments = self.bound.iter().filter(|(_, bound)| bound == variable);
        let (first, _) = arguments.next()?;
        arguments
            .all(|(other, _)| other == first)
            .then(|| first.clone())
    }

    /// Reads a text, or the values in it: those of JSON, XML or a message of mail, as they are or in base64.
    fn text(&mut self, location: &str, text: &str) {
        // The parts of a secret are not shown either.
        let is_secret = self.names.iter().any(|name| mentions_secret(name));
        if self.wrapped == WRAPPED_MAX || is_secret {
            self.leaf(location, text, Kind::Other);
            return;
        }
        if let Some(call) = calldata::of(self.name(), location, text) {
            self.token_call(call);
            return;
        }
        let decoded = of_base64(text, self.name());
        let text = decoded.as_deref().unwrap_or(text);
        let trimmed = text.trim();
        let is_json = trimmed.len() > 2
            && (trimmed.starts_with('{') && trimmed.ends_with('}')
                || trimmed.starts_with('[') && trimmed.ends_with(']'));
        let is_xml = trimmed.starts_with('<') && trimmed.ends_with('>');
        let arena = Arena::for_body(trimmed.len());
        let read = if is_json {
            Node::of_json(trimmed, &arena).ok()
        } else if is_xml {
            Node::parse_xml(trimmed, &arena).ok()
        } else {
            message(trimmed, &arena)
        };
        if let Some(node) = read {
            let before = self.values.kept.len() + self.values.dropped;
            let own = if is_xml { Xml::Text } else { Xml::No };
            let outer = std::mem::replace(&mut self.xml, own);
            self.wrapped += 1;
            self.node(&node, location);
            self.wrapped -= 1;
            self.xml = outer;
            // A list of nothing is shown as it is written.
            if self.values.kept.len() + self.values.dropped > before {
                return;
            }
        }
        self.leaf(location, text, Kind::Other);
    }

    /// Reads the arguments of a call of a token as values of their own.
    fn token_call(&mut self, call: TokenCall) {
        for (name, role, text) in &call.arguments {
            self.names.push((*name).to_owned());
            self.leaf(&call.location, text, Kind::Other);
            self.names.pop();
            if let Some(value) = self.values.kept.last_mut() {
                value.role = *role;
            }
        }
        self.values.token_call.get_or_insert(call);
    }

    /// Reads a value that is empty: it may select everything, or take away what was there.
    fn empty(&mut self, location: &str) {
        if !self.changes || self.names.is_empty() {
            return;
        }
        if let Some(shown) = selection::of_empty(self.name()) {
            self.values.selects_all = true;
            self.leaf(location, shown, Kind::Other);
        } else if !self.frame.is_empty() && !is_in("context kwargs options", self.name())
            || selection::empty_matters(self.role(false, false), self.method)
            || selection::null_matters(self.name())
        {
            // The arguments of a procedure say what it is about.
            self.leaf(location, selection::NONE, Kind::Other);
        }
    }

    fn leaf(&mut self, location: &str, text: &str, kind: Kind) {
        let is_envelope = self.names.len() == 1 && self.envelope.contains(&self.name());
        if is_envelope || self.frame.contains(location) {
            self.values.dropped += 1;
            self.values.framing += 1;
            return;
        }
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let mut role = self.role(matches!(kind, Kind::Bool), is_number);
        if let Some(statement) = statement::of(self.name(), location, text) {
            role = Role::Command;
            self.values.calls.add_effect(statement.effect);
            let known = self.values.statement.take();
            self.values.statement = known
                .into_iter()
                .chain([statement])
                .min_by_key(|one| (one.effect.is_none(), one.effect));
        } else if role == Role::Command {
            self.values.calls.add_effect(effect_of_statement(text));
            // `{"command": "EraseDevice"}`.
            let is_named = is_in("action cmd command", &self.name().to_ascii_lowercase());
            if is_named && !text.contains(char::is_whitespace) {
                self.values.calls.add_effect(effect_of_call(text));
            }
        }
        let everything = selection::of_text(self.name(), text)
            .filter(|_| self.changes && matches!(kind, Kind::Other))
            .filter(|_| !location.starts_with("header/"));
        self.values.selects_all |= everything.is_some();
        let text = everything.as_deref().unwrap_or(text);
        let group = group_of(location, &self.names);
        if self.values.kept.len() == VALUES_MAX {
            self.values.dropped += 1;
            if let Some(count) = self.values.groups.get_mut(&group) {
                *count += 1;
            }
            return;
        }
        *self.values.groups.entry(group).or_default() += 1;
        let rest = rest_of(text, VALUE_CHARS_MAX, ENDING_CHARS_MAX);
        let (text, _) = beginning(text, VALUE_CHARS_MAX);
        let value = Value {
            location: location.to_owned(),
            names: self.names.clone(),
            text: text.to_owned(),
            rest,
            currency: None,
            role,
            meaning: self.meaning(location),
        };
        self.values.kept.push(value);
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
        // The arguments of a procedure are not a command by themselves.
        if !self.frame.is_empty() && is_in("args arguments params", own) {
            return Role::Identifier;
        }
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
            // The value of a gift card is what it is worth.
            (_, Some(Role::Payment)) if is_number && own.eq_ignore_ascii_case("value") => {
                Role::Amount
            }
            // A set of resource records is not a resource that somebody gets access to.
            (own, Some(Role::Access)) if outer.is_some_and(|outer| is_of_resource(outer)) => own,
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

    /// Collects the calls in a body: root fields of a GraphQL document, or the procedures of a remote call.
    fn calls(&mut self, body: &Node<'_>) {
        if let Some(message) = procedure::of_message(body) {
            self.procedure(message);
            return;
        }
        let one = std::slice::from_ref(body);
        let body_is_list = !body.items().is_empty();
        let bodies = if body_is_list { body.items() } else { one };
        for (number, body) in bodies.iter().enumerate() {
            let location = if body_is_list {
                format!("body/{number}")
            } else {
                "body".to_owned()
            };
            let text = |name| body.get(name).and_then(Node::as_text);
            if let Some(document) = text("query").filter(|text| Document::looks_like(text))
                && let Some(document) = Document::read(document)
            {
                for field in document.operations.iter().flat_map(|(_, fields)| fields) {
                    self.values.calls.push(field);
                }
                // The document may hold the values itself.
                let written = text("query").unwrap_or_default();
                let variables = body.get("variables");
                let filter = filter::of(written, |name| {
                    let value = variables?.get(name)?;
                    value.as_text().map(str::to_owned)
                });
                if let Some(filter) = &filter {
                    self.names.push(filter::NAME.to_owned());
                    self.leaf(&format!("{location}/query"), filter, Kind::Other);
                    self.names.pop();
                }
                for (name, value) in &document.arguments {
                    // The filter has the column, too.
                    if filter.is_some() && filter::operator(name).is_some() {
                        continue;
                    }
                    self.names.push((*name).to_owned());
                    self.leaf(&format!("{location}/query"), value, Kind::Other);
                    self.names.pop();
                }
                let bound = document.bound.iter();
                let named = bound
                    .filter(|(name, _)| filter.is_none() || filter::operator(name).is_none())
                    .map(|(name, variable)| ((*name).to_owned(), (*variable).to_owned()));
                self.bound.extend(named);
                self.values.calls.is_ordered = true;
                self.envelope = &["query", "operationName"];
            } else if let Some(found) = procedure::of_body(body, &location, self.is_endpoint) {
                self.procedure(found);
            }
        }
    }

    /// Collects the procedure that the head of a request names: in its query, or in a header.
    fn calls_of_head(&mut self, opened: &Opened<'_>) {
        if self.is_endpoint
            && let Some(mut found) = procedure::of_body(opened.query(), "query", true)
        {
            found.frame.push("query/Version".to_owned());
            self.procedure(found);
        } else if let Some(found) = procedure::of_headers(opened.request().headers) {
            self.procedure(found);
        }
    }

    fn procedure(&mut self, found: Procedure<'_>) {
        let called = effect_of_call(found.name).unwrap_or(Effect::Change);
        let known = self.values.of_procedure.into_iter();
        self.values.of_procedure = known.chain([called]).min();
        self.values.calls.push_on(found.name, found.object);
        self.envelope = &["jsonrpc", "id"];
        self.frame.extend(found.frame);
    }
}
