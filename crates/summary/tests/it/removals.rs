//! A value that is taken away or switched off is what the headline says.

use gaiterguard_domain::effect::Effect;
use http::Method;

use crate::summary;

#[test]
fn a_single_value_that_is_taken_away_or_switched_off_is_the_sentence() {
    for (method, target, body, expected) in [
        (
            Method::PATCH,
            "/gates/g-12",
            r#"{"supervisor":null}"#,
            "Remove supervisor of gate g-12",
        ),
        (
            Method::PATCH,
            "/gates/g-12",
            r#"{"alarm_phone":""}"#,
            "Remove alarm phone of gate g-12",
        ),
        (
            Method::PATCH,
            "/gates/g-12",
            "alarm_enabled=false",
            "Turn off alarm enabled of gate g-12",
        ),
        (
            Method::PUT,
            "/gates/g-12",
            r#"{"enabled":false}"#,
            "Disable gate g-12",
        ),
        (
            Method::PATCH,
            "/boats/b-12",
            r#"{"data":{"attributes":{"active":false}}}"#,
            "Deactivate boat b-12",
        ),
        (
            Method::PATCH,
            "/boats/b-12",
            r#"{"archived":true}"#,
            "Archive boat b-12",
        ),
        (
            Method::PUT,
            "/boats/b-12?closed=true",
            "",
            "Close boat b-12",
        ),
        (
            Method::PATCH,
            "/crews/c-12/settings",
            r#"{"mfa":false}"#,
            "Turn off mfa in settings of crew c-12",
        ),
        (
            Method::PATCH,
            "/users/u-12",
            r#"[{"op":"remove","path":"/manager"}]"#,
            "Remove manager of user u-12",
        ),
        // Several values are named.
        (
            Method::PATCH,
            "/gates/g-12",
            r#"{"supervisor":null,"alarm":false,"note":"x"}"#,
            "Change gate g-12 · supervisor none · note “x” · alarm false",
        ),
    ] {
        let found = summary(Effect::Change, &method, target, body.as_bytes(), None);
        assert_eq!(found.text(), expected, "{target} {body}");
    }
}
