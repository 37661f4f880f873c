//! A value that is named by a member next to it is one fact with that name.

use gaiterguard_domain::effect::Effect;
use gaiterguard_summary::Summary;
use http::Method;

use crate::summary;

fn of(method: &Method, target: &str, body: &str) -> Summary {
    summary(Effect::Change, method, target, body.as_bytes(), None)
}

fn facts(found: &Summary) -> Vec<(&str, &str)> {
    let facts = found.facts.iter().filter(|fact| fact.location != "path");
    facts.map(|fact| (&*fact.name, &*fact.value)).collect()
}

#[test]
fn a_name_and_its_value_are_one_fact() {
    for (target, body, expected) in [
        (
            "/workspaces/w-12",
            r#"[{"op":"replace","path":"/billing/plan","value":"enterprise"},{"op":"remove","path":"/mfa"}]"#,
            &[("billing/plan", "enterprise"), ("mfa", "removed")][..],
        ),
        (
            "/tickets/t-12",
            r#"{"changes":[{"field":"priority","newValue":"P1","oldValue":"P3"}]}"#,
            &[("changes.priority", "P1"), ("changes.oldValue", "P3")],
        ),
        (
            "/stacks/s-12",
            "<Stack><Tag><Key>env</Key><Value>live</Value></Tag></Stack>",
            &[("Stack.Tag.env", "live")],
        ),
        (
            "/patients/p-12",
            r#"{"parameter":[{"name":"merge-into","valueReference":{"reference":"p-13"}}]}"#,
            &[("parameter.merge-into.reference", "p-13")],
        ),
        (
            "/users/u-12",
            r#"{"Operations":[{"op":"replace","path":"active","value":false}]}"#,
            &[("Operations.active", "false")],
        ),
    ] {
        let found = of(&Method::PATCH, target, body);
        let mut found = facts(&found);
        found.sort_unstable();
        let mut expected = expected.to_vec();
        expected.sort_unstable();
        assert_eq!(found, expected, "{body}");
    }
}

#[test]
fn a_pair_has_the_role_of_its_name() {
    let body =
        r#"{"env":[{"name":"DB_PASSWORD","value":"hunter2"},{"name":"REGION","value":"eu"}]}"#;
    let found = of(&Method::PATCH, "/apps/a-12", body);
    assert!(!format!("{found:?}").contains("hunter2"), "{found:?}");
    assert!(facts(&found).contains(&("env.REGION", "eu")));
}

#[test]
fn an_object_with_further_members_is_not_a_pair() {
    for body in [
        r#"{"items":[{"name":"Lamp","value":"30","color":"red"}]}"#,
        r#"{"guests":[{"name":"Ann Lee","value":"5"}]}"#,
        r#"{"moves":[{"op":"move","path":"/a","from":"/b"}]}"#,
    ] {
        let found = of(&Method::PATCH, "/carts/c-12", body);
        let names = facts(&found);
        assert!(
            names
                .iter()
                .any(|(name, _)| name.ends_with("name") || name.ends_with("path")),
            "{names:?}"
        );
    }
}
