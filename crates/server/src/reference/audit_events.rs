//! The page of audit events.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use gaiterguard_domain::event::Event;

use super::{cell, check_page};

const INTRODUCTION: &str = "# Audit events

<!-- Generated from crates/domain/src/event.rs: run `make reference`. -->

The audit log records who did what. `GET /audit` lists its entries, `GET /audit/export` returns them as a file, and
`gaiterguard audit verify` checks them. Every entry is written in the transaction of the change that it describes.

`GET /audit` takes filters: `event` (may be repeated), `actor` (such as `user:1`, or `user` for all users), `subject`,
`from`, and `to`.

| field | meaning |
|---|---|
| `id`, `at` | the entry's id and time |
| `actor` | `user:ID`, `agent:ID`, `gateway` (expiry, recovery, retention), or `operator` (the command line) |
| `actor_name` | the user's email address; the hash does not cover it |
| `event` | one of the events below |
| `subject` | what it happened to, such as `action:UUID`, `service:3`, or `request:UUID` |
| `detail` | the details; they never contain a secret |
| `covers` | digests of the rows that were written with it |
| `previous_hash`, `hash` | the hashes of the previous entry and of this entry |

| event | meaning |
|---|---|
";

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

#[test]
fn the_page_of_audit_events_is_current() {
    let mut page = INTRODUCTION.to_owned();
    for event in Event::ALL {
        writeln!(page, "| `{event}` | {} |", cell(event.meaning())).unwrap();
    }
    check_page("audit-events.md", &page);
}

#[test]
fn every_event_that_is_described_is_written() {
    let mut files = Vec::new();
    for folder in writers() {
        sources(&folder, &mut files);
    }
    let mut code = String::new();
    for file in files {
        code.push_str(&std::fs::read_to_string(file).unwrap());
    }
    for event in Event::ALL {
        assert!(code.contains(&format!("Event::{event:?}")), "{event:?}");
    }
}
