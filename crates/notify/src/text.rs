//! Text from agents in messages: what a reader does not see is made visible, and everything is escaped for the
//! channel before it is cut, so that a cut never leaves half an escape sequence that the rest completes.

use std::fmt::Write as _;

use gaiterguard_domain::invisible::is_deceptive;

/// Shown at the end of a text that is cut.
const CUT: &str = "…";

/// How one character is written in a channel's format.
pub(crate) type Escape = fn(char, &mut String);

/// Plain text: no character means anything.
pub(crate) fn plain(c: char, out: &mut String) {
    out.push(c);
}

/// HTML, in text and in attributes in double quotes.
pub(crate) fn html(c: char, out: &mut String) {
    match c {
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        '"' => out.push_str("&quot;"),
        '\'' => out.push_str("&#39;"),
        c => out.push(c),
    }
}

/// Returns text as it is shown: on one line, with a name for each character that is not seen or that reorders
/// others, escaped, and of at most `bytes_max` bytes.
pub(crate) fn shown(text: &str, bytes_max: usize, escape: Escape) -> String {
    let mut out = String::new();
    let room = bytes_max.saturating_sub(CUT.len());
    // The end of what leaves room for the sign of a cut.
    let mut cut_at = 0;
    for c in text.chars() {
        match c {
            '\n' | '\r' | '\t' => escape(' ', &mut out),
            c if is_deceptive(c) => {
                let mut name = String::new();
                let _ = write!(name, "[U+{:04X}]", u32::from(c));
                for c in name.chars() {
                    escape(c, &mut out);
                }
            }
            c => escape(c, &mut out),
        }
        if out.len() <= room {
            cut_at = out.len();
        }
        if out.len() > bytes_max {
            out.truncate(cut_at);
            out.push_str(CUT);
            return out;
        }
    }
    out
}

/// The most lines of a text that is shown whole: more push the rest of a message out of sight.
const LINES_MAX: usize = 80;

/// Returns all of a text with its lines, each as [`shown`] returns it; `None` if that is longer than `bytes_max` or has
/// too many lines.
pub(crate) fn whole_lines(text: &str, bytes_max: usize, escape: Escape) -> Option<String> {
    // A carriage return inside of a line would not be seen.
    let text = without_links(&text.replace('\r', "[U+000D]"));
    let lines: Vec<_> = text
        .split('\n')
        .map(|line| shown(line, usize::MAX, escape))
        .collect();
    let whole = lines.join("\n");
    (lines.len() <= LINES_MAX && whole.len() <= bytes_max).then_some(whole)
}

/// Returns a text in which no address is one: some programs turn every address into a link, and a link in an
/// agent's words must not be taken for one of the gateway.
pub(crate) fn without_links(text: &str) -> String {
    text.replace("://", "[:]//")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_is_escaped_and_what_is_not_seen_is_named() {
        assert_eq!(
            shown("<b>\u{202e}a\u{200b}</b>\n&\"'", 999, html),
            "&lt;b&gt;[U+202E]a[U+200B]&lt;/b&gt; &amp;&quot;&#39;"
        );
        assert_eq!(shown("<a>\tb", 999, plain), "<a> b");
        assert_eq!(
            without_links("see https://evil.example"),
            "see https[:]//evil.example"
        );
    }

    #[test]
    fn a_text_is_shown_whole_or_not() {
        let whole = |text: &str, max| whole_lines(text, max, html);
        assert_eq!(
            whole("a<\r\n\u{202e}b", 99).as_deref(),
            Some("a&lt;[U+000D]\n[U+202E]b")
        );
        assert_eq!(whole("abcd", 4).as_deref(), Some("abcd"));
        assert_eq!(whole("abc<", 6), None);
        assert_eq!(whole(&"\n".repeat(100), 9999), None);
    }

    #[test]
    fn a_cut_is_never_inside_of_an_escape_sequence_or_a_character() {
        let text = "<é\u{202e}".repeat(50_000);
        for bytes_max in 3..200 {
            let cut = shown(&text, bytes_max, html);
            assert!(cut.len() <= bytes_max, "{bytes_max}");
            let whole = cut.strip_suffix(CUT).unwrap();
            let whole = whole.replace("&lt;", "").replace("[U+202E]", "");
            assert!(whole.chars().all(|c| c == 'é'), "{cut}");
        }
        assert_eq!(shown("abc", 3, plain), "abc");
        assert_eq!(shown("abcd", 3, plain), "…");
    }
}
