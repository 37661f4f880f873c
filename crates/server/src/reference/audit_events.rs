//! The page of audit events.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::{cell, check_page};

const INTRODUCTION: &str = "# Audit events

<!-- Generated from crates/server/src/reference/audit_events.rs: run `make reference`. -->

The audit log records who did what. `GET /audit` lists its entries, `GET /audit/export` returns them as a file, and
`gaiterguard audit verify` checks them. Every entry is written in the transaction of the change that it describes.

| field | meaning |
|---|---|
| `id`, `at` | the entry's id and time |
| `actor` | `user:ID`, `agent:ID`, `gateway` (expiry, recovery, retention) or `operator` (the command line) |
| `event` | one of the events below |
| `subject` | what it happened to, such as `action:UUID`, `service:3` or `request:UUID` |
| `detail` | the details, never a secret |
| `covers` | digests of the rows that were written with it |
| `previous_hash`, `hash` | the chain |

| event | meaning |
|---|---|
";

/// Every event, in alphabetical order.
const EVENTS: &[(&str, &str)] = &[
    ("action.approved", "A human approved the action."),
    ("action.created", "A request was held."),
    ("action.denied", "A human denied the action."),
    (
        "action.executed",
        "The approved request was sent and the upstream responded.",
    ),
    (
        "action.executing",
        "The agent started the execution; the request may be sent from now on.",
    ),
    (
        "action.execution_given_back",
        "An execution that had not started was returned, because nobody took the result.",
    ),
    (
        "action.expired",
        "Nobody decided, or nobody executed, in time.",
    ),
    (
        "action.indeterminate",
        "The execution broke after the request may have been sent.",
    ),
    (
        "action.resolved",
        "A human recorded what became of an indeterminate action.",
    ),
    (
        "action.returned",
        "The execution sent nothing, so the action is approved again.",
    ),
    (
        "action.revoked",
        "A human, a block or the kill switch revoked the action.",
    ),
    ("agent.blocked", "The agent was blocked."),
    ("agent.created", "An agent was created."),
    ("agent.deleted", "The agent was deleted."),
    ("agent.key_rotated", "The agent got a new key."),
    ("agent.scope_changed", "The agent's services were changed."),
    ("agent.unblocked", "The agent was unblocked."),
    ("agent.updated", "The agent's definition was changed."),
    (
        "audit.chain_opened",
        "A writer started a chain of its own; the entry names the heads of the older ones.",
    ),
    (
        "credential.refreshed",
        "The gateway renewed an OAuth2 token.",
    ),
    (
        "credential.replaced",
        "A service's credential was replaced.",
    ),
    ("data_key.created", "A data key was created."),
    (
        "data_key.rewrapped",
        "A data key was wrapped under the new master key.",
    ),
    ("document.created", "A document was added to a service."),
    ("document.deleted", "A document was deleted."),
    ("document.refreshed", "A document was fetched again."),
    (
        "kill_switch.changed",
        "The kill switch was turned on or off.",
    ),
    (
        "master_key.created",
        "The master key was created at the first start.",
    ),
    (
        "master_key.link_cut",
        "The old secret stopped working after a rotation.",
    ),
    ("master_key.rotated", "`ENCRYPTION_SECRET` was rotated."),
    (
        "master_key.secret_kept",
        "A rotation kept the link that lets running gateways follow.",
    ),
    (
        "request.broken",
        "The request broke off, or its replica died, before its outcome was recorded.",
    ),
    ("request.denied", "A rule denied the request."),
    (
        "request.ended",
        "A forwarded request ended; the entry holds its outcome, and the digest of a streamed upload.",
    ),
    ("request.forwarded", "The request was forwarded."),
    (
        "requests.ended",
        "Requests of several workspaces ended in one transaction.",
    ),
    (
        "retention.answers_dropped",
        "Stored responses were deleted because of their age.",
    ),
    (
        "retention.bodies_dropped",
        "Bodies of ended actions were cut because of their budget.",
    ),
    (
        "retention.claims_deleted",
        "Idempotency keys were deleted because of their age.",
    ),
    (
        "retention.data_keys_deleted",
        "Data keys that protect nothing any more were deleted.",
    ),
    (
        "retention.replicas_deleted",
        "Records of replicas that ended were deleted.",
    ),
    (
        "retention.requests_deleted",
        "Ledger entries were deleted because of their age.",
    ),
    (
        "retention.rule_hits_deleted",
        "Old counts of matched rules were deleted.",
    ),
    ("retention.sessions_deleted", "Ended sessions were deleted."),
    ("rule.created", "A rule was created."),
    ("rule.deleted", "A rule was deleted."),
    ("rule.updated", "A rule was changed."),
    ("service.created", "A service was created."),
    ("service.deleted", "A service was deleted."),
    (
        "service.test_called",
        "A human sent a test call to the service.",
    ),
    ("service.updated", "A service's definition was changed."),
    ("session.created", "Somebody signed in."),
    ("session.refreshed", "A session's token was renewed."),
    ("session.revoked", "A session was ended."),
    (
        "session.token_reused",
        "A refresh token was used twice, so its session was ended.",
    ),
    ("user.created", "A user was created on the command line."),
    (
        "user.password_reset",
        "A password was replaced on the command line.",
    ),
    ("user.registered", "A user registered."),
];

/// The crates that write audit entries.
fn writers() -> Vec<PathBuf> {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    std::fs::read_dir(crates)
        .unwrap()
        .map(|folder| folder.unwrap().path())
        .filter(|folder| !folder.ends_with("server") && folder.join("src").exists())
        .map(|folder| folder.join("src"))
        .collect()
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let is_source = path.extension().is_some_and(|extension| extension == "rs");
        let is_test = path
            .file_stem()
            .is_some_and(|stem| stem.to_string_lossy().ends_with("tests"));
        if path.is_dir() {
            sources(&path, found);
        } else if is_source && !is_test {
            found.push(path);
        }
    }
}

fn is_event(literal: &str, nouns: &BTreeSet<&str>) -> bool {
    literal.split_once('.').is_some_and(|(noun, verb)| {
        let is_word = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
        nouns.contains(noun) && !verb.is_empty() && verb.bytes().all(is_word)
    })
}

/// The string literals of the code that look like an event: a known noun, a point and a verb.
fn written() -> BTreeSet<String> {
    let nouns: BTreeSet<_> = EVENTS
        .iter()
        .map(|(event, _)| event.split_once('.').unwrap().0)
        .collect();
    let mut files = Vec::new();
    for folder in writers() {
        sources(&folder, &mut files);
    }
    let mut events = BTreeSet::new();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        // Unit tests at the end of a file write entries of their own.
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
        let quotes = code.match_indices('"').map(|(at, _)| at + 1);
        for literal in quotes.filter_map(|start| code[start..].split('"').next()) {
            if is_event(literal, &nouns) {
                events.insert(literal.to_owned());
            }
        }
    }
    events
}

#[test]
fn the_page_of_audit_events_is_current() {
    let mut page = INTRODUCTION.to_owned();
    for (event, meaning) in EVENTS {
        writeln!(page, "| `{event}` | {} |", cell(meaning)).unwrap();
    }
    check_page("audit-events.md", &page);
}

#[test]
fn every_event_that_is_written_is_described() {
    assert!(EVENTS.is_sorted_by(|one, next| one.0 < next.0));
    let described: BTreeSet<_> = EVENTS
        .iter()
        .map(|(event, _)| (*event).to_owned())
        .collect();
    assert_eq!(written(), described);
}
