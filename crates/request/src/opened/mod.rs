//! Decodes a request into values, in every way that a server may read it.
//!
//! Decoding never fails. An unreadable part becomes an [`Oddity`], because the upstream may be able to
//! read it.

pub(crate) mod aws_chunked;
mod base64;
mod body;
mod call;
mod csv;
mod declared;
pub(crate) mod encoding;
mod graphql;
mod hidden;
mod lines;
mod matrix;
mod media;
mod message;
mod multipart;
mod nested;
mod oddity;
mod overriding;
mod request;
mod sniff;
mod yaml;

use gaiterguard_domain::request::CanonicalRequest;
use http::HeaderMap;

use crate::{Arena, Node};

pub use base64::{Decoded, decoded};
pub use body::{Body, values_in};
pub use call::{
    Call, inmost, is_method_name, is_safe_method, is_soap_header, of_members, of_xml, soap_parts,
};
pub use encoding::InflationRoom;
pub use graphql::{Document, OperationKind};
pub use hidden::{Hidden, hidden_in};
pub use message::message;
pub use oddity::{Oddity, OddityKind};
pub use overriding::{is_method, overrides_method};
pub use request::Request;

/// A decoded request.
#[derive(Debug)]
pub struct Opened<'a> {
    request: Request<'a>,
    query: Node<'a>,
    body: Body<'a>,
    others: Vec<Node<'a>>,
    oddities: Vec<Oddity>,
    arena: &'a Arena,
}

impl<'a> Opened<'a> {
    /// Decodes a canonical request into the arena.
    pub fn of(request: &'a CanonicalRequest, arena: &'a Arena) -> Self {
        let target = &request.target;
        let decoded = Request {
            method: &request.method,
            host: target.origin().host.as_str(),
            path: target.path(),
            query: target.query(),
            headers: &request.headers,
            body: &request.body,
        };
        Self::open(decoded, arena)
    }

    /// Decodes a request into the arena.
    pub fn open(request: Request<'a>, arena: &'a Arena) -> Self {
        let mut oddities = Vec::new();
        let query = match Node::parse_form(request.query.unwrap_or_default().as_bytes(), arena) {
            Ok(query) => query,
            Err(error) => {
                let reason = format!("the query {error}");
                oddities.push(Oddity::new(OddityKind::Unreadable(reason), "query"));
                Node::Map(&[])
            }
        };
        let contents = body::open(request.headers, request.body, arena, &mut oddities);
        let body::Contents { body, mut others } = contents;
        // Some servers separate parameters by a semicolon as well. This adds no error to those
        // above: no text becomes unreadable by being split, and no query is long enough for too many
        // parameters.
        if let Some(other) = request.query.filter(|query| query.contains(';')) {
            let other = arena.text(&other.replace(';', "&"));
            others.extend(Node::parse_form(other.as_bytes(), arena));
        }
        if let Some(parameters) = matrix::parameters(request.path, arena) {
            others.push(parameters);
        }
        overriding::find(&request, &query, &body, &others, &mut oddities);
        if !request.body.is_empty() && gaiterguard_domain::request::is_safe(request.method) {
            oddities.push(Oddity::new(OddityKind::BodyOnSafeMethod, ""));
        }
        Self {
            request,
            query,
            body,
            others,
            oddities,
            arena,
        }
    }

    /// Returns the original request.
    pub fn request(&self) -> &Request<'a> {
        &self.request
    }

    /// Returns the body as JSON or a form, or `None` if it is neither.
    pub fn body(&self) -> Option<&Node<'a>> {
        match &self.body {
            Body::Json(node) | Body::Form(node) => Some(node),
            _ => None,
        }
    }

    /// Returns the body by its format.
    pub fn content(&self) -> &Body<'a> {
        &self.body
    }

    /// Returns the other ways in which a server may read the request: the body as undeclared JSON, a form,
    /// YAML, lines of names and values, or text in another encoding, the query with semicolons between
    /// its parameters, and the parameters within the path.
    pub fn others(&self) -> &[Node<'a>] {
        &self.others
    }

    /// Returns the query's parameters, in order, as a map of texts.
    pub fn query(&self) -> &Node<'a> {
        &self.query
    }

    /// Returns the arena of the values.
    pub fn arena(&self) -> &'a Arena {
        self.arena
    }

    /// Returns the irregularities in the encoding of the request.
    pub fn oddities(&self) -> &[Oddity] {
        &self.oddities
    }
}

/// Reads the values of a body that is not assessed, such as a response's: by its declared type, or
/// otherwise in every way that it can be read. Other text is split into lines.
pub fn values_of_body<'a>(headers: &HeaderMap, body: &'a [u8], arena: &'a Arena) -> Vec<Node<'a>> {
    let body::Contents { body, mut others } = body::open(headers, body, arena, &mut Vec::new());
    match body {
        Body::Json(node)
        | Body::Form(node)
        | Body::Multipart(node)
        | Body::Xml(node, _)
        | Body::Values(node, _) => vec![node],
        Body::Text(text) => {
            let lines: Vec<Node<'a>> = text.lines().map(|line| Node::Text(line.trim())).collect();
            others.push(Node::List(arena.list(&lines)));
            others
        }
        Body::Empty | Body::Requests(..) | Body::Bytes => others,
    }
}

#[cfg(test)]
mod tests;
