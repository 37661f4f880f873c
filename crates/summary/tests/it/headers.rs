//! A header that decides what a request does is a fact, and one that may hold a secret never is.

use gaiterguard_domain::effect::Effect;
use gaiterguard_summary::FactKind;
use http::Method;

use crate::with_headers;

#[test]
fn a_header_that_opens_an_object_changes_access() {
    for (header, value) in [
        ("x-amz-acl", "public-read"),
        ("x-goog-acl", "publicRead"),
        ("x-ms-blob-public-access", "container"),
        ("x-amz-grant-full-control", "id=1234"),
        ("x-object-visibility", "world"),
    ] {
        let found = with_headers(
            Effect::Change,
            &Method::PUT,
            "/scans/2024/lung.tif",
            &[(header, value)],
            b"",
            None,
        );
        assert_eq!(found.effect, Effect::Access, "{header}");
        let fact = found
            .facts
            .iter()
            .find(|fact| fact.location == format!("header/{header}"));
        let fact = fact.unwrap();
        assert_eq!(
            (fact.kind, &*fact.value),
            (FactKind::Access, value),
            "{header}"
        );
        let is_grant = header.contains("grant");
        let expected = if is_grant { value } else { "visible to anyone" };
        assert!(found.text().ends_with(expected), "{}", found.text());
    }
    // However many headers come before it.
    let names: Vec<String> = (0..40).map(|number| format!("x-target-{number}")).collect();
    let mut many: Vec<_> = names.iter().map(|name| (name.as_str(), "here")).collect();
    many.push(("x-amz-acl", "public-read"));
    let found = with_headers(Effect::Change, &Method::PUT, "/scans/1", &many, b"", None);
    assert_eq!(found.effect, Effect::Access);
    let private = &[("x-amz-acl", "private")];
    let target = "/scans/2024/lung.tif";
    let found = with_headers(Effect::Change, &Method::PUT, target, private, b"", None);
    assert_eq!(found.effect, Effect::Change);
}

#[test]
fn a_header_says_where_something_goes_and_on_whose_behalf() {
    let method = |name: &[u8]| Method::from_bytes(name).unwrap();
    for (method, target, headers, expected) in [
        (
            method(b"MOVE"),
            "/dav/files/ann/plan.pdf",
            &[
                ("destination", "https://dav.example/files/eve/plan.pdf"),
                ("overwrite", "T"),
            ][..],
            "Move ann/plan.pdf to https://dav.example/files/eve/plan.pdf · overwrite T",
        ),
        (
            method(b"COPY"),
            "/dav/notes/n-12",
            &[("destination", "/dav/public/n-12")],
            "Copy dav note n-12 to /dav/public/n-12",
        ),
        (
            Method::POST,
            "/grades/g-12/publish",
            &[("x-impersonate-user", "dean@school.example")],
            "Publish grade g-12 · x impersonate user dean@school.example",
        ),
        (
            Method::DELETE,
            "/ledgers/l-12",
            &[
                ("x-bypass-governance-retention", "true"),
                ("if-match", "\"a7\""),
            ],
            "Delete ledger l-12 · x bypass governance retention true",
        ),
    ] {
        let found = with_headers(Effect::Change, &method, target, headers, b"", None);
        assert_eq!(found.text(), expected, "{target}");
        for (name, value) in headers {
            let has = found
                .facts
                .iter()
                .any(|fact| fact.name == *name && fact.value == *value);
            assert!(has, "{name}");
        }
    }
}

#[test]
fn no_header_with_a_secret_or_of_the_transport_is_a_fact() {
    let found = with_headers(
        Effect::Change,
        &Method::POST,
        "/grades/g-12/publish",
        &[
            ("authorization", "Bearer hunter2"),
            ("x-target-token", "hunter2"),
            ("x-source-signature", "hunter2"),
            ("x-share-session", "hunter2"),
            (
                "x-amz-copy-source-server-side-encryption-customer-key",
                "hunter2",
            ),
            ("x-account", "ghp_hunter2hunter2"),
            ("cookie", "hunter2"),
            ("accept", "text/hunter2"),
            ("x-request-id", "hunter2"),
        ],
        b"",
        None,
    );
    assert!(!format!("{found:?}").contains("hunter2"), "{found:?}");
    assert_eq!(found.facts.len(), 1);
}

#[test]
fn a_header_names_the_procedure_of_an_interface_with_one_path() {
    for (header, value, body, expected) in [
        (
            "x-amz-target",
            "Streams_20131202.DeleteStream",
            r#"{"StreamName":"orders"}"#,
            "Delete stream · stream name orders",
        ),
        (
            "soapaction",
            "\"urn:hotel#CancelStay\"",
            "<Stay><Number>H-12</Number></Stay>",
            "Cancel stay · stay number H-12",
        ),
        (
            "x-rpc-operation",
            "PurgeQueue",
            "queue=orders",
            "Purge queue · queue orders",
        ),
    ] {
        let headers = &[(header, value)];
        let found = with_headers(
            Effect::Create,
            &Method::POST,
            "/api",
            headers,
            body.as_bytes(),
            None,
        );
        assert_eq!(found.text(), expected, "{header}");
    }
}
