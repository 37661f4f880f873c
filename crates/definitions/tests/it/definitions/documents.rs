//! Documents, as an operator gives them.

use super::*;

#[tokio::test]
async fn a_document_comes_back_as_it_was_given() {
    let setup = Setup::new().await;
    let (definitions, editor) = (&setup.definitions, setup.editor);
    let one = created(&setup, "one", "none", json!(null)).await;
    let new =
        fields(json!({"type": "openapi", "title": "API", "content": "{\"openapi\":\"3.1.0\"}"}));
    let made = document::create(definitions, editor, one.id, new)
        .await
        .unwrap();
    assert_eq!((made.operations, made.sections), (0, 0));
    assert_eq!(
        made.warnings,
        [
            "paths: no operations were found, so requests match none",
            "paths: are missing"
        ]
    );
    let content = document::content(definitions, editor.workspace, made.id)
        .await
        .unwrap();
    assert_eq!(**content, *b"{\"openapi\":\"3.1.0\"}");
    let listed = document::list(definitions, editor.workspace, one.id)
        .await
        .unwrap();
    assert_eq!(listed, [Stored::Intact(made.clone())]);
    let large = "x".repeat(16 * 1024 * 1024 + 1);
    for (new, field) in [
        (json!({"content": "x"}), "type"),
        (json!({"type": "word", "content": "x"}), "type"),
        (json!({"type": "markdown"}), "content"),
        (json!({"type": "markdown", "content": " \n"}), "content"),
        (json!({"type": "markdown", "content": {"a": 1}}), "content"),
        (json!({"type": "markdown", "content": large}), "content"),
        (
            json!({"type": "markdown", "content": "x", "title": "t".repeat(201)}),
            "title",
        ),
        (
            json!({"type": "url", "content": "docs.example.com"}),
            "content",
        ),
        (
            json!({"type": "url", "content": "file:///etc/passwd"}),
            "content",
        ),
        (
            json!({"type": "url", "content": "https://169.254.169.254/"}),
            "content",
        ),
        (
            json!({"type": "url", "content": "http://127.0.0.1:1/openapi.json"}),
            "content",
        ),
        (
            json!({"type": "openapi", "content": "openapi: ["}),
            "content",
        ),
        (
            json!({"type": "openapi", "content": "only words"}),
            "content",
        ),
    ] {
        let error = document::create(definitions, editor, one.id, fields(new))
            .await
            .unwrap_err();
        assert_eq!(invalid_fields(error), [field]);
    }
    let refreshed = document::refresh(definitions, editor, one.id, made.id).await;
    assert_eq!(refreshed.unwrap(), made);
    document::delete(definitions, editor, one.id, made.id)
        .await
        .unwrap();
    assert_eq!(
        document::list(definitions, editor.workspace, one.id)
            .await
            .unwrap()
            .len(),
        0
    );
}

#[tokio::test]
async fn a_service_has_at_most_a_hundred_documents() {
    let setup = Setup::new().await;
    let one = created(&setup, "one", "none", json!(null)).await;
    let add = async || {
        let new = fields(json!({"type": "markdown", "content": "# One page"}));
        document::create(&setup.definitions, setup.editor, one.id, new).await
    };
    let mut last = None;
    for _ in 0..100 {
        last = Some(add().await.unwrap().id);
    }
    let error = add().await.unwrap_err();
    assert!(error.to_string().contains("100 documents"), "{error}");
    document::delete(&setup.definitions, setup.editor, one.id, last.unwrap())
        .await
        .unwrap();
    add().await.unwrap();
}
