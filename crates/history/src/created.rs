//! Finds the object that a request created, by its response.
//!
//! Only the one object that the request created is the agent's own: not an object that the response
//! refers to, not one that existed before, and not one that only the agent claims to have created.

use gaiterguard_request::Node;
use gaiterguard_request::node::Member;
use gaiterguard_request::opened::Document;
use http::header::LOCATION;

use crate::exchange::Exchange;
use crate::form;
use crate::hash::HashKey;
use crate::name::{Words, singular};
use crate::sent::Sent;

/// How many objects deep the thing that was created may be: `data.issueCreate.issue`.
const WRAPPERS_MAX: usize = 4;

/// The most seconds between a creation and the time that the response gives for it: the clocks of
/// services are not that wrong.
const CLOCK_ERROR_SECONDS: u64 = 3_600;

/// Names of members that hold whatever a response is about.
const WRAPPERS: &[&str] = &[
    "data",
    "result",
    "results",
    "resource",
    "item",
    "items",
    "response",
    "record",
    "records",
    "payload",
    "object",
    "body",
    "node",
    "metadata",
    "entity",
    "entry",
    "entries",
    "attributes",
    "sys",
    "json",
    "things",
];

/// Names of members that are about the response, and not about what was created.
const REMARKS: &[&str] = &[
    "meta",
    "links",
    "_links",
    "included",
    "errors",
    "warnings",
    "extensions",
    "headers",
    "response_metadata",
    "pagination",
    "_meta",
];

/// Words of operations that create nothing, or change what is there.
const OTHER_WORDS: &[&str] = &[
    "get",
    "list",
    "search",
    "query",
    "find",
    "lookup",
    "describe",
    "fetch",
    "read",
    "check",
    "open",
    "resolve",
    "view",
    "count",
    "validate",
    "verify",
    "preview",
    "update",
    "edit",
    "modify",
    "set",
    "delete",
    "remove",
    "archive",
    "move",
    "login",
    "exchange",
    "authenticate",
    "cancel",
    "close",
    "merge",
    "rename",
    "patch",
    "replace",
    "upsert",
    "batch",
    "bulk",
    "join",
    "invite",
    "revoke",
    "show",
    "info",
    "exists",
    "status",
    "transfer",
    "token",
    "tokens",
    "graphql",
];

/// Names of members that say when a thing was created.
const CREATION_TIMES: &[&str] = &[
    "created",
    "created_at",
    "createdat",
    "createdtime",
    "created_time",
    "creationtime",
    "creation_time",
    "createddatetime",
    "creationdate",
    "date_created",
    "created_on",
    "createdon",
];

/// Names of members that are addresses of the thing itself.
const SELVES: &[&str] = &[
    "self",
    "selflink",
    "self_link",
    "url",
    "href",
    "html_url",
    "permalink",
];

/// The object that a request created.
#[derive(Debug, Default)]
pub(crate) struct Created {
    /// The hashes of its ids.
    pub(crate) hashes: Vec<u128>,
    /// The hashes of its path, where it has its name from the agent.
    pub(crate) paths: Vec<u128>,
}

/// Finds what a request created; nothing where that is not certain. `clock` is the time in seconds
/// since 1970, where it is known.
pub(crate) fn by(
    exchange: &Exchange<'_>,
    request: &[Node<'_>],
    response: &[Node<'_>],
    sent: &Sent,
    key: &HashKey,
    clock: Option<u64>,
) -> Created {
    let mut created = Created::default();
    if !may_create(exchange, request) {
        return created;
    }
    let mut finder = Finder {
        exchange,
        sent,
        key,
        created: &mut created,
    };
    if let Some(location) = exchange
        .headers
        .get(LOCATION)
        .and_then(|value| value.to_str().ok())
        && exchange.status == 201
    {
        finder.address(location);
    }
    if exchange.method == "PUT" {
        finder.path(exchange.plain_path());
    }
    if let [node] = response
        && let Some(top) = top(*node, exchange, request)
        && !is_old(top, clock)
    {
        finder.ids(top);
    }
    created
}

/// Whether a request is one that creates, as far as its method, its path and its body say.
fn may_create(exchange: &Exchange<'_>, request: &[Node<'_>]) -> bool {
    match exchange.method {
        "PUT" => exchange.status == 201,
        "POST" => match graphql_changes(request) {
            Some(changes) => changes,
            None => exchange.status == 201 || !is_other(last_segment(exchange)),
        },
        _ => false,
    }
}

/// Whether the body of a request is a document of GraphQL, and if so whether it changes anything.
pub(crate) fn graphql_changes(request: &[Node<'_>]) -> Option<bool> {
    let mut changes = None;
    for node in request {
        for one in std::iter::once(node).chain(node.items()) {
            if let Some(text) = one.get("query").and_then(Node::as_text).or(one.as_text())
                && let Some(document) = Document::read(text)
            {
                changes = Some(changes.unwrap_or(false) || document.changes());
            }
        }
    }
    changes
}

fn last_segment<'a>(exchange: &Exchange<'a>) -> &'a str {
    exchange
        .plain_path()
        .trim_end_matches('/')
        .rsplit('/')
        .next()
        .unwrap_or_default()
}

fn is_other(name: &str) -> bool {
    Words::of(name)
        .iter()
        .any(|word| OTHER_WORDS.contains(&word))
}

/// The members of the thing that a response is about, without what is wrapped around it.
fn top<'a>(
    root: Node<'a>,
    exchange: &Exchange<'_>,
    request: &[Node<'_>],
) -> Option<&'a [Member<'a>]> {
    let is_graphql = graphql_changes(request).is_some();
    let mut node = root;
    let mut about: Vec<String> = words_of(exchange.plain_path());
    for _ in 0..=WRAPPERS_MAX {
        let members = match node {
            Node::Map(members) => members,
            Node::List([one]) => {
                node = *one;
                continue;
            }
            _ => return None,
        };
        if members.iter().any(|(name, _)| Words::of(name).is_own_id())
            || named_id(members, exchange).is_some()
        {
            return Some(members);
        }
        let mut inner = members
            .iter()
            .filter(|(name, value)| value.is_container() && !REMARKS.contains(name));
        let (Some((name, value)), None) = (inner.next(), inner.next()) else {
            return Some(members);
        };
        let words = words_of(name);
        let is_about = WRAPPERS.contains(name)
            || words.iter().any(|word| about.contains(word))
            || (is_graphql
                && words
                    .iter()
                    .any(|word| matches!(&**word, "create" | "add" | "insert")));
        if !is_about || is_other(name) {
            return Some(members);
        }
        about.extend(words);
        node = *value;
    }
    None
}

fn words_of(text: &str) -> Vec<String> {
    text.split('/')
        .flat_map(|part| {
            Words::of(part)
                .iter()
                .map(|word| singular(word).to_owned())
                .collect::<Vec<_>>()
        })
        .collect()
}

/// The member that is an id of what the path is about: `message_id` of `POST /messages`.
fn named_id<'a>(members: &'a [Member<'a>], exchange: &Exchange<'_>) -> Option<&'a Member<'a>> {
    let about = words_of(last_segment(exchange));
    members.iter().find(|(name, value)| {
        let words = Words::of(name);
        words.is_named_id()
            && !value.is_container()
            && words
                .iter()
                .next()
                .is_some_and(|word| about.iter().any(|one| one == singular(word)))
    })
}

/// Things that are mostly referred to, and seldom what was created where they are named by an id.
const REFERRED_TO: &[&str] = &[
    "account",
    "channel",
    "customer",
    "organization",
    "org",
    "owner",
    "parent",
    "project",
    "team",
    "tenant",
    "trace",
    "user",
    "workspace",
];

/// The only id of an object, whatever it is named: `logId`, where the path says `activities`.
fn only_id<'a>(members: &'a [Member<'a>]) -> Option<&'a str> {
    let mut ids = members.iter().filter_map(|(name, value)| {
        let words = Words::of(name);
        let is_id = words.is_named_id()
            && !words
                .iter()
                .any(|word| REFERRED_TO.contains(&singular(word)));
        match value {
            Node::Text(id) | Node::Number(id) if is_id => Some(*id),
            _ => None,
        }
    });
    let id = ids.next()?;
    ids.next().is_none().then_some(id)
}

/// Returns whether an object says that it was created long before the request.
fn is_old(members: &[Member<'_>], clock: Option<u64>) -> bool {
    let Some(clock) = clock else { return false };
    members.iter().any(|(name, value)| {
        CREATION_TIMES.contains(&name.to_ascii_lowercase().as_str())
            && seconds(value).is_some_and(|at| at + CLOCK_ERROR_SECONDS < clock)
    })
}

/// The time that a value gives, in seconds since 1970.
fn seconds(value: &Node<'_>) -> Option<u64> {
    match value {
        Node::Number(number) => {
            let number: f64 = number.parse().ok()?;
            let seconds = if number > 1e11 {
                number / 1_000.0
            } else {
                number
            };
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "the range is checked"
            )]
            (1e9..1e11).contains(&seconds).then_some(seconds as u64)
        }
        Node::Text(text) => {
            let at: jiff::Timestamp = text.parse().ok()?;
            u64::try_from(at.as_second()).ok()
        }
        _ => None,
    }
}

struct Finder<'f> {
    exchange: &'f Exchange<'f>,
    sent: &'f Sent,
    key: &'f HashKey,
    created: &'f mut Created,
}

impl Finder<'_> {
    fn ids(&mut self, members: &[Member<'_>]) {
        for (name, value) in members {
            let words = Words::of(name);
            if let Node::Text(id) | Node::Number(id) = value {
                if SELVES.contains(&name.to_ascii_lowercase().as_str()) {
                    self.address(id);
                } else if words.is_own_id() {
                    self.id(id);
                } else if *name == "name" {
                    self.name(id);
                }
            }
        }
        if let Some((_, Node::Text(id) | Node::Number(id))) = named_id(members, self.exchange) {
            self.id(id);
        } else if !members.iter().any(|(name, _)| Words::of(name).is_own_id())
            && let Some(id) = only_id(members)
        {
            self.id(id);
        }
        // Contentful and Kubernetes keep the identifiers of an object apart from its content.
        for (name, value) in members {
            if ["sys", "metadata"].contains(name) && !value.members().is_empty() {
                self.ids(value.members());
            }
        }
    }

    /// Adds an id that the service assigned. An id that the agent sent counts only below its path.
    fn id(&mut self, id: &str) {
        if super::secret::is_value(id) || super::secret::is_opaque(id, true) {
            return;
        }
        if self.sent.holds(id, self.key) {
            return self.name(id);
        }
        form::of_whole(id, &mut |form| {
            self.created.hashes.push(self.key.hash(form));
        });
    }

    /// A name within the collection that the request was sent to.
    fn name(&mut self, name: &str) {
        if self.exchange.method == "POST" && !name.is_empty() {
            let collection = self.exchange.plain_path().trim_end_matches('/');
            self.path(&format!("{collection}/{name}"));
        }
    }

    fn path(&mut self, path: &str) {
        self.created.paths.push(self.key.hash(&form::path(path)));
    }

    /// The address of the thing itself, which ends with its id.
    fn address(&mut self, address: &str) {
        if self.sent.holds(address, self.key) || address.is_empty() {
            return;
        }
        let path = if form::is_url(address) {
            address.splitn(4, '/').nth(3).map(|rest| format!("/{rest}"))
        } else {
            address.starts_with('/').then(|| address.to_owned())
        };
        form::of_whole(address, &mut |form| {
            self.created.hashes.push(self.key.hash(form));
        });
        if let Some(path) = path.filter(|path| path.trim_matches('/').contains('/')) {
            self.path(&path);
            if let Some(id) = form::path(&path).rsplit('/').next()
                && !self.sent.holds(id, self.key)
            {
                form::of_whole(id, &mut |form| {
                    self.created.hashes.push(self.key.hash(form));
                });
            }
        }
    }
}
