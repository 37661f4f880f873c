//! The sentences of a verdict, which are stored and shown in the clear.

use crate::support::Case;

#[test]
fn the_value_of_a_field_with_the_name_of_a_secret_is_not_quoted() {
    const VALUE: &str = "one-4cd1-of-the-provider";
    let intent = "See which notes there are";
    let form = "application/x-www-form-urlencoded";
    let json = |name: &str| format!(r#"{{"scope":"read","account":{{"{name}":"{VALUE}"}}}}"#);
    for name in ["client_secret", "password", "apiKey", "refreshToken"] {
        for case in [
            Case::new("POST", "/token", intent).body(form, format!("scope=read&{name}={VALUE}")),
            Case::new("POST", "/accounts", intent).json(&json(name)),
            Case::new("POST", &format!("/accounts?{name}={VALUE}"), intent),
            Case::new("GET", &format!("/accounts?{name}={VALUE}"), intent),
        ] {
            let case = case.after("GET", "/me", 200, r#"{"client":"robot-17"}"#);
            let verdict = case.judge().verdict;
            let text = format!("{} {:?}", verdict.explanation, verdict.signals);
            assert!(!text.contains(VALUE), "{case:?}: {text}");
        }
    }
}

#[test]
fn any_other_value_that_nobody_mentioned_is_quoted() {
    let case = Case::new("POST", "/notes", "See which notes there are")
        .json(r#"{"reference":"one-4cd1-of-the-provider"}"#)
        .after("GET", "/me", 200, r#"{"client":"robot-17"}"#);
    let text = format!("{:?}", case.judge().verdict.signals);
    assert!(text.contains("“one-4cd1-of-the-provider”"), "{text}");
}
