//! Documents for tests: two real ones next to the tests, and others if they are available.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gaiterguard_apidocs::{Catalog, Document, Format, Operation, read};

/// The folder of the documents next to the tests.
pub(crate) fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data")
}

/// The folder of further real documents: `GAITERGUARD_SPECS`, or `shared/specs` in one of the folders
/// above this one.
pub(crate) fn further() -> Option<PathBuf> {
    if let Some(named) = option_env!("GAITERGUARD_SPECS") {
        let named = PathBuf::from(named);
        assert!(
            named.is_dir(),
            "GAITERGUARD_SPECS names no folder: {}",
            named.display()
        );
        return Some(named);
    }
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .map(|folder| folder.join("shared/specs"))
        .find(|folder| folder.join("match.jsonl").is_file())
}

/// Returns the bytes of a document, decompressed if necessary.
pub(crate) fn bytes(folder: &Path, name: &str) -> Vec<u8> {
    if let Ok(plain) = std::fs::read(folder.join(name)) {
        return plain;
    }
    let packed = std::fs::read(folder.join(format!("{name}.gz"))).unwrap();
    let mut plain = Vec::new();
    flate2::read::GzDecoder::new(packed.as_slice())
        .read_to_end(&mut plain)
        .unwrap();
    plain
}

/// Parses a description of an API.
pub(crate) fn openapi(text: &str) -> Document {
    read(Format::OpenApi, text.as_bytes()).unwrap()
}

/// Returns a catalog of one description of an API.
pub(crate) fn catalog(text: &str) -> Catalog {
    Catalog::new(vec![Arc::new(openapi(text))])
}

/// Returns the operation with an id.
#[track_caller]
pub(crate) fn operation<'d>(document: &'d Document, id: &str) -> &'d Operation {
    let found = document
        .operations
        .iter()
        .find(|operation| operation.id == id);
    found.unwrap_or_else(|| panic!("{id} is not among the operations"))
}
