//! Paths at which calls are taken: the body says what they do.

use gaiterguard_text::words;

use super::Route;
use super::segment::{Kind, Segment, sense_of};
use crate::lexicon::Sense;

/// Words of paths under which calls are taken.
const ENDPOINT: [&str; 23] = [
    "api", "apis", "rest", "rpc", "jsonrpc", "xmlrpc", "json", "xml", "soap", "graphql", "gql",
    "batch", "ws", "services", "service", "endpoint", "gateway", "internal", "web", "app", "index",
    "v", "mcp",
];

impl Route<'_> {
    /// Whether the path is that of a service for XML envelopes, such as `/ws/UserService.asmx`: its
    /// last segment says so, and no other names a thing to act on or an effect.
    pub(crate) fn takes_envelopes(&self) -> bool {
        const SERVICE: [&str; 8] = [
            "asmx", "svc", "service", "services", "soap", "xmlrpc", "ws", "endpoint",
        ];
        let is =
            |word: &str, known: &[&str]| known.iter().any(|one| word.eq_ignore_ascii_case(one));
        // A version, as in `/soap/58.0`, identifies nothing.
        let is_version = |text: &str| {
            text.contains('.')
                && text
                    .bytes()
                    .all(|byte| byte.is_ascii_digit() || byte == b'.')
        };
        let names_nothing = self
            .segments
            .iter()
            .all(|segment| segment.kind == Kind::Words || is_version(&segment.text));
        if !names_nothing {
            return false;
        }
        if self.is_endpoint() {
            return true;
        }
        // Salesforce puts a letter behind the service: `/services/Soap/u/58.0`.
        let mut segments = self.segments.iter();
        let Some(service) = segments.rfind(|one| !is_version(&one.text) && one.text.len() > 1)
        else {
            return false;
        };
        let is_plain = |word: &str| is(word, &ENDPOINT) || is(word, &SERVICE);
        let may_be_named = |word: &str| {
            is_plain(word) || matches!(sense_of(word), None | Some(Sense::Thing | Sense::Likely(_)))
        };
        let may_be_above =
            |word: &str| is_plain(word) || matches!(sense_of(word), None | Some(Sense::Thing));
        words::of_name(&service.text)
            .last()
            .is_some_and(|last| is(last, &SERVICE))
            && words::of_name(&service.text).all(may_be_named)
            && segments
                .flat_map(|one| words::of_name(&one.text))
                .all(may_be_above)
    }

    /// Whether the path is one where documents of GraphQL are taken.
    pub(crate) fn takes_documents(&self) -> bool {
        self.words().any(|word| {
            ["graphql", "gql"]
                .iter()
                .any(|known| word.eq_ignore_ascii_case(known))
        })
    }

    /// Whether the path names nothing but a place where calls are taken, such as `/rpc` or
    /// `/api/graphql`.
    pub(crate) fn is_endpoint(&self) -> bool {
        let is = |word: &str, known: &str| word.eq_ignore_ascii_case(known);
        let is_graphql = || self.words().any(|word| is(word, "graphql"));
        // One key or version may be among them.
        let mut identifiers = self.segments.iter().filter(|one| one.kind != Kind::Words);
        let is_plain = |segment: &Segment<'_>| {
            let mut bytes = segment.text.bytes();
            bytes.all(|byte| byte.is_ascii_alphanumeric() || b"$-_.".contains(&byte))
        };
        identifiers.next().is_none_or(is_plain)
            && identifiers.next().is_none()
            && self.words().all(|word| {
                // Shopify keeps its GraphQL below `/admin`.
                ENDPOINT.iter().any(|known| is(word, known)) || is(word, "admin") && is_graphql()
            })
    }
}
