//! Concurrent changes of one definition on two replicas.

use gaiterguard_definitions::credentials::Credentials;
use gaiterguard_definitions::definition_store::{DefinitionError, DefinitionStore};
use gaiterguard_definitions::{agent, rule, service};
use gaiterguard_domain::service::AuthType;
use serde_json::json;

use crate::setup::{Setup, fields};

const ROUNDS: u32 = 20;

/// Returns a replica, and the definitions as another one sees them.
async fn two_replicas() -> (Setup, DefinitionStore) {
    let setup = Setup::new().await;
    let other = setup.second_replica().await;
    (setup, other)
}

#[tokio::test]
async fn neither_of_two_changes_of_an_agent_undoes_the_other() {
    let (setup, other) = two_replicas().await;
    let (one, other, editor) = (&setup.definitions, &other, setup.editor);
    let new = fields(json!({"name": "bot"}));
    let id = agent::create(one, editor, new)
        .await
        .unwrap()
        .agent
        .intact()
        .unwrap()
        .id;
    for round in 0..ROUNDS {
        let name = fields(json!({"name": format!("bot {round}")}));
        let seconds = fields(json!({"holdSeconds": round}));
        let (named, changed) = tokio::join!(
            agent::update(one, editor, id, name),
            agent::update(other, editor, id, seconds)
        );
        named.unwrap();
        changed.unwrap();
        let now = agent::get(one, editor.workspace, id).await.unwrap();
        assert_eq!(
            (now.name, now.hold_seconds),
            (format!("bot {round}"), round)
        );
    }
}

#[tokio::test]
async fn neither_of_two_changes_of_a_rule_undoes_the_other() {
    let (setup, other) = two_replicas().await;
    let (one, other, editor) = (&setup.definitions, &other, setup.editor);
    let new = fields(json!({"name": "r", "effect": "deny"}));
    let id = rule::create(one, editor, new).await.unwrap().id;
    for round in 0..ROUNDS {
        let name = fields(json!({"name": format!("rule {round}")}));
        let enabled = fields(json!({"enabled": round % 2 == 0}));
        let (named, switched) = tokio::join!(
            rule::update(one, editor, id, name),
            rule::update(other, editor, id, enabled)
        );
        named.unwrap();
        switched.unwrap();
        let now = rule::get(one, editor.workspace, id).await.unwrap();
        assert_eq!(
            (now.name, now.enabled),
            (format!("rule {round}"), round % 2 == 0)
        );
    }
}

#[tokio::test]
async fn a_credential_always_fits_the_type_of_its_service() {
    let (setup, other) = two_replicas().await;
    let (one, other, editor) = (&setup.definitions, &other, setup.editor);
    let new = fields(json!({
        "name": "s", "baseUrl": "https://api.example.com", "authType": "bearer",
        "credentials": {"token": "t"},
    }));
    let id = service::create(one, editor, new).await.unwrap().id;
    let basic: service::ServiceChange = fields(json!({
        "authType": "basic", "credentials": {"username": "u", "password": "p"},
    }));
    let bearer: service::ServiceChange =
        fields(json!({"authType": "bearer", "credentials": {"token": "t"}}));
    let token: Credentials = fields(json!({"token": "t2"}));
    for _ in 0..ROUNDS {
        let (typed, set) = tokio::join!(
            service::update(one, editor, id, basic.clone()),
            service::set_credentials(other, editor, id, token.clone())
        );
        typed.unwrap();
        // A token does not fit once the type is another.
        assert!(
            matches!(set, Ok(_) | Err(DefinitionError::Invalid(_))),
            "{set:?}"
        );
        let now = service::get(one, editor.workspace, id).await.unwrap();
        assert_eq!(now.auth_type, AuthType::Basic);
        assert_eq!(now.credential.unwrap().keys, ["username", "password"]);
        service::update(other, editor, id, bearer.clone())
            .await
            .unwrap();
    }
}
