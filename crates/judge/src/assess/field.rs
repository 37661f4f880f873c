//! A walk through everything that a request carries, wrapped or not.

use std::borrow::Cow;

use bumpalo::Bump;

use super::finding::{Finding, shown};
use super::marks::Marks;
use super::needle::{self, Needle};
use super::plea::Strength;
use super::role::{Role, Roles};
use super::switch;
use super::words::{Stem, of_name, stem};
use crate::Node;
use crate::node::push_token;
use crate::opened::{self, Decoded, Document, Hidden, hidden_in};

/// How deep texts within texts are opened.
const WRAPPED_MAX: usize = 3;

/// The most values of one role that are compared with the intent. A request with more of them is a
/// matter of bulk.
const KEPT_MAX: usize = 32;

/// The most calls that are judged within one request.
const CALLS_MAX: usize = 256;

/// How much of a value is kept, in bytes.
const VALUE_BYTES_MAX: usize = 256;

/// From how many recipients or identifiers on a request is a bulk request.
const BULK: usize = 10;

/// The most findings of one walk; the first ones are as good as any.
const FINDINGS_MAX: usize = 64;

/// A value and where it stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found<'k> {
    pub(crate) evidence: &'k str,
    pub(crate) name: &'k str,
    pub(crate) value: &'k str,
}

/// A call within the request and where it stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Inner<'k> {
    pub(crate) evidence: &'k str,
    pub(crate) method: Option<&'k str>,
    pub(crate) name: &'k str,
}

/// What the fields of a request hold.
#[derive(Debug, Default)]
pub(crate) struct Fields<'k> {
    pub(crate) recipients: Vec<Found<'k>>,
    pub(crate) attendees: Vec<Found<'k>>,
    pub(crate) accounts: Vec<Found<'k>>,
    pub(crate) amounts: Vec<Found<'k>>,
    pub(crate) quantities: Vec<Found<'k>>,
    pub(crate) payments: Vec<Found<'k>>,
    pub(crate) access: Vec<Found<'k>>,
    pub(crate) contents: Vec<Found<'k>>,
    pub(crate) identifiers: Vec<Found<'k>>,
    pub(crate) owners: Vec<Found<'k>>,
    pub(crate) actions: Vec<Found<'k>>,
    pub(crate) commands: Vec<Found<'k>>,
    pub(crate) dates: Vec<Found<'k>>,
    pub(crate) secrets: Vec<Found<'k>>,
    pub(crate) links: Vec<Found<'k>>,
    pub(crate) addresses: Vec<Found<'k>>,
    /// The stems of the names at the top, which also say what a request is about.
    pub(crate) names: Vec<Stem>,
    /// Calls within the request.
    pub(crate) calls: Vec<Inner<'k>>,
    /// Whether a GraphQL document was found, and whether it changes anything.
    pub(crate) graphql: Option<bool>,
    /// What holds or hints by itself.
    pub(crate) findings: Vec<Finding>,
    /// The most values that any list of recipients or identifiers has.
    pub(crate) longest_list: usize,
}

/// Where the walk is.
#[derive(Clone, Copy)]
struct Here<'k> {
    role: Role,
    name: &'k str,
    /// How many texts are wrapped around this.
    wrapped: usize,
}

pub(crate) struct Walk<'k> {
    pub(crate) fields: Fields<'k>,
    /// Where the texts that are kept stand. They come from all over the request, some of them
    /// unwrapped on the way, and are gone together.
    kept: &'k Bump,
    roles: Roles<'k>,
    pointer: String,
    /// Evidence of what stands where no pointer leads.
    outside: Option<&'k str>,
    /// Whether repeated names are ordinary, as they are in forms and queries.
    repeats: bool,
}

impl<'k> Walk<'k> {
    pub(crate) fn new(kept: &'k Bump) -> Self {
        Self {
            fields: Fields::default(),
            kept,
            roles: Roles::default(),
            pointer: String::new(),
            outside: None,
            repeats: false,
        }
    }

    /// Walks through a query.
    pub(crate) fn query(&mut self, query: &Node<'_>) {
        self.outside = Some("query");
        self.repeats = true;
        self.node(query, Here::top());
        self.outside = None;
        self.repeats = false;
    }

    /// Walks through a body, in which a JSON pointer is evidence.
    pub(crate) fn body(&mut self, body: &Node<'_>, repeats: bool) {
        self.repeats = repeats;
        if let Node::Map(members) = body {
            for (name, _) in members.iter().take(KEPT_MAX) {
                self.fields.names.extend(of_name(name).map(stem));
            }
        }
        self.node(body, Here::top());
    }

    /// Looks at a text that is the whole body, a header, the path or the intent.
    pub(crate) fn text_of(&mut self, text: &str, evidence: &str) {
        let was_outside = self.outside.replace(self.kept.alloc_str(evidence));
        self.look(text);
        self.outside = was_outside;
    }

    /// Opens a text that is the whole body.
    pub(crate) fn whole_text(&mut self, text: &str) {
        if Document::looks_like(text) {
            self.graphql(text);
        } else if text.trim_start().starts_with('<')
            && let Some(call) = opened::of_xml(text)
        {
            self.call(None, &call.name);
        }
        self.text(text, Here::top());
    }

    pub(crate) fn call(&mut self, method: Option<&str>, name: &str) {
        if self.fields.calls.len() == CALLS_MAX {
            let finding = Finding::holding(
                "too_many_calls",
                0.9,
                self.evidence(),
                format!("More than {CALLS_MAX} calls are packed into one request."),
            );
            self.report(finding.certain());
            return;
        }
        let evidence = self.kept.alloc_str(self.place());
        self.fields.calls.push(Inner {
            evidence,
            method: method.map(|method| &*self.kept.alloc_str(method)),
            name: self.kept.alloc_str(cut(name)),
        });
    }

    /// Where the walk is, as a human is told.
    fn place(&self) -> &str {
        self.outside.unwrap_or(&self.pointer)
    }

    fn evidence(&self) -> String {
        self.place().to_owned()
    }

    fn report(&mut self, finding: Finding) {
        let findings = &mut self.fields.findings;
        if findings.len() < FINDINGS_MAX && !findings.iter().any(|known| known.code == finding.code)
        {
            findings.push(finding);
        }
    }

    fn node(&mut self, node: &Node<'_>, here: Here<'k>) {
        match node {
            Node::Null => {}
            Node::Bool(value) => self.truth(*value, here),
            Node::Number(spelled) => self.value(spelled, here, true),
            Node::Text(text) => self.text(text, here),
            Node::List(items) => self.list(items, here),
            Node::Map(members) => self.map(members, here),
        }
    }

    fn list(&mut self, items: &[Node<'_>], here: Here<'k>) {
        if matches!(
            here.role,
            Role::Recipient | Role::Identifier | Role::Attendee | Role::Account
        ) {
            self.fields.longest_list = self.fields.longest_list.max(items.len());
            if items.len() >= BULK {
                self.report(Finding::hint(
                    "bulk",
                    0.3,
                    self.evidence(),
                    format!("It touches {} things at once.", items.len()),
                ));
            }
        }
        let length = self.pointer.len();
        for (number, item) in items.iter().enumerate() {
            self.pointer.push('/');
            push_number(&mut self.pointer, number);
            self.node(item, here);
            self.pointer.truncate(length);
        }
    }

    fn map(&mut self, members: &[(Cow<'_, str>, Node<'_>)], here: Here<'k>) {
        self.duplicates(members);
        if let Some(call) = opened::of_members(members) {
            let (method, name) = (call.method.map(Cow::into_owned), call.name.into_owned());
            self.call(method.as_deref(), &name);
        }
        let length = self.pointer.len();
        for (name, value) in members {
            push_token(&mut self.pointer, name);
            if matches!(
                &**name,
                "delete" | "destroy" | "drop" | "purge" | "truncate"
            ) && !matches!(value, Node::Null | Node::Bool(_))
            {
                let sentence = format!("“{name}” in its body orders a removal.");
                self.report(Finding::holding("deletes", 0.65, self.evidence(), sentence));
            }
            let (name, role, is_new) = self.roles.of(name, self.kept);
            if is_new {
                self.look(name);
            }
            let role = match role {
                Role::None => here.role,
                // The address of someone who takes part.
                Role::Recipient if here.role == Role::Attendee => here.role,
                role => role,
            };
            self.node(value, Here { role, name, ..here });
            self.pointer.truncate(length);
        }
    }

    /// Reports a name that a map holds twice. Which of the two an upstream takes nobody knows.
    fn duplicates(&mut self, members: &[(Cow<'_, str>, Node<'_>)]) {
        let found = if members.len() <= 8 {
            members.iter().enumerate().find_map(|(at, (name, value))| {
                let other = members[..at]
                    .iter()
                    .find(|(other, _)| same_name(other, name))?;
                Some((name, value, &other.1))
            })
        } else {
            let mut sorted: Vec<_> = members
                .iter()
                .map(|(name, value)| (name.to_ascii_lowercase(), name, value))
                .collect();
            sorted.sort_by(|one, other| one.0.cmp(&other.0));
            sorted
                .windows(2)
                .find(|pair| pair[0].0 == pair[1].0 && (!self.repeats || pair[0].2 != pair[1].2))
                .map(|pair| (pair[1].1, pair[1].2, pair[0].2))
        };
        let Some((name, value, other)) = found else {
            return;
        };
        let matters = !matches!(
            Role::of(name),
            Role::None | Role::Content | Role::Identifier
        );
        let is_list = name.ends_with(']') || !matters;
        let mut evidence = self.evidence();
        if self.outside.is_none() {
            push_token(&mut evidence, name);
        }
        let sentence = format!("The name “{}” stands there twice.", shown(name));
        if value == other || (self.repeats && is_list) {
            self.report(Finding::hint("repeated_name", 0.15, evidence, sentence));
        } else {
            self.report(
                Finding::holding(
                    "duplicate_name",
                    0.85,
                    evidence,
                    format!("The name “{}” stands there twice with different values; which one counts is anyone's guess.", shown(name)),
                )
                .certain(),
            );
        }
    }

    fn truth(&mut self, value: bool, here: Here<'k>) {
        if let Some(mut finding) = switch::set(here.name, value) {
            finding.evidence = self.evidence();
            self.report(finding);
        }
    }

    fn text(&mut self, text: &str, here: Here<'k>) {
        self.look(text);
        match text {
            "true" | "True" | "TRUE" => self.truth(true, here),
            "false" | "False" | "FALSE" => self.truth(false, here),
            // The query interfaces of Amazon and those that copy it.
            action
                if here.name == "Action"
                    && action.starts_with(|c: char| c.is_ascii_uppercase()) =>
            {
                self.call(None, action);
            }
            _ => {}
        }
        self.value(text, here, false);
        if here.wrapped < WRAPPED_MAX {
            self.unwrap(text, here);
        } else if text.len() > 16 && (opened::decoded(text).is_some() || is_json_container(text)) {
            self.report(
                Finding::holding(
                    "wrapped_too_deep",
                    0.8,
                    self.evidence(),
                    "There are texts wrapped in texts, deeper than they can be followed.",
                )
                .certain(),
            );
        }
    }

    /// Opens what is wrapped into a text.
    fn unwrap(&mut self, text: &str, here: Here<'k>) {
        let inside = Here {
            wrapped: here.wrapped + 1,
            ..here
        };
        if matches!(here.name, "query" | "mutation" | "document") && Document::looks_like(text) {
            self.graphql(text);
        } else if is_json_container(text) {
            // Pointers do not lead into a text: what is found in it is found at it.
            if let Ok(node) = Node::parse_json(text.trim().as_bytes()) {
                self.within(|walk| walk.node(&node, inside));
            }
        } else if text.len() >= 16 && !text.contains(' ') {
            match opened::decoded(text) {
                Some(Decoded::Text(text)) => self.within(|walk| walk.text(&text, inside)),
                Some(Decoded::Program) => {
                    self.report(Finding::holding(
                        "carries_program",
                        0.6,
                        self.evidence(),
                        "It carries a program in base64.",
                    ));
                }
                None => {}
            }
        }
    }

    /// Visits what is wrapped into the text at this place. No pointer leads into a text, so what is
    /// found in it is found at it.
    fn within(&mut self, visit: impl FnOnce(&mut Self)) {
        let was_outside = self.outside;
        let repeated = std::mem::replace(&mut self.repeats, false);
        self.outside = Some(self.kept.alloc_str(self.place()));
        visit(self);
        self.outside = was_outside;
        self.repeats = repeated;
    }

    fn graphql(&mut self, text: &str) {
        let Some(document) = Document::read(text) else {
            self.report(Finding::holding(
                "unreadable",
                0.7,
                self.evidence(),
                "The GraphQL document cannot be read.",
            ));
            return;
        };
        let changes = document.changes();
        self.fields.graphql = Some(self.fields.graphql.unwrap_or(false) || changes);
        for (kind, names) in &document.operations {
            if *kind == opened::OperationKind::Mutation {
                for name in names {
                    self.call(None, name);
                }
            }
        }
    }

    /// Looks for what holds a request wherever it stands.
    fn look(&mut self, text: &str) {
        if let Some(hidden) = hidden_in(text) {
            let what = match hidden {
                Hidden::Invisible => "characters that nobody sees",
                Hidden::Bidi => "characters that turn the direction of the text",
                Hidden::Control => "control characters",
                Hidden::MixedScripts => "words with letters of several scripts that look alike",
            };
            let finding = Finding::holding(
                "hidden_characters",
                0.8,
                self.evidence(),
                format!("There are {what} in it."),
            );
            self.report(finding.certain());
        }
        let mut findings = Vec::new();
        needle::search(text, |needle| {
            findings.push(match needle {
                Needle::Plea(Strength::Plain) => Finding::holding(
                    "speaks_to_the_judge",
                    0.9,
                    "",
                    "It speaks to whoever judges it, which an honest request has no reason to.",
                )
                .certain(),
                Needle::Plea(Strength::Faint) => Finding::hint(
                    "may_speak_to_the_judge",
                    0.3,
                    "",
                    "It speaks of risk or of reviewers, as if to whoever judges it.",
                ),
                Needle::Secret(beginning) => Finding::holding(
                    "carries_secret",
                    0.65,
                    "",
                    format!(
                        "It carries what looks like a credential ({}…).",
                        shown(beginning.get(..4).unwrap_or(beginning))
                    ),
                ),
                Needle::Harm(code) => Finding::holding(
                    "carries_code",
                    0.6,
                    "",
                    format!("It carries code that can do harm (“{}”).", shown(code)),
                ),
                Needle::Internal(address) => Finding::holding(
                    "internal_address",
                    0.6,
                    "",
                    format!(
                        "It names an address inside the server's own network (“{}”).",
                        shown(address)
                    ),
                ),
            });
        });
        for mut finding in findings {
            finding.evidence = self.evidence();
            self.report(finding);
        }
    }

    /// Keeps a value that is to be compared with the intent.
    fn value(&mut self, value: &str, here: Here<'k>, is_number: bool) {
        if matches!(value, "0.0.0.0/0" | "::/0") || (value == "*" && is_access_name(here)) {
            self.report(
                Finding::holding(
                    "wildcard",
                    0.75,
                    self.evidence(),
                    format!("“{}” stands for everyone and everything.", shown(value)),
                )
                .certain(),
            );
        }
        let marks = Marks::of(value);
        let is_address = !is_number && marks.has_at() && is_email(value);
        let role = match here.role {
            Role::None | Role::Owner | Role::Identifier | Role::Account if is_address => {
                Role::Recipient
            }
            role => role,
        };
        if !is_number && marks.may_have_host() && has_link(value) {
            let link = value
                .split_whitespace()
                .find(|word| word.contains("://") || word.starts_with("www."))
                .unwrap_or(value);
            self.keep(|fields| &mut fields.links, here, link);
        }
        if !is_number && !is_address && role == Role::Content && marks.has_at() {
            let address = value
                .split(|c: char| {
                    c.is_whitespace() || matches!(c, '<' | '>' | ',' | ';' | '(' | ')' | '"')
                })
                .map(|word| word.trim_matches(['.', ':', '\'']))
                .find(|word| is_email(word));
            if let Some(address) = address {
                self.keep(|fields| &mut fields.addresses, here, address);
            }
        }
        match role {
            Role::None | Role::Link => {}
            Role::Recipient => self.keep(|fields| &mut fields.recipients, here, value),
            Role::Attendee => self.keep(|fields| &mut fields.attendees, here, value),
            Role::Account => self.keep(|fields| &mut fields.accounts, here, value),
            Role::Amount => self.keep(|fields| &mut fields.amounts, here, value),
            Role::Quantity => self.keep(|fields| &mut fields.quantities, here, value),
            Role::Payment => self.keep(|fields| &mut fields.payments, here, value),
            Role::Access => self.keep(|fields| &mut fields.access, here, value),
            Role::Content => self.keep(|fields| &mut fields.contents, here, value),
            Role::Identifier => self.keep(|fields| &mut fields.identifiers, here, value),
            Role::Owner => self.keep(|fields| &mut fields.owners, here, value),
            Role::Action => self.keep(|fields| &mut fields.actions, here, value),
            Role::Command => self.keep(|fields| &mut fields.commands, here, value),
            Role::Date => self.keep(|fields| &mut fields.dates, here, value),
            Role::Secret => self.keep(|fields| &mut fields.secrets, here, value),
        }
    }

    fn keep(
        &mut self,
        list: impl for<'f> FnOnce(&'f mut Fields<'k>) -> &'f mut Vec<Found<'k>>,
        here: Here<'k>,
        value: &str,
    ) {
        let evidence = self.outside.unwrap_or(&self.pointer);
        let list = list(&mut self.fields);
        if list.len() < KEPT_MAX && !value.is_empty() {
            if list.capacity() == 0 {
                // Where there is one there are mostly several.
                list.reserve(KEPT_MAX / 2);
            }
            list.push(Found {
                evidence: self.kept.alloc_str(evidence),
                name: here.name,
                value: self.kept.alloc_str(cut(value)),
            });
        }
    }
}

impl Here<'_> {
    fn top() -> Self {
        Self {
            role: Role::None,
            name: "",
            wrapped: 0,
        }
    }
}

/// Whether a text holds an address on the web.
fn has_link(text: &str) -> bool {
    text.contains("://") || text.starts_with("www.") || text.contains(" www.")
}

/// Whether two names may be one to an upstream; some do not mind case.
fn same_name(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}

fn is_access_name(here: Here<'_>) -> bool {
    here.role == Role::Access
        || of_name(here.name).any(|word| {
            [
                "origin", "origins", "ip", "ips", "host", "hosts", "action", "actions", "allow",
                "allowed",
            ]
            .iter()
            .any(|known| word.eq_ignore_ascii_case(known))
        })
}

fn is_json_container(text: &str) -> bool {
    let text = text.trim();
    text.len() > 2
        && ((text.starts_with('{') && text.ends_with('}'))
            || (text.starts_with('[') && text.ends_with(']')))
}

/// Whether a text is an e-mail address and nothing else.
pub(crate) fn is_email(text: &str) -> bool {
    text.len() <= 254
        && text.split_once('@').is_some_and(|(name, host)| {
            !name.is_empty()
                && host.contains('.')
                && !host.starts_with('.')
                && !text.contains(|c: char| c.is_whitespace() || matches!(c, '/' | ':'))
                && !host.contains('@')
        })
}

fn cut(value: &str) -> &str {
    let mut end = value.len().min(VALUE_BYTES_MAX);
    while !value.is_char_boundary(end) {
        end -= 1;
    }
    &value[..end]
}

fn push_number(pointer: &mut String, number: usize) {
    if number >= 10 {
        push_number(pointer, number / 10);
    }
    pointer.push(char::from(
        b'0' + u8::try_from(number % 10).unwrap_or_default(),
    ));
}
