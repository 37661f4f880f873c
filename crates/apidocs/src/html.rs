//! HTML pages: what is worth reading in them, as Markdown.

use dom_query::{Document as Dom, NodeRef};
use dom_smoothie::{Config, Readability, TextMode};

use crate::document::Document;
use crate::markdown;
use crate::warning::Warnings;

/// How deep elements may nest before a page is read as plain text only.
pub const ELEMENT_DEPTH_MAX: usize = 256;

/// The largest number of elements that the search for a page's main text looks at; a larger page
/// is converted whole.
pub const ELEMENTS_MAX: usize = 50_000;

/// What never holds documentation.
const CHROME: &str = "script, style, noscript, template, svg, iframe, nav, form, button, head > *";

/// Reads a page: its main text where it can be told from navigation and the like, else all of it.
pub(crate) fn read(html: &str, mut warnings: Warnings) -> Document {
    let dom = Dom::from(html);
    let title = dom.select_single("title").text().trim().to_owned();
    let size = Size::of(&dom);
    let markdown = if size.depth > ELEMENT_DEPTH_MAX {
        warnings.add("page", "nests too deeply; only its plain text is kept");
        plain_text(&dom)
    } else {
        let main = (size.elements <= ELEMENTS_MAX).then(|| main_text(html));
        let whole = whole_text(&dom);
        // Where the guess at the main text keeps little of the page, it was a bad guess: reference
        // pages are made of tables and code, which it takes for clutter.
        match main.flatten() {
            Some(main) if main.len() * 2 >= whole.len() => main,
            _ => whole,
        }
    };
    Document {
        title: (!title.is_empty()).then_some(title),
        operations: Vec::new(),
        sections: markdown::sections(&markdown, &[], &mut warnings),
        warnings: warnings.finish(),
    }
}

struct Size {
    elements: usize,
    depth: usize,
}

impl Size {
    /// Walks the tree without recursion: a page may nest as deeply as its author likes.
    fn of(dom: &Dom) -> Self {
        let mut size = Self {
            elements: 0,
            depth: 0,
        };
        let mut open: Vec<(NodeRef<'_>, usize)> = vec![(dom.root(), 0)];
        while let Some((node, depth)) = open.pop() {
            size.depth = size.depth.max(depth);
            size.elements += usize::from(node.is_element());
            let mut child = node.first_child();
            while let Some(next) = child {
                child = next.next_sibling();
                open.push((next, depth + 1));
            }
        }
        size
    }
}

fn main_text(html: &str) -> Option<String> {
    let config = Config {
        text_mode: TextMode::Markdown,
        disable_json_ld: true,
        max_elements_to_parse: ELEMENTS_MAX,
        ..Config::default()
    };
    let article = Readability::new(html, None, Some(config)).ok()?.parse().ok()?;
    Some(article.text_content.to_string())
}

fn whole_text(dom: &Dom) -> String {
    dom.select(CHROME).remove();
    dom.md(None).to_string()
}

fn plain_text(dom: &Dom) -> String {
    let mut text = String::new();
    let mut open: Vec<NodeRef<'_>> = vec![dom.root()];
    while let Some(node) = open.pop() {
        if node.is_text() {
            text.push_str(&node.text());
            text.push('\n');
        } else if !["script", "style"].iter().any(|name| node.has_name(name)) {
            let mut child = node.last_child();
            while let Some(next) = child {
                child = next.prev_sibling();
                open.push(next);
            }
        }
    }
    text
}
