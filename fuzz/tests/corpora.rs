//! What fuzzing has found worth keeping is tried again.

#![expect(clippy::unwrap_used, reason = "a test that panics says where")]

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

fn replay(target: &str, run: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("corpus")
        .join(target);
    let mut replayed = 0;
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let input = fs::read(&path).unwrap();
        let outcome = catch_unwind(AssertUnwindSafe(|| run(&input)));
        assert!(outcome.is_ok(), "{} makes it panic", path.display());
        replayed += 1;
    }
    assert!(replayed >= 5, "{} holds too little", folder.display());
}

#[test]
fn documents() {
    replay("read_document", gaiterguard_fuzz::read_document);
}

#[test]
fn routes() {
    replay("match_request", gaiterguard_fuzz::match_request);
}

#[test]
fn requests() {
    replay("open_body", gaiterguard_fuzz::open_body);
}

#[test]
fn conditions() {
    replay("evaluate_condition", gaiterguard_fuzz::evaluate_condition);
}
