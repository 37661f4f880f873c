//! Converts HTML pages to Markdown, without navigation and other clutter.

use dom_query::Document as Dom;
use dom_smoothie::{Config, Readability, TextMode};

use crate::document::Document;
use crate::warning::Warnings;
use crate::{markdown, markup, outline, stack, text};

/// The length limit of a page's title, in characters. A title is a heading, and headings have the same limit.
const TITLE_CHARS_MAX: usize = 300;

/// The size up to which a page's main text is extracted, in bytes. A larger page is kept whole.
pub const MAIN_TEXT_BYTES_MAX: usize = 2 * 1024 * 1024;

/// Elements that never contain documentation.
/// Not `form`: some frameworks wrap the whole page in one.
const CHROME: &str =
    "script, style, noscript, template, svg, iframe, nav, button, select, textarea, head";

/// Converts a page: its main text if it can be distinguished from navigation, otherwise the whole
/// page.
pub(crate) fn read(html: &str, mut warnings: Warnings) -> Document {
    let converted = outline::is_tame(html)
        .then(|| stack::on_a_large_one(|| parse(html)))
        .flatten();
    let (title, markdown) = converted.unwrap_or_else(|| {
        warnings.add(
            "page",
            "is nested too deeply or repeats too much; only its words are kept",
        );
        (String::new(), markup::words(html))
    });
    Document {
        title: (!title.is_empty()).then_some(title),
        operations: Vec::new(),
        sections: markdown::sections(&markdown, &[], &mut warnings),
        warnings: warnings.finish(),
    }
}

/// Returns the title of a page, and its text as Markdown.
fn parse(html: &str) -> (String, String) {
    let dom = Dom::from(html);
    let title = dom.select_single("title").text();
    let title = text::cut(title.trim(), TITLE_CHARS_MAX);
    let main = (html.len() <= MAIN_TEXT_BYTES_MAX).then(|| main_text(html));
    let whole = whole_text(&dom);
    // If the extracted main text is a small part of the page, the extraction probably failed:
    // reference pages consist of tables and code, which the heuristic takes for clutter.
    let markdown = match main.flatten() {
        Some(main) if main.len() * 2 >= whole.len() => with_heading(&dom, &main),
        _ => whole,
    };
    (title, markdown)
}

fn main_text(html: &str) -> Option<String> {
    let config = Config {
        text_mode: TextMode::Markdown,
        disable_json_ld: true,
        ..Config::default()
    };
    let article = Readability::new(html, None, Some(config))
        .ok()?
        .parse()
        .ok()?;
    Some(article.text_content.to_string())
}

/// Prepends the page's first heading to the text, because the extraction takes it for the title and
/// omits it.
fn with_heading(dom: &Dom, main: &str) -> String {
    let heading = dom.select_single("h1").text();
    let heading = heading.split_whitespace().collect::<Vec<_>>().join(" ");
    if heading.is_empty() || main.contains(&format!("# {heading}")) {
        return main.to_owned();
    }
    format!("# {heading}\n\n{main}")
}

fn whole_text(dom: &Dom) -> String {
    dom.select(CHROME).remove();
    dom.md(None).to_string()
}
