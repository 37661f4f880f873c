//! Visits every value in a request, including those encoded within others.

mod kept;
mod label;
mod text;
mod wrapped;

use gaiterguard_domain::effect::Effect;
use gaiterguard_request::node::Member;
use gaiterguard_request::opened::{self, Document, InflationRoom};
use gaiterguard_request::{Arena, Node};
use gaiterguard_text::words::{of_name, stem};

use crate::duplicate::{self, Duplicate};
use crate::field::{CALLS_MAX, Fields, Inner, LeafKind, Override, cut};
use crate::finding::{Finding, shown};
use crate::place::{Holder, POINTER_BYTES, Place};
use crate::role::{NameCache, Named, Role};
use crate::signal::{self, Shown};
use crate::switch;
use label::{is_value, label};

pub(crate) use kept::is_email;

/// The number of recipients or identifiers from which a request is a bulk request. The weight of the
/// signal is fitted with this number.
const BULK: usize = 10;

/// The most numbers of a list that are compared one by one. Longer lists are vectors and measurements, of
/// which no intent names an item.
const NUMBERS_MAX: usize = 256;

/// The current position of the visitor.
#[derive(Clone, Copy)]
struct Cursor<'p, 'k> {
    place: &'p Place<'p>,
    /// The role of the value, and the name that it comes from.
    role: Role,
    name: &'k str,
    /// The number of encodings around this value.
    wrapped: usize,
    /// Whether repeated names are normal, as in forms and queries.
    repeats: bool,
}

/// The names of the current map, as a range of the known names.
struct Names {
    /// The index of the first; they extend to the end.
    first: usize,
    /// Whether they are all different.
    are_sound: bool,
    /// Whether one of them names the method of a call.
    say_method: bool,
}

pub(crate) struct Visitor<'k> {
    pub(crate) fields: Fields<'k>,
    /// Holds the kept texts. Some of them are decoded, so they cannot borrow from the request.
    arena: &'k Arena,
    name_cache: NameCache<'k>,
    /// The facts about the names of the enclosing maps.
    known: Vec<Named<'k>>,
    /// A reused buffer for pointers.
    written: String,
    /// The number of kept values.
    kept: usize,
    /// For the compressed texts in the values.
    room: InflationRoom,
}

impl<'k> Visitor<'k> {
    pub(crate) fn new(arena: &'k Arena) -> Self {
        Self {
            fields: Fields::default(),
            arena,
            name_cache: NameCache::new(arena),
            known: Vec::new(),
            written: String::with_capacity(POINTER_BYTES),
            kept: 0,
            room: InflationRoom::default(),
        }
    }

    /// Visits a query.
    pub(crate) fn query(&mut self, query: &Node<'_>) {
        self.node(query, &Cursor::at(&Place::Named("query"), true));
    }

    /// Visits a body, in which the evidence is a JSON pointer.
    pub(crate) fn body(&mut self, body: &Node<'_>, repeats: bool) {
        self.names_of(body);
        self.node(body, &Cursor::at(&Place::Body, repeats));
    }

    /// Searches a text that is the whole body, a header, the path or the intent.
    pub(crate) fn text_of(&mut self, text: &str, evidence: &str) {
        self.look(text, &Place::Named(evidence));
    }

    /// Visits a text that is the whole body.
    pub(crate) fn whole_text(&mut self, text: &str) {
        if Document::looks_like(text) {
            self.graphql(text, &Place::Body);
        }
        let cursor = Cursor::at(&Place::Body, false);
        let classes = self.look(text, cursor.place);
        let words = Cursor {
            role: Role::Content,
            name: "text",
            ..cursor
        };
        self.value(text, classes, &words);
        // Values encoded in it have names of their own.
        self.unwrap(text, classes, &cursor);
    }

    fn names_of(&mut self, node: &Node<'_>) {
        for (name, _) in node.members() {
            self.fields.names.extend(of_name(name).map(stem));
        }
    }

    /// Visits an alternative reading of the body. It has no JSON pointers.
    pub(crate) fn other(&mut self, node: &Node<'_>) {
        self.names_of(node);
        if let Node::Text(text) = node {
            self.whole_text(text);
        } else {
            self.envelopes(node);
            self.node(node, &Cursor::at(&Place::Named(""), true));
        }
    }

    /// Records the calls of a SOAP envelope or of XML-RPC, in this map or in the parts of a multipart body.
    fn envelopes(&mut self, node: &Node<'_>) {
        for (name, value) in node.members() {
            let inner = value.members().iter();
            for member in std::iter::once(&(*name, *value)).chain(inner) {
                if ["envelope", "methodcall"]
                    .iter()
                    .any(|root| member.0.eq_ignore_ascii_case(root))
                {
                    for call in opened::of_xml(&Node::Map(&[*member])) {
                        self.call(call.method, call.name, &Place::Body);
                    }
                }
            }
        }
    }

    /// Visits an XML body. Its raw text is searched too, because comments can contain instructions.
    pub(crate) fn xml(&mut self, document: &Node<'_>, text: &str) {
        for call in opened::of_xml(document) {
            self.call(call.method, call.name, &Place::Body);
        }
        self.look(text, &Place::Body);
        self.names_of(document);
        self.node(document, &Cursor::at(&Place::Named(""), true));
    }

    /// Records a call that is the whole request.
    pub(crate) fn whole_call(&mut self, method: Option<&str>, name: &str) {
        self.call(method, name, &Place::Body);
    }

    fn call(&mut self, method: Option<&str>, name: &str, place: &Place<'_>) {
        if name.is_empty() {
            return;
        }
        if self.fields.calls.len() == CALLS_MAX {
            let sentence = format!("It makes more than {CALLS_MAX} calls in one request.");
            let finding = Finding::new(signal::TOO_MANY_CALLS, place.pointer(), sentence);
            self.fields.report(finding);
            return;
        }
        let arena = self.arena;
        self.fields.calls.push(Inner {
            evidence: arena.text(&place.pointer()),
            method: method.map(|method| arena.text(method)),
            name: arena.text(cut(name)),
        });
    }

    fn node(&mut self, node: &Node<'_>, cursor: &Cursor<'_, 'k>) {
        match node {
            Node::Null => self.leaf(LeafKind::Null, "", cursor),
            Node::Bool(value) => {
                let spelled = if *value { "true" } else { "false" };
                self.leaf(LeafKind::Bool(*value), spelled, cursor);
                self.truth(*value, cursor);
            }
            Node::Number(spelled) => {
                self.leaf(LeafKind::Number, spelled, cursor);
                self.keep(|fields| fields.of_role(cursor.role), spelled, cursor);
            }
            Node::Text(text) => self.text(text, cursor),
            Node::List(items) => self.list(items, cursor),
            Node::Map(members) => {
                let mut names = self.no_names();
                self.map(members, cursor, &mut names);
                self.known.truncate(names.first);
            }
        }
    }

    fn list(&mut self, items: &[Node<'_>], cursor: &Cursor<'_, 'k>) {
        let is_counted = matches!(
            cursor.role,
            Role::Recipient | Role::Identifier | Role::Attendee | Role::Account
        );
        if is_counted && items.len() >= BULK {
            let sentence = format!("It affects {} objects.", items.len());
            self.fields
                .report(Finding::new(signal::BULK, cursor.place.pointer(), sentence));
        }
        if items.is_empty() {
            self.empty_list(cursor);
        }
        let list = Holder::at(cursor.place);
        let mut names = self.no_names();
        for (number, item) in items.iter().enumerate() {
            let place = &list.item(number);
            let cursor = Cursor { place, ..*cursor };
            match item {
                Node::Map(members) => self.map(members, &cursor, &mut names),
                Node::Number(spelled) if number >= NUMBERS_MAX => {
                    self.keep(|fields| fields.of_role(cursor.role), spelled, &cursor);
                }
                other => self.node(other, &cursor),
            }
        }
        self.known.truncate(names.first);
    }

    /// Visits a map. The items of a list usually have the same names, so the facts about the names of
    /// the previous item are reused.
    fn map(&mut self, members: &[Member<'_>], cursor: &Cursor<'_, 'k>, names: &mut Names) {
        let map = Holder::at(cursor.place);
        let before = self.known[names.first..].iter().map(|known| known.name);
        if !names.are_sound || !members.iter().map(|(name, _)| *name).eq(before) {
            self.learn(members, &map, names, cursor.repeats);
        }
        if names.say_method {
            // One more than there is room for shows that there are too many.
            let room = CALLS_MAX + 1 - self.fields.calls.len();
            for call in opened::of_members(members, room) {
                self.call(call.method, call.name, cursor.place);
            }
        }
        let labeled = label(members).map(|label| self.name_cache.name(label).0);
        for (number, (name, value)) in members.iter().enumerate() {
            let known = self.known[names.first + number];
            let place = &map.member(name);
            if known.removes && !matches!(value, Node::Null | Node::Bool(_)) {
                let sentence = format!("“{name}” in its body requests a deletion.");
                let finding =
                    Finding::effect(Effect::Delete, Shown::ByField, place.pointer(), sentence);
                self.fields.report(finding);
            }
            if known.overrides_method
                && let Some(method) = value.as_text().filter(|text| opened::is_method(text))
            {
                self.fields.overrides.push(Override {
                    evidence: self.arena.text(&place.pointer()),
                    method: self.arena.text(method),
                });
            }
            let role = match known.role {
                Role::None => cursor.role,
                // The address of an attendee.
                Role::Recipient if cursor.role == Role::Attendee => cursor.role,
                role => role,
            };
            let (role, name) = match labeled.filter(|_| is_value(name)) {
                Some(label) if label.role.is_grave() && !role.is_grave() => {
                    (label.role, label.name)
                }
                Some(label) => (role, label.name),
                None => (role, known.name),
            };
            self.node(
                value,
                &Cursor {
                    place,
                    role,
                    name,
                    ..*cursor
                },
            );
        }
    }

    /// Looks up the facts about the names of a map.
    fn learn(
        &mut self,
        members: &[Member<'_>],
        map: &Holder<'_>,
        names: &mut Names,
        repeats: bool,
    ) {
        self.known.truncate(names.first);
        names.say_method = false;
        for (name, _) in members {
            let (known, is_new) = self.name_cache.name(name);
            if is_new {
                self.look(name, &map.member(name));
            }
            names.say_method |= known.says_method;
            self.known.push(known);
        }
        let duplicates = duplicate::all(members);
        for found in &duplicates {
            self.duplicate(found, map, repeats);
        }
        names.are_sound = duplicates.is_empty();
    }

    /// Returns the names before the first map of a list.
    fn no_names(&self) -> Names {
        Names {
            first: self.known.len(),
            are_sound: false,
            say_method: false,
        }
    }

    /// Reports a name that appears twice in a map. Upstreams differ in which of the two they use.
    fn duplicate(&mut self, found: &Duplicate<'_>, map: &Holder<'_>, repeats: bool) {
        let name = found.name;
        let is_harmless = found.is_equal() || (repeats && self.is_listed(name));
        let kind = if is_harmless {
            signal::REPEATED_NAME
        } else {
            signal::DUPLICATE_NAME
        };
        // There may be very many, so only the first of each kind is reported.
        if self.fields.knows(kind) {
            return;
        }
        let evidence = map.member(name).pointer();
        let shown = shown(name);
        let sentence = if is_harmless {
            format!("The field “{shown}” appears twice.")
        } else {
            format!(
                "The field “{shown}” appears twice with different values, and servers differ in which \
                 one they use."
            )
        };
        self.fields.report(Finding::new(kind, evidence, sentence));
    }

    /// Whether a form or query field may be repeated: its name marks a list, or its role is minor.
    fn is_listed(&mut self, name: &str) -> bool {
        let (known, _) = self.name_cache.name(name);
        let matters = !matches!(known.role, Role::None | Role::Content | Role::Identifier);
        name.ends_with(']') || !matters
    }

    fn truth(&mut self, value: bool, cursor: &Cursor<'_, 'k>) {
        if let Some(mut finding) = switch::set(cursor.name, value) {
            finding.evidence = cursor.place.pointer();
            self.fields.report(finding);
        }
    }

    fn text(&mut self, text: &str, cursor: &Cursor<'_, 'k>) {
        let classes = self.look(text, cursor.place);
        match text {
            "true" | "True" | "TRUE" | "yes" | "Yes" | "on" => self.truth(true, cursor),
            "false" | "False" | "FALSE" | "no" | "No" | "off" => self.truth(false, cursor),
            // AWS query APIs, and those that copy them, name the call in `Action`.
            action
                if cursor.name == "Action"
                    && action.starts_with(|c: char| c.is_ascii_uppercase()) =>
            {
                self.call(None, action, cursor.place);
            }
            _ => {}
        }
        self.value(text, classes, cursor);
        self.unwrap(text, classes, cursor);
    }
}

impl<'p> Cursor<'p, '_> {
    /// Returns a cursor at a place where the role is not known yet.
    fn at(place: &'p Place<'p>, repeats: bool) -> Self {
        Self {
            place,
            role: Role::None,
            name: "",
            wrapped: 0,
            repeats,
        }
    }
}
