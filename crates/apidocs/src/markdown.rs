//! Splits Markdown into sections at its headings.

use std::time::{Duration, Instant};

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use crate::document::{SECTIONS_MAX, Section};
use crate::text;
use crate::warning::Warnings;

/// The length limit of a section's text, in bytes. A longer section is split, so that a search finds the part that
/// matters and not a whole page.
pub const SECTION_BYTES_MAX: usize = 4_000;

/// The length limit of a heading, in characters, including the headings above it.
pub const HEADING_CHARS_MAX: usize = 300;

/// The nesting limit of quotations and lists. Pages have a handful of levels. The parser visits
/// every level for each line that continues the innermost one.
const CONTAINERS_MAX: usize = 64;

/// The indentation limit of a quotation or list, in characters: four for each of the permitted levels. The parser
/// reads the indentation again on every level.
const INDENTATION_MAX: usize = 256;

/// The time limit for finding headings. A text of 16 MiB takes about a second.
const TIME_MAX: Duration = Duration::from_secs(5);

/// The number of parser events between two checks of the time, so that reading the clock costs next to nothing.
const EVENTS_PER_CHECK: usize = 1024;

/// Splits a Markdown text into sections. `under` contains the headings above it.
pub(crate) fn sections(markdown: &str, under: &[&str], warnings: &mut Warnings) -> Vec<Section> {
    let mut sections = Vec::new();
    // A long heading would be copied for every section below it.
    let short = |heading: &str| text::cut(heading, HEADING_CHARS_MAX);
    let mut trail: Vec<(u8, String)> = under.iter().map(|name| (0, short(name))).collect();
    let mut start = 0;
    let headings = headings(markdown, TIME_MAX).unwrap_or_else(|| {
        warnings.add(
            "text",
            "is nested too deeply or repeats too much; it is not split at its headings",
        );
        Vec::new()
    });
    let mut count = 0;
    for heading in headings {
        count += push(&mut sections, &trail, &markdown[start..heading.start]);
        while trail
            .last()
            .is_some_and(|(level, _)| *level >= heading.level)
        {
            trail.pop();
        }
        trail.push((heading.level, short(&heading.text)));
        start = heading.end;
    }
    count += push(&mut sections, &trail, &markdown[start..]);
    if count > SECTIONS_MAX {
        warnings.add(
            "text",
            &format!("has {count} sections; only the first {SECTIONS_MAX} are kept"),
        );
    }
    sections
}

struct Heading {
    level: u8,
    text: String,
    start: usize,
    end: usize,
}

/// Returns the headings of a text; `None` if finding them takes too long.
fn headings(markdown: &str, time_max: Duration) -> Option<Vec<Heading>> {
    if !is_tame(markdown) {
        return None;
    }
    let end = Instant::now() + time_max;
    let mut headings = Vec::new();
    let mut open: Option<Heading> = None;
    // A heading inside a list or quotation is part of that element's text.
    let mut depth = 0_usize;
    let events = Parser::new_ext(markdown, Options::ENABLE_TABLES).into_offset_iter();
    for (number, (event, place)) in events.enumerate() {
        if number % EVENTS_PER_CHECK == 0 && Instant::now() > end {
            return None;
        }
        match event {
            Event::Start(Tag::Heading { level, .. }) if depth == 0 => {
                open = Some(Heading {
                    level: level as u8,
                    text: String::new(),
                    start: place.start,
                    end: place.end,
                });
                depth += 1;
            }
            Event::Start(_) => depth += 1,
            Event::End(end) => {
                depth = depth.saturating_sub(1);
                if matches!(end, TagEnd::Heading(_)) && depth == 0 {
                    headings.extend(open.take());
                }
            }
            Event::Text(words) | Event::Code(words) => {
                if let Some(heading) = &mut open {
                    heading.text.push_str(&words);
                }
            }
            Event::SoftBreak | Event::HardBreak => {
                if let Some(heading) = &mut open {
                    heading.text.push(' ');
                }
            }
            _ => {}
        }
    }
    Some(headings)
}

/// Returns whether quotations and lists are nested so little that parsing takes linear time.
fn is_tame(markdown: &str) -> bool {
    markdown.lines().all(|line| {
        let mut containers = 0;
        let mut rest = line;
        loop {
            rest = rest.trim_start_matches([' ', '\t']);
            let Some(after) = after_container_mark(rest) else {
                return true;
            };
            containers += 1;
            if containers > CONTAINERS_MAX || line.len() - after.len() > INDENTATION_MAX {
                return false;
            }
            rest = after;
        }
    })
}

/// Returns the text after the marker of a quotation or list item, if the text begins with one.
fn after_container_mark(text: &str) -> Option<&str> {
    if let Some(quoted) = text.strip_prefix('>') {
        return Some(quoted);
    }
    let item = match text.strip_prefix(['-', '+', '*']) {
        Some(item) => item,
        None => text
            .trim_start_matches(|digit: char| digit.is_ascii_digit())
            .strip_prefix(['.', ')'])
            .filter(|item| item.len() + 1 < text.len())?,
    };
    (item.is_empty() || item.starts_with([' ', '\t'])).then_some(item)
}

/// Adds the sections of the text below a heading, up to the limit. Returns how many the text has.
fn push(sections: &mut Vec<Section>, trail: &[(u8, String)], text: &str) -> usize {
    let mut count = 0;
    let mut rest = text.trim();
    while !rest.is_empty() {
        let (piece, after) = split(rest);
        count += 1;
        if sections.len() < SECTIONS_MAX {
            sections.push(Section {
                heading: heading_of(trail),
                text: piece.trim_end().to_owned(),
            });
        }
        rest = after.trim_start();
    }
    count
}

fn heading_of(trail: &[(u8, String)]) -> String {
    let names: Vec<&str> = trail.iter().map(|(_, name)| name.as_str()).collect();
    text::cut(&names.join(" › "), HEADING_CHARS_MAX)
}

/// Splits the text at the last good place within the limit.
fn split(text: &str) -> (&str, &str) {
    if text.len() <= SECTION_BYTES_MAX {
        return (text, "");
    }
    let mut end = SECTION_BYTES_MAX;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let window = &text[..end];
    let cut = ["\n\n", "\n", ". ", " "]
        .iter()
        .filter_map(|gap| window.rfind(gap).map(|at| at + gap.len()))
        .find(|at| *at > end / 2)
        .unwrap_or(end);
    text.split_at(cut)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(markdown: &str) -> Vec<(String, String)> {
        sections(markdown, &[], &mut Warnings::default())
            .into_iter()
            .map(|section| (section.heading, section.text))
            .collect()
    }

    #[test]
    fn sections_are_named_by_the_headings_that_lead_to_them() {
        let read = read(
            "Before.\n\n# Charges\n\nMoves *money*.\n\n## `POST` limits\nAt most 5.\n\n\
             Refunds\n=======\n\nBack.\n\n> # quoted\n> stays\n\n```\n# no heading\n```\n",
        );
        let expected = [
            ("", "Before."),
            ("Charges", "Moves *money*."),
            ("Charges › POST limits", "At most 5."),
            (
                "Refunds",
                "Back.\n\n> # quoted\n> stays\n\n```\n# no heading\n```",
            ),
        ];
        let expected: Vec<_> = expected.map(|(a, b)| (a.to_owned(), b.to_owned())).into();
        assert_eq!(read, expected);
    }

    #[test]
    fn a_text_that_is_nested_too_deeply_keeps_its_words_in_time() {
        let deep = "> ".repeat(60_000);
        let lists: String = (0..300).map(|level| "  ".repeat(level) + "- a\n").collect();
        let lazy = "a\n".repeat(60_000);
        for text in [
            format!("# b\n\n{deep}a\n{lazy}"),
            format!("# b\n\n{}a\n{lazy}", "1. ".repeat(60_000)),
            format!("# b\n\n{}a\n{lazy}", "- > ".repeat(30_000)),
            format!("# b\n\n{lists}{lazy}"),
        ] {
            let begun = Instant::now();
            let mut warnings = Warnings::default();
            let sections = sections(&text, &[], &mut warnings);
            assert!(
                begun.elapsed() < Duration::from_secs(5),
                "{:?}",
                begun.elapsed()
            );
            assert!(!sections.is_empty() && sections[0].heading.is_empty());
            assert!(warnings.finish()[0].contains("repeats too much"));
        }
        assert!(headings(&"# a\n\nb\n\n".repeat(1000), Duration::ZERO).is_none());
        let ordinary = format!(
            "{}\n\n> - 1) # a\n\n* * *\n\n1900. b\n\n# c",
            "- ".repeat(40)
        );
        let headings = headings(&ordinary, TIME_MAX).unwrap();
        assert_eq!(headings.len(), 1);
    }

    #[test]
    fn a_long_heading_is_not_repeated_for_every_section() {
        let sections = "## b\n\nc\n\n".repeat(20_000);
        let begun = Instant::now();
        let read = read(&format!("# {}\n\n{sections}", "a".repeat(4 << 20)));
        assert!(begun.elapsed() < Duration::from_secs(5));
        assert_eq!(read[0].0.chars().count(), HEADING_CHARS_MAX);
        assert!(read[0].0.ends_with('…'));
    }

    #[test]
    fn a_long_section_becomes_several_between_paragraphs() {
        let paragraph = format!("{}.\n\n", "ä word".repeat(100));
        let read = read(&format!("# Long\n\n{}", paragraph.repeat(50)));
        assert!(read.len() > 1);
        assert!(read.iter().all(|(heading, _)| heading == "Long"));
        assert!(read.iter().all(|(_, text)| text.len() <= SECTION_BYTES_MAX));
        assert!(read.iter().all(|(_, text)| text.ends_with("word.")));
    }

    #[test]
    fn sections_beyond_the_limit_are_omitted_and_counted_in_a_warning() {
        let mut warnings = Warnings::default();
        let markdown = "# a\n\nb\n\n".repeat(SECTIONS_MAX + 1);
        assert_eq!(sections(&markdown, &[], &mut warnings).len(), SECTIONS_MAX);
        let counted = format!("text: has {} sections", SECTIONS_MAX + 1);
        assert!(warnings.finish()[0].starts_with(&counted));
    }
}
