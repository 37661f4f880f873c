//! Arbitrary documents.

use std::sync::Arc;

use gaiterguard_apidocs::{Call, Catalog, read_any};

/// Parses the bytes in the format they look like, and queries everything in the result.
pub fn read_document(data: &[u8]) {
    let Ok((_, document)) = read_any(data, None) else {
        return;
    };
    let catalog = Catalog::new(vec![Arc::new(document)]);
    for operation in catalog.operations() {
        assert!(!operation.id.is_empty(), "an operation without a name");
        let call = Call {
            method: &operation.method,
            path: &operation.template,
            base_path: "",
        };
        catalog.candidates(&call);
        for field in &operation.body.fields {
            operation.body.documents(&field.pointer);
        }
    }
    let words = String::from_utf8_lossy(&data[..data.len().min(60)]);
    assert!(catalog.search(&words, 5).len() <= 5);
    assert!(catalog.search_sections(&words, 5).len() <= 5);
}
