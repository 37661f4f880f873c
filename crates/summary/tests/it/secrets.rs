//! A secret is known by what is around it, too.

use gaiterguard_domain::effect::Effect;
use http::Method;

use crate::summary;

#[test]
fn what_the_path_or_a_label_calls_a_secret_is_not_shown() {
    for (target, body) in [
        (
            "/users/u-12/reset-password",
            r#"{"type":"password","value":"hunter2","temporary":false}"#,
        ),
        ("/v1/secrets/db", r#"{"value":"hunter2"}"#),
        ("/v1/secret/data/db", r#"{"data":{"url":"hunter2"}}"#),
        (
            "/api/v1/configs",
            r#"{"kind":"Secret","stringData":{"tls.crt":"hunter2"}}"#,
        ),
        ("/apps/a-12/variables", "key=DB_PASSWORD&value=hunter2"),
        (
            "/apps/a-12",
            "<Vars><Var><Name>apiToken</Name><Value>hunter2</Value><Scope>all</Scope></Var></Vars>",
        ),
        (
            "/apps/a-12/variables",
            r#"{"url":"postgres://app:hunter2@db.example/orders"}"#,
        ),
        (
            "/hooks/h-12",
            "target=https%3A%2F%2Fbot%3Ahunter2%40ci.example",
        ),
        ("/credentials/c-12", r#"{"data":"hunter2","label":"ftp"}"#),
    ] {
        let found = summary(Effect::Access, &Method::PUT, target, body.as_bytes(), None);
        assert!(
            !format!("{found:?}").contains("hunter2"),
            "{target} {found:?}"
        );
    }
    // Nothing calls this one so.
    let found = summary(
        Effect::Change,
        &Method::PUT,
        "/rooms/r-12/label",
        br#"{"value":"Sea"}"#,
        None,
    );
    assert!(found.text().contains("Sea"), "{}", found.text());
}
