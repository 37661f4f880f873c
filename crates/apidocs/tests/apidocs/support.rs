//! Documents for tests: two real ones beside the tests, further ones where they are at hand.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gaiterguard_apidocs::{Catalog, Document, Format, read};

/// The folder of the documents that stand beside the tests.
pub(crate) fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data")
}

/// The folder of further real documents: named by `GAITERGUARD_SPECS`, or `shared/specs` beside
/// any of the folders above this one.
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

/// The bytes of a document, unpacked if need be.
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

/// A description of an API.
pub(crate) fn openapi(text: &str) -> Document {
    read(Format::OpenApi, text.as_bytes()).unwrap()
}

/// A catalog of one description of an API.
pub(crate) fn catalog(text: &str) -> Catalog {
    Catalog::new(vec![Arc::new(openapi(text))])
}
