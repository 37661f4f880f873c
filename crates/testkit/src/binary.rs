//! Finds the gateway's binary. Cargo does not build it for the tests of another package, so it is looked up
//! next to the running test, and a binary older than its sources is rejected.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::SystemTime;

const HOW_TO_BUILD: &str =
    "build it with `cargo build --workspace --bin gaiterguard`, or use `make test`";

/// Returns the path of the gateway's binary. Panics if it is missing or older than its sources.
pub(crate) fn gateway_binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        let test = std::env::current_exe().expect("a running test has a path");
        // target/debug/deps/some_test-0123456789abcdef
        let folder = test
            .ancestors()
            .nth(2)
            .expect("tests are in target/PROFILE/deps");
        let binary = folder.join("gaiterguard");
        assert!(
            binary.is_file(),
            "{} does not exist: {HOW_TO_BUILD}",
            binary.display()
        );
        if let Some(source) = newer_source(&binary) {
            panic!(
                "{} is older than {source}: {HOW_TO_BUILD}",
                binary.display()
            );
        }
        binary
    })
}

/// Returns a source that changed after the binary was built. Cargo lists the sources in a `.d` file next to it.
fn newer_source(binary: &Path) -> Option<String> {
    let built = modified(binary)?;
    let listing = std::fs::read_to_string(binary.with_extension("d")).ok()?;
    let (_, sources) = listing.split_once(": ")?;
    sources
        .split_whitespace()
        .find(|source| modified(Path::new(source)).is_some_and(|changed| changed > built))
        .map(str::to_owned)
}

fn modified(path: &Path) -> Option<SystemTime> {
    path.metadata().ok()?.modified().ok()
}
