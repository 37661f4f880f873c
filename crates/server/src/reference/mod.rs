//! The pages of the book that are generated from the code: error codes, audit events, and roles.
//!
//! Each test compares a page with what the code says. `make reference` writes the pages.

mod audit_events;
mod errors;
mod roles;

use std::path::Path;

/// Fails if the page is not `text`, or writes it if `WRITE_REFERENCE` is set.
fn check_page(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../docs/src/reference")
        .join(name);
    if std::env::var_os("WRITE_REFERENCE").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    let page = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        page == text,
        "docs/src/reference/{name} is not current: run `make reference`"
    );
}

/// A cell of a table: a bar would end it.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
