//! The procedure that the body of a remote call names, wherever the interface puts it.
//!
//! Such an interface has one path for everything, such as `/rpc` or `/call`, so the headline has to name the
//! procedure and the object that it is called on.

use gaiterguard_judge::effect_of_call;
use gaiterguard_request::Node;
use http::HeaderMap;

use crate::words::{begins_with_verb, is_in, spaced, words};

/// Words at the end of a path that only say that something is called.
const ENDPOINTS: &str = "action actions call command dispatch exec execute function gateway invoke jsonrpc \
    method object perform procedure rpc xmlrpc";

/// Names of procedures that only call another one.
const GENERIC: &str =
    "call callkw dispatch do exec execute executekw invoke perform request rpc run";

/// Members that name the procedure, without separators.
const METHODS: &str = "action cmd command fn func function method methodname op operation procedure proc \
    rpcmethod";

/// Members that name what it is called on, the most specific first.
const OBJECTS: &[&str] = &[
    "model",
    "object",
    "class",
    "entity",
    "resource",
    "table",
    "collection",
    "doctype",
    "module",
    "service",
    "namespace",
    "interface",
    "target",
];

/// Members that hold the arguments.
const ARGUMENTS: &[&str] = &[
    "params",
    "args",
    "arguments",
    "payload",
    "input",
    "data",
    "request",
];

/// The longest name, in bytes. Longer texts are values.
const NAME_BYTES_MAX: usize = 64;

/// How deep a procedure is looked for: a call of a call of a call.
const DEPTH_MAX: usize = 4;

/// How many lists or maps of arguments follow the name of a procedure in a message.
const MESSAGE_ARGUMENTS_MAX: usize = 2;

/// A called procedure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Procedure<'n> {
    /// Its name.
    pub(crate) name: &'n str,
    /// The model, class or service that it is called on.
    pub(crate) object: Option<&'n str>,
    /// The locations of the values that only name it, or the session that calls it.
    pub(crate) frame: Vec<String>,
}

/// Whether a path ends with a word that only says that something is called.
pub(crate) fn is_endpoint(last: Option<&String>) -> bool {
    last.is_some_and(|word| is_in(ENDPOINTS, &plain(word)))
}

/// Finds the procedure that a body calls. A body without `jsonrpc` calls one only if the path says so.
pub(crate) fn of_body<'n>(
    body: &Node<'n>,
    location: &str,
    is_endpoint: bool,
) -> Option<Procedure<'n>> {
    if let Some(found) = of_xml(body) {
        return Some(found);
    }
    let is_json_rpc = body.get("jsonrpc").is_some();
    if !is_json_rpc && !is_endpoint {
        return None;
    }
    let found = in_map(body.members(), location, DEPTH_MAX);
    found.or_else(|| is_endpoint.then(|| of_only_member(body)).flatten())
}

/// Finds the procedure of a map, or in its arguments if its own only calls another one.
fn in_map<'n>(
    members: &'n [(&'n str, Node<'n>)],
    location: &str,
    depth: usize,
) -> Option<Procedure<'n>> {
    let mut frame = Vec::new();
    let mut named = |is_name: &dyn Fn(&str) -> bool| {
        let found = members.iter().find_map(|(name, value)| {
            let text = value.as_text().filter(|text| is_identifier(text))?;
            is_name(&plain(name)).then_some((*name, text))
        })?;
        frame.push(format!("{location}/{}", found.0));
        Some(found.1)
    };
    let method = named(&|name| is_in(METHODS, name));
    let object = OBJECTS
        .iter()
        .find_map(|one| named(&|name: &str| name == *one));
    if let Some(name) = method.filter(|name| !is_generic(name)) {
        if is_method_of_http(name) {
            return None;
        }
        return Some(Procedure {
            name,
            object,
            frame,
        });
    }
    let inner = ARGUMENTS.iter().filter(|_| depth > 0).find_map(|one| {
        let (name, value) = members.iter().find(|(name, _)| plain(name) == *one)?;
        let location = format!("{location}/{name}");
        match value {
            Node::Map(members) => in_map(members, &location, depth - 1),
            Node::List(items) => in_list(items, &location, depth - 1),
            _ => None,
        }
    });
    if let Some(mut inner) = inner {
        frame.append(&mut inner.frame);
        return Some(Procedure {
            object: inner.object.or(object),
            frame,
            ..inner
        });
    }
    method.map(|name| Procedure {
        name,
        object,
        frame,
    })
}

/// Finds the procedure among arguments without names: a model, then what is done to it. The arguments
/// before it identify the session, and one of them is often a password.
fn in_list<'n>(items: &'n [Node<'n>], location: &str, depth: usize) -> Option<Procedure<'n>> {
    if let [Node::Map(members)] = items {
        return in_map(members, &format!("{location}/0"), depth);
    }
    let text = |at: usize| {
        items
            .get(at)
            .and_then(Node::as_text)
            .filter(|text| is_identifier(text))
    };
    let is_act = |text: &str| {
        let is_model = text.contains('.');
        !is_model && (begins_with_verb(text) || effect_of_call(text).is_some())
    };
    let at = (1..items.len())
        .rev()
        .find(|at| text(at - 1).is_some() && text(*at).is_some_and(is_act))?;
    Some(Procedure {
        name: text(at)?,
        object: text(at - 1),
        frame: (0..=at).map(|at| format!("{location}/{at}")).collect(),
    })
}

/// Finds the procedure of a message that is a list: its arguments follow its name, as in OCPP and WAMP:
/// `[2, "19223201", "Reset", {"type": "Hard"}]`.
pub(crate) fn of_message<'n>(body: &Node<'n>) -> Option<Procedure<'n>> {
    let items = body.items();
    let scalars = items.iter().take_while(|item| !item.is_container()).count();
    let rest = items.get(scalars..)?;
    let are_arguments =
        (1..=MESSAGE_ARGUMENTS_MAX).contains(&rest.len()) && rest.iter().all(Node::is_container);
    let at = scalars.checked_sub(1)?;
    let name = items
        .get(at)?
        .as_text()
        .filter(|text| is_identifier(text))?;
    let is_act = name.starts_with(|first: char| first.is_ascii_alphabetic())
        && (begins_with_verb(name) || words(name).count() > 1 || effect_of_call(name).is_some());
    (are_arguments && is_act).then(|| Procedure {
        name,
        object: None,
        frame: (0..=at).map(|at| format!("body/{at}")).collect(),
    })
}

/// Returns the procedure that a header names, as those of SOAP and of some JSON interfaces do:
/// `X-Amz-Target: Streams_20131202.DeleteStream`.
pub(crate) fn of_headers(headers: &HeaderMap) -> Option<Procedure<'_>> {
    let is_name = |name: &str| {
        let last = name.rsplit('-').next().unwrap_or_default();
        name == "soapaction" || name.starts_with("x-") && is_in("action operation rpc target", last)
    };
    headers.iter().find_map(|(header, value)| {
        let header = header.as_str();
        let value = value.to_str().ok().filter(|_| is_name(header))?;
        let name = value
            .trim_matches('"')
            .rsplit(['.', '#', '/', ':'])
            .next()?;
        (is_identifier(name) && begins_with_verb(name)).then(|| Procedure {
            name,
            object: None,
            frame: vec![format!("header/{header}")],
        })
    })
}

/// Finds the procedure that is the only member of a body: `{"reboot": {"type": "HARD"}}`.
fn of_only_member<'n>(body: &Node<'n>) -> Option<Procedure<'n>> {
    let [(name, Node::Map(_) | Node::Null)] = body.members() else {
        return None;
    };
    begins_with_verb(name).then(|| Procedure {
        name,
        object: None,
        frame: Vec::new(),
    })
}

/// Finds the procedure of XML-RPC, or that of a SOAP envelope.
fn of_xml<'n>(body: &Node<'n>) -> Option<Procedure<'n>> {
    let ending = |node: &Node<'n>, ending: &str| {
        let members = node.members();
        let found = members.iter().find(|(name, _)| local(name) == ending);
        found.map(|(name, value)| (*name, *value))
    };
    if let Some((call, inner)) = ending(body, "methodCall") {
        let (method, value) = ending(&inner, "methodName")?;
        return Some(Procedure {
            name: value.as_text()?,
            object: None,
            frame: vec![format!("body/{call}/{method}")],
        });
    }
    let (_, envelope) = ending(body, "Envelope")?;
    let (_, content) = ending(&envelope, "Body")?;
    let (name, _) = content.members().first()?;
    Some(Procedure {
        name: local(name),
        object: None,
        frame: Vec::new(),
    })
}

/// Returns the name of an element without its namespace.
pub(crate) fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

fn is_generic(name: &str) -> bool {
    is_in(GENERIC, &plain(name))
}

/// Whether a name is a method of HTTP: then the body is a request and not a call.
fn is_method_of_http(name: &str) -> bool {
    is_in("DELETE GET HEAD OPTIONS PATCH POST PUT", name)
}

fn is_identifier(text: &str) -> bool {
    text.len() <= NAME_BYTES_MAX
        && text.bytes().any(|byte| byte.is_ascii_alphabetic())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._-:/".contains(&byte))
}

/// Writes a name in lower case without separators.
fn plain(name: &str) -> String {
    spaced(name).replace(' ', "")
}
