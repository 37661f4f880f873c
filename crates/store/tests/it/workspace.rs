//! The kill switch, the version of definitions, and the isolation of workspaces.

use gaiterguard_domain::agent::OtherHosts;
use gaiterguard_domain::id::WorkspaceId;
use gaiterguard_domain::workspace::KillSwitch;
use gaiterguard_store::{AgentFields, AgentSaved, Store, UserCreated};

use crate::support::{
    Database, NOW, World, audit, credential, email, later, new_agent, on_both, rule_fields,
    service_fields, word,
};

on_both!(
    the_kill_switch_is_activated_and_deactivated,
    every_change_of_definitions_increments_the_version,
    nothing_of_another_workspace_is_returned,
);

async fn the_kill_switch_is_activated_and_deactivated(_: &Database, store: &Store) {
    let world = World::new(store).await;
    let action = world.held(store).await;
    let thrown = KillSwitch::Active {
        by: world.user,
        at: later(1),
        reason: Some("odd traffic".to_owned()),
    };
    store
        .kill_switch_set(world.workspace, &thrown, later(1), audit())
        .await
        .unwrap();
    assert_eq!(
        store.kill_switch_get(world.workspace).await.unwrap(),
        Some(thrown)
    );
    let held = store.action_get(action).await.unwrap().unwrap().action;
    assert_eq!(held.state.status().as_str(), "REVOKED");
    assert_eq!(
        held.state.last_decision().unwrap().note.as_deref(),
        Some("odd traffic")
    );
    store
        .kill_switch_set(world.workspace, &KillSwitch::Off, later(2), audit())
        .await
        .unwrap();
    let off = store.kill_switch_get(world.workspace).await.unwrap();
    assert_eq!(off, Some(KillSwitch::Off));
    assert_eq!(store.kill_switch_get(WorkspaceId(99)).await.unwrap(), None);
}

async fn every_change_of_definitions_increments_the_version(_: &Database, store: &Store) {
    let world = World::new(store).await;
    let World {
        workspace,
        service,
        agent,
        data_key,
        ..
    } = world;
    let mut before = world.version(store).await;
    let mut moved = async |what: &str| {
        let after = world.version(store).await;
        assert!(after > before, "{what}");
        before = after;
    };
    let fields = AgentFields {
        name: "a".to_owned(),
        is_active: true,
        hold_seconds: 0,
        risk_threshold: None,
        other_hosts: OtherHosts::Refuse,
        expires_at: None,
    };
    store
        .agent_update(workspace, agent, 0, &fields, NOW, audit())
        .await
        .unwrap();
    moved("agent_update").await;
    store
        .agent_scope_set(workspace, agent, &[service], NOW, audit())
        .await
        .unwrap();
    moved("agent_scope_set").await;
    store
        .agent_key_set(workspace, agent, [3; 32], "agt_0", NOW, audit())
        .await
        .unwrap();
    moved("agent_key_set").await;
    store
        .agent_block(workspace, agent, &word(NOW), audit())
        .await
        .unwrap();
    moved("agent_block").await;
    store
        .agent_unblock(workspace, agent, NOW, audit())
        .await
        .unwrap();
    moved("agent_unblock").await;
    store
        .credential_put(
            workspace,
            service,
            0,
            &credential(2, data_key),
            NOW,
            audit(),
        )
        .await
        .unwrap();
    moved("credential_put").await;
    store
        .service_update(
            workspace,
            service,
            1,
            &service_fields("s"),
            false,
            NOW,
            audit(),
        )
        .await
        .unwrap();
    moved("service_update").await;
    let rule = store
        .rule_create(workspace, &rule_fields("r"), NOW, |_| audit())
        .await
        .unwrap();
    moved("rule_create").await;
    store
        .rule_update(
            workspace,
            rule.id,
            rule.revision,
            &rule_fields("s"),
            NOW,
            audit(),
        )
        .await
        .unwrap();
    moved("rule_update").await;
    store
        .rule_delete(workspace, rule.id, NOW, audit())
        .await
        .unwrap();
    moved("rule_delete").await;
    store
        .kill_switch_set(workspace, &KillSwitch::Off, NOW, audit())
        .await
        .unwrap();
    moved("kill_switch_set").await;
    store
        .service_delete(workspace, service, NOW, audit())
        .await
        .unwrap();
    moved("service_delete").await;
    store
        .agent_delete(workspace, agent, &word(NOW), audit())
        .await
        .unwrap();
    moved("agent_delete").await;
    let settled = world.version(store).await;
    store.agent_touch(&[(agent, later(9))]).await.unwrap();
    assert!(
        !store
            .agent_delete(workspace, agent, &word(NOW), audit())
            .await
            .unwrap()
    );
    assert_eq!(world.version(store).await, settled);
}

async fn nothing_of_another_workspace_is_returned(_: &Database, store: &Store) {
    let world = World::new(store).await;
    let created = store
        .user_create(&email("two@example.com"), "hash", false, NOW, |_, _| {
            audit()
        })
        .await
        .unwrap();
    let UserCreated::Created(_, other) = created else {
        panic!("{created:?}");
    };
    assert_eq!(store.service_get(other, world.service).await.unwrap(), None);
    assert_eq!(store.agent_get(other, world.agent).await.unwrap(), None);
    assert!(store.service_list(other).await.unwrap().is_empty());
    assert!(
        !store
            .service_delete(other, world.service, NOW, audit())
            .await
            .unwrap()
    );
    assert!(
        !store
            .agent_delete(other, world.agent, &word(NOW), audit())
            .await
            .unwrap()
    );
    let agent = store
        .agent_create(other, &new_agent(2, vec![world.service]), NOW, |_| audit())
        .await
        .unwrap();
    assert_eq!(agent, AgentSaved::ServiceUnknown(world.service));
    let all = store.authority_load_all().await.unwrap();
    assert_eq!(all.len(), 2);
    assert_eq!((all[0].agents.len(), all[0].services.len()), (1, 1));
    assert!(all[1].agents.is_empty() && all[1].services.is_empty());
    assert_eq!(store.authority_load(WorkspaceId(99)).await.unwrap(), None);
}
