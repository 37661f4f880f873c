//! Channels, the messages for them, and how far the audit log was read.

use std::time::Duration;

use gaiterguard_domain::event::Event;
use gaiterguard_domain::id::{ChannelId, WorkspaceId};
use gaiterguard_domain::ledger::{ReplicaId, Sealed};
use gaiterguard_store::{
    Attempt, ChannelFields, ChannelSecrets, DeliveryState, NewDelivery, NotificationPosition,
    Store, StoredChannel,
};
use uuid::Uuid;

use crate::support::{Database, NOW, World, audit, entry, later, on_both};

on_both!(
    a_channel_is_changed_only_at_the_revision_that_was_seen,
    a_channel_is_leased_by_one_live_replica,
    messages_of_an_object_keep_their_order,
    a_position_is_advanced_once_with_its_messages,
    the_oldest_of_too_many_waiting_messages_are_dropped_and_counted,
    the_search_for_reminders_is_an_index_seek,
    an_outage_of_the_language_model_is_recorded_once,
    an_action_is_expiring_in_its_last_fifth,
);

const LEASE: Duration = Duration::from_mins(1);

fn fields(name: &str) -> ChannelFields {
    ChannelFields {
        kind: "webhook",
        name: name.to_owned(),
        enabled: true,
        settings: "{}".to_owned(),
    }
}

pub(crate) async fn channel(world: &World, store: &Store) -> StoredChannel {
    let secrets = ChannelSecrets {
        version: 0,
        sealed: Sealed {
            data_key: world.data_key,
            bytes: vec![1, 2, 3],
        },
    };
    store
        .channel_create(
            world.workspace,
            &fields("one"),
            NOW,
            |_| Ok(secrets),
            |_| audit(),
        )
        .await
        .unwrap()
}

fn new(channel: ChannelId, source: &str, subject: &str) -> NewDelivery {
    NewDelivery {
        channel,
        event: "action.created",
        source: source.to_owned(),
        subject: subject.to_owned(),
        actor: "gateway".to_owned(),
        detail: "{}".to_owned(),
        at: NOW,
        due_at: NOW,
    }
}

fn ended(state: DeliveryState, seconds: u64) -> Attempt {
    Attempt {
        state,
        due_at: later(seconds),
        error: (state != DeliveryState::Delivered).then(|| "no".to_owned()),
        receipt: None,
    }
}

async fn a_channel_is_changed_only_at_the_revision_that_was_seen(_: &Database, store: &Store) {
    let world = World::new(store).await;
    let first = channel(&world, store).await;
    let got = store.channel_get(world.workspace, first.id).await.unwrap();
    assert_eq!(got, Some(first.clone()));
    let update = |revision| {
        let (id, secrets) = (first.id, first.secrets.clone());
        async move {
            let fields = fields("two");
            store
                .channel_update(id, revision, &fields, &secrets, later(1), audit())
                .await
                .unwrap()
        }
    };
    assert!(update(first.revision).await);
    assert!(!update(first.revision).await);
    let gone = store.channel_disable(first.id, "gone", later(2), audit());
    assert!(gone.await.unwrap());
    let again = store.channel_disable(first.id, "gone", later(2), audit());
    assert!(!again.await.unwrap());
    let listed = store.channel_list(Some(world.workspace)).await.unwrap();
    assert_eq!((listed[0].name.as_str(), listed[0].enabled), ("two", false));
    assert_eq!(listed[0].disabled_reason.as_deref(), Some("gone"));
    let others = store.channel_list(Some(WorkspaceId(99))).await.unwrap();
    assert_eq!(others, []);
    assert_eq!(store.channel_list(None).await.unwrap(), listed);
    let second = channel(&world, store).await;
    assert_ne!(second.id, first.id);
    let positions = [];
    let waiting = [new(first.id, "1:1", "action:1")];
    store
        .notification_advance(&positions, &waiting, NOW)
        .await
        .unwrap();
    let delete = || store.channel_delete(world.workspace, first.id, NOW, audit());
    assert!(delete().await.unwrap());
    assert!(!delete().await.unwrap());
}

async fn a_channel_is_leased_by_one_live_replica(_: &Database, store: &Store) {
    let world = World::new(store).await;
    let id = channel(&world, store).await.id;
    let at = NOW;
    let (one, other) = (ReplicaId(Uuid::new_v4()), ReplicaId(Uuid::new_v4()));
    store.replica_register(one, LEASE, at).await.unwrap();
    let lease = |replica| store.channel_lease(id, replica, LEASE, at);
    assert!(lease(one).await.unwrap());
    assert!(!lease(other).await.unwrap());
    assert!(lease(one).await.unwrap());
    store.channel_release(id, other, at).await.unwrap();
    assert!(!lease(other).await.unwrap());
    store.channel_release(id, one, at).await.unwrap();
    assert!(lease(other).await.unwrap());
    // A replica that is not registered is dead, and leaves its channels to others.
    assert!(lease(one).await.unwrap());
    store
        .channel_disable(id, "gone", at, audit())
        .await
        .unwrap();
    assert!(!lease(one).await.unwrap());
}

async fn messages_of_an_object_keep_their_order(_: &Database, store: &Store) {
    let world = World::new(store).await;
    let id = channel(&world, store).await.id;
    let messages = [
        new(id, "1:1", "action:a"),
        new(id, "1:2", "action:a"),
        new(id, "1:3", "action:b"),
        // One event of one source is one message.
        new(id, "1:3", "action:b"),
        NewDelivery {
            due_at: later(100),
            ..new(id, "1:4", "action:c")
        },
    ];
    store
        .notification_advance(&[], &messages, NOW)
        .await
        .unwrap();
    assert_eq!(store.channel_due(later(1)).await.unwrap()[0].id, id);
    let due = async |seconds| {
        let due = store.delivery_due(id, later(seconds), 10).await.unwrap();
        let subjects = due.into_iter().map(|one| (one.id, one.subject));
        subjects.collect::<Vec<_>>()
    };
    let first = due(1).await;
    let subjects: Vec<_> = first.iter().map(|(_, subject)| subject.as_str()).collect();
    assert_eq!(subjects, ["action:a", "action:b"]);
    let record = async |delivery, attempt: &Attempt| {
        store
            .delivery_record(id, &[delivery], attempt, later(2))
            .await
            .unwrap();
    };
    record(first[0].0, &ended(DeliveryState::Waiting, 50)).await;
    record(first[1].0, &ended(DeliveryState::Delivered, 2)).await;
    assert_eq!(due(3).await, []);
    assert_eq!(due(60).await, first[..1]);
    record(first[0].0, &ended(DeliveryState::Failed, 60)).await;
    assert_eq!(due(60).await.len(), 1);
    assert_eq!(due(100).await.len(), 2);
    let listed = store.delivery_list(id, None, 10).await.unwrap().items;
    let states: Vec<_> = listed.iter().map(|one| (one.state, one.attempts)).collect();
    assert_eq!(
        states,
        [
            (DeliveryState::Waiting, 0),
            (DeliveryState::Delivered, 1),
            (DeliveryState::Waiting, 0),
            (DeliveryState::Failed, 2)
        ]
    );
    let shown = store.channel_get(world.workspace, id).await.unwrap();
    assert_eq!(shown.unwrap().last_error.as_deref(), Some("no"));
    let removed = store
        .delivery_delete_before(later(1), 3, NOW)
        .await
        .unwrap();
    // Those that wait remain.
    assert_eq!(removed, 2);
    assert_eq!(
        store.delivery_list(id, None, 10).await.unwrap().items.len(),
        2
    );
}

async fn the_oldest_of_too_many_waiting_messages_are_dropped_and_counted(
    _: &Database,
    store: &Store,
) {
    let world = World::new(store).await;
    let (id, other) = (
        channel(&world, store).await.id,
        channel(&world, store).await.id,
    );
    let messages: Vec<_> = (0..1005)
        .map(|number| new(id, &format!("1:{number}"), "action:a"))
        .chain([new(other, "1:1", "action:a")])
        .collect();
    store
        .notification_advance(&[], &messages, NOW)
        .await
        .unwrap();
    let dropped = async |id| {
        let found = store.channel_get(world.workspace, id).await.unwrap();
        found.unwrap().dropped
    };
    assert_eq!((dropped(id).await, dropped(other).await), (5, 0));
    let all = store.delivery_list(id, None, 2000).await.unwrap().items;
    let is_dropped = |one: &&gaiterguard_store::Delivery| one.state == DeliveryState::Dropped;
    assert_eq!(all.iter().filter(is_dropped).count(), 5);
    assert!(
        all.iter()
            .rev()
            .take(5)
            .all(|one| is_dropped(&one) && one.ended_at.is_some())
    );
    let due = store.delivery_due(id, later(1), 10).await.unwrap();
    assert_eq!(due[0].id, all[all.len() - 6].id);
    store.channel_dropped_reported(id, 5, NOW).await.unwrap();
    store.channel_dropped_reported(id, 5, NOW).await.unwrap();
    assert_eq!(dropped(id).await, 0);
    // Those that waited for too long are counted, too.
    store.delivery_drop_before(id, NOW, later(1)).await.unwrap();
    assert_eq!(dropped(id).await, 0);
    store
        .delivery_drop_before(id, later(1), later(1))
        .await
        .unwrap();
    assert_eq!(dropped(id).await, 1000);
}

async fn the_search_for_reminders_is_an_index_seek(database: &Database, store: &Store) {
    let world = World::new(store).await;
    world.held(store).await;
    let [sqlite, postgres] = gaiterguard_store::SELECT_EXPIRING;
    let sql = if database.is_sqlite() {
        sqlite
    } else {
        postgres
    };
    let sql = sql
        .replace("$1", "0")
        .replace("$2", "5")
        .replace("$3", "10");
    let mut connection = gaiterguard_testkit::DirectDatabase::connect(&database.url).await;
    let plan = connection.plan(&sql).await;
    assert!(plan.contains("actions_by_reminder"), "{plan}");
}

async fn an_outage_of_the_language_model_is_recorded_once(_: &Database, store: &Store) {
    let world = World::new(store).await;
    let detail = serde_json::json!({ "model": "m" });
    let record = async |is_failing, seconds| {
        store
            .llm_outage_record(is_failing, &detail, later(seconds))
            .await
            .unwrap();
        store.llm_failing_since(world.workspace).await.unwrap()
    };
    assert_eq!(record(false, 1).await, None);
    assert_eq!(record(true, 2).await, Some(later(2)));
    assert_eq!(record(true, 3).await, Some(later(2)));
    assert_eq!(record(false, 4).await, None);
    assert_eq!(record(true, 5).await, Some(later(5)));
    let filter = gaiterguard_store::AuditFilter {
        events: vec![Event::LlmFailing, Event::LlmRecovered],
        ..gaiterguard_store::AuditFilter::default()
    };
    let entries = store.audit_list(world.workspace, &filter, None, 10);
    assert_eq!(entries.await.unwrap().items.len(), 3);
}

async fn a_position_is_advanced_once_with_its_messages(_: &Database, store: &Store) {
    let world = World::new(store).await;
    let id = channel(&world, store).await.id;
    let positions = store.notification_positions().await.unwrap();
    let reminders = positions[0];
    assert_eq!(reminders.chain, NotificationPosition::REMINDERS);
    let chain = positions[1];
    let entries = store.notification_entries(chain, 500).await.unwrap();
    assert_eq!(entries.last().unwrap().sequence, chain.to);
    store
        .audit_append(entry(Event::RequestForwarded, NOW))
        .await
        .unwrap();
    let longer = NotificationPosition {
        to: chain.to + 1,
        ..chain
    };
    let found = store.notification_entries(longer, 500).await.unwrap();
    assert_eq!(found, entries, "forwarded requests are left out");
    let advance = |position: NotificationPosition, source: &'static str| async move {
        let positions = [position];
        let messages = [new(id, source, "action:a")];
        store
            .notification_advance(&positions, &messages, NOW)
            .await
            .unwrap()
    };
    assert!(advance(chain, "1:1").await);
    assert!(!advance(chain, "1:2").await);
    let next = NotificationPosition {
        from: chain.to,
        to: chain.to + 1,
        ..chain
    };
    assert!(advance(next, "1:3").await);
    let listed = store.delivery_list(id, None, 10).await.unwrap().items;
    assert_eq!(listed.len(), 2);
    let left = store.notification_positions().await.unwrap();
    assert!(
        left.iter().all(|left| left.chain != chain.chain),
        "{left:?}"
    );
}

async fn an_action_is_expiring_in_its_last_fifth(_: &Database, store: &Store) {
    let world = World::new(store).await;
    let mut decision = world.hold(world.version(store).await, None);
    decision.entry.at = NOW;
    let hold = decision.hold.as_mut().unwrap();
    hold.expires_at = later(100);
    let action = hold.action;
    store.record(decision).await.unwrap();
    let expiring = async |since, now| {
        let found = store.action_expiring(later(since), later(now), 10);
        found.await.unwrap()
    };
    assert_eq!(expiring(0, 79).await, []);
    assert_eq!(expiring(0, 80).await, [(action, later(80))]);
    assert_eq!(expiring(80, 99).await, []);
    assert_eq!(expiring(0, 100).await, [], "it has expired");
}
