//! A walk through everything that a request carries, wrapped or not.

use super::duplicate::{self, Duplicate};
use super::effect::Effect;
use super::field::{
    CALLS_MAX, Fields, Found, Inner, KEPT_MAX, LEAVES_MAX, Leaf, LeafKind, Override, PIECES_MAX,
    cut, pieces,
};
use super::finding::{Finding, shown};
use super::marks::Marks;
use super::needle::{self, Needle};
use super::place::{Holder, POINTER_BYTES, Place};
use super::plea::Strength;
use super::role::{Named, Role, Seen};
use super::route::Route;
use super::signal::{self, Shown};
use super::switch;
use super::words::{of_name, stem};
use crate::node::Member;
use crate::opened::{self, Decoded, Document, Hidden, hidden_in};
use crate::{Arena, Node};

/// How deep texts within texts are opened.
const WRAPPED_MAX: usize = 3;

/// From how many recipients or identifiers on a request is a bulk request.
const BULK: usize = 10;

/// For how many values of a role there is room at first: where there is one there are mostly several.
const ROOM: usize = 16;

/// For how many values of a role their place is written out, which takes longer than comparing them.
/// What is found further on is found in the body as a whole.
const PLACED_MAX: usize = 256;

/// The shortest text that may have another in base64, in bytes.
const BASE64_MIN: usize = 16;

/// Where the walk is.
#[derive(Clone, Copy)]
struct Here<'p, 'k> {
    place: &'p Place<'p>,
    /// What the value is for, and the name that says so.
    role: Role,
    name: &'k str,
    /// How many texts are wrapped around this.
    wrapped: usize,
    /// Whether repeated names are ordinary, as they are in forms and queries.
    repeats: bool,
}

/// The names of a map among those that are known.
struct Names {
    /// Where they begin; they are the last ones.
    first: usize,
    /// Whether no two of them are the same.
    are_sound: bool,
    /// Whether one of them says the method of a call.
    say_method: bool,
}

pub(crate) struct Walk<'k> {
    pub(crate) fields: Fields<'k>,
    /// Where the texts that are kept stand. They come from all over the request, some of them
    /// unwrapped on the way.
    arena: &'k Arena,
    seen: Seen<'k>,
    /// What is known of the names of the maps on the way.
    known: Vec<Named<'k>>,
    /// What has been written of a place.
    written: String,
    /// How many values were kept.
    kept: usize,
}

impl<'k> Walk<'k> {
    pub(crate) fn new(arena: &'k Arena) -> Self {
        Self {
            fields: Fields::default(),
            arena,
            seen: Seen::new(arena),
            known: Vec::new(),
            written: String::with_capacity(POINTER_BYTES),
            kept: 0,
        }
    }

    /// Walks through a query.
    pub(crate) fn query(&mut self, query: &Node<'_>) {
        self.node(query, &Here::at(&Place::Named("query"), true));
    }

    /// Walks through a body, in which a JSON pointer is evidence.
    pub(crate) fn body(&mut self, body: &Node<'_>, repeats: bool) {
        self.names_of(body);
        self.node(body, &Here::at(&Place::Body, repeats));
    }

    /// Looks at a text that is the whole body, a header, the path or the intent.
    pub(crate) fn text_of(&mut self, text: &str, evidence: &str) {
        self.look(text, &Place::Named(evidence));
    }

    /// Opens a text that is the whole body.
    pub(crate) fn whole_text(&mut self, text: &str) {
        if Document::looks_like(text) {
            self.graphql(text, &Place::Body);
        }
        let here = Here::at(&Place::Body, false);
        let marks = self.look(text, here.place);
        let words = Here {
            role: Role::Content,
            name: "text",
            ..here
        };
        self.value(text, marks, &words);
        // What is wrapped into it has names of its own.
        self.unwrap(text, marks, &here);
    }

    fn names_of(&mut self, node: &Node<'_>) {
        for (name, _) in node.members() {
            self.fields.names.extend(of_name(name).map(stem));
        }
    }

    /// Walks through what else a body may be read as. No JSON pointer leads into it.
    pub(crate) fn other(&mut self, node: &Node<'_>) {
        self.names_of(node);
        if let Node::Text(text) = node {
            self.whole_text(text);
        } else {
            self.envelopes(node);
            self.node(node, &Here::at(&Place::Named(""), true));
        }
    }

    /// Takes in the calls of the SOAP envelopes and of XML-RPC that a map is, or holds as the parts of
    /// a multipart body.
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

    /// Walks through a body of XML. Its text is searched as well, because comments may speak too.
    pub(crate) fn xml(&mut self, document: &Node<'_>, text: &str) {
        for call in opened::of_xml(document) {
            self.call(call.method, call.name, &Place::Body);
        }
        self.look(text, &Place::Body);
        self.names_of(document);
        self.node(document, &Here::at(&Place::Named(""), true));
    }

    /// Takes in a call of its own that the request carries as a whole.
    pub(crate) fn whole_call(&mut self, method: Option<&str>, name: &str) {
        self.call(method, name, &Place::Body);
    }

    fn call(&mut self, method: Option<&str>, name: &str, place: &Place<'_>) {
        if name.is_empty() {
            return;
        }
        if self.fields.calls.len() == CALLS_MAX {
            let sentence = format!("More than {CALLS_MAX} calls are packed into one request.");
            let finding = Finding::new(signal::TOO_MANY_CALLS, place.told(), sentence);
            self.fields.report(finding);
            return;
        }
        let arena = self.arena;
        self.fields.calls.push(Inner {
            evidence: arena.text(&place.told()),
            method: method.map(|method| arena.text(method)),
            name: arena.text(cut(name)),
        });
    }

    fn node(&mut self, node: &Node<'_>, here: &Here<'_, 'k>) {
        match node {
            Node::Null => self.leaf(LeafKind::Null, "", here),
            Node::Bool(value) => {
                let spelled = if *value { "true" } else { "false" };
                self.leaf(LeafKind::Bool(*value), spelled, here);
                self.truth(*value, here);
            }
            Node::Number(spelled) => {
                self.leaf(LeafKind::Number, spelled, here);
                self.keep(|fields| fields.of_role(here.role), spelled, here);
            }
            Node::Text(text) => self.text(text, here),
            Node::List(items) => self.list(items, here),
            Node::Map(members) => {
                let mut names = self.no_names();
                self.map(members, here, &mut names);
                self.known.truncate(names.first);
            }
        }
    }

    fn list(&mut self, items: &[Node<'_>], here: &Here<'_, 'k>) {
        let is_counted = matches!(
            here.role,
            Role::Recipient | Role::Identifier | Role::Attendee | Role::Account
        );
        if is_counted && items.len() >= BULK {
            let sentence = format!("It touches {} things at once.", items.len());
            self.fields
                .report(Finding::new(signal::BULK, here.place.told(), sentence));
        }
        let list = Holder::at(here.place);
        let mut names = self.no_names();
        for (number, item) in items.iter().enumerate() {
            let place = &list.item(number);
            let here = Here { place, ..*here };
            match item {
                Node::Map(members) => self.map(members, &here, &mut names),
                other => self.node(other, &here),
            }
        }
        self.known.truncate(names.first);
    }

    /// Walks through a map. The items of a list mostly have the same names: what is known of those of
    /// the one before need not be found out again.
    fn map(&mut self, members: &[Member<'_>], here: &Here<'_, 'k>, names: &mut Names) {
        let map = Holder::at(here.place);
        let before = self.known[names.first..].iter().map(|known| known.name);
        if !names.are_sound || !members.iter().map(|(name, _)| *name).eq(before) {
            self.learn(members, &map, names, here.repeats);
        }
        if names.say_method {
            for call in opened::of_members(members) {
                self.call(call.method, call.name, here.place);
            }
        }
        let labeled = label(members).map(|label| self.seen.name(label).0);
        for (number, (name, value)) in members.iter().enumerate() {
            let known = self.known[names.first + number];
            let place = &map.member(name);
            if known.removes && !matches!(value, Node::Null | Node::Bool(_)) {
                let sentence = format!("“{name}” in its body orders a removal.");
                let finding =
                    Finding::effect(Effect::Delete, Shown::ByField, place.told(), sentence);
                self.fields.report(finding);
            }
            if known.overrides_method
                && let Some(method) = value.as_text().filter(|text| opened::is_method(text))
            {
                self.fields.overrides.push(Override {
                    evidence: self.arena.text(&place.told()),
                    method: self.arena.text(method),
                });
            }
            let role = match known.role {
                Role::None => here.role,
                // The address of someone who takes part.
                Role::Recipient if here.role == Role::Attendee => here.role,
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
                &Here {
                    place,
                    role,
                    name,
                    ..*here
                },
            );
        }
    }

    /// Finds out what there is to know of the names of a map.
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
            let (known, is_new) = self.seen.name(name);
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

    /// Of no map yet.
    fn no_names(&self) -> Names {
        Names {
            first: self.known.len(),
            are_sound: false,
            say_method: false,
        }
    }

    /// Reports a name that a map holds twice. Which of the two an upstream takes nobody knows.
    fn duplicate(&mut self, found: &Duplicate<'_>, map: &Holder<'_>, repeats: bool) {
        let name = found.name;
        let is_harmless = found.is_equal() || (repeats && self.is_listed(name));
        let kind = if is_harmless {
            signal::REPEATED_NAME
        } else {
            signal::DUPLICATE_NAME
        };
        // There may be a great many, and the first of each kind is told of.
        if self.fields.knows(kind) {
            return;
        }
        let evidence = map.member(name).told();
        let shown = shown(name);
        let sentence = if is_harmless {
            format!("The name “{shown}” stands there twice.")
        } else {
            format!(
                "The name “{shown}” stands there twice with different values; which one counts is \
                 anyone's guess."
            )
        };
        self.fields.report(Finding::new(kind, evidence, sentence));
    }

    /// Whether a field of a form or a query is a list by its name, or matters little.
    fn is_listed(&mut self, name: &str) -> bool {
        let (known, _) = self.seen.name(name);
        let matters = !matches!(known.role, Role::None | Role::Content | Role::Identifier);
        name.ends_with(']') || !matters
    }

    fn truth(&mut self, value: bool, here: &Here<'_, 'k>) {
        if let Some(mut finding) = switch::set(here.name, value) {
            finding.evidence = here.place.told();
            self.fields.report(finding);
        }
    }

    fn text(&mut self, text: &str, here: &Here<'_, 'k>) {
        let marks = self.look(text, here.place);
        match text {
            "true" | "True" | "TRUE" | "yes" | "Yes" | "on" => self.truth(true, here),
            "false" | "False" | "FALSE" | "no" | "No" | "off" => self.truth(false, here),
            // The query interfaces of Amazon and those that copy it.
            action
                if here.name == "Action"
                    && action.starts_with(|c: char| c.is_ascii_uppercase()) =>
            {
                self.call(None, action, here.place);
            }
            _ => {}
        }
        self.value(text, marks, here);
        if here.wrapped < WRAPPED_MAX {
            self.unwrap(text, marks, here);
        } else if text.len() > BASE64_MIN
            && (opened::decoded(text).is_some() || is_json_container(text))
        {
            self.fields
                .report(Finding::of(signal::WRAPPED_TOO_DEEP, here.place.told()));
        }
    }

    /// Opens what is wrapped into a text.
    fn unwrap(&mut self, text: &str, marks: Marks, here: &Here<'_, 'k>) {
        if matches!(opened::inmost(here.name), "query" | "mutation" | "document")
            && Document::looks_like(text)
        {
            self.graphql(text, here.place);
        } else if marks.may_be_json() && is_json_container(text) {
            // What it holds is looked at once and need not stay as long as the request.
            let arena = Arena::for_body(text.len());
            match Node::of_json(text.trim(), &arena) {
                Ok(node) => self.within(here, |walk, inside| walk.node(&node, inside)),
                Err(_) => self.values(text, here),
            }
        } else if may_hold_values(text, marks) {
            self.values(text, here);
        } else if text.len() >= BASE64_MIN && may_be_base64(text, marks) {
            match opened::decoded(text) {
                Some(Decoded::Text(text)) => {
                    self.within(here, |walk, inside| {
                        walk.mail(&text, inside);
                        walk.text(&text, inside);
                    });
                }
                Some(Decoded::Program) => {
                    self.fields
                        .report(Finding::of(signal::CARRIES_PROGRAM, here.place.told()));
                }
                None => {}
            }
        }
    }

    /// Visits the header of an e-mail (RFC 5322), in which recipients may be that nothing else names.
    fn mail(&mut self, text: &str, here: &Here<'_, 'k>) {
        const FIELDS: [&str; 6] = ["to", "cc", "bcc", "from", "subject", "reply-to"];
        for line in text.lines().take_while(|line| !line.is_empty()) {
            let Some((name, value)) = line.split_once(':') else {
                continue;
            };
            if !FIELDS.iter().any(|known| name.eq_ignore_ascii_case(known)) {
                continue;
            }
            let (known, _) = self.seen.name(name);
            let here = Here {
                role: known.role,
                name: known.name,
                ..*here
            };
            for part in value.split(',') {
                let address = part.rsplit_once('<').map_or(part, |(_, address)| address);
                let address = address.trim().trim_end_matches('>');
                self.value(address, Marks::of(address), &here);
            }
        }
    }

    /// Visits what a text is besides a text and JSON.
    fn values(&mut self, text: &str, here: &Here<'_, 'k>) {
        let arena = Arena::for_body(text.len());
        for node in opened::values_in(text, &arena) {
            self.envelopes(&node);
            self.within(here, |walk, inside| {
                // Forms and XML say a name once for each item of a list.
                let repeats = true;
                walk.node(&node, &Here { repeats, ..*inside });
            });
        }
    }

    /// Visits what is wrapped into the text at this place. No pointer leads into a text, so what is
    /// found in it is found at it.
    fn within(&mut self, here: &Here<'_, 'k>, visit: impl FnOnce(&mut Self, &Here<'_, 'k>)) {
        let place = here.place.told();
        let inside = Here {
            place: &Place::Named(&place),
            wrapped: here.wrapped + 1,
            repeats: false,
            ..*here
        };
        visit(self, &inside);
    }

    fn graphql(&mut self, text: &str, place: &Place<'_>) {
        let Some(document) = Document::read(text) else {
            self.fields
                .report(Finding::of(signal::UNREADABLE_DOCUMENT, place.told()));
            return;
        };
        self.arguments(text, place);
        let changes = document.changes();
        self.fields.graphql = Some(self.fields.graphql.unwrap_or(false) || changes);
        for (kind, names) in &document.operations {
            for name in names {
                // Servers may delete in a query, though they should not.
                if *kind == opened::OperationKind::Mutation
                    || Route::of_call(name).deleting_verb().is_some()
                {
                    self.call(None, name, place);
                }
            }
        }
        if changes {
            for name in &document.fragments {
                self.call(None, name, place);
            }
        }
    }

    /// Keeps the values that a GraphQL document gives to arguments: `kind: public`, `id: \"7\"`.
    fn arguments(&mut self, text: &str, place: &Place<'_>) {
        for (name, value) in opened::arguments(text) {
            let (known, _) = self.seen.name(name);
            let here = Here {
                role: known.role,
                name: known.name,
                ..Here::at(place, false)
            };
            match value {
                "true" | "false" => self.leaf(LeafKind::Bool(value == "true"), value, &here),
                "null" => self.leaf(LeafKind::Null, "", &here),
                value => self.leaf(LeafKind::Text, value, &here),
            }
        }
    }

    /// Looks for what holds a request wherever it stands.
    fn look(&mut self, text: &str, place: &Place<'_>) -> Marks {
        let (marks, may_hold_needles) = needle::skim(text);
        if marks.may_hide()
            && let Some(hidden) = hidden_in(text)
        {
            let what = match hidden {
                Hidden::Invisible => "characters that nobody sees",
                Hidden::Bidi => "characters that turn the direction of the text",
                Hidden::Control => "control characters",
                Hidden::MixedScripts => "words with letters of several scripts that look alike",
            };
            let sentence = format!("There are {what} in it.");
            self.fields.report(Finding::new(
                signal::HIDDEN_CHARACTERS,
                place.told(),
                sentence,
            ));
        }
        if may_hold_needles {
            needle::search(text, |needle| {
                let mut finding = of_needle(needle);
                finding.evidence = place.told();
                self.fields.report(finding);
            });
        }
        marks
    }

    /// Keeps a value by itself.
    fn leaf(&mut self, kind: LeafKind, value: &str, here: &Here<'_, 'k>) {
        if self.fields.leaves.len() == LEAVES_MAX {
            self.fields.has_more_leaves = true;
            return;
        }
        self.written.clear();
        if self.fields.leaves.len() < PLACED_MAX {
            here.place.write(&mut self.written);
        }
        let kept = cut(value);
        self.fields.leaves.push(Leaf {
            kind,
            found: Found {
                evidence: self.arena.text(&self.written),
                name: here.name,
                value: self.arena.text(kept),
                is_whole: kept.len() == value.len(),
            },
        });
    }

    /// Keeps a text that is to be compared with the intent.
    fn value(&mut self, value: &str, marks: Marks, here: &Here<'_, 'k>) {
        self.leaf(LeafKind::Text, value, here);
        if matches!(value, "0.0.0.0/0" | "::/0") || (value == "*" && is_access_name(here)) {
            let sentence = format!("“{}” stands for everyone and everything.", shown(value));
            self.fields
                .report(Finding::new(signal::WILDCARD, here.place.told(), sentence));
        }
        let is_address = marks.has_at() && is_email(value);
        let role = match here.role {
            role @ (Role::Attendee | Role::Access | Role::Secret) => role,
            // Whatever is around it.
            _ if is_address => Role::Recipient,
            role => role,
        };
        if marks.may_have_host() && has_link(value, marks) {
            let is_link = |word: &&str| word.contains("://") || word.starts_with("www.");
            let mut links = value.split_whitespace().filter(is_link).peekable();
            if links.peek().is_none() {
                self.keep(|fields| Some(&mut fields.links), value, here);
            }
            for link in links {
                self.keep(|fields| Some(&mut fields.links), link, here);
            }
        }
        if !is_address && role == Role::Content && marks.has_at() {
            let addresses = value
                .split(|c: char| {
                    c.is_whitespace() || matches!(c, '<' | '>' | ',' | ';' | '(' | ')' | '"')
                })
                .map(|word| word.trim_matches(['.', ':', '\'']))
                .filter(|word| is_email(word));
            for address in addresses {
                self.keep(|fields| Some(&mut fields.addresses), address, here);
            }
        }
        // Words that are said again say nothing more.
        let is_said_again = role == Role::Content
            && self
                .fields
                .contents
                .last()
                .is_some_and(|last| last.value == value);
        if role == Role::Content && cut(value).len() < value.len() {
            self.pieces(value, here);
        } else if !is_said_again {
            self.keep(|fields| fields.of_role(role), value, here);
        }
    }

    /// Keeps a long text in pieces, so that none is passed over for what is before it.
    fn pieces(&mut self, text: &str, here: &Here<'_, 'k>) {
        let mut pieces = pieces(text);
        for piece in pieces.by_ref().take(PIECES_MAX) {
            self.keep(|fields| Some(&mut fields.contents), piece, here);
            if let Some(last) = self.fields.contents.last_mut() {
                last.is_whole = false;
            }
        }
        if pieces.next().is_some() && self.fields.unread.is_none() {
            self.fields.unread = self.fields.contents.last().copied();
        }
    }

    /// Keeps a value among others like it, as long as there are not too many.
    fn keep(
        &mut self,
        kept: impl for<'f> FnOnce(&'f mut Fields<'k>) -> Option<&'f mut Vec<Found<'k>>>,
        value: &str,
        here: &Here<'_, 'k>,
    ) {
        if value.is_empty() {
            return;
        }
        let Some(kept) = kept(&mut self.fields) else {
            self.fields.has_unknown = true;
            return;
        };
        // A column of a table often has one value all the way down.
        if kept
            .last()
            .is_some_and(|last| last.value == value && last.name == here.name)
        {
            return;
        }
        if self.kept == KEPT_MAX {
            let sentence = format!("It holds more than {KEPT_MAX} values that matter.");
            let place = here.place.told();
            self.fields
                .report(Finding::new(signal::TOO_MANY_VALUES, place, sentence));
            return;
        }
        self.kept += 1;
        if kept.capacity() == 0 {
            kept.reserve(ROOM);
        }
        let evidence = if kept.len() < PLACED_MAX {
            self.written.clear();
            here.place.write(&mut self.written);
            self.arena.text(&self.written)
        } else {
            ""
        };
        kept.push(Found {
            evidence,
            name: here.name,
            value: self.arena.text(cut(value)),
            is_whole: cut(value).len() == value.len(),
        });
    }
}

impl<'p> Here<'p, '_> {
    /// At a place where nothing is known of the value yet.
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

/// What is to be said of a needle; where it is left open.
fn of_needle(needle: Needle) -> Finding {
    match needle {
        Needle::Plea(Strength::Plain) => Finding::of(signal::SPEAKS_TO_THE_JUDGE, ""),
        Needle::Plea(Strength::Faint) => Finding::of(signal::MAY_SPEAK_TO_THE_JUDGE, ""),
        Needle::Secret(beginning) => {
            let beginning = shown(beginning.get(..4).unwrap_or(beginning));
            let sentence = format!("It carries what looks like a credential ({beginning}…).");
            Finding::new(signal::CARRIES_SECRET, "", sentence)
        }
        Needle::Harm(code) => {
            let sentence = format!("It carries code that can do harm (“{}”).", shown(code));
            Finding::new(signal::CARRIES_CODE, "", sentence)
        }
        Needle::Internal(address) => {
            let sentence = format!(
                "It names an address inside the server's own network (“{}”).",
                shown(address)
            );
            Finding::new(signal::INTERNAL_ADDRESS, "", sentence)
        }
    }
}

/// The name that a map gives its value, as in `{"name": "role", "value": "admin"}` and in JSON Patch
/// (RFC 6902): of a path the last word.
fn label<'n>(members: &[Member<'n>]) -> Option<&'n str> {
    const LABELS: [&str; 6] = ["path", "name", "key", "field", "attribute", "property"];
    if !members.iter().any(|(name, _)| is_value(name)) {
        return None;
    }
    let labels = members
        .iter()
        .filter(|(name, _)| LABELS.iter().any(|known| name.eq_ignore_ascii_case(known)));
    let mut labels = labels
        .filter_map(|(_, value)| value.as_text())
        .filter_map(last_word);
    let first = labels.next()?;
    // Of several the one that matters.
    let mut all = std::iter::once(first).chain(labels);
    all.find(|label| Role::of(label).is_grave()).or(Some(first))
}

fn is_value(name: &str) -> bool {
    ["value", "val", "newvalue", "new_value", ""]
        .iter()
        .any(|known| name.eq_ignore_ascii_case(known))
}

/// The last name in a path, less the numbers of items, filters and SCIM's `value`.
fn last_word(path: &str) -> Option<&str> {
    path.rsplit(['/', '.', ':'])
        .map(|word| word.split('[').next().unwrap_or(word).trim())
        .find(|word| word.bytes().any(|byte| byte.is_ascii_alphabetic()) && !is_value(word))
}

/// Whether a text holds an address on the web.
fn has_link(text: &str, marks: Marks) -> bool {
    let bytes = text.as_bytes();
    text.starts_with("www.")
        || memchr::memchr_iter(b':', bytes).any(|at| bytes[at..].starts_with(b"://"))
        || (marks.has_space() && text.contains(" www."))
}

fn is_access_name(here: &Here<'_, '_>) -> bool {
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

/// Whether a text may be XML, YAML, a form, or begin with JSON.
fn may_hold_values(text: &str, marks: Marks) -> bool {
    let begun = text.trim_start();
    begun.starts_with(['<', '{', '['])
        || begun.starts_with("---")
        || (!marks.has_space() && memchr::memchr(b'&', text.as_bytes()).is_some())
}

fn may_be_base64(text: &str, marks: Marks) -> bool {
    marks.may_be_base64() || (!marks.has_space() && text.trim_start().starts_with("data:"))
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
