//! Byte sequences that are looked for in every text, in one pass.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use gaiterguard_domain::secret_shape;

use crate::char_classes::CharClasses;
use crate::prompt_injection;
use crate::trigram_filter::{TrigramFilter, Triple};

/// A pattern that was found in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// Instructions to the reviewer.
    PromptInjection(prompt_injection::Strength),
    /// A credential, by how it begins.
    Secret(&'static str),
    /// Code that harms or takes over.
    Harm(&'static str),
    /// An address that only means something inside the network of the server.
    Internal(&'static str),
}

#[derive(Clone, Copy)]
enum Kind {
    InjectionMark,
    InjectionTrigger,
    Secret,
    Harm,
    Internal,
}

/// The shortest text that is worth a search, in bytes. The shortest patterns have three, and as a whole
/// text none of them has a meaning.
const PATTERN_BYTES_MIN: usize = 4;

/// How many triggers of one text are examined. A text with more is either all about approvals, or written
/// to exhaust the assessor, so it counts as an injection.
const CHECKS_MAX: usize = 200;

const HARMS: &[&str] = &[
    "| sh",
    "|sh",
    "| bash",
    "|bash",
    "rm -rf",
    "rm -fr",
    "drop table",
    "drop database",
    "drop schema",
    "delete from",
    "truncate table",
    "<script",
    "powershell -e",
    "xp_cmdshell",
    "nc -e",
    "/bin/sh",
    "/bin/bash",
    "chmod 777",
    "mkfs.",
    ":(){",
    "os.system(",
    "subprocess.",
    "child_process",
    "runtime.exec(",
    "union select",
    "' or '1'='1",
    "' or 1=1",
    "grant all",
    "/etc/passwd",
    "/etc/shadow",
    "onerror=",
    "javascript:",
    "{{7*7}}",
    "${jndi:",
    "../../",
];

const INTERNALS: &[&str] = &[
    "169.254.169.254",
    "metadata.google.internal",
    "100.100.100.200",
    "fd00:ec2::254",
    "file:///",
    "gopher://",
    "://localhost",
    "://127.",
    "://[::1]",
    "://0.0.0.0",
    "://10.",
    "://192.168.",
];

struct Patterns {
    filter: TrigramFilter,
    automaton: AhoCorasick,
    /// The kind and the text of each pattern of the automaton.
    known: Vec<(Kind, &'static str)>,
}

static PATTERNS: LazyLock<Patterns> = LazyLock::new(|| {
    let lists = [
        (Kind::InjectionMark, prompt_injection::MARKS),
        (Kind::InjectionTrigger, prompt_injection::TRIGGERS),
        (Kind::Harm, HARMS),
        (Kind::Internal, INTERNALS),
    ];
    let known: Vec<(Kind, &'static str)> = lists
        .into_iter()
        .flat_map(|(kind, words)| words.iter().map(move |word| (kind, *word)))
        .chain(secret_shape::anywhere().map(|shape| (Kind::Secret, shape)))
        .collect();
    let automaton = AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .kind(Some(AhoCorasickKind::DFA))
        .build(known.iter().map(|(_, word)| *word))
        .expect("the lists are short, so their automaton fits into memory");
    Patterns {
        filter: TrigramFilter::new(known.iter().map(|(_, word)| *word)),
        automaton,
        known,
    }
});

/// Returns the character classes of a text and whether it may contain a pattern, in one pass.
pub fn skim(text: &str) -> (CharClasses, bool) {
    let filter = &PATTERNS.filter;
    let (mut classes, mut triple, mut may_hold) =
        (CharClasses::default(), Triple::default(), false);
    for byte in text.bytes() {
        classes = classes.with(byte);
        triple = triple.then(byte);
        may_hold |= filter.knows(triple);
    }
    (classes, may_hold && text.len() >= PATTERN_BYTES_MIN)
}

/// Calls `found` once for each kind of pattern in a text.
pub fn search(text: &str, mut found: impl FnMut(Pattern)) {
    let Patterns {
        automaton, known, ..
    } = &*PATTERNS;
    let mut checks = 0;
    let mut prompt_injection: Option<prompt_injection::Strength> = None;
    let (mut secret, mut harm, mut internal) = (false, false, false);
    // Patterns overlap: `| sh` must not hide the token in `| shpat_…`.
    for hit in automaton.find_overlapping_iter(text) {
        let (kind, word) = known[hit.pattern()];
        match kind {
            Kind::InjectionMark => prompt_injection = Some(prompt_injection::Strength::Plain),
            Kind::InjectionTrigger
                if prompt_injection != Some(prompt_injection::Strength::Plain) =>
            {
                checks += 1;
                if checks > CHECKS_MAX {
                    prompt_injection = Some(prompt_injection::Strength::Plain);
                } else {
                    prompt_injection =
                        prompt_injection.max(prompt_injection::around(text, hit.start()));
                }
            }
            Kind::Secret if !secret && is_secret(text, hit.start(), word) => {
                secret = true;
                found(Pattern::Secret(word));
            }
            Kind::Harm if !harm => {
                harm = true;
                found(Pattern::Harm(word));
            }
            Kind::Internal if !internal => {
                internal = true;
                found(Pattern::Internal(word));
            }
            _ => {}
        }
    }
    if let Some(strength) = prompt_injection {
        found(Pattern::PromptInjection(strength));
    }
}

/// Whether a beginning, spelled in its own case, is followed by enough that may be a credential.
fn is_secret(text: &str, at: usize, beginning: &str) -> bool {
    let Some(rest) = text.get(at..).and_then(|rest| rest.strip_prefix(beginning)) else {
        return false;
    };
    if beginning.starts_with("PRIVATE KEY") || beginning.starts_with("aws_") {
        return true;
    }
    let starts_word = text[..at]
        .bytes()
        .next_back()
        .is_none_or(|byte| !byte.is_ascii_alphanumeric());
    let length = rest
        .bytes()
        .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
        .count();
    starts_word && length >= 12
}
