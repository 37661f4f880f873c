//! Values that replicas have seen.

use gaiterguard_domain::id::{AgentId, ServiceId};
use gaiterguard_domain::time::Timestamp;
use gaiterguard_store::SightingRowKind::{Approved, Created, Sent, Shown, ShownAsId};
use gaiterguard_store::{Purpose, SightingRow, SightingRowKind, Store};

use crate::support::{Database, NOW, later, on_both};

on_both!(
    a_value_that_was_sent_first_does_not_become_shown,
    a_value_that_was_shown_or_created_first_stays_so,
    values_are_found_by_agent_and_service_until_they_are_removed,
);

const AGENT: AgentId = AgentId(7);
const SERVICE: ServiceId = ServiceId(8);

fn row(value: u8, kind: SightingRowKind, at: Timestamp) -> SightingRow {
    SightingRow {
        agent: AGENT,
        service: SERVICE,
        hash: [value; 16],
        kind,
        at,
    }
}

async fn kind_after(store: &Store, kinds: &[SightingRowKind]) -> SightingRowKind {
    let value = u8::try_from(
        kinds
            .iter()
            .fold(1, |all, kind| all * 6 + *kind as usize + 1)
            % 251,
    );
    let value = value.unwrap();
    for (kind, second) in kinds.iter().zip(1..) {
        let rows = [row(value, *kind, later(second))];
        store.sighting_add(&rows, NOW).await.unwrap();
    }
    let found = store
        .sighting_find(AGENT, SERVICE, &[[value; 16]], NOW)
        .await
        .unwrap();
    store
        .sighting_forget(AGENT, SERVICE, later(100), NOW)
        .await
        .unwrap();
    found[0].1
}

async fn a_value_that_was_sent_first_does_not_become_shown(_: &Database, store: &Store) {
    for (kinds, end) in [
        (&[Sent, Shown][..], Sent),
        (&[Sent, Created], Sent),
        (&[Sent, ShownAsId], ShownAsId),
        (&[Sent, Approved], Approved),
        (&[Sent, ShownAsId, Shown], ShownAsId),
    ] {
        assert_eq!(kind_after(store, kinds).await, end, "{kinds:?}");
    }
}

async fn a_value_that_was_shown_or_created_first_stays_so(_: &Database, store: &Store) {
    for (kinds, end) in [
        (&[Shown, Sent][..], Shown),
        (&[Created, Shown], Created),
        (&[Created, Sent], Created),
        (&[Shown, Created], Shown),
        (&[Shown, Approved], Shown),
    ] {
        assert_eq!(kind_after(store, kinds).await, end, "{kinds:?}");
    }
}

async fn values_are_found_by_agent_and_service_until_they_are_removed(
    database: &Database,
    store: &Store,
) {
    let other = database.open(Purpose::Tool);
    let rows: Vec<SightingRow> = (0..200).map(|value| row(value, Shown, NOW)).collect();
    other.sighting_add(&rows, NOW).await.unwrap();
    other
        .sighting_add(&[row(1, Shown, later(60))], NOW)
        .await
        .unwrap();
    other.close().await;
    let hashes = [[1; 16], [2; 16], [250; 16]];
    let mut found = store
        .sighting_find(AGENT, SERVICE, &hashes, NOW)
        .await
        .unwrap();
    found.sort_unstable_by_key(|(hash, ..)| *hash);
    assert_eq!(found, [([1; 16], Shown, later(60)), ([2; 16], Shown, NOW)]);
    for (agent, service) in [(AgentId(6), SERVICE), (AGENT, ServiceId(9))] {
        let found = store
            .sighting_find(agent, service, &hashes, NOW)
            .await
            .unwrap();
        assert!(found.is_empty());
    }
    let found = store
        .sighting_find(AGENT, SERVICE, &hashes, later(1))
        .await
        .unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(
        store
            .sighting_delete_before(later(1), 150, NOW)
            .await
            .unwrap(),
        150
    );
    assert_eq!(
        store
            .sighting_delete_before(later(1), 150, NOW)
            .await
            .unwrap(),
        49
    );
    store
        .sighting_forget(AGENT, SERVICE, later(60), NOW)
        .await
        .unwrap();
    let found = store
        .sighting_find(AGENT, SERVICE, &hashes, NOW)
        .await
        .unwrap();
    assert!(found.is_empty());
}
