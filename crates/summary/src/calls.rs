//! The calls within a request: the requests of a batch, the commands of a list, and the procedures of an
//! interface for remote calls.

use gaiterguard_domain::effect::Effect;
use gaiterguard_judge::effect_of_call;
use gaiterguard_request::Node;
use percent_encoding::percent_decode_str;

use crate::compound;
use crate::words::{is_in, is_verb, participle_of, singular, spaced, words};

/// How many different calls of one request are kept by name. A headline names five and counts the others.
const CALLS_MAX: usize = 8;

/// Members of a command that name it, whatever they say.
const COMMAND_NAMES: &[&str] = &["action", "command", "cmd", "method", "op", "operation"];

/// Members that name a command, but also many other things: only a verb with an object counts.
const KIND_NAMES: &[&str] = &["event", "kind", "type"];

/// Names of marks on what is deleted, without separators.
const DELETED: &str = "delete deleted destroy destroyed isdeleted remove removed";

/// The act on a document of a list that is not deleted.
const WRITE: &str = "write";

/// The longest name of a command, in bytes. Longer texts are values.
const COMMAND_BYTES_MAX: usize = 64;

/// The longest name of what a command is about, in bytes.
const OBJECT_BYTES_MAX: usize = 128;

/// A call within a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    /// Its name, or its method and its target.
    pub(crate) name: String,
    /// The class, model or service that it is called on.
    pub(crate) object: Option<String>,
    /// How often it appears.
    pub(crate) times: usize,
    /// How many calls come before it.
    pub(crate) order: usize,
    /// The grave effect that its name has.
    pub(crate) effect: Option<Effect>,
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
    /// Their names in lower case, and how many have each, those that are not kept included.
    pub(crate) acts: Vec<(String, usize)>,
    /// The gravest effect that the name of a command has.
    pub(crate) effect: Option<Effect>,
    /// Whether they are the commands of a list, which may belong to the object in the path, and not the
    /// calls that the whole request consists of.
    pub(crate) is_batch: bool,
    /// Whether the values of the request are in the order of the calls, so that the calls are named in it, too.
    pub(crate) is_ordered: bool,
    /// The requests that they are, if they are requests of their own: then the path says nothing about them.
    pub(crate) requests: Vec<InnerRequest>,
}

/// A request within a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct InnerRequest {
    /// Its location: that of the list, and its number in it.
    pub(crate) location: String,
    /// Its method, in capital letters.
    pub(crate) method: String,
    /// Its path, or its URL.
    pub(crate) target: String,
}

impl Calls {
    /// Adds a call of a procedure of its own.
    pub(crate) fn push(&mut self, name: &str) {
        self.push_on(name, None);
    }

    /// Adds a call of a procedure of an object.
    pub(crate) fn push_on(&mut self, name: &str, object: Option<&str>) {
        self.count += 1;
        let act = name.to_ascii_lowercase();
        if let Some((_, count)) = self.acts.iter_mut().find(|(known, _)| *known == act) {
            *count += 1;
        } else if self.acts.len() < CALLS_MAX {
            self.acts.push((act, 1));
        }
        let is_known = |known: &&mut Call| known.name == name && known.object.as_deref() == object;
        if let Some(known) = self.named.iter_mut().find(is_known) {
            known.times += 1;
            return;
        }
        let call = Call {
            name: name.to_owned(),
            object: object.map(str::to_owned),
            times: 1,
            order: self.count,
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

    /// Counts the commands of a list: items that name what is done to each of them. `location` is that of the list.
    ///
    /// In XML, every element has a name, which may be that of a command or not.
    pub(crate) fn add_commands(&mut self, items: &[Node<'_>], is_xml: bool, location: &str) {
        // The calls of a GraphQL document, of JSON-RPC, or of a batch of requests are counted already.
        let is_counted = self.count > 0 && (!self.is_batch || self.are_requests());
        if is_counted || items.is_empty() {
            return;
        }
        if items.len() > 1 && self.add_requests(items, location) {
            return;
        }
        let is_only = items.len() == 1;
        let commands = || {
            items
                .iter()
                .map(|item| command_of(item, is_only, is_xml))
                .collect()
        };
        if let Some(acts) = bulk_acts(items) {
            self.is_batch = true;
            for (act, object) in acts {
                self.push_on(act, object);
            }
            self.add_effect(self.named.first().and_then(|call| call.effect));
            return;
        }
        let commands: Option<Vec<_>> = commands();
        let Some(commands) = commands.or_else(|| writes_of(items)) else {
            return;
        };
        self.is_batch = true;
        for (name, object) in commands {
            self.push_on(&name, object);
        }
        self.add_effect(self.named.first().and_then(|call| call.effect));
    }

    /// Counts the requests of a list; returns whether all of its items are requests.
    pub(crate) fn add_requests(&mut self, items: &[Node<'_>], location: &str) -> bool {
        let read = |(number, item)| {
            let (method, target) = request_of(item)?;
            Some(InnerRequest {
                location: format!("{location}/{number}"),
                method,
                target,
            })
        };
        let Some(requests) = items
            .iter()
            .enumerate()
            .map(read)
            .collect::<Option<Vec<_>>>()
        else {
            return false;
        };
        self.is_batch = true;
        for one in &requests {
            self.push(&request(&one.method, &one.target));
            let changes = matches!(&*one.method, "PATCH" | "PUT").then_some(Effect::Change);
            self.add_effect(changes);
        }
        self.add_effect(self.named.first().and_then(|call| call.effect));
        self.requests = requests;
        true
    }

    /// Whether they are requests of their own.
    pub(crate) fn are_requests(&self) -> bool {
        !self.requests.is_empty()
    }

    /// Counts an act that is done to each item of a list.
    pub(crate) fn add_acts(&mut self, act: &str, items: &[Node<'_>]) {
        self.is_batch = true;
        for item in items {
            let object = named(item).or_else(|| item.get("id").and_then(Node::as_text));
            self.push_on(act, object);
        }
        self.add_effect(effect_of_call(act));
    }

    /// Whether the calls write and delete the documents of a list.
    pub(crate) fn are_writes(&self) -> bool {
        self.is_batch && self.named.iter().any(|call| call.name == WRITE)
    }

    /// Takes an effect into account; the gravest one counts.
    pub(crate) fn add_effect(&mut self, effect: Option<Effect>) {
        self.effect = self.effect.into_iter().chain(effect).min();
    }
}

/// Acts of the lines of a bulk request. Except for the last, each has a document on the line after it.
const BULK_ACTS: [&str; 4] = ["create", "index", "update", "delete"];

/// Returns the act that a line of a bulk request is: `{"update": {"_id": "a"}}`.
pub(crate) fn is_bulk_act(name: &str) -> bool {
    BULK_ACTS.contains(&name)
}

/// Returns the acts of a bulk request, each with the identifier of its document: a line for the act, then one for the
/// document, unless that is deleted.
fn bulk_acts<'n>(items: &'n [Node<'n>]) -> Option<Vec<(&'n str, Option<&'n str>)>> {
    const IDS: [&str; 2] = ["_id", "id"];
    let mut acts = Vec::new();
    let mut lines = items.iter();
    while let Some(line) = lines.next() {
        let [(act, content @ Node::Map(_))] = line.members() else {
            return None;
        };
        if !is_bulk_act(act) {
            return None;
        }
        let has_place =
            |(name, _): &(&str, Node<'n>)| name.starts_with('_') || is_in("id index routing", name);
        if !content.members().iter().all(has_place) {
            return None;
        }
        if *act != "delete" {
            lines.next()?;
        }
        let id = IDS.iter().find_map(|id| content.get(id)?.as_text());
        acts.push((*act, id));
    }
    (!acts.is_empty()).then_some(acts)
}

/// Returns the effect of a database statement by its first word.
pub(crate) fn effect_of_statement(text: &str) -> Option<Effect> {
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

/// Returns the request that an item of a list is: its method and its target.
fn request_of(item: &Node<'_>) -> Option<(String, String)> {
    const METHODS: &str = "DELETE GET HEAD OPTIONS PATCH POST PUT";
    let text = |names: &str| {
        // `{"resource": {…}, "request": {"method": "PUT", "url": "Patient/7"}}`.
        let inner = item.get("request").map_or(&[][..], Node::members);
        let mut members = inner.iter().chain(item.members());
        let named = |name: &str| is_in(names, &name.to_ascii_lowercase());
        members.find_map(|(name, value)| value.as_text().filter(|_| named(name)))
    };
    let method = text("http_method method verb")?.to_ascii_uppercase();
    let target = text("endpoint href path relative_path relative_url relativepath uri url")?;
    is_in(METHODS, &method).then(|| (method, target.to_owned()))
}

/// Names a request by its method and its target, decoded as the upstream reads it.
pub(crate) fn request(method: &str, target: &str) -> String {
    format!(
        "{method} {}",
        percent_decode_str(target).decode_utf8_lossy()
    )
}

/// Returns the name of the command that an item of a list is, and what it is about: `remove /devices/d1`, `DELETE`
/// on `www.example.com`. A list with a single item is rarely one of commands, so there its name must say it.
fn command_of<'n>(
    item: &Node<'n>,
    is_only: bool,
    is_xml: bool,
) -> Option<(String, Option<&'n str>)> {
    let Some(name) = command_name_of(item, is_only) else {
        let (name, content) = keyed_command(item).filter(|_| !is_xml)?;
        return Some((
            name.to_owned(),
            content.as_text().or_else(|| named(content)),
        ));
    };
    let path = item.get("path").and_then(Node::as_text);
    Some(match path.filter(|path| path.starts_with('/')) {
        Some(path) => (request(name, path), None),
        None => (name.to_owned(), named(item)),
    })
}

/// Returns the command that is the name of a member: `{"remove": "/campaigns/7"}`, `{"deleteSheet": {…}}`.
fn keyed_command<'n>(item: &Node<'n>) -> Option<(&'n str, &'n Node<'n>)> {
    let mut acts = item
        .members()
        .iter()
        .filter(|(name, _)| !frames_command(name));
    let (name, content) = acts.next()?;
    let is_command = matches!(content, Node::Text(_) | Node::Map(_))
        && words(name).any(|word| is_verb(&word))
        && (words(name).next().is_some_and(|word| is_verb(&word)) || name.ends_with("Request"))
        && !compound::is_noun(name);
    (acts.next().is_none() && is_command).then_some((*name, content))
}

/// Returns what is done to each document of a list if some of them are marked as deleted: `{"_id": "a", "_deleted": true}`.
fn writes_of<'n>(items: &'n [Node<'n>]) -> Option<Vec<(String, Option<&'n str>)>> {
    let is_deleted = |item: &Node<'n>| {
        let marked = |(name, value): &(&str, Node<'n>)| {
            is_in(DELETED, &spaced(name).replace(' ', "")) && value.as_bool() == Some(true)
        };
        item.members().iter().any(marked)
    };
    let write = |item: &'n Node<'n>| {
        let act = if is_deleted(item) { "delete" } else { WRITE };
        (
            act.to_owned(),
            named(item).or_else(|| item.get("id")?.as_text()),
        )
    };
    items
        .iter()
        .any(is_deleted)
        .then(|| items.iter().map(write).collect())
}

/// Whether a member of a command only says how it is carried out.
pub(crate) fn frames_command(name: &str) -> bool {
    let name = spaced(name);
    let last = name.rsplit(' ').next().unwrap_or_default();
    is_in("condition document exists id mask precondition", last)
}

/// Returns the name of what a command is about, if it or the only map within it has one.
fn named<'n>(item: &Node<'n>) -> Option<&'n str> {
    const NAMES: &[&str] = &[
        "resourceName",
        "resource_name",
        "Name",
        "name",
        "_id",
        "resource",
    ];
    let own = |item: &Node<'n>| {
        let text = |name: &&str| item.get(name).and_then(Node::as_text);
        let found = NAMES.iter().find_map(text)?;
        let is_name = !found.is_empty()
            && found.len() <= OBJECT_BYTES_MAX
            && !found.contains(char::is_whitespace);
        is_name.then_some(found)
    };
    own(item).or_else(|| {
        let mut maps = item
            .members()
            .iter()
            .filter(|(_, value)| matches!(value, Node::Map(_)));
        let only = maps.next().filter(|_| maps.next().is_none());
        only.and_then(|(_, inner)| own(inner))
    })
}

fn command_name_of<'n>(item: &Node<'n>, is_only: bool) -> Option<&'n str> {
    item.members().iter().find_map(|(name, value)| {
        let command = value.as_text().filter(|text| {
            text.len() <= COMMAND_BYTES_MAX && !text.contains(char::is_whitespace)
        })?;
        let is_named = |names: &[&str]| names.iter().any(|one| name.eq_ignore_ascii_case(one));
        let said: Vec<String> = words(command).collect();
        let is_act = said.first().is_some_and(|word| is_verb(word))
            || said.last().is_some_and(|word| is_verb(word))
            || effect_of_call(command).is_some();
        // An event says what has happened: `order_shipped`.
        let is_past = said
            .last()
            .is_some_and(|word| participle_of(word).is_some());
        let counts = is_named(COMMAND_NAMES)
            || !is_only && is_named(KIND_NAMES) && said.len() > 1 && !is_past;
        (is_act && counts).then_some(command)
    })
}

/// Whether a value of an item marks it as deleted.
pub(crate) fn is_deleted(name: &str, value: &str) -> bool {
    let own = spaced(name.rsplit('.').next().unwrap_or_default()).replace(' ', "");
    is_in(DELETED, &own) && value == "true"
}

/// Whether a value of an item says that the item is removed: its act, its method, or a mark.
pub(crate) fn is_removal(name: &str, value: &str) -> bool {
    let own = spaced(name.rsplit('.').next().unwrap_or_default()).replace(' ', "");
    let is_act = COMMAND_NAMES.contains(&&*own) || own == "verb";
    is_act && effect_of_call(value) == Some(Effect::Delete)
        || is_deleted(name, value)
        || value == crate::pairs::REMOVED
        || effect_of_call(name.rsplit('.').nth(1).unwrap_or_default()) == Some(Effect::Delete)
}

/// Whether the name of a call says that a person or an account of one is created or changed.
pub(crate) fn is_about_person(name: &str) -> bool {
    const PERSONS: &str = "contact customer employee member person user";
    let says = |word: String| is_in(PERSONS, &singular(&word));
    let sends = |word: String| is_in("grant invite mail message notify send share", &word);
    words(name).any(says) && !words(name).any(sends)
}
