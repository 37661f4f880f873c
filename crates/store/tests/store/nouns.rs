//! Users, sessions, keys, services, documents, agents, rules, the kill switch and replicas.

use std::sync::Arc;
use std::time::Duration;

use gaiterguard_domain::document::DocumentKind;
use gaiterguard_domain::id::{
    AgentId, DocumentId, RuleId, ServiceId, SessionId, UserId, WorkspaceId,
};
use gaiterguard_domain::ledger::ReplicaId;
use gaiterguard_domain::rule::RuleEffect;
use gaiterguard_domain::service::CredentialPlace;
use gaiterguard_domain::workspace::{KillSwitch, Role};
use gaiterguard_store::{
    Abandoned, AgentFields, AgentSaved, DocumentReading, DocumentVersion, NewDocument, Purpose,
    Refreshed, RuleFields, ServiceSaved, Store, StoreError, StoreOptions, UserCreated,
};
use uuid::Uuid;

use crate::support::{
    Database, NOW, World, audit, credential, email, later, new_agent, on_both, sealed,
    service_fields, word,
};

on_both!(
    a_database_is_ready_and_migrates_twice,
    users_are_unique_whatever_the_case,
    only_one_of_many_is_the_first_user,
    a_user_joins_the_workspace_of_another,
    a_password_change_ends_all_sessions,
    a_refresh_token_works_once,
    sessions_end,
    a_master_key_rotates,
    services_are_unique_by_name_while_they_live,
    credentials_follow_their_versions,
    a_service_is_not_made_when_its_maker_gives_up,
    documents_belong_to_services,
    agents_are_made_changed_and_removed,
    a_scope_keeps_the_grants_that_stay,
    rules_are_made_changed_and_removed,
    the_kill_switch_is_thrown_and_released,
    every_change_of_authority_moves_the_version,
    nothing_of_another_workspace_is_found,
    replicas_live_as_long_as_their_leases,
);

async fn a_database_is_ready_and_migrates_twice(database: &Database, store: &Store) {
    store.ready().await.unwrap();
    let other = database.open(Purpose::Tool);
    other.migrate().await.unwrap();
    other.ready().await.unwrap();
    other.close().await;
}

async fn users_are_unique_whatever_the_case(_: &Database, store: &Store) {
    let world = World::new(store).await;
    let taken = store
        .user_create(&email("ONE@example.com"), "x", false, NOW, |_, _| audit())
        .await
        .unwrap();
    assert_eq!(taken, UserCreated::EmailTaken);
    let login = store
        .user_by_email("one@example.com")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(login.user.id, world.user);
    assert_eq!(login.workspace, world.workspace);
    assert_eq!(login.password_hash, "hash");
    assert_eq!(store.user_get(world.user).await.unwrap(), Some(login.user));
    assert_eq!(store.user_get(UserId(99)).await.unwrap(), None);
    assert_eq!(store.user_by_email("ONE@example.com").await.unwrap(), None);
    assert_eq!(store.user_count().await.unwrap(), 1);
    let role = store
        .member_role(world.workspace, world.user)
        .await
        .unwrap();
    assert_eq!(role, Some(Role::Owner));
}

async fn only_one_of_many_is_the_first_user(database: &Database, store: &Store) {
    let other = database.open(Purpose::Tool);
    let attempts = (0..8).map(|n| {
        let store = if n % 2 == 0 {
            store.clone()
        } else {
            other.clone()
        };
        tokio::spawn(async move {
            let email = email(&format!("user{n}@example.com"));
            store
                .user_create(&email, "hash", true, NOW, |_, _| audit())
                .await
                .unwrap()
        })
    });
    let mut created = 0;
    for attempt in attempts.collect::<Vec<_>>() {
        match attempt.await.unwrap() {
            UserCreated::Created(..) => created += 1,
            other => assert_eq!(other, UserCreated::NotFirst),
        }
    }
    assert_eq!(created, 1);
    assert_eq!(store.user_count().await.unwrap(), 1);
    other.close().await;
}

async fn a_user_joins_the_workspace_of_another(_: &Database, store: &Store) {
    let world = World::new(store).await;
    let host = email("ONE@example.com");
    let joined = store
        .user_join(&email("two@example.com"), "hash", &host, NOW, |_, _| {
            audit()
        })
        .await
        .unwrap();
    let UserCreated::Created(user, workspace) = joined else {
        panic!("{joined:?}");
    };
    assert_eq!(workspace, world.workspace);
    let users = store.user_list(workspace).await.unwrap();
    assert_eq!(
        users.iter().map(|user| user.id).collect::<Vec<_>>(),
        [world.user, user.id]
    );
    let unknown = store
        .user_join(
            &email("three@example.com"),
            "hash",
            &email("no@example.com"),
            NOW,
            |_, _| audit(),
        )
        .await
        .unwrap();
    assert_eq!(unknown, UserCreated::HostUnknown);
}

async fn a_password_change_ends_all_sessions(_: &Database, store: &Store) {
    let world = World::new(store).await;
    let session = store
        .session_create(
            world.user,
            world.workspace,
            [1; 32],
            later(100),
            NOW,
            |_| audit(),
        )
        .await
        .unwrap();
    assert!(
        store
            .user_password_set(world.user, "new", later(1), audit())
            .await
            .unwrap()
    );
    assert_eq!(
        store.session_get_live(session.id, later(1)).await.unwrap(),
        None
    );
    let login = store
        .user_by_email("one@example.com")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(login.password_hash, "new");
    assert!(
        !store
            .user_password_set(UserId(99), "new", NOW, audit())
            .await
            .unwrap()
    );
}

async fn a_refresh_token_works_once(_: &Database, store: &Store) {
    let world = World::new(store).await;
    let session = store
        .session_create(
            world.user,
            world.workspace,
            [1; 32],
            later(100),
            NOW,
            |_| audit(),
        )
        .await
        .unwrap();
    let rotated = store
        .session_refresh([1; 32], [2; 32], later(200), later(1))
        .await
        .unwrap();
    assert_eq!(rotated, Refreshed::Rotated(session.clone()));
    assert!(
        store
            .session_get_live(session.id, later(150))
            .await
            .unwrap()
            .is_some()
    );
    let unknown = store
        .session_refresh([9; 32], [3; 32], later(200), later(1))
        .await
        .unwrap();
    assert_eq!(unknown, Refreshed::Unknown);
    let late = store
        .session_refresh([2; 32], [3; 32], later(300), later(200))
        .await
        .unwrap();
    assert_eq!(late, Refreshed::Expired);
    let reused = store
        .session_refresh([1; 32], [3; 32], later(200), later(2))
        .await
        .unwrap();
    assert_eq!(reused, Refreshed::Reused(session.id));
    assert_eq!(
        store.session_get_live(session.id, later(2)).await.unwrap(),
        None
    );
    let ended = store
        .session_refresh([2; 32], [3; 32], later(200), later(2))
        .await
        .unwrap();
    assert_eq!(ended, Refreshed::Unknown);
}

async fn sessions_end(_: &Database, store: &Store) {
    let world = World::new(store).await;
    let mut sessions = Vec::new();
    for n in 1..=3 {
        let session = store
            .session_create(
                world.user,
                world.workspace,
                [n; 32],
                later(100),
                NOW,
                |_| audit(),
            )
            .await
            .unwrap();
        sessions.insert(0, session);
    }
    assert_eq!(store.session_list(world.user, NOW).await.unwrap(), sessions);
    assert!(
        store
            .session_revoke(sessions[0].id, NOW, audit())
            .await
            .unwrap()
    );
    assert!(
        !store
            .session_revoke(sessions[0].id, NOW, audit())
            .await
            .unwrap()
    );
    assert!(
        !store
            .session_revoke(SessionId(99), NOW, audit())
            .await
            .unwrap()
    );
    assert_eq!(
        store.session_list(world.user, NOW).await.unwrap(),
        sessions[1..]
    );
    assert_eq!(
        store
            .session_get_live(sessions[1].id, later(100))
            .await
            .unwrap(),
        None
    );
    let removed = store
        .session_delete_expired(later(101), 2, later(101))
        .await
        .unwrap();
    assert_eq!(removed, 2);
    let removed = store
        .session_delete_expired(later(101), 2, later(101))
        .await
        .unwrap();
    assert_eq!(removed, 1);
}

async fn a_master_key_rotates(_: &Database, store: &Store) {
    let world = World::new(store).await;
    assert!(
        !store
            .master_insert_first("other", NOW, audit())
            .await
            .unwrap()
    );
    let current = store.master_get_current().await.unwrap().unwrap();
    assert_eq!(current.id, "master");
    assert!(
        !store
            .master_begin_rotation("nobody", "next", b"link", NOW, audit())
            .await
            .unwrap()
    );
    assert!(
        store
            .master_begin_rotation("master", "next", b"link", later(1), audit())
            .await
            .unwrap()
    );
    let masters = store.master_list().await.unwrap();
    assert_eq!(masters.len(), 2);
    let link = masters[0].link.as_ref().unwrap();
    assert_eq!(
        (link.next.as_str(), link.sealed.as_slice()),
        ("next", b"link".as_slice())
    );
    assert!(masters[1].is_current && !masters[0].is_current);

    let stale = store
        .data_key_insert(world.workspace, "x", "master", b"w", NOW, |_| audit())
        .await
        .unwrap();
    assert_eq!(stale, None);
    assert!(!store.master_cut_link("master", NOW, audit()).await.unwrap());
    assert_eq!(store.data_key_count_not_under("next").await.unwrap(), 1);
    let under = store.data_key_list_under("master", None, 10).await.unwrap();
    assert_eq!(under.len(), 1);
    assert_eq!(
        (under[0].id, under[0].wrapped.as_slice()),
        (world.data_key, b"wrapped".as_slice())
    );
    assert!(
        store
            .data_key_list_under("master", Some(under[0].id), 10)
            .await
            .unwrap()
            .is_empty()
    );
    let newest = store
        .data_key_newest(world.workspace, "credential")
        .await
        .unwrap();
    assert_eq!(newest, None);
    let moved = store
        .data_key_rewrap(world.data_key, "master", "next", b"again", NOW, audit())
        .await
        .unwrap();
    assert!(moved);
    let again = store
        .data_key_rewrap(world.data_key, "master", "next", b"again", NOW, audit())
        .await
        .unwrap();
    assert!(!again);
    let key = store.data_key_get(world.data_key).await.unwrap().unwrap();
    assert_eq!(
        (key.master_id.as_str(), key.wrapped.as_slice()),
        ("next", b"again".as_slice())
    );
    let newest = store
        .data_key_newest(world.workspace, "credential")
        .await
        .unwrap();
    assert_eq!(newest.map(|key| key.id), Some(world.data_key));
    assert!(store.master_cut_link("master", NOW, audit()).await.unwrap());
    assert!(!store.master_cut_link("next", NOW, audit()).await.unwrap());
}

async fn services_are_unique_by_name_while_they_live(_: &Database, store: &Store) {
    let world = World::new(store).await;
    let taken = store
        .service_create(
            world.workspace,
            &service_fields("stripe"),
            NOW,
            |_| Ok(None),
            |_| audit(),
        )
        .await
        .unwrap();
    assert_eq!(taken, ServiceSaved::NameTaken);
    let other = store
        .service_create(
            world.workspace,
            &service_fields("Stripe"),
            NOW,
            |_| Ok(None),
            |_| audit(),
        )
        .await
        .unwrap();
    let ServiceSaved::Saved(other) = other else {
        panic!("{other:?}");
    };
    assert_eq!(
        store
            .service_get(world.workspace, other.id)
            .await
            .unwrap()
            .as_ref(),
        Some(&*other)
    );
    let renamed = store
        .service_update(
            world.workspace,
            other.id,
            &service_fields("stripe"),
            false,
            NOW,
            audit(),
        )
        .await
        .unwrap();
    assert_eq!(renamed, ServiceSaved::NameTaken);
    let deleted = store
        .service_delete(world.workspace, world.service, later(1), audit())
        .await
        .unwrap();
    assert!(deleted);
    let again = store
        .service_delete(world.workspace, world.service, later(1), audit())
        .await
        .unwrap();
    assert!(!again);
    let renamed = store
        .service_update(
            world.workspace,
            other.id,
            &service_fields("stripe"),
            false,
            later(2),
            audit(),
        )
        .await
        .unwrap();
    let ServiceSaved::Saved(renamed) = renamed else {
        panic!("{renamed:?}");
    };
    assert_eq!(
        (renamed.name.as_str(), renamed.updated_at),
        ("stripe", later(2))
    );
    assert_eq!(
        store.service_list(world.workspace).await.unwrap(),
        [*renamed]
    );
    let agent = store
        .agent_get(world.workspace, world.agent)
        .await
        .unwrap()
        .unwrap();
    assert!(agent.grants.is_empty());
    let unknown = store
        .service_update(
            world.workspace,
            ServiceId(99),
            &service_fields("x"),
            false,
            NOW,
            audit(),
        )
        .await
        .unwrap();
    assert_eq!(unknown, ServiceSaved::Unknown);
}

async fn credentials_follow_their_versions(_: &Database, store: &Store) {
    let World {
        workspace,
        service,
        data_key,
        ..
    } = World::new(store).await;
    let held = store
        .service_get(workspace, service)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(held.credential, Some(credential(1, data_key)));
    for (version, accepted) in [(3, false), (2, true), (2, false)] {
        let put = store
            .credential_put(
                workspace,
                service,
                &credential(version, data_key),
                NOW,
                audit(),
            )
            .await
            .unwrap();
        assert_eq!(put, accepted, "version {version}");
    }
    let mut moved = credential(3, data_key);
    moved.place = CredentialPlace::Nowhere;
    for (expected, new, accepted) in [
        (1, credential(3, data_key), false),
        (2, moved, false),
        (2, credential(3, data_key), true),
    ] {
        let refreshed = store
            .credential_refresh(workspace, service, expected, &new, NOW, audit())
            .await
            .unwrap();
        assert_eq!(refreshed, accepted);
    }
    let put = store
        .credential_put(
            workspace,
            ServiceId(99),
            &credential(1, data_key),
            NOW,
            audit(),
        )
        .await
        .unwrap();
    assert!(!put);
    store
        .service_update(
            workspace,
            service,
            &service_fields("stripe"),
            true,
            NOW,
            audit(),
        )
        .await
        .unwrap();
    let cleared = store
        .service_get(workspace, service)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(cleared.credential, None);
}

async fn a_service_is_not_made_when_its_maker_gives_up(_: &Database, store: &Store) {
    let world = World::new(store).await;
    let abandoned = store
        .service_create(
            world.workspace,
            &service_fields("other"),
            NOW,
            |_| Err(Abandoned),
            |_| audit(),
        )
        .await;
    assert!(matches!(abandoned, Err(StoreError::Abandoned)));
    assert_eq!(store.service_list(world.workspace).await.unwrap().len(), 1);
}

async fn documents_belong_to_services(_: &Database, store: &Store) {
    let World {
        workspace,
        service,
        data_key,
        ..
    } = World::new(store).await;
    let new = NewDocument {
        kind: DocumentKind::Openapi,
        title: Some("the API".to_owned()),
        reading: DocumentReading {
            operations: 3,
            sections: 4,
            warnings: vec!["odd".to_owned()],
        },
    };
    let document = store
        .document_create(
            workspace,
            service,
            &new,
            NOW,
            |_| Ok(sealed(data_key, "text")),
            |_| audit(),
        )
        .await
        .unwrap()
        .unwrap();
    let nowhere = store
        .document_create(
            workspace,
            ServiceId(99),
            &new,
            NOW,
            |_| Err(Abandoned),
            |_| audit(),
        )
        .await
        .unwrap();
    assert_eq!(nowhere, None);
    let content = store.document_content(document.id).await.unwrap();
    assert_eq!(content, Some(sealed(data_key, "text")));
    let listed = store.document_list(workspace, service).await.unwrap();
    assert_eq!(listed, std::slice::from_ref(&document));
    let reading = DocumentReading::default();
    let fetched = sealed(data_key, "newer text");
    let read = store
        .document_update_reading(
            workspace,
            document.id,
            &reading,
            Some(&fetched),
            NOW,
            audit(),
        )
        .await
        .unwrap();
    assert_eq!(read, Some(2));
    let read = store
        .document_get(workspace, document.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (read.operations, read.sections, read.warnings.len()),
        (0, 0, 0)
    );
    assert_eq!(
        store.document_content(document.id).await.unwrap(),
        Some(fetched)
    );
    let missing = store
        .document_update_reading(workspace, DocumentId(99), &reading, None, NOW, audit())
        .await
        .unwrap();
    assert_eq!(missing, None);
    let known = store.authority_load(workspace).await.unwrap().unwrap();
    let version = DocumentVersion {
        id: document.id,
        service,
        kind: new.kind,
        version: 2,
    };
    assert_eq!(known.documents, [version]);
    for (service, deleted) in [(ServiceId(99), false), (service, true), (service, false)] {
        let done = store
            .document_delete(workspace, service, document.id, NOW, audit())
            .await
            .unwrap();
        assert_eq!(done, deleted);
    }
}

async fn agents_are_made_changed_and_removed(_: &Database, store: &Store) {
    let world = World::new(store).await;
    let agent = store
        .agent_get(world.workspace, world.agent)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((agent.hold_seconds, agent.risk_threshold), (30, Some(0.25)));
    assert_eq!(agent.grants.len(), 1);
    let fields = AgentFields {
        name: "renamed".to_owned(),
        is_active: false,
        hold_seconds: 5,
        risk_threshold: None,
        expires_at: Some(later(50)),
    };
    let saved = store
        .agent_update(world.workspace, world.agent, &fields, later(1), audit())
        .await
        .unwrap();
    let AgentSaved::Saved(changed) = saved else {
        panic!("{saved:?}");
    };
    assert_eq!(changed.name, "renamed");
    assert!(!changed.is_active);
    assert_eq!(
        (changed.expires_at, changed.updated_at),
        (Some(later(50)), later(1))
    );
    store
        .agent_key_set(
            world.workspace,
            world.agent,
            [8; 32],
            "agt_08080808",
            NOW,
            audit(),
        )
        .await
        .unwrap();
    let definitions = store
        .authority_load(world.workspace)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(definitions.agents[0].0, [8; 32]);
    store
        .agent_touch(&[
            (world.agent, later(3)),
            (world.agent, later(2)),
            (AgentId(99), NOW),
        ])
        .await
        .unwrap();
    let touched = store
        .agent_get(world.workspace, world.agent)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(touched.last_used_at, Some(later(3)));
    let blocked = store
        .agent_block(world.workspace, world.agent, &word(later(4)), audit())
        .await
        .unwrap();
    let AgentSaved::Saved(blocked) = blocked else {
        panic!("{blocked:?}");
    };
    assert_eq!(blocked.blocked_since, Some(later(4)));
    store
        .agent_block(world.workspace, world.agent, &word(later(5)), audit())
        .await
        .unwrap();
    let still = store
        .agent_get(world.workspace, world.agent)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(still.blocked_since, Some(later(4)));
    let unblocked = store
        .agent_unblock(world.workspace, world.agent, later(6), audit())
        .await
        .unwrap();
    let AgentSaved::Saved(unblocked) = unblocked else {
        panic!("{unblocked:?}");
    };
    assert_eq!(unblocked.blocked_since, None);
    let gone = word(later(7));
    assert!(
        store
            .agent_delete(world.workspace, world.agent, &gone, audit())
            .await
            .unwrap()
    );
    assert!(
        !store
            .agent_delete(world.workspace, world.agent, &gone, audit())
            .await
            .unwrap()
    );
    assert!(store.agent_list(world.workspace).await.unwrap().is_empty());
    let unknown = store
        .agent_block(world.workspace, world.agent, &gone, audit())
        .await
        .unwrap();
    assert_eq!(unknown, AgentSaved::Unknown);
}

async fn a_scope_keeps_the_grants_that_stay(_: &Database, store: &Store) {
    let world = World::new(store).await;
    let created = store
        .service_create(
            world.workspace,
            &service_fields("other"),
            NOW,
            |_| Ok(None),
            |_| audit(),
        )
        .await
        .unwrap();
    let ServiceSaved::Saved(other) = created else {
        panic!("{created:?}");
    };
    let scope = |services: Vec<ServiceId>, at| async move {
        store
            .agent_scope_set(world.workspace, world.agent, &services, at, audit())
            .await
            .unwrap()
    };
    let AgentSaved::Saved(agent) = scope(vec![world.service, other.id], later(1)).await else {
        panic!("not saved");
    };
    assert_eq!(agent.grant(world.service).unwrap().since, NOW);
    assert_eq!(agent.grant(other.id).unwrap().since, later(1));
    let unknown = scope(vec![ServiceId(99)], later(2)).await;
    assert_eq!(unknown, AgentSaved::ServiceUnknown(ServiceId(99)));
    let AgentSaved::Saved(agent) = scope(vec![other.id], later(3)).await else {
        panic!("not saved");
    };
    assert_eq!(agent.grants.len(), 1);
    let AgentSaved::Saved(agent) = scope(vec![world.service], later(4)).await else {
        panic!("not saved");
    };
    assert_eq!(agent.grant(world.service).unwrap().since, later(4));
}

fn rule_fields(name: &str) -> RuleFields {
    RuleFields {
        name: name.to_owned(),
        effect: RuleEffect::RequireApproval,
        condition: Some("request.method == \"POST\"".to_owned()),
        text: None,
        service: Some(ServiceId(1)),
        agent: None,
        enabled: true,
    }
}

async fn rules_are_made_changed_and_removed(_: &Database, store: &Store) {
    let world = World::new(store).await;
    let rule = store
        .rule_create(world.workspace, &rule_fields("one"), NOW, |_| audit())
        .await
        .unwrap();
    let got = store.rule_get(world.workspace, rule.id).await.unwrap();
    assert_eq!(got, Some(rule.clone()));
    let fields = RuleFields {
        effect: RuleEffect::Deny,
        enabled: false,
        ..rule_fields("two")
    };
    let changed = store
        .rule_update(world.workspace, rule.id, &fields, later(1), audit())
        .await
        .unwrap()
        .unwrap();
    assert_eq!((changed.effect, changed.enabled), (RuleEffect::Deny, false));
    assert_eq!(store.rule_list(world.workspace).await.unwrap(), [changed]);
    let unknown = store
        .rule_update(world.workspace, RuleId(99), &fields, NOW, audit())
        .await
        .unwrap();
    assert_eq!(unknown, None);
    assert!(
        store
            .rule_delete(world.workspace, rule.id, NOW, audit())
            .await
            .unwrap()
    );
    assert!(
        !store
            .rule_delete(world.workspace, rule.id, NOW, audit())
            .await
            .unwrap()
    );
}

async fn the_kill_switch_is_thrown_and_released(_: &Database, store: &Store) {
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
        held.state.word().unwrap().note.as_deref(),
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

async fn every_change_of_authority_moves_the_version(_: &Database, store: &Store) {
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
        expires_at: None,
    };
    store
        .agent_update(workspace, agent, &fields, NOW, audit())
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
        .credential_put(workspace, service, &credential(2, data_key), NOW, audit())
        .await
        .unwrap();
    moved("credential_put").await;
    store
        .service_update(
            workspace,
            service,
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
        .rule_update(workspace, rule.id, &rule_fields("s"), NOW, audit())
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

async fn nothing_of_another_workspace_is_found(_: &Database, store: &Store) {
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

async fn replicas_live_as_long_as_their_leases(database: &Database, store: &Store) {
    let (one, two) = (ReplicaId(Uuid::from_u128(1)), ReplicaId(Uuid::from_u128(2)));
    store.replica_register(one, later(10), NOW).await.unwrap();
    store.replica_register(two, later(20), NOW).await.unwrap();
    let shared = !database.is_sqlite();
    assert_eq!(
        store.replica_renew(one, later(15), later(5)).await.unwrap(),
        shared
    );
    assert!(store.replica_renew(two, later(30), later(5)).await.unwrap());
    let dead = store.replica_dead(later(15)).await.unwrap();
    assert_eq!(dead, if shared { vec![one] } else { vec![] });
    let removed = store
        .replica_delete_dead(later(15), later(16))
        .await
        .unwrap();
    assert_eq!(removed, u64::from(shared));
    assert!(store.replica_dead(later(100)).await.unwrap() == [two]);
}

#[tokio::test]
async fn a_sqlite_file_is_private_and_served_once() {
    use std::os::unix::fs::PermissionsExt as _;
    let database = Database::sqlite();
    let store = database.open(Purpose::Serve);
    store.migrate().await.unwrap();
    World::new(&store).await;
    let folder = database.path().parent().unwrap().to_owned();
    let mut seen = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let file = file.unwrap();
        let mode = file.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", file.path().display());
        seen += 1;
    }
    assert!(seen >= 3, "the database, its log and its lock");
    let options = StoreOptions::new(ReplicaId(Uuid::new_v4()), Purpose::Serve);
    let refused = Store::open(&database.url, options).err().unwrap();
    assert!(matches!(refused, StoreError::AlreadyServed(_)), "{refused}");
    let tool = database.open(Purpose::Tool);
    assert_eq!(tool.user_count().await.unwrap(), 1);
    tool.close().await;
    store.close().await;
    drop(store);
    let served_again = Store::open(&database.url, options).unwrap();
    served_again.ready().await.unwrap();
}

#[tokio::test]
async fn an_address_that_is_not_understood_is_refused() {
    let options = StoreOptions::new(ReplicaId(Uuid::new_v4()), Purpose::Tool);
    for odd in [
        "mysql://x",
        "sqlite://",
        "sqlite::memory:",
        "/var/lib/x.db",
        "",
    ] {
        let refused = Store::open(odd, options).err().unwrap();
        assert!(
            matches!(refused, StoreError::Address(_)),
            "{odd}: {refused}"
        );
    }
}

#[tokio::test]
async fn a_log_that_has_grown_is_moved_into_the_file() {
    let database = Database::sqlite();
    let store = database.open(Purpose::Serve);
    store.migrate().await.unwrap();
    let world = World::new(&store).await;
    let before = std::fs::metadata(database.path()).unwrap().len();
    let new = NewDocument {
        kind: DocumentKind::Markdown,
        title: None,
        reading: DocumentReading::default(),
    };
    let text: Arc<str> = "x".repeat(1 << 20).into();
    store
        .document_create(
            world.workspace,
            world.service,
            &new,
            NOW,
            |_| Ok(sealed(world.data_key, &text)),
            |_| audit(),
        )
        .await
        .unwrap();
    let grown = async {
        while std::fs::metadata(database.path()).unwrap().len() < before + (1 << 20) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), grown)
        .await
        .expect("the log is moved by itself");
    store.close().await;
}
