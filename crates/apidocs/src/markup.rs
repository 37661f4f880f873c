//! Reads the tags and words of a page without parsing it into a tree. The tokenizer takes linear
//! time, however deeply a page nests its tags and however often it repeats them.

use html5gum::{State, Token, Tokenizer};

/// Returns the words of a page, without its tags, title, styles and scripts.
pub(crate) fn words(page: &str) -> String {
    let mut words = String::new();
    let mut tokens = Tokenizer::new(page);
    let mut is_hidden = false;
    while let Some(Ok(token)) = tokens.next() {
        match token {
            Token::String(text) if !is_hidden => words.push_str(&String::from_utf8_lossy(&text)),
            Token::StartTag(tag) => {
                let content = raw_content(&tag.name);
                is_hidden = content.is_some();
                if let Some(state) = content {
                    tokens.set_state(state);
                }
                separate(&mut words);
            }
            Token::EndTag(_) => {
                is_hidden = false;
                separate(&mut words);
            }
            _ => {}
        }
    }
    words
}

/// Returns whether a page has a password field.
pub fn asks_for_password(page: &str) -> bool {
    let mut tokens = Tokenizer::new(page);
    while let Some(Ok(token)) = tokens.next() {
        if let Token::StartTag(tag) = token {
            let kind = tag.attributes.get(b"type".as_slice());
            if tag.name.as_slice() == b"input"
                && kind.is_some_and(|kind| kind.eq_ignore_ascii_case(b"password"))
            {
                return true;
            }
            if let Some(state) = raw_content(&tag.name) {
                tokens.set_state(state);
            }
        }
    }
    false
}

/// Returns the tokenizer's state for the content of an element that has no tags inside and is not
/// shown as text.
pub(crate) fn raw_content(name: &[u8]) -> Option<State> {
    match name {
        b"title" | b"textarea" => Some(State::RcData),
        b"style" | b"xmp" | b"iframe" | b"noembed" | b"noframes" => Some(State::RawText),
        b"script" => Some(State::ScriptData),
        _ => None,
    }
}

/// Separates the words before a tag from those after it.
fn separate(words: &mut String) {
    if !words.ends_with(['\n', ' ']) {
        words.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn words_remain_without_tags() {
        let page = "<!doctype html><title>T</title><p class=\"a>b\">one <b>two</b></p><!-- no -->\
                    <style>p{}</style>1 < 2<script>'<p>no'</script ><textarea>no</b></textarea>3";
        assert_eq!(
            words(page).split_whitespace().collect::<Vec<_>>(),
            ["one", "two", "1", "<", "2", "3"]
        );
    }

    #[test]
    fn only_a_password_field_asks_for_a_password() {
        assert!(asks_for_password(
            "<form><INPUT class='a' type = \"Password\"></form>"
        ));
        assert!(!asks_for_password(
            "<input type=text title='type=password'><!-- <input type=password> -->"
        ));
        assert!(!asks_for_password(
            "<textarea><input type=password></textarea>"
        ));
    }

    #[test]
    fn hostile_pages_take_linear_time() {
        let attributes: Vec<String> = (0..400_000).map(|n| format!("a{n}")).collect();
        for page in [
            format!("<p {}>", attributes.join(" ")),
            "<div>".repeat(500_000),
            "<p><b>x</p>".repeat(300_000),
            "<script><!--".repeat(300_000),
            "<title></title".repeat(300_000),
            "<".repeat(3_000_000),
            "<!--".repeat(1_000_000),
            "&".repeat(3_000_000),
        ] {
            let begun = Instant::now();
            words(&page);
            assert!(begun.elapsed() < Duration::from_secs(20), "{}", &page[..12]);
        }
    }
}
