//! A segment of a path: its text as an upstream reads it, and what its words mean.

use std::borrow::Cow;

use gaiterguard_domain::effect::Effect;
use gaiterguard_text::words::{self, stem};

use crate::lexicon::{self, Sense};

/// The endings by which a segment is known to be a file's name.
const FILE_ENDINGS: &[&str] = &[
    "txt", "md", "pdf", "doc", "docx", "xls", "xlsx", "csv", "ppt", "pptx", "png", "jpg", "jpeg",
    "gif", "svg", "zip", "tar", "gz", "py", "js", "ts", "rs", "go", "rb", "java", "sh", "yml",
    "yaml", "toml", "html", "css", "ipynb", "mp3", "mp4", "wav", "log", "sql", "env", "pem", "key",
    "tf", "lock", "ini", "cfg", "conf",
];

/// Endings that select the format of a response and do not belong to a file.
const FORMAT_ENDINGS: &[&str] = &[".json", ".xml", ".aspx", ".php", ".do"];

/// Endings of scripts that take what follows them in a path as an argument.
const SCRIPT_ENDINGS: &[&str] = &[
    ".php", ".aspx", ".ashx", ".asp", ".jsp", ".cgi", ".do", ".pl",
];

/// The shortest word that is looked into for others. The shortest root has six letters, and fewer
/// than three more are an inflection of it, as in `deleted`.
const COMPOUND_MIN: usize = 9;

/// The roots of compound words, the most severe first.
const COMPOUND_ROOTS: &[(&str, Sense)] = &[
    ("delete", Sense::DeleteVerb),
    ("payment", Sense::Certain(Effect::Pay)),
    ("transfer", Sense::Certain(Effect::Pay)),
    ("payout", Sense::Certain(Effect::Pay)),
    ("rolebinding", Sense::Certain(Effect::Access)),
    ("password", Sense::Certain(Effect::Access)),
    ("permission", Sense::Certain(Effect::Access)),
    ("credential", Sense::Certain(Effect::Access)),
    ("secret", Sense::Certain(Effect::Access)),
    ("apikey", Sense::Certain(Effect::Access)),
    ("accesskey", Sense::Certain(Effect::Access)),
    ("deployment", Sense::Certain(Effect::Code)),
    ("webhook", Sense::Message),
    ("message", Sense::Message),
];

#[derive(Debug)]
pub(super) struct Segment<'a> {
    pub(super) text: Cow<'a, str>,
    pub(super) kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Words of the interface.
    Words,
    /// An identifier.
    Identifier,
    /// Text that servers may not treat as part of the path.
    Tail,
}

/// A word that implies an effect.
#[derive(Clone, Debug)]
pub(crate) struct EffectWord {
    pub(crate) sense: Sense,
    pub(crate) word: String,
}

impl<'a> Segment<'a> {
    /// Splits what is between two slashes at an escaped question mark or number sign, which some servers
    /// decode before they look for the end of the path.
    pub(super) fn split(segment: &'a str) -> (&'a str, Option<&'a str>) {
        let bytes = segment.as_bytes();
        let end = memchr::memchr_iter(b'%', bytes)
            .filter(|at| *at > 0)
            .find(|at| {
                let escape = bytes.get(at + 1..at + 3).unwrap_or_default();
                escape == b"23" || escape.eq_ignore_ascii_case(b"3f")
            });
        end.map_or((segment, None), |end| {
            (&segment[..end], Some(&segment[end + 3..]))
        })
    }

    /// Reads a segment, or an identifier and the verb behind its colon. Returns whether it is a script,
    /// to which what follows is an argument.
    pub(super) fn read(segment: &'a str, segments: &mut Vec<Self>) -> bool {
        // The part after a semicolon is parameters, which many servers drop.
        let own = segment.split(';').next().filter(|own| !own.is_empty());
        let mut text = words_decoded(own.unwrap_or(segment));
        // Parentheses contain arguments.
        if let Some(at) = text.find('(')
            && at > 0
        {
            text = Cow::Owned(text[..at].to_owned());
        }
        if let Some(folded) = folded(&text) {
            text = Cow::Owned(folded);
        }
        if let Some(trimmed) = trimmed(&text) {
            text = Cow::Owned(trimmed.to_owned());
        }
        let lower = text.to_ascii_lowercase();
        let is_script = SCRIPT_ENDINGS.iter().any(|ending| lower.ends_with(ending));
        for ending in FORMAT_ENDINGS {
            if let Some(stripped) = text.strip_suffix(ending)
                && stripped
                    .bytes()
                    .all(|byte| byte.is_ascii_alphabetic() || byte == b'_')
            {
                text = Cow::Owned(stripped.to_owned());
                break;
            }
        }
        let kind = if identifies(&text) {
            Kind::Identifier
        } else {
            Kind::Words
        };
        if kind == Kind::Identifier
            && let Some((own, verb)) = custom_verb(&text)
        {
            let (own, verb) = (Cow::Owned(own.to_owned()), Cow::Owned(verb.to_owned()));
            segments.push(Self { text: own, kind });
            segments.push(Self {
                text: verb,
                kind: Kind::Words,
            });
        } else {
            segments.push(Self { text, kind });
        }
        is_script
    }

    /// Whether the segment stands for something that matters by itself.
    pub(super) fn has_effect(&self) -> bool {
        self.effect_word().is_some_and(|effect_word| {
            !matches!(
                effect_word.sense,
                Sense::Asks | Sense::PlainVerb | Sense::Thing
            )
        })
    }

    /// Whether the segment names something that interfaces have: a known word, or a plural.
    pub(super) fn is_known(&self) -> bool {
        self.kind == Kind::Words
            && (words::of_name(&self.text).any(|word| {
                matches!(sense_of(word), Some(sense) if sense != Sense::PlainVerb)
                    || lexicon::concepts(stem(word)) != 0
            }) || self.text.len() > 4 && self.text.ends_with('s') && !self.text.ends_with("ss"))
    }

    /// Returns the word that says what the segment does. An order to delete wins. Otherwise the last
    /// known word decides, because `order-items` are items.
    pub(super) fn effect_word(&self) -> Option<EffectWord> {
        if self.kind != Kind::Words {
            return None;
        }
        let known: Vec<(Sense, &str)> = words::of_name(&self.text)
            .filter_map(|word| sense_of(word).map(|sense| (sense, word)))
            .filter(|(sense, _)| *sense != Sense::PlainVerb)
            .collect();
        let last = words::of_name(&self.text)
            .filter(|word| sense_of(word) != Some(Sense::PlainVerb))
            .last();
        let first = known.first().filter(|(sense, _)| *sense == Sense::Asks);
        if let Some((sense, word)) = first
            && known
                .iter()
                .all(|(sense, _)| rank(*sense) >= rank(Sense::Likely(Effect::Read)))
        {
            return Some(EffectWord {
                sense: *sense,
                word: word.to_lowercase(),
            });
        }
        let deleting = known.iter().find(|(sense, _)| *sense == Sense::DeleteVerb);
        let head = known.last().filter(|(_, word)| Some(*word) == last);
        let gravest = known
            .iter()
            .min_by_key(|(sense, _)| (rank(*sense), sense.effect()));
        deleting
            .or(head)
            .or(gravest)
            .map(|(sense, word)| EffectWord {
                sense: *sense,
                word: word.to_lowercase(),
            })
    }
}

fn rank(sense: Sense) -> u8 {
    match sense {
        Sense::DeleteVerb => 0,
        Sense::Certain(_) => 1,
        Sense::Message => 2,
        Sense::Made(_) => 3,
        Sense::Likely(_) => 4,
        Sense::Asks => 5,
        Sense::Thing => 6,
        Sense::PlainVerb => 7,
    }
}

/// The sense of a word as it is written. A few plurals are other things than their singulars.
pub(super) fn sense_of(word: &str) -> Option<Sense> {
    if word.eq_ignore_ascii_case("books") || word.eq_ignore_ascii_case("blocks") {
        return Some(Sense::Thing);
    }
    if word.eq_ignore_ascii_case("statuses") {
        return Some(Sense::Certain(Effect::ShareOutside));
    }
    lexicon::sense(stem(word)).or_else(|| {
        // Some interfaces write compounds without a mark between their words.
        let long = (word.len() >= COMPOUND_MIN).then(|| word.to_ascii_lowercase())?;
        COMPOUND_ROOTS
            .iter()
            .find(|(root, _)| long.contains(root))
            .map(|(_, sense)| *sense)
    })
}

/// Whether a segment is an identifier rather than a word of the interface.
fn identifies(segment: &str) -> bool {
    let digits = segment.bytes().filter(u8::is_ascii_digit).count();
    let letters = segment.bytes().filter(u8::is_ascii_alphabetic).count();
    let is_name = [
        "oauth2", "oauth1", "s3", "ec2", "k8s", "2fa", "x509", "route53",
    ]
    .iter()
    .any(|name| segment.eq_ignore_ascii_case(name));
    let is_version = segment.len() <= 12 && segment.starts_with(['v', 'V']) && digits <= 3;
    if digits > 0 && !is_name && !is_version {
        return true;
    }
    if segment.starts_with(['!', '#', '@', '$', '~']) || segment.contains(['@', ' ', ',', '=']) {
        return true;
    }
    if letters == 0 {
        return true;
    }
    let is_capital = segment.len() >= 5 && segment.bytes().all(|byte| byte.is_ascii_uppercase());
    if is_capital && !names_effect(segment) {
        return true;
    }
    segment
        .rsplit_once('.')
        .is_some_and(|(_, ending)| FILE_ENDINGS.contains(&ending.to_ascii_lowercase().as_str()))
}

/// Whether a segment of words stands for something that matters, as opposed to a verb that says no more
/// than the method, or a question.
fn names_effect(text: &str) -> bool {
    words::of_name(text)
        .filter_map(sense_of)
        .any(|sense| !matches!(sense, Sense::Asks | Sense::PlainVerb))
}

/// Returns a segment without the spaces around it and the marks behind it, which many servers drop;
/// `None` where nothing is dropped or where what is left is not a known name of interfaces.
fn trimmed(text: &str) -> Option<&str> {
    let own = text.trim_matches(|c: char| c.is_whitespace() || c.is_control());
    let own = own.trim_end_matches(|c: char| !c.is_alphanumeric() && c != ':');
    (own.len() < text.len() && names_effect(own)).then_some(own)
}

/// Returns a segment with the words in small letters whose capitals would hide them, as in `cHARGES`:
/// many servers ignore the case of a path.
fn folded(text: &str) -> Option<String> {
    let is_letter = |c: char| c.is_ascii_alphabetic();
    let is_hidden = |run: &str| {
        words::of_name(run).nth(1).is_some()
            && lexicon::sense(stem(run))
                .is_some_and(|sense| !matches!(sense, Sense::Asks | Sense::PlainVerb))
    };
    let mut folded = None;
    for run in text.split(|c| !is_letter(c)).filter(|run| is_hidden(run)) {
        let own = folded.get_or_insert_with(|| text.to_owned());
        *own = own.replace(run, &run.to_ascii_lowercase());
    }
    folded
}

/// Returns an identifier and the verb behind its colon, as in `7:deploy`; `None` where what is behind
/// the colon has no effect, and for the identifiers of Matrix and of Amazon, which have colons in them.
fn custom_verb(text: &str) -> Option<(&str, &str)> {
    let (own, verb) = text.rsplit_once(':')?;
    let has_colons = text.starts_with(['!', '#', '@', '$', '~'])
        || own.starts_with("arn:")
        || own.starts_with("urn:");
    let is_word = verb.bytes().all(|byte| byte.is_ascii_alphabetic());
    (!has_colons && !own.is_empty() && is_word && names_effect(verb)).then_some((own, verb))
}

/// Decodes percent-escapes, as the upstream does.
pub(super) fn words_decoded(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let escaped = (first == b'%')
            .then(|| std::str::from_utf8(tail.get(..2)?).ok())
            .flatten()
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        if let Some(byte) = escaped {
            bytes.push(byte);
            rest = &tail[2..];
        } else {
            bytes.push(first);
            rest = tail;
        }
    }
    Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
}
