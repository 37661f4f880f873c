//! Agents and the services they may use.

use gaiterguard_domain::agent::OtherHosts;
use gaiterguard_domain::id::{AgentId, ServiceId};
use gaiterguard_store::{AgentFields, AgentSaved, Purpose, ServiceSaved, Store};

use crate::support::{Database, NOW, World, audit, later, on_both, service_fields, word};

on_both!(
    agents_are_created_changed_and_deleted,
    of_two_changes_of_one_revision_of_an_agent_one_is_made,
    a_new_scope_keeps_the_dates_of_remaining_grants,
    a_scope_can_contain_many_services,
);

async fn agents_are_created_changed_and_deleted(_: &Database, store: &Store) {
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
        other_hosts: OtherHosts::Refuse,
        expires_at: Some(later(50)),
    };
    let saved = store
        .agent_update(
            world.workspace,
            world.agent,
            agent.revision,
            &fields,
            later(1),
            audit(),
        )
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

async fn of_two_changes_of_one_revision_of_an_agent_one_is_made(
    database: &Database,
    store: &Store,
) {
    let world = World::new(store).await;
    let read = store
        .agent_get(world.workspace, world.agent)
        .await
        .unwrap()
        .unwrap();
    let other = database.open(Purpose::Tool);
    let attempts = (0..8).map(|n| {
        let store = if n % 2 == 0 { store } else { &other }.clone();
        let fields = AgentFields {
            name: format!("named by {n}"),
            is_active: read.is_active,
            hold_seconds: read.hold_seconds,
            risk_threshold: read.risk_threshold,
            other_hosts: read.other_hosts,
            expires_at: read.expires_at,
        };
        let (workspace, agent, seen) = (world.workspace, world.agent, read.revision);
        tokio::spawn(async move {
            store
                .agent_update(workspace, agent, seen, &fields, later(1), audit())
                .await
                .unwrap()
        })
    });
    let mut saved = Vec::new();
    for attempt in attempts.collect::<Vec<_>>() {
        match attempt.await.unwrap() {
            AgentSaved::Saved(agent) => saved.push(agent),
            other => assert_eq!(other, AgentSaved::Changed),
        }
    }
    let now = store.agent_get(world.workspace, world.agent).await.unwrap();
    assert_eq!(saved, now.into_iter().collect::<Vec<_>>());
    // Changes of other columns leave the revision alone.
    store
        .agent_block(world.workspace, world.agent, &word(later(2)), audit())
        .await
        .unwrap();
    let blocked = store
        .agent_get(world.workspace, world.agent)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(blocked.revision, saved[0].revision);
    other.close().await;
}

async fn a_new_scope_keeps_the_dates_of_remaining_grants(_: &Database, store: &Store) {
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

async fn a_scope_can_contain_many_services(_: &Database, store: &Store) {
    let world = World::new(store).await;
    let mut services = vec![world.service];
    // More services than one statement grants or revokes.
    for n in 0..70 {
        let fields = service_fields(&format!("service {n}"));
        let created = store
            .service_create(world.workspace, &fields, NOW, |_| Ok(None), |_| audit())
            .await
            .unwrap();
        let ServiceSaved::Saved(service) = created else {
            panic!("{created:?}");
        };
        services.push(service.id);
    }
    let granted = async |services: &[ServiceId], at| {
        let set = store.agent_scope_set(world.workspace, world.agent, services, at, audit());
        match set.await.unwrap() {
            AgentSaved::Saved(agent) => agent.grants,
            other => panic!("{other:?}"),
        }
    };
    let wide = granted(&services, later(1)).await;
    let found: Vec<ServiceId> = wide.iter().map(|grant| grant.service).collect();
    assert_eq!(found, services);
    assert_eq!((wide[0].since, wide[70].since), (NOW, later(1)));
    let last = granted(&services[70..], later(2)).await;
    assert_eq!(last, wide[70..]);
    assert!(granted(&[], later(3)).await.is_empty());
}
