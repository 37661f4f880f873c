//! Rules, as an operator defines them.

use super::*;

#[tokio::test]
async fn a_rule_is_limited_by_service_and_agent_and_an_invalid_condition_is_refused() {
    let setup = Setup::new().await;
    let (definitions, editor) = (&setup.definitions, setup.editor);
    let one = created(&setup, "one", "none", json!(null)).await;
    let new = fields(json!({"name": "no", "effect": "deny", "service_id": one.id}));
    let made = rule::create(definitions, editor, new).await.unwrap();
    assert_eq!(
        (made.effect, made.service, made.enabled),
        (RuleEffect::Deny, Some(one.id), true)
    );
    let change = fields(json!({"enabled": false, "service_id": null, "condition": null}));
    let changed = rule::update(definitions, editor, made.id, change)
        .await
        .unwrap();
    assert_eq!((changed.service, changed.enabled), (None, false));
    assert_eq!(
        (changed.name.as_str(), changed.effect),
        ("no", RuleEffect::Deny)
    );
    let listed = rule::list(definitions, editor.workspace).await.unwrap();
    assert_eq!(listed, [Stored::Intact(changed)]);

    for (condition, is_taken) in [
        ("request.method == \"GET\"", true),
        ("request.method ==", false),
        ("request.color == 1", false),
        ("1 + 1", false),
    ] {
        let new = fields(json!({"name": "x", "effect": "allow", "condition": condition}));
        match rule::create(definitions, editor, new).await {
            Ok(made) if is_taken => assert_eq!(made.condition.as_deref(), Some(condition)),
            Err(error @ DefinitionError::NotUnderstood(_)) if !is_taken => {
                assert_eq!(invalid_fields(error), ["condition"]);
            }
            other => panic!("{condition}: {other:?}"),
        }
    }
    let in_words = fields(json!({"name": "x", "effect": "deny", "text": "No payments"}));
    let in_words = rule::create(definitions, editor, in_words).await.unwrap();
    assert_eq!(in_words.text.as_deref(), Some("No payments"));
    let bad = fields(json!({"effect": "maybe", "enabled": "no", "agent_id": 999}));
    let error = rule::create(definitions, editor, bad).await.unwrap_err();
    assert_eq!(
        invalid_fields(error),
        ["name", "effect", "enabled", "agent_id"]
    );
    for rule in rule::list(definitions, editor.workspace).await.unwrap() {
        let id = rule.intact().unwrap().id;
        rule::delete(definitions, editor, id).await.unwrap();
    }
    assert!(
        rule::list(definitions, editor.workspace)
            .await
            .unwrap()
            .is_empty()
    );
}
