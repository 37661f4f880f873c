//! A workspace as a whole: its borders, its kill switch and its audit log.

use gaiterguard_store::AuditFilter;

use super::*;

#[tokio::test]
async fn what_belongs_to_another_workspace_does_not_exist() {
    let setup = Setup::new().await;
    let (definitions, stranger) = (&setup.definitions, setup.stranger().await);
    let service = created(&setup, "one", "bearer", json!({"token": "t"})).await;
    let new = fields(json!({"name": "a", "serviceIds": [service.id]}));
    let made = agent::create(definitions, setup.editor, new).await.unwrap();
    let made = made.agent.intact().unwrap();
    let new = fields(json!({"name": "r", "effect": "deny"}));
    let rule = rule::create(definitions, setup.editor, new).await.unwrap();
    let new: NewDocument = fields(json!({"type": "markdown", "content": "# x"}));
    let document = document::create(definitions, setup.editor, service.id, new.clone())
        .await
        .unwrap();

    let token = fields(json!({"token": "t"}));
    let here = stranger.workspace;
    let missing = [
        service::get(definitions, here, service.id).await.err(),
        service::update(definitions, stranger, service.id, fields(json!({})))
            .await
            .err(),
        service::set_credentials(definitions, stranger, service.id, token)
            .await
            .err(),
        service::delete(definitions, stranger, service.id)
            .await
            .err(),
        agent::get(definitions, here, made.id).await.err(),
        agent::update(definitions, stranger, made.id, fields(json!({})))
            .await
            .err(),
        agent::set_scope(
            definitions,
            stranger,
            made.id,
            fields(json!({"serviceIds": []})),
        )
        .await
        .err(),
        agent::rotate_key(definitions, stranger, made.id)
            .await
            .err(),
        agent::block(definitions, stranger, made.id).await.err(),
        agent::unblock(definitions, stranger, made.id).await.err(),
        agent::delete(definitions, stranger, made.id).await.err(),
        rule::get(definitions, here, rule.id).await.err(),
        rule::update(definitions, stranger, rule.id, fields(json!({})))
            .await
            .err(),
        rule::delete(definitions, stranger, rule.id).await.err(),
        document::list(definitions, here, service.id).await.err(),
        document::create(definitions, stranger, service.id, new)
            .await
            .err(),
        document::content(definitions, here, document.id)
            .await
            .err(),
        document::delete(definitions, stranger, service.id, document.id)
            .await
            .err(),
        // IDs that no workspace has.
        service::get(definitions, here, ServiceId(999)).await.err(),
        agent::get(definitions, here, AgentId(999)).await.err(),
        rule::get(definitions, here, RuleId(999)).await.err(),
        document::content(definitions, here, DocumentId(999))
            .await
            .err(),
    ];
    for (place, error) in missing.into_iter().enumerate() {
        assert!(
            matches!(error, Some(DefinitionError::NotFound(_))),
            "{place}: {error:?}"
        );
    }
    let foreign = fields(json!({"name": "b", "serviceIds": [service.id]}));
    let error = agent::create(definitions, stranger, foreign)
        .await
        .unwrap_err();
    assert_eq!(invalid_fields(error), ["serviceIds"]);
    let foreign = fields(json!({
        "name": "r", "effect": "allow", "service_id": service.id, "agent_id": made.id,
    }));
    let error = rule::create(definitions, stranger, foreign)
        .await
        .unwrap_err();
    assert_eq!(invalid_fields(error), ["service_id", "agent_id"]);
    assert_eq!(
        service::get(definitions, setup.editor.workspace, service.id)
            .await
            .unwrap(),
        service
    );
}

#[tokio::test]
async fn the_kill_switch_is_thrown_with_a_reason_and_released() {
    let setup = Setup::new().await;
    let (definitions, editor) = (&setup.definitions, setup.editor);
    let here = editor.workspace;
    assert!(
        !kill_switch::get(definitions, here)
            .await
            .unwrap()
            .is_active()
    );
    let thrown = fields(json!({"active": true, "reason": "drill"}));
    let thrown = kill_switch::set(definitions, editor, thrown).await.unwrap();
    assert_eq!(kill_switch::get(definitions, here).await.unwrap(), thrown);
    assert!(thrown.is_active());
    let released = fields(json!({"active": false}));
    assert!(
        !kill_switch::set(definitions, editor, released)
            .await
            .unwrap()
            .is_active()
    );
    assert!(
        !kill_switch::get(definitions, here)
            .await
            .unwrap()
            .is_active()
    );
    for refused in [json!({}), json!({"active": "yes"}), json!({"active": null})] {
        let error = kill_switch::set(definitions, editor, fields(refused))
            .await
            .unwrap_err();
        assert_eq!(invalid_fields(error), ["active"]);
    }
}

#[tokio::test]
async fn every_change_says_who_made_it_and_a_refused_one_says_nothing() {
    let setup = Setup::new().await;
    let (definitions, editor) = (&setup.definitions, setup.editor);
    let entries = async || {
        let page = setup
            .store
            .audit_list(editor.workspace, &AuditFilter::default(), None, 100)
            .await
            .unwrap();
        page.items
    };
    let before = entries().await.len();
    let one = created(&setup, "one", "bearer", json!({"token": "canary"})).await;
    let rename = fields(json!({"name": "two", "credentials": {"token": "canary-2"}}));
    service::update(definitions, editor, one.id, rename)
        .await
        .unwrap();
    let token = fields(json!({"token": "canary-3"}));
    service::set_credentials(definitions, editor, one.id, token)
        .await
        .unwrap();
    let new = fields(json!({"type": "markdown", "content": "canary", "title": "t"}));
    let text = document::create(definitions, editor, one.id, new)
        .await
        .unwrap()
        .id;
    let new = fields(json!({"name": "bot", "serviceIds": [one.id]}));
    let bot = agent::create(definitions, editor, new)
        .await
        .unwrap()
        .agent
        .intact()
        .unwrap()
        .id;
    let change = fields(json!({"holdSeconds": 5}));
    agent::update(definitions, editor, bot, change)
        .await
        .unwrap();
    let none = fields(json!({"serviceIds": []}));
    agent::set_scope(definitions, editor, bot, none)
        .await
        .unwrap();
    agent::rotate_key(definitions, editor, bot).await.unwrap();
    agent::block(definitions, editor, bot).await.unwrap();
    agent::unblock(definitions, editor, bot).await.unwrap();
    let new = fields(json!({"name": "r", "effect": "deny", "agent_id": bot}));
    let made = rule::create(definitions, editor, new).await.unwrap().id;
    let off = fields(json!({"enabled": false}));
    rule::update(definitions, editor, made, off).await.unwrap();
    rule::delete(definitions, editor, made).await.unwrap();
    let thrown = fields(json!({"active": true}));
    kill_switch::set(definitions, editor, thrown).await.unwrap();
    document::delete(definitions, editor, one.id, text)
        .await
        .unwrap();
    agent::delete(definitions, editor, bot).await.unwrap();
    service::delete(definitions, editor, one.id).await.unwrap();

    let mut told = entries().await;
    told.truncate(told.len() - before);
    told.reverse();
    assert!(told.iter().all(|entry| !entry.detail.contains("canary")));
    let by_user = format!("user:{}", editor.user);
    let events: Vec<&str> = told
        .iter()
        .filter(|entry| entry.actor == by_user)
        .map(|entry| entry.event.as_str())
        .collect();
    assert_eq!(
        events,
        [
            "service.created",
            "service.updated",
            "credential.replaced",
            "credential.replaced",
            "document.created",
            "agent.created",
            "agent.updated",
            "agent.scope_changed",
            "agent.key_rotated",
            "agent.blocked",
            "agent.unblocked",
            "rule.created",
            "rule.updated",
            "rule.deleted",
            "kill_switch.changed",
            "document.deleted",
            "agent.deleted",
            "service.deleted",
        ]
    );
    let rest: Vec<(&str, &str)> = told
        .iter()
        .filter(|entry| entry.actor != by_user)
        .map(|entry| (entry.actor.as_str(), entry.event.as_str()))
        .collect();
    assert_eq!(rest, [("gateway", "data_key.created"); 4]);

    let count = entries().await.len();
    assert!(service::delete(definitions, editor, one.id).await.is_err());
    assert!(agent::block(definitions, editor, bot).await.is_err());
    let empty = fields(json!({}));
    assert!(service::create(definitions, editor, empty).await.is_err());
    let empty = fields(json!({}));
    assert!(rule::create(definitions, editor, empty).await.is_err());
    assert_eq!(entries().await.len(), count);
    assert!(setup.store.audit_verify(|_| ()).await.unwrap().is_ok());
}
