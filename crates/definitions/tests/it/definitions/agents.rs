//! Agents, as an operator defines them.

use super::*;

#[tokio::test]
async fn an_agents_key_is_shown_once_and_kept_as_its_sum() {
    let setup = Setup::new().await;
    let (definitions, editor) = (&setup.definitions, setup.editor);
    let service = created(&setup, "one", "none", json!(null)).await;
    let new = fields(json!({"name": "bot", "serviceIds": [service.id, service.id]}));
    let made = agent::create(definitions, editor, new).await.unwrap();
    let key = made.key.expose_secret();
    assert!(agent_key::fingerprint(key).is_some());
    let agent = made.agent.intact().unwrap();
    assert_eq!(agent.key_prefix, key[..12]);
    assert_eq!(agent.grants.len(), 1);
    assert!(agent.is_active && agent.hold_seconds == 0);

    let known = async |key: &str| {
        let sum = agent_key::fingerprint(key).unwrap();
        let all = setup
            .store
            .authority_load(editor.workspace)
            .await
            .unwrap()
            .unwrap();
        all.agents.iter().any(|(hash, _)| *hash == sum)
    };
    assert!(known(key).await);
    let rotated = agent::rotate_key(definitions, editor, agent.id)
        .await
        .unwrap();
    assert!(!known(key).await);
    assert!(known(rotated.key.expose_secret()).await);
    assert_ne!(rotated.agent.intact().unwrap().key_prefix, agent.key_prefix);
}

#[tokio::test]
async fn an_agent_changes_as_far_as_fields_are_given() {
    let setup = Setup::new().await;
    let (definitions, editor) = (&setup.definitions, setup.editor);
    let new = fields(json!({"name": "bot", "serviceIds": []}));
    let id = agent::create(definitions, editor, new)
        .await
        .unwrap()
        .agent
        .intact()
        .unwrap()
        .id;
    let update = async |change: Value| agent::update(definitions, editor, id, fields(change)).await;
    let changed = update(json!({
        "holdSeconds": 300, "riskThreshold": 0, "expiresAt": "2030-01-01T01:00:00+01:00",
    }))
    .await
    .unwrap();
    assert_eq!(changed.hold_seconds, 300);
    assert_eq!(changed.risk_threshold, Some(0.0));
    assert_eq!(
        changed.expires_at.unwrap().to_string(),
        "2030-01-01T00:00:00.000Z"
    );
    let changed = update(json!({"isActive": false, "expiresAt": null}))
        .await
        .unwrap();
    assert!(!changed.is_active && changed.expires_at.is_none());
    assert_eq!(
        (changed.hold_seconds, changed.risk_threshold),
        (300, Some(0.0))
    );
    assert_eq!(
        update(json!({"riskThreshold": null}))
            .await
            .unwrap()
            .risk_threshold,
        None
    );
    for (change, field) in [
        (json!({"holdSeconds": 301}), "holdSeconds"),
        (json!({"holdSeconds": -1}), "holdSeconds"),
        (json!({"holdSeconds": 1.5}), "holdSeconds"),
        (json!({"riskThreshold": 1.01}), "riskThreshold"),
        (json!({"riskThreshold": "0.5"}), "riskThreshold"),
        (json!({"expiresAt": "2030-01-01"}), "expiresAt"),
        (json!({"isActive": 1}), "isActive"),
        (json!({"name": null}), "name"),
    ] {
        let error = update(change.clone()).await.unwrap_err();
        assert_eq!(invalid_fields(error), [field], "{change}");
    }
    let (deactivate, rename) = (json!({"isActive": true}), json!({"name": "robot"}));
    let (one, other) = tokio::join!(update(deactivate), update(rename));
    one.unwrap();
    other.unwrap();
    let last = agent::get(definitions, editor.workspace, id).await.unwrap();
    assert!(
        last.is_active && last.name == "robot",
        "one change undid the other"
    );
}

#[tokio::test]
async fn an_agents_scope_and_block_are_its_own() {
    let setup = Setup::new().await;
    let (definitions, editor) = (&setup.definitions, setup.editor);
    let one = created(&setup, "one", "none", json!(null)).await;
    let two = created(&setup, "two", "none", json!(null)).await;
    let new = fields(json!({"name": "bot", "serviceIds": [one.id]}));
    let id = agent::create(definitions, editor, new)
        .await
        .unwrap()
        .agent
        .intact()
        .unwrap()
        .id;
    setup.clock.advance(std::time::Duration::from_secs(1));
    let both = fields(json!({"serviceIds": [one.id, two.id]}));
    let scoped = agent::set_scope(definitions, editor, id, both)
        .await
        .unwrap();
    let scoped = scoped.intact().unwrap();
    assert!(scoped.grant(one.id).unwrap().since < scoped.grant(two.id).unwrap().since);
    for refused in [
        json!({}),
        json!({"serviceIds": [999]}),
        json!({"serviceIds": "1"}),
    ] {
        let error = agent::set_scope(definitions, editor, id, fields(refused))
            .await
            .unwrap_err();
        assert_eq!(invalid_fields(error), ["serviceIds"]);
    }
    let blocked = agent::block(definitions, editor, id).await.unwrap();
    let blocked = blocked.intact().unwrap();
    assert_eq!(blocked.blocked_since, Some(setup.clock.now()));
    assert_eq!(
        agent::unblock(definitions, editor, id)
            .await
            .unwrap()
            .intact()
            .unwrap()
            .blocked_since,
        None
    );
    agent::delete(definitions, editor, id).await.unwrap();
    assert!(
        agent::list(definitions, editor.workspace)
            .await
            .unwrap()
            .is_empty()
    );
    service::delete(definitions, editor, one.id).await.unwrap();
    assert_eq!(
        service::list(definitions, editor.workspace)
            .await
            .unwrap()
            .len(),
        1
    );
}
