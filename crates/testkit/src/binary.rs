//! Where the gateway's binary is. Cargo does not build it for the tests of another package, so it is
//! looked up beside the running test, and an old one is refused rather than tested.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::SystemTime;

const HOW_TO_BUILD: &str = "build it with `cargo build -p gaiterguard`, or use `make test`";

/// The path of the gateway's binary, built from the sources as they are now.
pub(crate) fn gateway_binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        let test = std::env::current_exe().expect("a running test has a path");
        // target/debug/deps/some_test-0123456789abcdef
        let folder = test
            .ancestors()
            .nth(2)
            .expect("a test lies in target/PROFILE/deps");
        let binary = folder.join("gaiterguard");
        assert!(
            binary.is_file(),
            "{} is not there: {HOW_TO_BUILD}",
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

/// Cargo lists beside a binary the sources that it was built from.
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
