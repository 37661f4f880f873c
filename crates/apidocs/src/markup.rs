//! Extracts the words of a page that is too expensive to parse. It guesses what is markup, because its
//! result is only text, and takes linear time.

/// Elements whose content is not markup.
const RAW: [&str; 8] = [
    "script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes",
];

/// A piece of a page.
enum Token<'p> {
    Text(&'p str),
    Tag,
}

/// Returns the words of a page, without its tags and scripts.
pub(crate) fn words(page: &str) -> String {
    let mut words = String::new();
    for token in Tokens::of(page) {
        match token {
            Token::Text(text) => words.push_str(text),
            Token::Tag if words.ends_with(['\n', ' ']) => {}
            Token::Tag => words.push('\n'),
        }
    }
    words
}

struct Tokens<'p> {
    rest: &'p str,
    /// The next element whose content is not markup.
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
                let ends = [("-->", 3), ("--!>", 4)];
                let end = ends
                    .iter()
                    .filter_map(|(end, length)| Some(tag.find(end)? + length))
                    .min();
                self.rest = end.map_or("", |end| &tag[end..]);
                continue;
            }
            let closes = tag[1..].starts_with('/');
            let name_start = 1 + usize::from(closes);
            if !tag[name_start..].starts_with(|c: char| c.is_ascii_alphabetic()) {
                // Not a tag, but a declaration or a `<` in the text.
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
            if !closes && RAW.contains(&name.as_str()) {
                self.raw = Some(name.clone());
            }
            return Some(Token::Tag);
        }
    }
}

/// Returns the end of a tag, skipping quoted attributes.
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
    fn words_remain_without_tags() {
        let page = "<!doctype html><title>T</title><p class=\"a>b\">one <b>two</b></p><!-- no -->\
                    <style>p{}</style>1 < 2";
        assert_eq!(
            words(page).split_whitespace().collect::<Vec<_>>(),
            ["one", "two", "1", "<", "2"]
        );
    }
}
