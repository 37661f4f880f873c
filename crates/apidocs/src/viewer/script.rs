//! Searches a script for the URL of a description, or for the description itself. It reads strings,
//! names and brackets, without running anything. A string that it takes for something else is missed.

use super::leads::Leads;
use super::url::{self, URL_BYTES_MAX};

/// The nesting limit of brackets. Deeper ones are not searched for descriptions.
const DEPTH_MAX: usize = 256;

/// Names of settings that contain the URL of a description, in lower case, without `-` and `_`.
const URL_NAMES: [&str; 12] = [
    "url",
    "specurl",
    "apidescriptionurl",
    "openapiurl",
    "swaggerurl",
    "swaggerjsonurl",
    "schemaurl",
    "definitionurl",
    "jsonurl",
    "rawbloburl",
    "rawurl",
    "rawpath",
];

/// Names of viewers. In a script without one of them, a setting `url` belongs to something else.
const VIEWERS: [&str; 8] = [
    "swagger",
    "redoc",
    "scalar",
    "rapidoc",
    "openapi",
    "elements-api",
    "api-reference",
    "rawblob",
];

/// Adds what a script says.
pub(super) fn scan(script: &str, leads: &mut Leads) {
    let lower = script.to_ascii_lowercase();
    let names_a_viewer = VIEWERS.iter().any(|name| lower.contains(name));
    // Settings are JSON, and nothing else.
    let is_settings = script.trim_start().starts_with('{');
    let mut scan = Scan {
        script,
        at: 0,
        leads,
        trusts_url: names_a_viewer || is_settings,
        open: Vec::new(),
        name: None,
        key: None,
        is_call: false,
    };
    while scan.step() {}
}

struct Scan<'s, 'l> {
    script: &'s str,
    at: usize,
    leads: &'l mut Leads,
    trusts_url: bool,
    /// The open brackets.
    open: Vec<Bracket>,
    /// The last name or string.
    name: Option<String>,
    /// The name before the last `:` or `=`.
    key: Option<String>,
    /// Whether the last character began the arguments of a call of `name`.
    is_call: bool,
}

#[derive(Clone, Copy, Debug)]
struct Bracket {
    start: usize,
    has_version: bool,
    has_paths: bool,
}

impl Scan<'_, '_> {
    /// Reads the next part; returns false at the end.
    fn step(&mut self) -> bool {
        let rest = &self.script[self.at..];
        let Some(character) = rest.chars().next() else {
            return false;
        };
        let length = character.len_utf8();
        match character {
            '/' if rest.starts_with("//") => {
                self.at += rest.find('\n').unwrap_or(rest.len());
            }
            '/' if rest.starts_with("/*") => {
                self.at += rest.find("*/").map_or(rest.len(), |end| end + 2);
            }
            '"' | '\'' | '`' => self.string(character),
            _ if is_name(character) => {
                let end = rest.find(|c: char| !is_name(c)).unwrap_or(rest.len());
                self.name = Some(rest[..end].to_owned());
                self.at += end;
                self.is_call = false;
            }
            _ => {
                self.sign(character);
                self.at += length;
            }
        }
        true
    }

    fn sign(&mut self, character: char) {
        match character {
            ':' | '=' => {
                self.key = self.name.take();
                self.mark();
            }
            '{' | '[' => {
                if self.open.len() < DEPTH_MAX {
                    self.open.push(Bracket {
                        start: self.at,
                        has_version: false,
                        has_paths: false,
                    });
                }
                (self.name, self.key) = (None, None);
            }
            '}' | ']' => {
                if let Some(bracket) = self.open.pop()
                    && bracket.has_version
                    && bracket.has_paths
                    && self.leads.embedded.is_none()
                {
                    let text = &self.script[bracket.start..=self.at];
                    self.leads.embedded = Some(text.to_owned());
                }
                (self.name, self.key) = (None, None);
            }
            '(' => self.is_call = true,
            ',' | ';' => (self.name, self.key) = (None, None),
            _ if character.is_whitespace() => {}
            _ => self.name = None,
        }
    }

    /// Notes the keys by which an object is known as a description.
    fn mark(&mut self) {
        let Some(bracket) = self.open.last_mut() else {
            return;
        };
        match self.key.as_deref() {
            Some("openapi" | "swagger") => bracket.has_version = true,
            Some("paths") => bracket.has_paths = true,
            _ => {}
        }
    }

    fn string(&mut self, quote: char) {
        let begin = self.at + 1;
        let rest = &self.script[begin..];
        let mut length = rest.len();
        let mut is_escaped = false;
        let mut has_escapes = false;
        for (at, character) in rest.char_indices() {
            match character {
                _ if is_escaped => is_escaped = false,
                '\\' => (is_escaped, has_escapes) = (true, true),
                // Only a template may contain line breaks, so this was not a string.
                '\n' if quote != '`' => {
                    self.at = begin + at;
                    self.name = None;
                    return;
                }
                _ if character == quote => {
                    length = at;
                    break;
                }
                _ => {}
            }
        }
        let spelled = &rest[..length];
        self.at = (begin + length + 1).min(self.script.len());
        let is_argument = std::mem::take(&mut self.is_call);
        if spelled.len() > URL_BYTES_MAX {
            if self.leads.embedded.is_none() {
                self.leads.add_text(&unescaped(spelled));
            }
            self.name = None;
            return;
        }
        let text = if has_escapes {
            unescaped(spelled)
        } else {
            spelled.to_owned()
        };
        self.value(&text, is_argument);
        self.leads.add_text(&text);
        self.name = Some(text);
    }

    /// Notes a string by the name of its setting or of the function that it is passed to.
    fn value(&mut self, text: &str, is_argument: bool) {
        let key = self.key.take().unwrap_or_default();
        let key = key.to_ascii_lowercase().replace(['-', '_'], "");
        let caller = self.name.as_deref().unwrap_or_default();
        if key == "configurl" {
            self.leads.add_settings(text);
        } else if key == "url" && self.trusts_url
            || key != "url" && URL_NAMES.contains(&key.as_str())
            || is_argument && caller == "init" && self.trusts_url && url::is_data(text)
            || url::names_a_description(text)
        {
            self.leads.add_description(text);
        }
    }
}

fn is_name(character: char) -> bool {
    character.is_alphanumeric() || character == '_' || character == '$' || character == '-'
}

/// Returns a string without its escapes.
fn unescaped(spelled: &str) -> String {
    let mut text = String::with_capacity(spelled.len());
    let mut rest = spelled.chars();
    while let Some(character) = rest.next() {
        if character != '\\' {
            text.push(character);
            continue;
        }
        match rest.next() {
            Some('n') => text.push('\n'),
            Some('t') => text.push('\t'),
            Some('r') => text.push('\r'),
            Some(kind @ ('u' | 'x')) => {
                let digits: String = rest
                    .by_ref()
                    .take(if kind == 'u' { 4 } else { 2 })
                    .collect();
                let code = u32::from_str_radix(&digits, 16).ok();
                text.extend(code.and_then(char::from_u32));
            }
            Some(other) => text.push(other),
            None => {}
        }
    }
    text
}
