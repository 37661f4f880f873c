//! Names that no agent may have, because a human would take them for someone else.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Names that stand for a human or for the gateway wherever actors are shown, and the words that the
/// audit log itself uses for actors.
const RESERVED: [&str; 20] = [
    "you",
    "yourself",
    "me",
    "myself",
    "user",
    "human",
    "agent",
    "operator",
    "owner",
    "approver",
    "viewer",
    "admin",
    "administrator",
    "root",
    "system",
    "gateway",
    "thegateway",
    "gaiterguard",
    "anonymous",
    "unknown",
];

/// Letters of other scripts that look like Latin ones, from the confusables of Unicode TS 39.
const LOOK_ALIKES: [(&str, char); 20] = [
    ("аαɑ", 'a'),
    ("вβ", 'b'),
    ("сϲ", 'c'),
    ("ԁ", 'd'),
    ("еҽε", 'e'),
    ("ɡց", 'g'),
    ("һ", 'h'),
    ("іıιɩ1l", 'i'),
    ("ј", 'j'),
    ("κк", 'k'),
    ("мμ", 'm'),
    ("ոηп", 'n'),
    ("оοօσ0", 'o'),
    ("рρ", 'p'),
    ("ѕ5", 's'),
    ("тτ", 't'),
    ("υսц", 'u'),
    ("ѵν", 'v'),
    ("ԝω", 'w'),
    ("уγүʏ", 'y'),
];

/// Actors of the audit log that have a number: `user:7`, `agent:5`.
const NUMBERED: [&str; 2] = ["user", "agent"];

/// Whether a name could be a human's or the gateway's, or reads like an actor of the audit log: in
/// any case, with accents, spaces and punctuation, in letters that look alike, and with a number after
/// the words that the audit log numbers.
pub(crate) fn is_reserved(name: &str) -> bool {
    let seen = skeleton(name);
    let is_after_word = |c: char| c.is_numeric() || !c.is_alphabetic();
    let without_number = skeleton(name.trim_end_matches(is_after_word));
    RESERVED.iter().any(|reserved| seen == skeleton(reserved))
        || NUMBERED.contains(&without_number.as_str())
}

/// The letters and digits that a human sees, each in one spelling.
fn skeleton(name: &str) -> String {
    name.nfkd()
        .filter(|c| !is_combining_mark(*c))
        .flat_map(char::to_lowercase)
        .map(plain)
        .filter(|c| c.is_alphanumeric())
        .collect()
}

fn plain(c: char) -> char {
    let found = LOOK_ALIKES.iter().find(|(letters, _)| letters.contains(c));
    found.map_or(c, |(_, letter)| *letter)
}

#[cfg(test)]
mod tests {
    use super::is_reserved;

    #[test]
    fn a_name_that_reads_like_a_human_the_gateway_or_an_actor_is_reserved() {
        for name in [
            "you",
            "You",
            "YOU",
            " y o u ",
            "y.o.u",
            "“you”",
            "yоu",
            "уоu",
            "ｙｏｕ",
            "𝐲𝐨𝐮",
            "yóu",
            "y0u",
            "you!",
            "system",
            "SYSTEM",
            "sуstem",
            "5ystem",
            "gateway",
            "The Gateway",
            "Gaiter-Guard",
            "GaiterGuard",
            "ga1terguard",
            "admin",
            "Admin",
            "αdmin",
            "user",
            "User 3",
            "user:7",
            "operator",
            "Operator",
            "0perator",
            "agent",
            "agent 5",
            "agent:5",
            "agent 5.",
            "user (7)",
            "Agent-12",
            "me",
            "root",
            "human",
            "approver",
            "owner",
        ] {
            assert!(is_reserved(name), "{name}");
        }
    }

    #[test]
    fn a_name_that_reads_like_an_agent_is_free() {
        for name in [
            "assistant",
            "ops-assistant",
            "operator-bot",
            "billing-agent",
            "bot",
            "a",
            "user-research",
            "system-monitor",
            "gateway-tester",
            "youtube",
            "release-crew",
            "billing",
            "admin-helper",
            "medusa",
            "Übersetzer",
            "помощник",
            "助手",
            "support",
            "ci",
        ] {
            assert!(!is_reserved(name), "{name}");
        }
    }
}
