//! Language model usage.

use gaiterguard_domain::time::Day;
use gaiterguard_store::{ModelUse, Purpose, Store};

use crate::support::{Database, NOW, on_both};

on_both!(usage_of_all_writers_is_added_up_by_day,);

fn used(calls: i64) -> ModelUse {
    ModelUse {
        calls,
        input_tokens: calls * 100,
        output_tokens: calls * 10,
        #[expect(clippy::cast_precision_loss, reason = "the numbers are small")]
        cost: calls as f64 * 0.25,
    }
}

async fn usage_of_all_writers_is_added_up_by_day(database: &Database, store: &Store) {
    let other = database.open(Purpose::Tool);
    let add = async |store: &Store, day, calls| {
        store
            .model_use_add(Day(day), used(calls), NOW)
            .await
            .unwrap()
    };
    assert_eq!(add(store, 100, 1).await, used(1));
    assert_eq!(add(&other, 100, 2).await, used(3));
    assert_eq!(add(store, 102, 4).await, used(4));
    assert_eq!(add(store, 99, 8).await, used(8));
    other.close().await;
    let days = store.model_use_since(Day(100)).await.unwrap();
    assert_eq!(days, [(Day(100), used(3)), (Day(102), used(4))]);
    assert!(store.model_use_since(Day(103)).await.unwrap().is_empty());
}
