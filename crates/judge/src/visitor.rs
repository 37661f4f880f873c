//! Visits every value in a request, including those encoded within others.

use crate::char_classes::CharClasses;
use crate::duplicate::{self, Duplicate};
use crate::effect::Effect;
use crate::field::{
    CALLS_MAX, Fields, Found, Inner, KEPT_MAX, LEAVES_MAX, Leaf, LeafKind, Override, PIECES_MAX,
    cut, pieces,
};
use crate::finding::{Finding, shown};
use crate::patterns::{self, Pattern};
use crate::place::{Holder, POINTER_BYTES, Place};
use crate::prompt_injection::Strength;
use crate::role::{NameCache, Named, Role};
use crate::route::Route;
use crate::signal::{self, Shown};
use crate::switch;
use crate::words::{of_name, stem};
use gaiterguard_request::node::Member;
use gaiterguard_request::opened::{self, Decoded, Document, Hidden, hidden_in};
use gaiterguard_request::{Arena, Node};

/// The number of levels at which encoded text within text is decoded. Every level may multiply the work,
/// and a request with more is held.
const WRAPPED_MAX: usize = 3;

/// The number of recipients or identifiers from which a request is a bulk request. The weight of the
/// signal is fitted with this number.
const BULK: usize = 10;

/// The initial capacity for the values of a role. Saves reallocations: one is usually followed by more.
const ROOM: usize = 16;

/// The number of values of a role whose pointer is written out, which takes longer than comparing them.
/// The evidence of later ones is the body as a whole.
const PLACED_MAX: usize = 256;

/// The shortest text that is tried as base64, in bytes. Shorter ones
/// encode at most 11 bytes.
const BASE64_MIN: usize = 16;

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
        let list = Holder::at(cursor.place);
        let mut names = self.no_names();
        for (number, item) in items.iter().enumerate() {
            let place = &list.item(number);
            let cursor = Cursor { place, ..*cursor };
            match item {
                Node::Map(members) => self.map(members, &cursor, &mut names),
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
            for call in opened::of_members(members) {
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
        if cursor.wrapped < WRAPPED_MAX {
            self.unwrap(text, classes, cursor);
        } else if text.len() > BASE64_MIN
            && (opened::decoded(text).is_some() || is_json_container(text))
        {
            self.fields.report(Finding::of(
                signal::WRAPPED_TOO_DEEP,
                cursor.place.pointer(),
            ));
        }
    }

    /// Opens what is wrapped into a text.
    fn unwrap(&mut self, text: &str, classes: CharClasses, cursor: &Cursor<'_, 'k>) {
        if matches!(
            opened::inmost(cursor.name),
            "query" | "mutation" | "document"
        ) && Document::looks_like(text)
        {
            self.graphql(text, cursor.place);
        } else if classes.may_be_json() && is_json_container(text) {
            // Its values are visited once and need not live as long as the request.
            let arena = Arena::for_body(text.len());
            match Node::of_json(text.trim(), &arena) {
                Ok(node) => self.within(cursor, |visitor, inside| visitor.node(&node, inside)),
                Err(_) => self.values(text, cursor),
            }
        } else if may_hold_values(text, classes) {
            self.values(text, cursor);
        } else if text.len() >= BASE64_MIN && may_be_base64(text, classes) {
            match opened::decoded(text) {
                Some(Decoded::Text(text)) => {
                    self.within(cursor, |visitor, inside| {
                        visitor.mail(&text, inside);
                        visitor.text(&text, inside);
                    });
                }
                Some(Decoded::Program) => {
                    self.fields
                        .report(Finding::of(signal::CARRIES_PROGRAM, cursor.place.pointer()));
                }
                None => {}
            }
        }
    }

    /// Visits the header of an e-mail (RFC 5322), in which recipients may be that nothing else names.
    fn mail(&mut self, text: &str, cursor: &Cursor<'_, 'k>) {
        const FIELDS: [&str; 6] = ["to", "cc", "bcc", "from", "subject", "reply-to"];
        for line in text.lines().take_while(|line| !line.is_empty()) {
            let Some((name, value)) = line.split_once(':') else {
                continue;
            };
            if !FIELDS.iter().any(|known| name.eq_ignore_ascii_case(known)) {
                continue;
            }
            let (known, _) = self.name_cache.name(name);
            let cursor = Cursor {
                role: known.role,
                name: known.name,
                ..*cursor
            };
            for part in value.split(',') {
                let address = part.rsplit_once('<').map_or(part, |(_, address)| address);
                let address = address.trim().trim_end_matches('>');
                self.value(address, CharClasses::of(address), &cursor);
            }
        }
    }

    /// Visits a text as a form, an XML document, an e-mail and other formats.
    fn values(&mut self, text: &str, cursor: &Cursor<'_, 'k>) {
        let arena = Arena::for_body(text.len());
        for node in opened::values_in(text, &arena) {
            self.envelopes(&node);
            self.within(cursor, |visitor, inside| {
                // Forms and XML say a name once for each item of a list.
                let repeats = true;
                visitor.node(&node, &Cursor { repeats, ..*inside });
            });
        }
    }

    /// Visits what is wrapped into the text at this place. No pointer leads into a text, so what is
    /// found in it is found at it.
    fn within(&mut self, cursor: &Cursor<'_, 'k>, visit: impl FnOnce(&mut Self, &Cursor<'_, 'k>)) {
        let place = cursor.place.pointer();
        let inside = Cursor {
            place: &Place::Named(&place),
            wrapped: cursor.wrapped + 1,
            repeats: false,
            ..*cursor
        };
        visit(self, &inside);
    }

    fn graphql(&mut self, text: &str, place: &Place<'_>) {
        let Some(document) = Document::read(text) else {
            self.fields
                .report(Finding::of(signal::UNREADABLE_DOCUMENT, place.pointer()));
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
            let (known, _) = self.name_cache.name(name);
            let cursor = Cursor {
                role: known.role,
                name: known.name,
                ..Cursor::at(place, false)
            };
            match value {
                "true" | "false" => self.leaf(LeafKind::Bool(value == "true"), value, &cursor),
                "null" => self.leaf(LeafKind::Null, "", &cursor),
                value => self.leaf(LeafKind::Text, value, &cursor),
            }
        }
    }

    /// Searches a text for patterns that are findings wherever they appear.
    fn look(&mut self, text: &str, place: &Place<'_>) -> CharClasses {
        let (classes, may_match) = patterns::skim(text);
        if classes.may_hide()
            && let Some(hidden) = hidden_in(text)
        {
            let what = match hidden {
                Hidden::Invisible => "invisible characters",
                Hidden::Bidi => "characters that reverse the direction of the text",
                Hidden::Control => "control characters",
                Hidden::MixedScripts => "words that mix look-alike letters of several scripts",
            };
            let sentence = format!("It contains {what}.");
            self.fields.report(Finding::new(
                signal::HIDDEN_CHARACTERS,
                place.pointer(),
                sentence,
            ));
        }
        if may_match {
            patterns::search(text, |pattern| {
                let mut finding = of_pattern(pattern);
                finding.evidence = place.pointer();
                self.fields.report(finding);
            });
        }
        classes
    }

    /// Keeps a value by itself.
    fn leaf(&mut self, kind: LeafKind, value: &str, cursor: &Cursor<'_, 'k>) {
        if self.fields.leaves.len() == LEAVES_MAX {
            self.fields.has_more_leaves = true;
            return;
        }
        self.written.clear();
        if self.fields.leaves.len() < PLACED_MAX {
            cursor.place.write(&mut self.written);
        }
        let kept = cut(value);
        self.fields.leaves.push(Leaf {
            kind,
            found: Found {
                evidence: self.arena.text(&self.written),
                name: cursor.name,
                value: self.arena.text(kept),
                is_whole: kept.len() == value.len(),
            },
        });
    }

    /// Keeps a text that is to be compared with the intent.
    fn value(&mut self, value: &str, classes: CharClasses, cursor: &Cursor<'_, 'k>) {
        self.leaf(LeafKind::Text, value, cursor);
        if matches!(value, "0.0.0.0/0" | "::/0") || (value == "*" && is_access_name(cursor)) {
            let sentence = format!(
                "“{}” is a wildcard that matches everyone or everything.",
                shown(value)
            );
            self.fields.report(Finding::new(
                signal::WILDCARD,
                cursor.place.pointer(),
                sentence,
            ));
        }
        let is_address = classes.has_at() && is_email(value);
        let role = match cursor.role {
            role @ (Role::Attendee | Role::Access | Role::Secret) => role,
            // Whatever is around it.
            _ if is_address => Role::Recipient,
            role => role,
        };
        if classes.may_have_host() && has_link(value, classes) {
            let is_link = |word: &&str| word.contains("://") || word.starts_with("www.");
            let mut links = value.split_whitespace().filter(is_link).peekable();
            if links.peek().is_none() {
                self.keep(|fields| Some(&mut fields.links), value, cursor);
            }
            for link in links {
                self.keep(|fields| Some(&mut fields.links), link, cursor);
            }
        }
        if !is_address && role == Role::Content && classes.has_at() {
            let addresses = value
                .split(|c: char| {
                    c.is_whitespace() || matches!(c, '<' | '>' | ',' | ';' | '(' | ')' | '"')
                })
                .map(|word| word.trim_matches(['.', ':', '\'']))
                .filter(|word| is_email(word));
            for address in addresses {
                self.keep(|fields| Some(&mut fields.addresses), address, cursor);
            }
        }
        // A repeated text adds no information.
        let is_said_again = role == Role::Content
            && self
                .fields
                .contents
                .last()
                .is_some_and(|last| last.value == value);
        if role == Role::Content && cut(value).len() < value.len() {
            self.pieces(value, cursor);
        } else if !is_said_again {
            self.keep(|fields| fields.of_role(role), value, cursor);
        }
    }

    /// Keeps a long text in pieces, so that its end is compared like its beginning.
    fn pieces(&mut self, text: &str, cursor: &Cursor<'_, 'k>) {
        let mut pieces = pieces(text);
        for piece in pieces.by_ref().take(PIECES_MAX) {
            self.keep(|fields| Some(&mut fields.contents), piece, cursor);
            if let Some(last) = self.fields.contents.last_mut() {
                last.is_whole = false;
            }
        }
        if pieces.next().is_some() && self.fields.unread.is_none() {
            self.fields.unread = self.fields.contents.last().copied();
        }
    }

    /// Keeps a value with those of its role, up to [`KEPT_MAX`].
    fn keep(
        &mut self,
        kept: impl for<'f> FnOnce(&'f mut Fields<'k>) -> Option<&'f mut Vec<Found<'k>>>,
        value: &str,
        cursor: &Cursor<'_, 'k>,
    ) {
        if value.is_empty() {
            return;
        }
        let Some(kept) = kept(&mut self.fields) else {
            self.fields.has_unknown = true;
            return;
        };
        // A table column often repeats one value.
        if kept
            .last()
            .is_some_and(|last| last.value == value && last.name == cursor.name)
        {
            return;
        }
        if self.kept == KEPT_MAX {
            let sentence = format!(
                "It has more than {KEPT_MAX} values to compare with the intent, so not all were checked."
            );
            let place = cursor.place.pointer();
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
            cursor.place.write(&mut self.written);
            self.arena.text(&self.written)
        } else {
            ""
        };
        kept.push(Found {
            evidence,
            name: cursor.name,
            value: self.arena.text(cut(value)),
            is_whole: cut(value).len() == value.len(),
        });
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

/// Converts a pattern match to a finding. The caller fills in the evidence.
fn of_pattern(pattern: Pattern) -> Finding {
    match pattern {
        Pattern::PromptInjection(Strength::Plain) => Finding::of(signal::SPEAKS_TO_THE_JUDGE, ""),
        Pattern::PromptInjection(Strength::Faint) => {
            Finding::of(signal::MAY_SPEAK_TO_THE_JUDGE, "")
        }
        Pattern::Secret(beginning) => {
            let beginning = shown(beginning.get(..4).unwrap_or(beginning));
            let sentence = format!("It contains what looks like a credential ({beginning}…).");
            Finding::new(signal::CARRIES_SECRET, "", sentence)
        }
        Pattern::Harm(code) => {
            let sentence = format!("It contains code that may be harmful (“{}”).", shown(code));
            Finding::new(signal::CARRIES_CODE, "", sentence)
        }
        Pattern::Internal(address) => {
            let sentence = format!(
                "It names an address in the server's internal network (“{}”).",
                shown(address)
            );
            Finding::new(signal::INTERNAL_ADDRESS, "", sentence)
        }
    }
}

/// Returns the name that a map gives its value, as in `{"name": "role", "value": "admin"}` and in JSON
/// Patch (RFC 6902), where it is the last segment of the path.
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
    // If there are several, the one with a severe role wins.
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
fn has_link(text: &str, classes: CharClasses) -> bool {
    let bytes = text.as_bytes();
    text.starts_with("www.")
        || memchr::memchr_iter(b':', bytes).any(|at| bytes[at..].starts_with(b"://"))
        || (classes.has_space() && text.contains(" www."))
}

fn is_access_name(cursor: &Cursor<'_, '_>) -> bool {
    cursor.role == Role::Access
        || of_name(cursor.name).any(|word| {
            [
                "origin", "origins", "ip", "ips", "host", "hosts", "action", "actions", "allow",
                "allowed",
            ]
            .iter()
            .any(|known| word.eq_ignore_ascii_case(known))
        })
}

/// Whether a text may be XML, YAML, a form, or begin with JSON.
fn may_hold_values(text: &str, classes: CharClasses) -> bool {
    let begun = text.trim_start();
    begun.starts_with(['<', '{', '['])
        || begun.starts_with("---")
        || (!classes.has_space() && memchr::memchr(b'&', text.as_bytes()).is_some())
}

fn may_be_base64(text: &str, classes: CharClasses) -> bool {
    classes.may_be_base64() || (!classes.has_space() && text.trim_start().starts_with("data:"))
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
