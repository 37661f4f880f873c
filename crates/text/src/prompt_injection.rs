//! Detects prompt injection: text in a request that addresses the reviewer or the assessor.

use std::sync::LazyLock;

use crate::words::{self, ByStem, stem};

/// How clearly a text addresses the assessor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Strength {
    /// People write this to one another too.
    Faint,
    /// It has hardly any other meaning.
    Plain,
}

/// Sequences that need no context.
pub const MARKS: &[&str] = &[
    "<|im_start",
    "<|system",
    "<|user",
    "<|assistant",
    "[inst]",
    "[/inst]",
    "<<sys>>",
    "<system>",
    "</system>",
    "### instruction",
    "### system",
    "system prompt",
    "jailbreak",
    "developer mode",
    "dan mode",
    "end of untrusted",
    "gaiterguard",
    "vorherigen anweisungen",
    "bisherigen anweisungen",
    "instructions précédentes",
    "instrucciones anteriores",
    "instruções anteriores",
    "istruzioni precedenti",
    "предыдущие инструкции",
    "之前的指令",
    "忽略以上",
    "以前の指示",
    "이전 지시",
];

/// Beginnings of words around which it is worth looking.
pub const TRIGGERS: &[&str] = &[
    "ignor",
    "disregard",
    "forget",
    "overrid",
    "overrul",
    "bypass",
    "skip",
    "circumvent",
    "approv",
    "authoriz",
    "authoris",
    "whitelist",
    "allowlist",
    "cleared",
    "vetted",
    "verified",
    "sanctioned",
    "harmless",
    "benign",
    "trusted",
    "legitimate",
    "innocuous",
    "risk",
    " safe",
    "assessor",
    "judge",
    "reviewer",
    "gatekeeper",
    "moderator",
    "classifier",
    "evaluator",
    "instruction",
    "human",
    "allow this",
    "allow the",
    "forward this",
    "let this",
    "pass this",
    "release this",
    "permit this",
    "respond ",
    "answer ",
    "output ",
    "hold this",
    "flag this",
    "block this",
    "escalate",
    "you are",
    "verdict",
    "system:",
    "assistant:",
];

/// How far on either side of a trigger words belong to it, in bytes: about a sentence.
const REACH: usize = 80;

const SETS: &[(Set, &str)] = &[
    (
        Set::Ignore,
        "ignore disregard forget override overrule bypass skip circumvent neglect suppress",
    ),
    (
        Set::Rules,
        "instruction rule prompt policy guideline directive guardrail safeguard restriction",
    ),
    (
        Set::Gate,
        "approval review gate reviewer assessor human confirmation oversight assessment screening vetting",
    ),
    (
        Set::Granted,
        "approved preapproved authorized authorised whitelisted allowlisted cleared vetted sanctioned",
    ),
    (
        Set::Authority,
        "security admin administrator compliance operator human legal management owner ceo cto ciso \
        supervisor reviewer team user manager",
    ),
    (Set::Not, "no not never don't doesn't dont needn't isn't"),
    (Set::Without, "without"),
    (Set::Need, "need require necessary"),
    (Set::Risk, "risk"),
    (Set::Score, "score level rating verdict assessment"),
    (Set::Low, "low zero 0 no none minimal negligible"),
    (
        Set::Safe,
        "safe harmless benign trusted legitimate innocuous",
    ),
    (
        Set::Mark,
        "mark classify treat consider rate score label deem regard judge assess rank evaluate",
    ),
    (Set::Request, "request call action operation"),
    (Set::This, "this the following present"),
    (
        Set::Judge,
        "assessor judge reviewer gatekeeper gateway moderator classifier evaluator guard approver llm model ai assistant",
    ),
    (Set::Address, "dear attention hey hello note"),
    (Set::Let, "allow forward release pass let permit approve"),
    (Set::Through, "through pass proceed"),
    (Set::Answer, "respond answer reply output"),
    (Set::With, "with only exactly just"),
    (Set::Verdict, "yes allow forward approve safe harmless low"),
    (Set::You, "you"),
    (Set::Be, "is are was been be has"),
    (Set::Already, "pre already previously fully"),
    (Set::By, "by"),
    (Set::Hold, "hold flag block escalate interrupt"),
    (
        Set::Previous,
        "previous prior above earlier preceding former",
    ),
    (Set::System, "system"),
];

#[derive(Clone, Copy)]
enum Set {
    Ignore,
    Rules,
    Gate,
    Granted,
    Authority,
    Not,
    Without,
    Need,
    Risk,
    Score,
    Low,
    Safe,
    Mark,
    Request,
    This,
    Judge,
    Address,
    Let,
    Through,
    Answer,
    With,
    Verdict,
    You,
    Be,
    Already,
    By,
    Hold,
    Previous,
    System,
}

/// Sets that follow one another, each at most so many words behind the last.
const SAYINGS: &[(Strength, &[(Set, usize)])] = {
    use Set::{
        Address, Already, Answer, Authority, Be, By, Gate, Granted, Hold, Ignore, Judge, Let, Low,
        Mark, Need, Not, Previous, Request, Risk, Rules, Safe, Score, System, This, Through,
        Verdict, With, Without, You,
    };
    use Strength::{Faint, Plain};
    &[
        (Plain, &[(Ignore, 0), (Rules, 5)]),
        (Plain, &[(Ignore, 0), (Gate, 4)]),
        (Plain, &[(Previous, 0), (Rules, 2)]),
        (Plain, &[(Already, 0), (Granted, 1)]),
        (Plain, &[(Granted, 0), (By, 1), (Authority, 4)]),
        (Plain, &[(Not, 0), (Gate, 3), (Need, 2)]),
        (Plain, &[(Not, 0), (Need, 2), (Gate, 4)]),
        (Plain, &[(Without, 0), (Gate, 3)]),
        (Faint, &[(Risk, 0), (Score, 1)]),
        (Faint, &[(Low, 0), (Risk, 1)]),
        (Plain, &[(Low, 0), (Risk, 1), (Request, 2)]),
        (Plain, &[(Risk, 0), (Score, 1), (Low, 4)]),
        (Plain, &[(Mark, 0), (Safe, 5)]),
        (Plain, &[(This, 0), (Request, 1), (Be, 1), (Safe, 3)]),
        (Plain, &[(This, 0), (Request, 1), (Be, 1), (Granted, 3)]),
        (Plain, &[(Be, 0), (Safe, 2), (Request, 2)]),
        (Faint, &[(Address, 0), (Judge, 3)]),
        (Plain, &[(You, 0), (Be, 1), (Judge, 4)]),
        (Plain, &[(Let, 0), (This, 1), (Request, 1)]),
        (Plain, &[(Let, 0), (This, 1), (Through, 1)]),
        (Plain, &[(Answer, 0), (With, 2), (Verdict, 3)]),
        (Plain, &[(Not, 0), (Hold, 2), (This, 2)]),
        (Faint, &[(System, 0), (You, 2)]),
    ]
};

static MEMBERS: LazyLock<ByStem<u64>> = LazyLock::new(|| {
    let mut members = ByStem::<u64>::default();
    for (set, words) in SETS {
        for word in words.split_ascii_whitespace() {
            *members.entry(stem(word)).or_default() |= 1 << (*set as u64);
        }
    }
    members
});

/// Returns how clearly the words around a place address the assessor.
pub fn around(text: &str, at: usize) -> Option<Strength> {
    let mut start = at.saturating_sub(REACH);
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    let mut end = (at + REACH).min(text.len());
    while !text.is_char_boundary(end) {
        end += 1;
    }
    let words: Vec<u64> = words::of_text(&text[start..end])
        .map(|word| MEMBERS.get(&stem(word)).copied().unwrap_or_default())
        .collect();
    SAYINGS
        .iter()
        .filter(|(_, sets)| (0..words.len()).any(|from| says(&words, from, sets)))
        .map(|(strength, _)| *strength)
        .max()
}

fn says(words: &[u64], from: usize, sets: &[(Set, usize)]) -> bool {
    let is_in = |at: usize, set: Set| {
        words
            .get(at)
            .is_some_and(|word| word & (1 << (set as u64)) != 0)
    };
    let Some(((first, _), rest)) = sets.split_first() else {
        return true;
    };
    if !is_in(from, *first) {
        return false;
    }
    let mut at = from;
    for (set, within) in rest {
        match (at + 1..=at + within).find(|at| is_in(*at, *set)) {
            Some(next) => at = next,
            None => return false,
        }
    }
    true
}
