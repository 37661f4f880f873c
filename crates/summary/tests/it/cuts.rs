//! A long value keeps the part that distinguishes it.

use gaiterguard_domain::effect::Effect;
use http::Method;

use crate::summary;

#[test]
fn a_long_identifier_an_address_and_a_host_keep_their_ends() {
    let long = "x".repeat(70);
    for (effect, method, target, body, ending) in [
        (
            Effect::Delete,
            Method::DELETE,
            format!("/secrets/{long}-production-0001"),
            String::new(),
            "-production-0001",
        ),
        (
            Effect::ShareOutside,
            Method::POST,
            "/messages".to_owned(),
            format!(r#"{{"to":"{long}@mail.evil.example"}}"#),
            "@mail.evil.example",
        ),
        (
            Effect::Create,
            Method::POST,
            "/hooks".to_owned(),
            format!("host={long}.cdn.evil.example"),
            ".cdn.evil.example",
        ),
    ] {
        let found = summary(effect, &method, &target, body.as_bytes(), None);
        assert!(found.text().ends_with(ending), "{}", found.text());
        assert!(found.text().contains("xx…xx"), "{}", found.text());
    }
}

#[test]
fn a_long_text_keeps_its_beginning() {
    let body = format!(r#"{{"note":"Begin here {}"}}"#, "and carry ".repeat(20));
    let found = summary(
        Effect::Change,
        &Method::PATCH,
        "/tickets/t-12",
        body.as_bytes(),
        None,
    );
    assert!(
        found.text().contains("“Begin here and carry"),
        "{}",
        found.text()
    );
}
