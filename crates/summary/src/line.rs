//! The pieces of a headline, and how values are written in it.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::fact::{FactKind, Ranked, count};
use crate::member::{Rest, beginning, counted, ending, is_index};
use crate::party::{COPIES, copy_of};
use crate::statement::{self, Statement};
use crate::total::Total;
use crate::words::{is_in, is_opaque, noun_of, words};

/// The longest value of a headline, in characters: one line on a phone.
pub(crate) const VALUE_CHARS_MAX: usize = 60;

/// The longest identifier, host or address that is shown whole, in characters: two lines on a phone.
const TOKEN_CHARS_MAX: usize = 80;

/// The longest content of a headline, in characters: two lines on a phone.
pub(crate) const CONTENT_CHARS_MAX: usize = 110;

/// The longest condition of a statement that is shown whole, in characters: eight lines on a phone.
const CONDITION_CHARS_MAX: usize = 300;

/// Fewer characters than this are shown: to say how many are missing takes as much room.
const HIDDEN_CHARS_MIN: usize = 30;

/// How many recipients, calls or values of a list are named; the others are counted.
pub(crate) const NAMED_MAX: usize = 5;

/// The longest value of a list, in characters.
const LISTED_CHARS_MAX: usize = 40;

/// The shortest beginning that the values of a list share, in characters, if it is written only once.
const SHARED_CHARS_MIN: usize = 4;

/// The most lines that a headline takes on a phone, so that the facts below it are on the first screen.
pub(crate) const LINES_MAX: usize = 6;

/// How many characters fit on the first line of a headline on a phone of 360 pixels, and on any other one, which is
/// smaller.
const FIRST_LINE_CHARS: usize = 28;
const LINE_CHARS: usize = 38;

/// How much room the parts of a headline take that may be shortened. Amounts, recipients and counts never are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    /// The longest value, in characters.
    value_chars: usize,
    /// The longest text, in characters.
    content_chars: usize,
    /// How many fewer details there are than without a limit.
    pub(crate) details_fewer: usize,
    /// Whether the long identifiers of accounts and other places are named, which the path below the headline has, too.
    pub(crate) has_places: bool,
}

impl Room {
    /// The widest first.
    pub(crate) const ALL: [Self; 5] = [
        Self {
            has_places: true,
            ..Self::of(VALUE_CHARS_MAX, CONTENT_CHARS_MAX, 0)
        },
        Self::of(VALUE_CHARS_MAX, CONTENT_CHARS_MAX, 0),
        Self::of(40, 80, 0),
        Self::of(28, 60, 1),
        Self::of(24, 48, 3),
    ];

    const fn of(value_chars: usize, content_chars: usize, details_fewer: usize) -> Self {
        Self {
            value_chars,
            content_chars,
            details_fewer,
            has_places: false,
        }
    }

    /// Whether there is room for the name of what an object is in. An identifier of an account that a machine made says
    /// little to a reader.
    pub(crate) fn names(self, one: &Ranked) -> bool {
        const PLACES: &str = "account company environment organization org project site space subscription team tenant \
            workspace zone";
        const LONG: usize = 20;
        let noun = noun_of(&one.fact.name);
        let is_place = words(&noun).last().is_some_and(|last| is_in(PLACES, &last));
        let is_long = one.fact.value.len() >= LONG && is_opaque(&one.fact.value);
        self.has_places || !is_place || !is_long
    }
}

/// Returns about how many lines of a phone a headline takes: a detail begins a new one if it does not fit.
pub(crate) fn lines(parts: &[Part]) -> usize {
    let mut all = vec![0];
    for part in parts {
        let mut pieces = if part.is_value {
            vec![&*part.text]
        } else {
            part.text.split(" · ").collect()
        };
        let rest = pieces.split_off(1);
        *all.last_mut().unwrap_or(&mut 0) += pieces[0].chars().count();
        all.extend(rest.iter().map(|piece| piece.chars().count()));
    }
    let (first, details) = all.split_first().unwrap_or((&0, &[]));
    let mut lines = first.div_ceil(FIRST_LINE_CHARS).max(1);
    // Short details share a line.
    let mut taken = LINE_CHARS;
    for chars in details {
        let chars = chars + " · ".len();
        if taken + chars > LINE_CHARS {
            lines += chars.div_ceil(LINE_CHARS);
            taken = chars;
        } else {
            taken += chars;
        }
    }
    lines
}

/// A piece of a headline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = HeadlinePart))]
pub struct Part {
    /// The text.
    pub text: String,
    /// Whether the text is a value that the agent chose, and not the gateway's own words.
    pub is_value: bool,
}

/// A line that grows by pieces.
pub(crate) struct Line {
    pub(crate) parts: Vec<Part>,
    pub(crate) room: Room,
}

impl Line {
    /// Begins a line.
    pub(crate) fn new(room: Room) -> Self {
        Self {
            parts: Vec::new(),
            room,
        }
    }

    /// Appends words of the gateway.
    pub(crate) fn own(&mut self, text: &str) {
        match self.parts.last_mut() {
            Some(last) if !last.is_value => last.text.push_str(text),
            _ => self.parts.push(Part {
                text: text.to_owned(),
                is_value: false,
            }),
        }
    }

    /// Appends a noun, if there is one.
    pub(crate) fn noun(&mut self, noun: Option<&str>) {
        if let Some(noun) = noun {
            self.own(" ");
            self.own(noun);
        }
    }

    /// Appends the value of a fact.
    pub(crate) fn value(&mut self, one: &Ranked, chars_max: usize) {
        // Who gets how much is never shortened further.
        let is_kept = matches!(
            one.fact.kind,
            FactKind::Amount | FactKind::Recipient | FactKind::Account
        );
        let chars_max = match chars_max {
            whole if is_kept => whole,
            // Half of an identifier or of a host may be that of another one.
            _ if is_token(&one.fact.value) => TOKEN_CHARS_MAX,
            longer if longer > VALUE_CHARS_MAX => self.room.content_chars,
            shorter => shorter.min(self.room.value_chars),
        };
        let is_command = one.fact.kind == FactKind::Command;
        let rest = one.fact.is_cut.then(|| Rest {
            hidden: one.fact.hidden_characters,
            ending: one.fact.ending.clone(),
        });
        self.cut_text(&one.fact.value, rest.as_ref(), chars_max, is_command);
    }

    /// Appends a statement. A long one has its condition, which says which rows are meant, on a line of its own, and loses
    /// the part between its table and the condition.
    pub(crate) fn statement(&mut self, statement: &Statement) {
        let text = one_line(&statement.text);
        let chars_max = self.room.content_chars;
        if text.chars().count() <= chars_max && statement.rest.is_none() {
            self.agents(&text);
            return;
        }
        let Some(at) = statement::condition_of(&text) else {
            self.both_ends(&text, statement.rest.as_ref(), chars_max);
            return;
        };
        let (act, condition) = (text[..at].trim_end(), &text[at..]);
        let lower = act.to_ascii_lowercase();
        let begins = lower.find(" set ").or_else(|| lower.find(" using "));
        match begins.filter(|_| text.chars().count() > chars_max) {
            Some(begins) => {
                self.agents(&act[..begins]);
                self.own(" …");
            }
            None => self.both_ends(act, None, chars_max),
        }
        let (keyword, condition) = condition.split_at("where".len());
        self.own(" · ");
        self.name(keyword);
        self.own(" ");
        self.both_ends(
            condition.trim_start(),
            statement.rest.as_ref(),
            CONDITION_CHARS_MAX,
        );
    }

    /// Appends a text that is whole, or its beginning and its end with the number of characters between them.
    fn both_ends(&mut self, text: &str, rest: Option<&Rest>, chars_max: usize) {
        let (text, unread) = match rest {
            Some(rest) => (format!("{text}{}", rest.ending), rest.hidden),
            None => (text.to_owned(), 0),
        };
        let count = text.chars().count();
        if count <= chars_max && unread == 0 {
            self.agents(&text);
            return;
        }
        let tail = chars_max / 3;
        let head = whole_words(beginning(&text, chars_max - tail).0);
        let tail = whole_words_at_end(ending(&text, tail.min(count - head.chars().count())));
        let hidden = count - head.chars().count() - tail.chars().count() + unread;
        if hidden <= HIDDEN_CHARS_MIN && unread == 0 {
            self.agents(&text);
            return;
        }
        self.agents(head);
        self.own(&format!(" … ({hidden} more characters) … "));
        self.agents(tail);
    }

    /// Appends the sum of several amounts.
    pub(crate) fn value_of_total(&mut self, total: &Total) {
        self.agents(&total.sum);
        self.own(" in total");
    }

    /// Appends several amounts, and before them their sum.
    pub(crate) fn total(&mut self, total: &Total) {
        self.agents(&total.sum);
        self.own(" in total (");
        let (first, rest) = (&total.lines[0], &total.lines[1..]);
        if !rest.is_empty() && rest.iter().all(|one| one == first) {
            self.own(&format!("{} × ", total.lines.len()));
            self.agents(first);
        } else {
            for (number, one) in total.lines.iter().take(NAMED_MAX).enumerate() {
                if number > 0 {
                    self.own(", ");
                }
                self.agents(one);
            }
            if total.lines.len() > NAMED_MAX {
                self.own(&format!(" and {} more", total.lines.len() - NAMED_MAX));
            }
        }
        self.own(")");
    }

    /// Appends the name of a value. The agent chose it too, so it is marked as a value.
    pub(crate) fn name(&mut self, name: &str) {
        self.parts.push(Part {
            text: beginning(&one_line(name), VALUE_CHARS_MAX).0.to_owned(),
            is_value: true,
        });
    }

    /// Appends a text that the agent chose. One without spaces, such as an identifier, an address or a host, loses
    /// its middle rather than its end, which distinguishes it from others like it.
    pub(crate) fn text(&mut self, text: &str, chars_max: usize) {
        self.cut_text(text, None, chars_max, false);
    }

    /// Appends a text; `keeps_end` is whether it loses its middle rather than its end, as a command does, whose last part
    /// may be the one that runs.
    fn cut_text(&mut self, text: &str, rest: Option<&Rest>, chars_max: usize, keeps_end: bool) {
        let text = one_line(&without_markup(text));
        let chars_max = if is_token(&text) {
            chars_max.max(TOKEN_CHARS_MAX)
        } else {
            chars_max
        };
        let (shown, is_longer) = beginning(&text, chars_max);
        if (is_longer || rest.is_some()) && text.contains(' ') {
            if keeps_end {
                self.both_ends(&text, rest, chars_max);
            } else {
                self.sentences(&text, rest, chars_max);
            }
            return;
        }
        if is_longer && rest.is_none() {
            let tail = chars_max / 2;
            // The host of a URL is never cut.
            let host = text.split_once("://").map_or(0, |(scheme, rest)| {
                let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
                scheme.chars().count() + 3 + rest[..end].chars().count()
            });
            let (head, _) = beginning(&text, (chars_max - tail - 1).max(host));
            if text.chars().count() <= head.chars().count() + tail {
                self.agents(&text);
                return;
            }
            self.agents(head);
            self.own("…");
            self.agents(ending(&text, tail));
            return;
        }
        self.agents(shown);
        if rest.is_some() || is_longer {
            self.own("…");
        }
        if let Some(rest) = rest {
            self.agents(ending(&rest.ending, TOKEN_CHARS_MAX / 4));
        }
    }

    /// Appends the beginning of a text for people up to the end of a clause, how much follows, and its last sentences. Half
    /// of a sentence could be one without its negation.
    fn sentences(&mut self, text: &str, rest: Option<&Rest>, chars_max: usize) {
        let total =
            text.chars().count() + rest.map_or(0, |rest| rest.hidden + rest.ending.chars().count());
        let last = match rest {
            Some(rest) => one_line(&rest.ending),
            None => text.to_owned(),
        };
        let last = last_sentences(&last, chars_max / 2).to_owned();
        let room = chars_max - last.chars().count();
        let head = whole_clauses(beginning(text, room).0);
        let hidden = total.saturating_sub(head.chars().count() + last.chars().count());
        if hidden <= HIDDEN_CHARS_MIN && rest.is_none() {
            self.agents(text);
            return;
        }
        self.agents(head);
        if last.is_empty() {
            self.own(&format!(" … ({hidden} more characters)"));
        } else {
            self.own(&format!(" … ({hidden} more characters) … "));
            self.agents(&last);
        }
    }

    fn agents(&mut self, text: &str) {
        self.parts.push(Part {
            text: text.to_owned(),
            is_value: true,
        });
    }

    /// Appends a name and its value.
    pub(crate) fn detail(&mut self, one: &Ranked) {
        let is_named = self.begin_detail(one);
        // A text for people must not read like the name of the object.
        // An address of a record is not a text for people.
        let is_code = is_token(&one.fact.value)
            && one
                .fact
                .value
                .starts_with(|first: char| first.is_ascii_digit());
        if one.fact.kind == FactKind::Content && !is_code {
            self.own(if is_named { " “" } else { "text “" });
            self.value(one, CONTENT_CHARS_MAX);
            self.own("”");
            return;
        }
        if is_named {
            self.own(" ");
        }
        // The end of a command or a sentence may matter as much as its beginning.
        let chars_max = match one.fact.kind {
            FactKind::Command => CONTENT_CHARS_MAX,
            _ if one.fact.value.contains(' ') => CONTENT_CHARS_MAX,
            _ => VALUE_CHARS_MAX,
        };
        self.value(one, chars_max);
    }

    /// Appends a name and the first values of a list; a beginning that all of them share is written once.
    pub(crate) fn detail_list(&mut self, one: &Ranked, group: &[&Ranked]) {
        let is_named = self.begin_detail(one);
        let texts: Vec<&str> = group.iter().map(|one| &*one.fact.value).collect();
        let is_whole = texts.len() == one.total;
        if is_whole && texts.len() > 1 && texts.iter().all(|text| *text == texts[0]) {
            self.own(if is_named { " " } else { "" });
            self.own(&format!("{} × ", one.total));
            self.value(one, VALUE_CHARS_MAX);
            return;
        }
        let counted = if is_whole {
            counted(&texts)
        } else {
            Vec::new()
        };
        if !counted.is_empty() {
            self.own(if is_named { " " } else { "" });
            for (number, (text, count)) in counted.iter().take(NAMED_MAX).enumerate() {
                if number > 0 {
                    self.own(", ");
                }
                if *count > 1 {
                    self.own(&format!("{count} × "));
                }
                self.text(text, LISTED_CHARS_MAX);
            }
            if counted.len() > NAMED_MAX {
                self.own(&format!(" and {} more", counted.len() - NAMED_MAX));
            }
            return;
        }
        let named = &texts[..texts.len().min(NAMED_MAX)];
        let shared = shared_beginning(named);
        if shared.is_empty() {
            self.own(if is_named { " " } else { "" });
        } else {
            self.own(" in ");
            self.text(shared, VALUE_CHARS_MAX);
            self.own(if shared.ends_with(':') { " " } else { ": " });
        }
        for (number, text) in named.iter().enumerate() {
            if number > 0 {
                self.own(", ");
            }
            self.text(&text[shared.len()..], LISTED_CHARS_MAX);
        }
        if one.total > named.len() {
            self.own(&format!(" and {} more", one.total - named.len()));
        }
    }

    /// Appends the name of a value; returns whether it has one.
    pub(crate) fn begin_detail(&mut self, one: &Ranked) -> bool {
        self.own(" · ");
        let name = match one.fact.kind {
            FactKind::Target => noun_of(&one.fact.name),
            _ => one.short.clone(),
        };
        if !name.is_empty() {
            self.name(&name);
        }
        !name.is_empty()
    }

    /// Appends the objects around another one, the outermost first. An identifier that says nothing
    /// follows the noun of what it identifies.
    pub(crate) fn within(&mut self, names: &[&Ranked]) {
        let room = self.room;
        let shown = names.iter().rev().filter(|one| room.names(one));
        for (number, name) in shown.enumerate() {
            self.own(if number == 0 { " in " } else { "/" });
            let noun = noun_of(&name.fact.name);
            if is_opaque(&name.fact.value) && !noun.is_empty() {
                self.own(&noun);
                self.own(" ");
            }
            self.value(name, VALUE_CHARS_MAX);
        }
    }

    /// Appends recipients after a lead, and after those the ones that get a copy.
    pub(crate) fn recipients(&mut self, lead: &str, facts: &[&Ranked]) {
        let of = |copy: Option<&str>| -> Vec<&Ranked> {
            let facts = facts.iter().filter(|one| copy_of(&one.fact.name) == copy);
            facts.copied().collect()
        };
        self.list(lead, &of(None));
        for copy in COPIES {
            self.list(&format!(" · {copy} "), &of(Some(copy)));
        }
    }

    /// Appends one party: its name, then its account or address in parentheses.
    pub(crate) fn party(&mut self, facts: &[&Ranked]) {
        let mut facts = facts.to_vec();
        facts.sort_by_key(|one| !is_name(one));
        for (number, one) in facts.iter().enumerate() {
            self.own(match number {
                0 => "",
                1 => " (",
                _ => ", ",
            });
            self.value(one, VALUE_CHARS_MAX);
        }
        if facts.len() > 1 {
            self.own(")");
        }
    }

    /// Appends parties after a lead: each is an item of a list, or everything outside of one.
    pub(crate) fn parties(&mut self, lead: &str, facts: &[&Ranked]) {
        let mut parties: Vec<Vec<&Ranked>> = Vec::new();
        let mut known: HashMap<&str, usize> = HashMap::new();
        for one in facts {
            let at = *known
                .entry(item_of(&one.fact.location))
                .or_insert(parties.len());
            if at == parties.len() {
                parties.push(Vec::new());
            }
            parties[at].push(one);
        }
        if parties.is_empty() {
            return;
        }
        let values = facts.len();
        let count = if parties.len() == values {
            count(facts)
        } else {
            parties.len()
        };
        self.own(lead);
        for (number, party) in parties.iter().take(NAMED_MAX).enumerate() {
            self.own(if number > 0 { ", " } else { "" });
            self.party(party);
        }
        if count > NAMED_MAX {
            self.own(&format!(" and {} more", count - NAMED_MAX));
        }
    }

    /// Appends parties in parentheses: they describe what is in front of them.
    pub(crate) fn described(&mut self, facts: &[&Ranked]) {
        if !facts.is_empty() {
            self.parties(" (", facts);
            self.own(")");
        }
    }

    /// Appends texts that the agent chose after a lead; nothing if there are none.
    pub(crate) fn texts(&mut self, lead: &str, texts: &[&str]) {
        for (number, text) in texts.iter().take(NAMED_MAX).enumerate() {
            self.own(if number == 0 { lead } else { ", " });
            self.text(text, VALUE_CHARS_MAX);
        }
        if texts.len() > NAMED_MAX {
            self.own(&format!(" and {} more", texts.len() - NAMED_MAX));
        }
    }

    /// Appends values after a lead such as ` to `; nothing if there are none.
    pub(crate) fn list(&mut self, lead: &str, facts: &[&Ranked]) {
        if facts.is_empty() {
            return;
        }
        self.own(lead);
        for (number, one) in facts.iter().take(NAMED_MAX).enumerate() {
            if number > 0 {
                self.own(", ");
            }
            self.value(one, VALUE_CHARS_MAX);
        }
        let count = count(facts);
        if count > NAMED_MAX {
            self.own(&format!(" and {} more", count - NAMED_MAX));
        }
    }
}

/// Returns the beginning of a text that was cut, up to the end of its last clause, or else of its last word.
fn whole_clauses(shown: &str) -> &str {
    let half = shown.len() / 2;
    let clause = shown.rfind([',', ';', '.', '!', '?', ':']).map(|at| at + 1);
    let word = shown.rfind(' ');
    let end = clause
        .filter(|at| *at > half)
        .or(word.filter(|at| *at > half));
    shown[..end.unwrap_or(shown.len())].trim_end()
}

/// Returns the last whole sentences of a text that fit; empty if not even the last one does.
fn last_sentences(text: &str, chars_max: usize) -> &str {
    let text = text.trim_end();
    let window = ending(text, chars_max);
    let before = &text[..text.len() - window.len()];
    // The window may begin with a sentence itself.
    if before.trim_end().ends_with(['.', '!', '?']) && window.starts_with(' ') {
        return window.trim_start();
    }
    let end = [". ", "! ", "? "]
        .iter()
        .filter_map(|end| window.find(end))
        .min();
    end.map_or("", |end| window[end + 2..].trim_start())
}

/// Returns a text without the word at its end that is cut.
fn whole_words(shown: &str) -> &str {
    let end = shown.rfind(' ').filter(|end| *end > shown.len() / 2);
    shown[..end.unwrap_or(shown.len())].trim_end()
}

/// Returns a text without the word at its beginning that is cut.
fn whole_words_at_end(shown: &str) -> &str {
    let start = shown.find(' ').filter(|start| *start < shown.len() / 2);
    shown[start.unwrap_or(0)..].trim_start()
}

/// Whether a fact is the name of a party, which comes before its account.
pub(crate) fn is_name(one: &Ranked) -> bool {
    words(one.fact.name.rsplit('.').next().unwrap_or_default()).any(|word| is_in("name nm", &word))
        || one.fact.value.contains(' ') && one.fact.value.chars().any(char::is_lowercase)
}

/// Whether a text is a single word, such as an identifier, an address or a host.
fn is_token(text: &str) -> bool {
    !text.contains(char::is_whitespace)
}

/// Returns the location of the item that a value belongs to: up to its last index.
fn item_of(location: &str) -> &str {
    let mut end = location.len();
    while let Some((before, last)) = location[..end].rsplit_once('/') {
        if is_index(last) {
            return &location[..end];
        }
        end = before.len();
    }
    ""
}

/// Returns the beginning that all texts share, up to a separator; empty if it is too short to matter.
fn shared_beginning<'t>(texts: &[&'t str]) -> &'t str {
    let [first, _, _, ..] = texts else {
        return "";
    };
    let length = texts.iter().fold(first.len(), |length, text| {
        let same = first
            .bytes()
            .zip(text.bytes())
            .take_while(|(one, other)| one == other);
        length.min(same.count())
    });
    let shared = first.as_bytes()[..length]
        .iter()
        .rposition(|byte| b"/:".contains(byte));
    let shared = shared.map_or("", |at| &first[..=at]);
    if shared.len() < SHARED_CHARS_MIN {
        ""
    } else {
        shared
    }
}

/// Returns a text of HTML without the tags that only say how it looks. A tag with attributes stays: it may lead somewhere.
pub(crate) fn without_markup(text: &str) -> String {
    const TAGS: &str = "b body br center div em h1 h2 h3 h4 html i li ol p section span strong table tbody td th thead tr u \
        ul";
    /// Tags that begin a line of their own.
    const LINES: &str = "br div h1 h2 h3 h4 li p tr";
    if !text.contains("</") && !text.contains("<br") {
        return text.to_owned();
    }
    let mut shown = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('<') {
        shown.push_str(before);
        match after.split_once('>') {
            Some((tag, behind)) if is_in(TAGS, tag.trim_matches(['/', ' '])) => {
                let begins = is_in(LINES, tag.trim_matches(['/', ' ']));
                let separator = if begins { '\n' } else { ' ' };
                if !shown.ends_with(char::is_whitespace) {
                    shown.push(separator);
                }
                rest = behind;
            }
            _ => {
                shown.push('<');
                rest = after;
            }
        }
    }
    shown.push_str(rest);
    shown
}

/// Returns a text without line breaks, which would make it look like several headlines.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
