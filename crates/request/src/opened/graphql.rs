//! GraphQL documents, read just far enough to know what they ask for.

/// The kind of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OperationKind {
    /// Reads.
    Query,
    /// Changes.
    Mutation,
    /// Listens.
    Subscription,
}

/// The operations of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document<'a> {
    /// Each operation's kind and the fields it asks for at its root, those of inline fragments
    /// included.
    pub operations: Vec<(OperationKind, Vec<&'a str>)>,
    /// The fields of its named fragments, which an operation may spread at its root.
    pub fragments: Vec<&'a str>,
}

/// The most root fields of an operation or fragment. A document with more is refused as a whole, so that
/// no field is skipped.
const FIELDS_MAX: usize = 256;

impl<'a> Document<'a> {
    /// Whether a text begins as a document does.
    pub fn looks_like(text: &str) -> bool {
        let text = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
        let begins = |word: &str| {
            text.strip_prefix(word)
                .is_some_and(|rest| rest.starts_with(|c: char| !c.is_alphanumeric() && c != ':'))
        };
        text.contains('{')
            && (text.starts_with(['{', '#'])
                || ["query", "mutation", "subscription", "fragment"]
                    .into_iter()
                    .any(begins))
            && !is_json_object(text)
    }

    /// Reads a document. Returns `None` if the text is not one.
    pub fn read(text: &'a str) -> Option<Self> {
        // The grammar ignores a byte order mark like white space.
        let text = text.trim_start_matches('\u{feff}');
        let mut tokens = Tokens { text, at: 0 };
        let (mut operations, mut fragments) = (Vec::new(), Vec::new());
        while let Some(token) = tokens.next() {
            let kind = match token {
                "{" | "query" => Some(OperationKind::Query),
                "mutation" => Some(OperationKind::Mutation),
                "subscription" => Some(OperationKind::Subscription),
                "fragment" => None,
                _ => return None,
            };
            if token != "{" {
                tokens.skip_to_selection()?;
            }
            let fields = tokens.selection()?;
            match kind {
                Some(kind) => operations.push((kind, fields)),
                None => fragments.extend(fields),
            }
        }
        (!operations.is_empty()).then_some(Self {
            operations,
            fragments,
        })
    }

    /// Whether anything in it changes something.
    pub fn changes(&self) -> bool {
        self.operations
            .iter()
            .any(|(kind, _)| *kind == OperationKind::Mutation)
    }
}

/// A JSON object begins with a brace as well; its first token is a string, which no document's is.
fn is_json_object(text: &str) -> bool {
    text.strip_prefix('{')
        .is_some_and(|inner| inner.trim_start().starts_with(['"', '}']))
}

struct Tokens<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Tokens<'a> {
    /// Returns the next token. Strings and numbers keep their spelling; comments and commas are skipped.
    fn next(&mut self) -> Option<&'a str> {
        let bytes = self.text.as_bytes();
        loop {
            match bytes.get(self.at)? {
                b' ' | b'\t' | b'\n' | b'\r' | b',' => self.at += 1,
                b'#' => {
                    let rest = &bytes[self.at..];
                    self.at += memchr::memchr(b'\n', rest).unwrap_or(rest.len());
                }
                _ => break,
            }
        }
        let start = self.at;
        match bytes[start] {
            b'"' => self.string(),
            byte if is_name(byte) => {
                while self.at < bytes.len() && is_name(bytes[self.at]) {
                    self.at += 1;
                }
            }
            _ => self.at += self.text[start..].chars().next().map_or(1, char::len_utf8),
        }
        self.text.get(start..self.at)
    }

    fn string(&mut self) {
        let bytes = self.text.as_bytes();
        if bytes[self.at..].starts_with(b"\"\"\"") {
            let rest = &self.text[self.at + 3..];
            self.at += 3 + rest.find("\"\"\"").map_or(rest.len(), |end| end + 3);
            return;
        }
        self.at += 1;
        while let Some(byte) = bytes.get(self.at) {
            self.at += 1;
            match byte {
                b'"' => return,
                b'\\' => self.at = (self.at + 1).min(bytes.len()),
                _ => {}
            }
        }
        while !self.text.is_char_boundary(self.at) {
            self.at += 1;
        }
    }

    /// Goes past name, variables and directives, to just behind the opening brace.
    fn skip_to_selection(&mut self) -> Option<()> {
        let mut parentheses = 0usize;
        loop {
            match self.next()? {
                "(" => parentheses += 1,
                ")" => parentheses = parentheses.checked_sub(1)?,
                "{" if parentheses == 0 => return Some(()),
                _ => {}
            }
        }
    }

    /// The field names of a selection whose opening brace is behind us, to its closing brace. The
    /// selection of an inline fragment belongs to the one around it.
    fn selection(&mut self) -> Option<Vec<&'a str>> {
        let mut fields: Vec<&str> = Vec::new();
        // Whether the selections that are open are those of the root.
        let mut open = vec![true];
        let (mut parentheses, mut dots) = (0usize, 0);
        let mut spread = Spread::None;
        let mut directive = false;
        while let Some(&at_root) = open.last() {
            let token = self.next()?;
            dots = if token == "." { dots + 1 } else { 0 };
            match token {
                "." if dots == 3 => spread = Spread::Begun,
                "{" if parentheses == 0 => {
                    open.push(at_root && spread != Spread::None);
                    spread = Spread::None;
                }
                "}" if parentheses == 0 => {
                    open.pop();
                    spread = Spread::None;
                }
                "(" | "[" => parentheses += 1,
                ")" | "]" => parentheses = parentheses.checked_sub(1)?,
                // The name before the colon was an alias.
                ":" if at_root && parentheses == 0 => {
                    fields.pop();
                }
                "@" if spread == Spread::Begun => spread = Spread::Inline,
                "on" if spread == Spread::Begun => spread = Spread::OnType,
                name if parentheses == 0 && !directive && name.bytes().all(is_name) => match spread
                {
                    Spread::OnType => spread = Spread::Inline,
                    Spread::Inline => {}
                    Spread::None | Spread::Begun => {
                        spread = Spread::None;
                        if at_root && fields.len() == FIELDS_MAX {
                            return None;
                        }
                        if at_root {
                            fields.push(name);
                        }
                    }
                },
                _ => {}
            }
            directive = token == "@";
        }
        Some(fields)
    }
}

/// How far a spread has been read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Spread {
    /// There is none.
    None,
    /// Its three dots.
    Begun,
    /// `... on`, with the type to follow.
    OnType,
    /// All but the selection of an inline fragment.
    Inline,
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// The arguments of a document that are given as they are written, by name. Lists and objects are
/// looked through for those in them.
pub fn arguments(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut at = 0;
    std::iter::from_fn(move || {
        while let Some(colon) = text[at..].find(':').map(|found| found + at) {
            at = colon + 1;
            let before = text[..colon].trim_end();
            let start = before.rfind(|c| !is_name(c)).map_or(0, |end| end + 1);
            let name = &before[start..];
            let is_variable = text[..start].ends_with('$');
            let rest = text[at..].trim_start_matches([' ', '\n', '\t', '[']);
            let value = match rest.strip_prefix('"') {
                Some(quoted) => quoted.split('"').next(),
                None => rest
                    .split(|c: char| !is_name(c) && !matches!(c, '.' | '-'))
                    .next()
                    .filter(|value| !value.is_empty()),
            };
            // A type follows a variable, and a selection an alias.
            let is_type = is_variable
                || value.is_some_and(|value| {
                    !rest.starts_with('"') && {
                        let after = rest[value.len()..].trim_start();
                        after.starts_with(['(', '{'])
                    }
                });
            if !name.is_empty()
                && !is_type
                && let Some(value) = value
            {
                return Some((name, value));
            }
        }
        None
    })
}
