//! Reads a body by its declared type and by its content.
//!
//! Servers differ in which of the two they use, so a body is read in every plausible way: first as its
//! declared type, then as each other format that fits. All readings are assessed together. No finding
//! lowers a score, so the most severe reading decides.

use http::HeaderMap;
use http::header::CONTENT_TYPE;

use super::multipart::{self, Part};
use super::oddity::{Oddity, OddityKind};
use super::yaml::{self, YamlError};
use super::{Document, csv, encoding, lines, media, nested};
use crate::node::Member;
use crate::reading::multipart::form;
use crate::{Arena, Node};

/// A body, opened as far as it goes.
#[derive(Clone, Debug)]
pub enum Body<'a> {
    /// There is none.
    Empty,
    /// One JSON value, or several, one a line, as a list.
    Json(Node<'a>),
    /// Form data.
    Form(Node<'a>),
    /// The parts of a multipart body by name: the text of those that are text, else the file name.
    Multipart(Node<'a>),
    /// Whole requests within one, as `multipart/mixed` batches carry them: request lines.
    Requests(Vec<(&'a str, &'a str)>),
    /// XML, and the text that it was read from.
    Xml(Node<'a>, &'a str),
    /// YAML or a table of separated values, and the text that it was read from.
    Values(Node<'a>, &'a str),
    /// Some other text.
    Text(&'a str),
    /// Bytes that are not text, or that could not be decoded.
    Bytes,
}

/// A body in all the ways that it can be read.
#[derive(Debug)]
pub(super) struct Contents<'a> {
    /// As what it is said to be, or else looks like.
    pub(super) body: Body<'a>,
    /// The other ways in which a server may read it.
    pub(super) others: Vec<Node<'a>>,
}

/// The longest text that is tried as YAML because it weakly resembles it, in bytes. Such a text is also
/// read line by line. Text that strongly resembles YAML is tried at any length.
const UNDECLARED_YAML_BYTES_MAX: usize = 1 << 16;

/// How often a text may be read over to find JSON in it. Prose with brackets in it takes less than one
/// reading.
const EMBEDDED_READINGS: usize = 4;

/// How many bytes may be read on top of that, so that short texts are never given up.
const EMBEDDED_BYTES: usize = 1 << 16;

const FORM: &str = "application/x-www-form-urlencoded";

const GRAPHQL: &str = "application/graphql";

/// The `Content-Type`, in lower case.
#[derive(Default)]
struct Declared {
    essence: Option<String>,
    charset: Option<String>,
    boundary: Option<String>,
}

pub(super) fn open<'a>(
    headers: &HeaderMap,
    body: &'a [u8],
    arena: &'a Arena,
    oddities: &mut Vec<Oddity>,
) -> Contents<'a> {
    let mut reader = Reader {
        arena,
        oddities,
        others: Vec::new(),
    };
    let body = reader.open(headers, body);
    Contents {
        body,
        others: reader.others,
    }
}

struct Reader<'a, 'o> {
    arena: &'a Arena,
    oddities: &'o mut Vec<Oddity>,
    others: Vec<Node<'a>>,
}

impl<'a> Reader<'a, '_> {
    fn open(&mut self, headers: &HeaderMap, body: &'a [u8]) -> Body<'a> {
        if body.is_empty() {
            return Body::Empty;
        }
        let body = match encoding::inflated(headers, body) {
            None => body,
            Some(Ok(bytes)) => self.arena.bytes(&bytes),
            Some(Err(reason)) => {
                self.unreadable(reason, "content-encoding");
                return Body::Bytes;
            }
        };
        let mut types = headers.get_all(CONTENT_TYPE).iter();
        let declared = types.next().map(|value| Declared::of(value.as_bytes()));
        let declared = declared.unwrap_or_default();
        if types.next().is_some()
            || declared
                .essence
                .as_ref()
                .is_some_and(|one| one.contains(','))
        {
            self.unreadable("the body has two content types", "content-type");
        }
        if let Some(charset) = declared.charset.as_deref()
            && !matches!(
                charset,
                "utf-8" | "utf8" | "us-ascii" | "ascii" | "iso-8859-1" | "latin1"
            )
        {
            self.unreadable("the body is in an unusual character set", "content-type");
        }
        let essence = declared.essence.as_deref();
        if essence
            .is_some_and(|essence| media::is_media(essence) && media::begins_as(essence, body))
        {
            self.oddities.push(Oddity::new(OddityKind::Media, ""));
            self.medium(body);
            return Body::Bytes;
        }
        if let Some(essence) = essence.filter(|essence| essence.starts_with("multipart/"))
            && let Some(boundary) = declared.boundary.as_deref()
            && (essence == "multipart/form-data" || std::str::from_utf8(body).is_ok())
        {
            return self.parts(body, boundary, essence == "multipart/form-data");
        }
        match std::str::from_utf8(body) {
            // A binary message may happen to be valid text. Any text in it is read, because a server may
            // read it as text.
            _ if essence.is_some_and(is_binary) => {
                self.oddities.push(Oddity::new(OddityKind::Opaque, ""));
                if let Some(text) = encoding::text_within(body) {
                    self.sniff(self.arena.text(&text));
                }
                Body::Bytes
            }
            Ok(text) if !body.iter().take(4).any(|byte| *byte == 0) => self.text(text, essence),
            _ => self.bytes(body, essence),
        }
    }

    fn unreadable(&mut self, reason: &str, evidence: &str) {
        let kind = OddityKind::Unreadable(reason.to_owned());
        self.oddities.push(Oddity::new(kind, evidence));
    }

    /// Reads the text in a medium. A server may take the body for what follows the first bytes.
    fn medium(&mut self, bytes: &[u8]) {
        if let Some(text) = encoding::text_within(bytes) {
            let text = self.arena.text(&media::without_descriptions(&text));
            self.sniff(text);
        }
    }

    /// Opens bytes that are not plain UTF-8.
    fn bytes(&mut self, body: &'a [u8], essence: Option<&str>) -> Body<'a> {
        if let Some(text) = encoding::wide_text(body) {
            self.unreadable("the body is not in UTF-8", "");
            let text = self.arena.text(&text);
            self.others.push(Node::Text(text));
            self.sniff(text);
            return Body::Bytes;
        }
        self.oddities.push(match essence {
            Some(essence) if media::is_media(essence) || !is_textual(essence) => {
                Oddity::new(OddityKind::Opaque, "")
            }
            _ => Oddity::new(
                OddityKind::Unreadable("the body is not text".to_owned()),
                "",
            ),
        });
        if let Some(text) = encoding::mostly_text(body).or_else(|| encoding::text_within(body)) {
            let text = self.arena.text(&text);
            self.others.push(Node::Text(text));
            self.sniff(text);
        }
        Body::Bytes
    }

    fn text(&mut self, text: &'a str, essence: Option<&str>) -> Body<'a> {
        let marked = text;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        if text.len() < marked.len() && essence.is_none_or(|one| is_json(one) || is_lines(one)) {
            self.unreadable("the body begins with a byte order mark", "");
        }
        let body = match essence {
            Some(essence) if essence.starts_with("multipart/") => {
                self.unreadable("the body's parts cannot be separated", "");
                Body::Text(text)
            }
            _ if essence.is_none_or(|one| !is_json(one) && !is_lines(one) && !is_xml(one))
                && let Some(boundary) = multipart::boundary_of(text) =>
            {
                self.sniff(text);
                return self.parts(text.as_bytes(), boundary, false);
            }
            Some(essence)
                if (essence == FORM || is_yaml(essence) || is_table(essence))
                    && begins_like_xml(text)
                    && let Ok(node) = Node::parse_xml(text, self.arena) =>
            {
                self.others
                    .extend(Node::parse_form(text.as_bytes(), self.arena));
                Body::Xml(node, text)
            }
            Some(FORM) => self.form(text),
            Some(essence) if is_lines(essence) => {
                lines_of_json(text, self.arena).unwrap_or_else(|| {
                    self.unreadable("the body is not one JSON value per line", "");
                    Body::Text(text)
                })
            }
            Some(essence) if is_json(essence) => self.json(text),
            Some(essence) if is_xml(essence) => self.xml(text),
            None if begins_like_json(text) => {
                lines_of_json(text, self.arena).unwrap_or_else(|| self.json(text))
            }
            None if !text.contains(char::is_whitespace) && text.contains('=') => self.form(text),
            // Some servers read JSON whatever it calls itself.
            _ if begins_like_json(text)
                && let Ok(node) = Node::of_json(text, self.arena) =>
            {
                Body::Json(node)
            }
            Some(essence) if is_yaml(essence) => {
                if let Ok(node) = yaml::read(text, self.arena) {
                    Body::Values(node, text)
                } else {
                    self.unreadable("the body is not readable YAML", "");
                    Body::Text(text)
                }
            }
            Some(essence) if is_table(essence) => {
                if let Some(node) = csv::read_declared(text, self.arena) {
                    Body::Values(node, text)
                } else {
                    self.oddities.push(Oddity::new(OddityKind::Opaque, ""));
                    Body::Text(text)
                }
            }
            _ => self.plain(text, essence),
        };
        if let Body::Form(node) = &body {
            self.others.extend(nested::read(node.members(), self.arena));
        }
        // Some servers skip control characters, which JSON does not allow.
        if !matches!(body, Body::Json(_) | Body::Xml(..))
            && text.contains(encoding::is_strange)
            && let Some(readable) = encoding::text_within(text.as_bytes())
        {
            self.embedded_json(self.arena.text(&readable));
        }
        match &body {
            Body::Json(_) | Body::Xml(..) => {}
            // The lines of a document of GraphQL are not names and values.
            Body::Text(_) if essence == Some(GRAPHQL) && Document::read(text).is_some() => {
                self.embedded_json(text);
                self.undeclared_yaml(text);
            }
            Body::Form(_) => {
                // Some servers separate fields by a semicolon as well.
                if text.contains(';') {
                    let text = self.arena.text(&text.replace(';', "&"));
                    let form = Node::parse_form(text.as_bytes(), self.arena);
                    self.others.extend(form);
                }
                if !is_plain_form(text) {
                    self.others.push(Node::Text(text));
                    self.sniff(text);
                }
            }
            _ => {
                if matches!(body, Body::Values(..)) && Document::looks_like(text) {
                    self.others.push(Node::Text(text));
                }
                self.sniff(text);
            }
        }
        body
    }

    /// Opens a text that is said to be nothing that is read otherwise.
    fn plain(&mut self, text: &'a str, essence: Option<&str>) -> Body<'a> {
        if begins_like_xml(text) {
            if let Ok(node) = Node::parse_xml(text, self.arena) {
                return Body::Xml(node, text);
            }
            // HTML often is not XML, and is read as the text that it is for its readers.
            if !essence.is_some_and(|essence| essence.starts_with("text/")) {
                self.oddities.push(Oddity::new(OddityKind::Opaque, ""));
            }
        }
        // JSON with comments and other extensions, which only some servers accept.
        let is_braced = text.trim_start().starts_with('{') && text.trim_end().ends_with('}');
        if is_braced && Document::read(text).is_none() && yaml::read(text, self.arena).is_err() {
            self.oddities.push(Oddity::new(OddityKind::Opaque, ""));
        }
        Body::Text(text)
    }

    fn json(&mut self, text: &'a str) -> Body<'a> {
        match Node::of_json(text, self.arena) {
            Ok(node) => Body::Json(node),
            Err(error) => {
                self.unreadable(&format!("the body {error}"), "");
                Body::Text(text)
            }
        }
    }

    fn form(&mut self, text: &'a str) -> Body<'a> {
        match Node::parse_form(text.as_bytes(), self.arena) {
            Ok(node) => Body::Form(node),
            Err(error) => {
                self.unreadable(&format!("the body {error}"), "");
                Body::Text(text)
            }
        }
    }

    fn xml(&mut self, text: &'a str) -> Body<'a> {
        if !has_usual_encoding(text) {
            self.unreadable("the body declares an unusual character set", "");
        }
        match Node::parse_xml(text, self.arena) {
            Ok(node) => Body::Xml(node, text),
            Err(error) => {
                self.unreadable(&format!("the body {error}"), "");
                Body::Text(text)
            }
        }
    }

    /// Reads a text in every way that it looks like.
    fn sniff(&mut self, text: &'a str) {
        let text = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
        let arena = self.arena;
        self.embedded_json(text);
        self.spelled(text);
        if begins_like_xml(text) {
            self.others.extend(Node::parse_xml(text, arena).ok());
        } else if csv::looks_like(text) {
            self.others.extend(csv::read(text, arena));
        }
        self.undeclared_yaml(text);
        self.others.extend(lines::read(text, arena));
    }

    /// Reads a text within quotes, and JSON whose bytes are written as in a form.
    fn spelled(&mut self, text: &'a str) {
        if text.starts_with('"')
            && let Ok(Node::Text(inner)) = Node::of_json(text, self.arena)
        {
            self.others.push(Node::Text(inner));
            self.embedded_json(inner);
            self.undeclared_yaml(inner);
            self.others.extend(lines::read(inner, self.arena));
        }
        if text.starts_with('%')
            && let Ok(form) = Node::parse_form(text.as_bytes(), self.arena)
        {
            for (name, _) in form.members() {
                self.embedded_json(name);
            }
        }
    }

    fn undeclared_yaml(&mut self, text: &'a str) {
        let may_be_yaml = if text.len() <= UNDECLARED_YAML_BYTES_MAX {
            yaml::looks_like(text)
        } else {
            yaml::is_explicit(text)
        };
        if may_be_yaml {
            if begins_like_json(text) && Node::of_json(text, self.arena).is_err() {
                let relaxed = yaml::read(&spaced(text), self.arena).ok();
                self.others.extend(relaxed.filter(Node::is_container));
            }
            match yaml::read(text, self.arena) {
                Ok(node) if node.is_container() => self.others.push(node),
                // A server might read what is too much to read here.
                Err(YamlError::TooMuch) => self.oddities.push(Oddity::new(OddityKind::Opaque, "")),
                Ok(_) | Err(YamlError::NotYaml) => {}
            }
        }
    }

    /// Reads the lists and maps of JSON that are somewhere in a text.
    fn embedded_json(&mut self, text: &'a str) {
        let mut rest = text;
        let mut budget = text.len().saturating_mul(EMBEDDED_READINGS) + EMBEDDED_BYTES;
        while let Some(start) = memchr::memchr2(b'{', b'[', rest.as_bytes()) {
            rest = &rest[start..];
            let leading = Node::leading_json(rest, self.arena);
            let values = leading.values.into_iter();
            self.others.extend(values.filter(Node::is_container));
            rest = &rest[leading.end.max(1)..];
            let Some(left) = budget.checked_sub(leading.reached) else {
                // A text that takes too long to read may hide something.
                self.oddities.push(Oddity::new(OddityKind::Opaque, ""));
                return;
            };
            budget = left;
        }
    }

    fn parts(&mut self, body: &'a [u8], boundary: &str, is_form: bool) -> Body<'a> {
        let Some(parts) = multipart::split(body, boundary) else {
            self.unreadable("the body's parts cannot be separated", "");
            return match std::str::from_utf8(body) {
                Ok(text) => {
                    self.sniff(text);
                    Body::Text(text)
                }
                Err(_) => Body::Bytes,
            };
        };
        if is_form && form(body, boundary).is_none() {
            self.unreadable("servers may differ about the body's parts", "");
        }
        let requests: Vec<_> = parts.iter().filter_map(Part::request_line).collect();
        let mut members = Vec::with_capacity(parts.len());
        for part in &parts {
            if let Some(member) = self.part(part, is_form) {
                members.push(member);
            }
        }
        self.others.extend(nested::read(&members, self.arena));
        let parts = Node::Map(self.arena.list(&members));
        if requests.is_empty() {
            return Body::Multipart(parts);
        }
        // A part that is not a request is still read.
        self.others.push(parts);
        Body::Requests(requests)
    }

    fn part(&mut self, part: &Part<'a>, is_form: bool) -> Option<Member<'a>> {
        let name = part.name.unwrap_or_default();
        if let Some(text) = part.decoded() {
            let text = self.arena.text(&text);
            self.within(name, |reader| {
                reader.others.push(Node::Text(text));
                reader.sniff(text);
            });
        }
        if let Ok(text) = std::str::from_utf8(part.content) {
            if part.request_line().is_some() {
                let body = text
                    .split_once("\r\n\r\n")
                    .or_else(|| text.split_once("\n\n"));
                self.within(name, |reader| {
                    reader.sniff(body.map_or("", |(_, body)| body));
                });
            } else if part.filename.is_some() || !is_form || begins_like_xml(text) {
                self.within(name, |reader| reader.sniff(text));
            }
            return Some((name, Node::Text(text)));
        }
        if part.may_be_western()
            && let Some(text) = encoding::western_text(part.content)
        {
            let text = self.arena.text(&text);
            // Some servers leave out what is not UTF-8.
            let rest =
                String::from_utf8_lossy(part.content).replace(char::REPLACEMENT_CHARACTER, "");
            let rest = self.arena.text(&rest);
            self.within(name, |reader| {
                reader.sniff(text);
                reader.sniff(rest);
            });
            return Some((name, Node::Text(text)));
        }
        if part.is_medium() {
            self.within(name, |reader| reader.medium(part.content));
        } else {
            let text = encoding::wide_text(part.content);
            let text = text.or_else(|| encoding::mostly_text(part.content));
            if text.is_some() || part.filename.is_none() {
                self.unreadable("a part of the body is not text", "");
            } else {
                self.oddities.push(Oddity::new(OddityKind::Opaque, ""));
            }
            if let Some(text) = text.or_else(|| encoding::text_within(part.content)) {
                let text = self.arena.text(&text);
                self.within(name, |reader| {
                    reader.others.push(Node::Text(text));
                    reader.sniff(text);
                });
            }
        }
        part.filename.map(|filename| (name, Node::Text(filename)))
    }

    /// Puts what is read of a part under its name.
    fn within(&mut self, name: &'a str, read: impl FnOnce(&mut Self)) {
        let before = self.others.len();
        read(self);
        for other in &mut self.others[before..] {
            *other = Node::Map(self.arena.list(&[(name, *other)]));
        }
    }
}

/// Two JSON values or more, one a line.
fn lines_of_json<'a>(text: &'a str, arena: &'a Arena) -> Option<Body<'a>> {
    let values = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| Node::of_json(line, arena).ok())
        .collect::<Option<Vec<_>>>()?;
    match values.as_slice() {
        [] => None,
        [one] => Some(Body::Json(*one)),
        several => Some(Body::Json(Node::List(arena.list(several)))),
    }
}

/// Returns the other readings of a text within a body: XML, marked YAML, several JSON values, JSON
/// followed by other text, or form fields.
pub fn values_in<'a>(text: &'a str, arena: &'a Arena) -> Vec<Node<'a>> {
    let text = text.trim();
    if begins_like_xml(text) {
        return Node::parse_xml(text, arena).into_iter().collect();
    }
    if begins_like_json(text) {
        let values = Node::leading_json(text, arena).values.into_iter();
        let values: Vec<Node<'a>> = values.filter(Node::is_container).collect();
        if !values.is_empty() {
            return values;
        }
    }
    if begins_like_json(text) || text.starts_with("---") {
        let spaced = spaced(text);
        return [text, &spaced]
            .into_iter()
            .filter(|text| text.len() <= UNDECLARED_YAML_BYTES_MAX)
            .filter_map(|text| yaml::read(text, arena).ok())
            .filter(Node::is_container)
            .collect();
    }
    if text.contains('&') && is_plain_form(text) && !text.contains(char::is_whitespace) {
        return Node::parse_form(text.as_bytes(), arena)
            .into_iter()
            .collect();
    }
    Vec::new()
}

/// A text with a space behind each colon that is not in quotes: without it YAML takes `role:'admin'`
/// for one word, and relaxed readers of JSON do not.
fn spaced(text: &str) -> String {
    let mut spaced = String::with_capacity(text.len() + text.len() / 8);
    let mut quote = None;
    let mut is_escaped = false;
    for c in text.chars() {
        spaced.push(c);
        match quote {
            _ if is_escaped => is_escaped = false,
            Some(_) if c == '\\' => is_escaped = true,
            Some(open) if c == open => quote = None,
            None if matches!(c, '"' | '\'') => quote = Some(c),
            None if c == ':' => spaced.push(' '),
            Some(_) | None => {}
        }
    }
    spaced
}

fn begins_like_xml(text: &str) -> bool {
    text.trim_start().starts_with('<')
}

fn begins_like_json(text: &str) -> bool {
    text.trim_start().starts_with(['{', '['])
}

/// Whether a text is a form and hardly anything else: fields of a name and a value on one line. One
/// field without a value may be base64 whose end is padded.
fn is_plain_form(text: &str) -> bool {
    let text = text.trim();
    let mut fields = text.split('&').filter(|field| !field.is_empty());
    let is_odd = |c: char| c.is_whitespace() || "\"'{}<>:".contains(c);
    let is_one_without_value = !text.contains('&') && !text.trim_end_matches('=').contains('=');
    !text.contains(['\n', '\r'])
        && !is_one_without_value
        && fields.all(|field| {
            let name = field.split('=').next().unwrap_or_default();
            !name.contains(is_odd)
        })
}

/// Whether the declaration of XML, if there is one, names a character set that the body is read in.
fn has_usual_encoding(text: &str) -> bool {
    let declaration = text.trim_start().strip_prefix("<?xml");
    let declaration = declaration.and_then(|rest| rest.split_once("?>"));
    let Some((_, named)) = declaration.and_then(|(inside, _)| inside.split_once("encoding")) else {
        return true;
    };
    let name = named.trim_start_matches(|c: char| c.is_whitespace() || "=\"'".contains(c));
    let name = name.split(['"', '\'']).next().unwrap_or_default();
    [
        "utf-8",
        "utf8",
        "us-ascii",
        "ascii",
        "iso-8859-1",
        "latin1",
        "windows-1252",
    ]
    .iter()
    .any(|usual| name.eq_ignore_ascii_case(usual))
}

fn is_xml(essence: &str) -> bool {
    essence.ends_with("/xml") || essence.ends_with("+xml")
}

fn is_json(essence: &str) -> bool {
    essence.ends_with("/json") || essence.ends_with("+json")
}

fn is_yaml(essence: &str) -> bool {
    essence.ends_with("yaml")
}

fn is_table(essence: &str) -> bool {
    matches!(
        essence,
        "text/csv" | "application/csv" | "text/tab-separated-values"
    )
}

fn is_lines(essence: &str) -> bool {
    matches!(
        essence,
        "application/x-ndjson"
            | "application/ndjson"
            | "application/jsonl"
            | "application/x-jsonlines"
    )
}

/// Whether a type is one of messages whose fields have numbers or lengths instead of names.
fn is_binary(essence: &str) -> bool {
    const BINARY: [&str; 10] = [
        "protobuf", "grpc", "msgpack", "cbor", "avro", "thrift", "bson", "parquet", "ion", "wasm",
    ];
    let (_, kind) = essence.split_once('/').unwrap_or(("", essence));
    kind.split(['.', '+', '-'])
        .any(|word| BINARY.contains(&word))
}

/// Whether bytes of this type should have been text.
fn is_textual(essence: &str) -> bool {
    essence.starts_with("text/")
        || is_json(essence)
        || is_lines(essence)
        || is_yaml(essence)
        || essence.ends_with("xml")
        || essence == FORM
        || essence == GRAPHQL
}

impl Declared {
    fn of(value: &[u8]) -> Self {
        let value = String::from_utf8_lossy(value);
        let mut pieces = value.split(';');
        let essence = pieces.next().unwrap_or_default().trim();
        let mut declared = Self {
            essence: Some(essence.to_ascii_lowercase()),
            charset: None,
            boundary: None,
        };
        for piece in pieces {
            let Some((name, value)) = piece.split_once('=') else {
                continue;
            };
            let value = value.trim().trim_matches('"');
            match name.trim().to_ascii_lowercase().as_str() {
                "charset" => declared.charset = Some(value.to_ascii_lowercase()),
                "boundary" => declared.boundary = Some(value.to_owned()),
                _ => {}
            }
        }
        declared
    }
}
