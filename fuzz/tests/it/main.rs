//! Replays the inputs that fuzzing found.

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
    assert!(replayed >= 5, "{} has too few inputs", folder.display());
}

#[test]
fn documents() {
    replay("read_document", gaiterguard_fuzz::read_document);
}

#[test]
fn responses() {
    replay("read_response", gaiterguard_fuzz::read_response);
}

#[test]
fn framing() {
    replay("frame_requests", gaiterguard_fuzz::frame_requests);
}

/// Deletes, duplicates and replaces every byte of every input; the replacements are the bytes that are
/// significant for framing.
#[test]
fn framing_of_all_that_is_one_byte_away() {
    const MEANINGFUL: &[u8] = b"\0\t\n\r ,:;/?@09afgx_-\x7f\xff";
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/frame_requests");
    let mut tried = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let input = fs::read(entry.unwrap().path()).unwrap();
        // The first byte is the length of the pieces.
        for at in 1..input.len() {
            let mut near = vec![input.clone(), input.clone()];
            near[0].remove(at);
            near[1].insert(at, input[at]);
            near.extend(MEANINGFUL.iter().map(|byte| {
                let mut changed = input.clone();
                changed[at] = *byte;
                changed
            }));
            for input in near {
                let outcome = catch_unwind(|| gaiterguard_fuzz::frame_requests(&input));
                assert!(
                    outcome.is_ok(),
                    "{:?} panics",
                    String::from_utf8_lossy(&input)
                );
                tried += 1;
            }
        }
    }
    assert!(tried > 2_000, "only {tried} inputs");
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
