//! GraphQL documents, read just far enough to know what they ask for.

/// What an operation does.
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
    /// Each operation's kind and the fields it asks for at its root.
    pub operations: Vec<(OperationKind, Vec<&'a str>)>,
}

/// The most root fields that are kept of an operation.
const FIELDS_MAX: usize = 64;

impl<'a> Document<'a> {
    /// Whether a text begins as a document does.
    pub fn looks_like(text: &str) -> bool {
        let text = text.trim_start();
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

    /// Reads a document; `None` where it is none.
    pub fn read(text: &'a str) -> Option<Self> {
        let mut tokens = Tokens { text, at: 0 };
        let mut operations = Vec::new();
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
            if let Some(kind) = kind {
                operations.push((kind, fields));
            }
        }
        (!operations.is_empty()).then_some(Self { operations })
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
    /// The next name or mark; strings and numbers come as they stand, comments and commas not at
    /// all.
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

    /// The field names of a selection whose opening brace is behind us, to its closing brace.
    fn selection(&mut self) -> Option<Vec<&'a str>> {
        let mut fields: Vec<&str> = Vec::new();
        let (mut braces, mut parentheses) = (1usize, 0usize);
        let mut directive = false;
        while braces > 0 {
            let token = self.next()?;
            match token {
                "{" => braces += 1,
                "}" => braces -= 1,
                "(" | "[" => parentheses += 1,
                ")" | "]" => parentheses = parentheses.checked_sub(1)?,
                // What came before the colon was an alias.
                ":" if braces == 1 && parentheses == 0 => {
                    fields.pop();
                }
                "@" | "." => {}
                name if braces == 1
                    && parentheses == 0
                    && !directive
                    && name.bytes().all(is_name)
                    && fields.len() < FIELDS_MAX =>
                {
                    fields.push(name);
                }
                _ => {}
            }
            directive = token == "@";
        }
        Some(fields)
    }
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}
