//! Path templates in the notations that documents use: `OpenAPI`, URI templates (RFC 6570),
//! `google.api.http`, and the route tables of web frameworks. Examples: `/v1/{Sid}.json`,
//! `/repos/{owner}/contents/{path}`, `/v1/{name=shelves/*}:sell`.

use thiserror::Error;

use crate::text::percent_decoded;

/// The length limit of a template, in bytes. Documented paths have a few hundred at most.
pub const TEMPLATE_BYTES_MAX: usize = 2_048;

/// The limit on the segments of a template. Documented paths have far fewer, and a search takes a step for each.
pub const TEMPLATE_SEGMENTS_MAX: usize = 64;

/// The limit on the parameters of one segment. Each may match a text of any length, so every further one adds work
/// to a match.
pub const SEGMENT_PARAMETERS_MAX: usize = 16;

/// The limit on the parameters of a template that may span slashes. Further ones match a single
/// segment, because each of them multiplies the steps of a search.
const SPANNING_MAX: usize = 2;

/// Why a template cannot be matched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum TemplateError {
    /// It is too long.
    #[error("the path is longer than {TEMPLATE_BYTES_MAX} bytes")]
    Long,
    /// It has too many segments.
    #[error("the path has more than {TEMPLATE_SEGMENTS_MAX} segments")]
    Segments,
    /// A segment has too many parameters.
    #[error("the path has a segment with more than {SEGMENT_PARAMETERS_MAX} parameters")]
    Parameters,
}

/// A parsed template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Template {
    pub(crate) segments: Vec<Segment>,
    pub(crate) ends_in_slash: bool,
    /// Query parameters in a path key: `/?Action=Delete`, `/#Action=Delete`.
    pub(crate) query: Vec<(String, Option<String>)>,
}

/// One segment of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Segment {
    /// Exactly this decoded text.
    Literal(String),
    /// A parameter with text around it.
    Partial(Glob),
    /// A parameter.
    Parameter,
    /// One or more segments, with or without text around them.
    Spanning(Glob),
}

/// Literal texts with a gap between each two of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Glob {
    pieces: Vec<String>,
}

impl Glob {
    /// Returns whether a text consists of these pieces in order, with a non-empty gap between each two.
    pub(crate) fn matches(&self, text: &str) -> bool {
        let Some((first, rest)) = self.pieces.split_first() else {
            return text.is_empty();
        };
        let Some((last, middle)) = rest.split_last() else {
            return text == first;
        };
        let Some(mut text) = text.strip_prefix(first.as_str()) else {
            return false;
        };
        for piece in middle {
            // The leftmost match leaves the most text for what follows, so no other has to be tried.
            let Some(after) = after_a_character(text) else {
                return false;
            };
            let Some(at) = after.find(piece.as_str()) else {
                return false;
            };
            text = &after[at + piece.len()..];
        }
        after_a_character(text).is_some_and(|after| after.ends_with(last.as_str()))
    }

    /// Returns whether it is a single parameter without text around it.
    pub(crate) fn is_bare(&self) -> bool {
        self.pieces.iter().all(String::is_empty)
    }

    /// Returns the length of its literal text, in bytes.
    pub(crate) fn fixed_bytes(&self) -> usize {
        self.pieces.iter().map(String::len).sum()
    }
}

fn after_a_character(text: &str) -> Option<&str> {
    let mut characters = text.chars();
    characters.next().map(|_| characters.as_str())
}

impl Template {
    /// Parses a path key. `spans` returns whether the document allows slashes in a parameter, given
    /// its name.
    pub(crate) fn parse(key: &str, spans: &dyn Fn(&str) -> bool) -> Result<Self, TemplateError> {
        if key.len() > TEMPLATE_BYTES_MAX {
            return Err(TemplateError::Long);
        }
        let (path, query) = split_query(key);
        let path = path_of(path);
        let path = expand_patterns(path);
        let has_braces = path.contains('{');
        let texts: Vec<&str> = split_outside_braces(&path, '/')
            .into_iter()
            .filter(|text| !text.is_empty())
            .collect();
        if texts.len() > TEMPLATE_SEGMENTS_MAX {
            return Err(TemplateError::Segments);
        }
        let mut segments: Vec<Segment> = Vec::with_capacity(texts.len());
        let mut spanning = 0;
        for (index, text) in texts.iter().enumerate() {
            let is_last = index + 1 == texts.len();
            let below_a_literal = segments
                .iter()
                .any(|before| matches!(before, Segment::Literal(_)));
            let read = Reading {
                has_braces,
                may_catch_all: is_last && below_a_literal,
                spans,
            };
            let mut segment = read.segment(text)?;
            if let Segment::Spanning(glob) = segment {
                spanning += 1;
                segment = match (spanning <= SPANNING_MAX, glob.is_bare()) {
                    (true, _) => Segment::Spanning(glob),
                    (false, true) => Segment::Parameter,
                    (false, false) => Segment::Partial(glob),
                };
            }
            segments.push(segment);
        }
        Ok(Self {
            ends_in_slash: path.ends_with('/') && !segments.is_empty(),
            segments,
            query,
        })
    }
}

/// A parameter between braces.
struct Slot<'t> {
    name: &'t str,
    spans: bool,
}

impl<'t> Slot<'t> {
    fn read(inner: &'t str) -> Self {
        let (name, pattern) = inner
            .split_once(':')
            .or_else(|| inner.split_once('='))
            .unwrap_or((inner, ""));
        let bare = name
            .trim_start_matches(['+', '*', '/'])
            .trim_end_matches(['+', '*', '?'])
            .trim_end_matches("...");
        let marked = name.len() != bare.len() && !name.ends_with('?');
        // Some frameworks write the type first: `{path:name}`.
        let typed = name == "path" && !pattern.is_empty() && pattern.chars().all(is_name);
        Self {
            name: if typed { pattern } else { bare },
            spans: marked || typed || pattern == "path" || pattern_spans(pattern),
        }
    }
}

fn is_name(character: char) -> bool {
    character.is_alphanumeric() || "_-.".contains(character)
}

/// Returns whether a regular expression is meant to match slashes: it contains one outside a negated class,
/// or it is a wildcard such as `.*`.
pub(crate) fn pattern_spans(pattern: &str) -> bool {
    let bare = pattern.trim_start_matches('^').trim_end_matches('$');
    if matches!(bare, ".*" | ".+" | "(.*)" | "(.+)" | "**") {
        return true;
    }
    let mut in_negated_class = false;
    let mut before = ' ';
    for character in bare.chars() {
        match character {
            '^' if before == '[' => in_negated_class = true,
            ']' => in_negated_class = false,
            '/' if !in_negated_class => return true,
            _ => {}
        }
        before = character;
    }
    false
}

struct Reading<'s> {
    has_braces: bool,
    may_catch_all: bool,
    spans: &'s dyn Fn(&str) -> bool,
}

impl Reading<'_> {
    fn segment(&self, text: &str) -> Result<Segment, TemplateError> {
        let bare = || Glob {
            pieces: vec![String::new(), String::new()],
        };
        match text {
            "*" if self.may_catch_all => return Ok(Segment::Spanning(bare())),
            "**" => return Ok(Segment::Spanning(bare())),
            "*" => return Ok(Segment::Parameter),
            _ => {}
        }
        if !self.has_braces && is_colon_or_angle_parameter(text) {
            let catches_all = text.ends_with('*') || text.starts_with("<path:");
            return Ok(if catches_all {
                Segment::Spanning(bare())
            } else {
                Segment::Parameter
            });
        }
        let mut pieces = vec![String::new()];
        let mut spans = false;
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let Some((inner, after)) = split_at_closing(after) else {
                break;
            };
            push_literal(&mut pieces, before);
            let slot = Slot::read(inner);
            let whole = before.is_empty() && after.is_empty() && pieces.len() == 1;
            spans = spans
                || slot.spans
                || (self.spans)(slot.name)
                || (whole && self.may_catch_all && is_catch_all_name(slot.name));
            // Nothing separates adjacent parameters, so they match as one.
            if pieces.len() == 1 || pieces.last().is_some_and(|piece| !piece.is_empty()) {
                pieces.push(String::new());
            }
            if pieces.len() > SEGMENT_PARAMETERS_MAX + 1 {
                return Err(TemplateError::Parameters);
            }
            rest = after;
        }
        push_literal(&mut pieces, rest);
        let glob = Glob { pieces };
        Ok(if glob.pieces.len() == 1 {
            Segment::Literal(glob.pieces.concat())
        } else if spans {
            Segment::Spanning(glob)
        } else if glob.is_bare() {
            Segment::Parameter
        } else {
            Segment::Partial(glob)
        })
    }
}

fn push_literal(pieces: &mut [String], text: &str) {
    if let Some(last) = pieces.last_mut() {
        last.push_str(&percent_decoded(text));
    }
}

/// Returns whether a segment is a parameter of a route table, such as `:id` or `<int:id>`.
fn is_colon_or_angle_parameter(text: &str) -> bool {
    let colon = text
        .strip_prefix(':')
        .is_some_and(|name| name.starts_with(|first: char| first.is_alphabetic() || first == '_'));
    let angle = text.len() > 2 && text.starts_with('<') && text.ends_with('>');
    colon || angle
}

/// Returns whether documents give this name to a parameter for the rest of a path. `OpenAPI` has no
/// notation for such a parameter.
fn is_catch_all_name(name: &str) -> bool {
    // Such a name stands for one segment of a pattern.
    if name.starts_with("in ") {
        return false;
    }
    let name = name.to_ascii_lowercase();
    let name = name.replace(['_', '-'], "");
    matches!(
        name.as_str(),
        "path" | "proxy" | "wildcard" | "splat" | "catchall" | "rest" | "tail" | "subpath"
    ) || name.ends_with("path")
}

/// Splits a key into its path and query. The query may also follow a `#`: some documents use it to
/// distinguish keys with the same path.
fn split_query(key: &str) -> (&str, Vec<(String, Option<String>)>) {
    let Some(at) = find_outside_braces(key, |character| matches!(character, '?' | '#')) else {
        return (key, Vec::new());
    };
    let (path, query) = key.split_at(at);
    let is_query = query.starts_with('?') || query.contains('=');
    let pairs = query[1..]
        .split(['&', '#', '?'])
        .filter(|pair| is_query && !pair.is_empty())
        .map(|pair| match pair.split_once('=') {
            Some((name, value)) if !value.is_empty() && !value.contains('{') => (
                percent_decoded(name).into_owned(),
                Some(percent_decoded(value).into_owned()),
            ),
            Some((name, _)) => (percent_decoded(name).into_owned(), None),
            None => (percent_decoded(pair).into_owned(), None),
        })
        .filter(|(name, _)| !name.contains(['{', '}']))
        .collect();
    (path, pairs)
}

/// Returns the path of a key, without the scheme and host of an absolute URL.
fn path_of(key: &str) -> &str {
    match key.split_once("://") {
        Some((scheme, rest)) if scheme.chars().all(char::is_alphabetic) => {
            rest.find('/').map_or("", |at| &rest[at..])
        }
        _ => key,
    }
}

/// Replaces `{name=shelves/*/books/**}` with its path, and removes the query and fragment expansions of URI
/// templates.
fn expand_patterns(path: &str) -> String {
    let mut expanded = String::with_capacity(path.len());
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('{') {
        expanded.push_str(before);
        let Some((inner, after)) = split_at_closing(after) else {
            expanded.push('{');
            rest = after;
            break;
        };
        match inner.split_once('=') {
            _ if inner.starts_with(['?', '&', ';', '#']) => {}
            Some((name, pattern)) if name.chars().all(is_name) => {
                for (index, part) in pattern.split('/').enumerate() {
                    if index > 0 {
                        expanded.push('/');
                    }
                    match part {
                        "*" => {
                            // `*` is one of several segments. Its name differs from the parameter's, so
                            // that what the document says about the parameter does not apply.
                            expanded.push_str("{in ");
                            expanded.push_str(name);
                            expanded.push('}');
                        }
                        "**" => expanded.push_str("{rest+}"),
                        literal => expanded.push_str(literal),
                    }
                }
            }
            _ => {
                expanded.push('{');
                expanded.push_str(inner);
                expanded.push('}');
            }
        }
        rest = after;
    }
    expanded.push_str(rest);
    expanded
}

/// Splits the text after an opening brace at the brace that closes it. A regular expression in between may
/// contain pairs of braces.
fn split_at_closing(text: &str) -> Option<(&str, &str)> {
    let mut depth = 1_usize;
    for (at, character) in text.char_indices() {
        match character {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some((&text[..at], &text[at + 1..]));
        }
    }
    None
}

fn find_outside_braces(text: &str, wanted: impl Fn(char) -> bool) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, character) in text.char_indices() {
        match character {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ if depth == 0 && wanted(character) => return Some(at),
            _ => {}
        }
    }
    None
}

fn split_outside_braces(text: &str, separator: char) -> Vec<&str> {
    // Unbalanced braces do not enclose anything, so every separator counts.
    if text.matches('{').count() != text.matches('}').count() {
        return text.split(separator).collect();
    }
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(at) = find_outside_braces(rest, |character| character == separator) {
        parts.push(&rest[..at]);
        rest = &rest[at + separator.len_utf8()..];
    }
    parts.push(rest);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(key: &str) -> Template {
        Template::parse(key, &|_| false).unwrap()
    }

    fn literal(text: &str) -> Segment {
        Segment::Literal(text.to_owned())
    }

    fn glob(pieces: &[&str]) -> Glob {
        Glob {
            pieces: pieces.iter().map(|piece| (*piece).to_owned()).collect(),
        }
    }

    #[test]
    fn segments_are_literals_parameters_or_both() {
        assert_eq!(
            parse("/v1/{Sid}.json/{id}/caf%C3%A9/").segments,
            [
                literal("v1"),
                Segment::Partial(glob(&["", ".json"])),
                Segment::Parameter,
                literal("café"),
            ]
        );
        assert!(parse("/v1/").ends_in_slash);
        assert_eq!(parse("/").segments, []);
        assert_eq!(
            parse("/users/:id/<int:n>/:_key").segments[1..],
            [Segment::Parameter, Segment::Parameter, Segment::Parameter]
        );
        assert_eq!(parse("/a/{tag:[A-Z=]+}").segments[1], Segment::Parameter);
        assert_eq!(parse("/v1/{name}/a:b").segments[2], literal("a:b"));
        assert_eq!(parse("/a/{broken").segments[1], literal("{broken"));
    }

    #[test]
    fn every_spelling_of_a_parameter_that_spans_slashes_is_known() {
        let spanning = |key: &str| matches!(parse(key).segments.last(), Some(Segment::Spanning(_)));
        for key in [
            "/a/{+path}",
            "/a/{proxy+}",
            "/a/{path*}",
            "/a/{*rest}",
            "/a/{rest...}",
            "/a/**",
            "/a/*",
            "/a/{x:.*}",
            "/a/{path:file}",
            "/a/{file_path}",
            "/a/{logpath}",
            "/a/{x:[a-z]+/[a-z]+}",
            "/a/{x:path}",
            "/a/{x=**}",
        ] {
            assert!(spanning(key), "{key}");
        }
        for key in [
            "/a/{id}",
            "/{path}",
            "/a/{x:[^/]+}",
            "/a/{x:int}",
            "/a/{x?}",
            "/a/{path=files/*}",
            "/*",
        ] {
            assert!(!spanning(key), "{key}");
        }
        assert!(matches!(
            Template::parse("/a/{ref}/b", &|name| name == "ref")
                .unwrap()
                .segments[1],
            Segment::Spanning(_)
        ));
    }

    #[test]
    fn patterns_are_replaced_by_the_path_they_describe() {
        assert_eq!(
            parse("/v1/{name=shelves/*/books/*}:sell").segments,
            [
                literal("v1"),
                literal("shelves"),
                Segment::Parameter,
                literal("books"),
                Segment::Partial(glob(&["", ":sell"])),
            ]
        );
    }

    #[test]
    fn the_text_after_a_path_distinguishes_keys() {
        assert_eq!(
            parse("/?Action=Delete&Version={v}").query,
            [
                ("Action".to_owned(), Some("Delete".to_owned())),
                ("Version".to_owned(), None)
            ]
        );
        assert_eq!(parse("/#Action=Delete").query.len(), 1);
        assert_eq!(parse("/files/{id}#add_shared_link").query, []);
        assert_eq!(parse("/files/{id}#add").segments.len(), 2);
        assert_eq!(parse("/files{?a,b}").segments, [literal("files")]);
        assert_eq!(parse("/files{#part}").segments, [literal("files")]);
    }

    #[test]
    fn templates_without_measure_are_refused() {
        let parse = |key: &str| Template::parse(key, &|_| false).unwrap_err();
        assert_eq!(parse(&"/{p}".repeat(65)), TemplateError::Segments);
        assert_eq!(parse(&"/{p}".repeat(1_000)), TemplateError::Long);
        assert_eq!(
            parse(&format!("/{}", "{p}-".repeat(17))),
            TemplateError::Parameters
        );
    }

    #[test]
    fn a_glob_wants_something_between_its_pieces() {
        assert!(glob(&["", ".json"]).matches("a.json"));
        assert!(!glob(&["", ".json"]).matches(".json"));
        assert!(glob(&["", "...", ""]).matches("main...dev"));
        assert!(!glob(&["", "...", ""]).matches("main...d".trim_end_matches('d')));
        assert!(glob(&["a", "b", "b"]).matches("axbxb"));
        assert!(!glob(&["a", "b", "b"]).matches("axbb"));
    }
}
