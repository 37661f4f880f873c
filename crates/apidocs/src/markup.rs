//! A quick look at the tags of a page before it is parsed. An HTML parser repairs what is not
//! closed, and takes time and memory that grow with the square of what there is to repair; a page
//! that would cost so much is read for its words only.

/// The most tags of a page that is parsed.
const TAGS_MAX: usize = 300_000;

/// How deep elements may nest in a page that is parsed.
const DEPTH_MAX: usize = 256;

/// How many formatting elements may be left unclosed in a page that is parsed: each is repeated in
/// every block that follows.
const DANGLING_MAX: usize = 64;

const VOID: [&str; 15] = [
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source",
    "track", "wbr", "keygen",
];

/// Elements whose content is no markup.
const RAW: [&str; 8] = [
    "script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes",
];

const FORMATTING: [&str; 14] = [
    "a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u",
];

/// Elements that a closing tag of another element within them does not close.
const BARRIERS: [&str; 13] = [
    "table", "td", "th", "caption", "template", "button", "select", "svg", "math", "object",
    "marquee", "applet", "html",
];

/// Elements whose closing tag is commonly left out.
const SELF_CLOSING: [&str; 8] = ["p", "li", "dt", "dd", "tr", "td", "th", "option"];

/// A piece of a page.
enum Token<'p> {
    Text(&'p str),
    Open(String),
    Close(String),
}

/// Whether a page can be parsed at a cost that is in proportion to its size.
pub(crate) fn is_tame(page: &str) -> bool {
    let mut open: Vec<String> = Vec::new();
    let mut tags = 0;
    let mut dangling = 0;
    for token in Tokens::of(page) {
        match token {
            Token::Text(_) => continue,
            Token::Open(name) => {
                if SELF_CLOSING.contains(&name.as_str()) && open.last() == Some(&name) {
                    open.pop();
                }
                if !VOID.contains(&name.as_str()) {
                    open.push(name);
                }
            }
            Token::Close(name) => {
                let found = open
                    .iter()
                    .rev()
                    .take_while(|over| **over == name || !BARRIERS.contains(&over.as_str()))
                    .position(|over| *over == name);
                if let Some(above) = found {
                    dangling += open
                        .drain(open.len() - above - 1..)
                        .filter(|over| *over != name && FORMATTING.contains(&over.as_str()))
                        .count();
                }
            }
        }
        tags += 1;
        if tags > TAGS_MAX || open.len() > DEPTH_MAX || dangling > DANGLING_MAX {
            return false;
        }
    }
    true
}

/// The words of a page, without its tags and scripts.
pub(crate) fn words(page: &str) -> String {
    let mut words = String::new();
    for token in Tokens::of(page) {
        match token {
            Token::Text(text) => words.push_str(text),
            Token::Open(_) | Token::Close(_) if words.ends_with(['\n', ' ']) => {}
            Token::Open(_) | Token::Close(_) => words.push('\n'),
        }
    }
    words
}

struct Tokens<'p> {
    rest: &'p str,
    /// The element whose content is no markup and comes next.
    raw: Option<String>,
}

impl<'p> Tokens<'p> {
    fn of(page: &'p str) -> Self {
        Self {
            rest: page,
            raw: None,
        }
    }

    fn skip_raw(&mut self, name: &str) {
        let bytes = self.rest.as_bytes();
        let closing = format!("</{name}");
        let end = bytes
            .windows(closing.len())
            .position(|window| window.eq_ignore_ascii_case(closing.as_bytes()));
        self.rest = &self.rest[end.unwrap_or(self.rest.len())..];
    }
}

impl<'p> Iterator for Tokens<'p> {
    type Item = Token<'p>;

    fn next(&mut self) -> Option<Token<'p>> {
        if let Some(name) = self.raw.take() {
            self.skip_raw(&name);
        }
        loop {
            if self.rest.is_empty() {
                return None;
            }
            let Some(start) = self.rest.find('<') else {
                return Some(Token::Text(std::mem::take(&mut self.rest)));
            };
            if start > 0 {
                let (text, rest) = self.rest.split_at(start);
                self.rest = rest;
                return Some(Token::Text(text));
            }
            let tag = self.rest;
            if tag.starts_with("<!--") {
                self.rest = tag.find("-->").map_or("", |end| &tag[end + 3..]);
                continue;
            }
            let closes = tag[1..].starts_with('/');
            let name_start = 1 + usize::from(closes);
            if !tag[name_start..].starts_with(|c: char| c.is_ascii_alphabetic()) {
                // No tag: a declaration, or a sign in a text.
                let is_declaration = tag[1..].starts_with(['!', '?', '/']);
                let end = if is_declaration {
                    tag.find('>').map_or(tag.len(), |end| end + 1)
                } else {
                    1
                };
                let (text, rest) = tag.split_at(end);
                self.rest = rest;
                if is_declaration {
                    continue;
                }
                return Some(Token::Text(text));
            }
            let name: String = tag[name_start..]
                .chars()
                .take_while(|c| !c.is_whitespace() && !matches!(c, '/' | '>'))
                .take(32)
                .collect::<String>()
                .to_ascii_lowercase();
            self.rest = &tag[tag_end(tag)..];
            if closes {
                return Some(Token::Close(name));
            }
            if RAW.contains(&name.as_str()) {
                self.raw = Some(name.clone());
            }
            return Some(Token::Open(name));
        }
    }
}

/// Where a tag ends, quoted attributes skipped.
fn tag_end(tag: &str) -> usize {
    let mut quote = None;
    for (at, byte) in tag.bytes().enumerate() {
        match (byte, quote) {
            (b'"' | b'\'', None) if tag.as_bytes()[at - 1] == b'=' => quote = Some(byte),
            (_, Some(open)) if byte == open => quote = None,
            (b'>', None) => return at + 1,
            _ => {}
        }
    }
    tag.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_pages_are_tame_and_others_are_not() {
        let list = "<ul><li>a<li>b</ul><p>x<p>y<br><a href='<b>'>z</a>".repeat(500);
        assert!(is_tame(&format!("<html><body>{list}</body></html>")));
        assert!(is_tame(&format!(
            "<script>{}</script>",
            "'<div>'".repeat(500)
        )));
        assert!(!is_tame(&"<div>".repeat(300)));
        assert!(!is_tame(&"<div><table></div>".repeat(300)));
        let dangling: Vec<String> = (0..300).map(|n| format!("<p><b id={n}></p>")).collect();
        assert!(!is_tame(&dangling.concat()));
    }

    #[test]
    fn words_are_what_is_left_without_tags() {
        let page = "<!doctype html><title>T</title><p class=\"a>b\">one <b>two</b></p><!-- no -->\
                    <style>p{}</style>1 < 2";
        assert_eq!(
            words(page).split_whitespace().collect::<Vec<_>>(),
            ["one", "two", "1", "<", "2"]
        );
    }
}
