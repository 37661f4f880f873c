//! Records when the language model begins to fail, and when it responds again.

use std::time::Duration;

use gaiterguard_store::Store;
use serde_json::json;
use tokio::time::{MissedTickBehavior, interval};

use crate::llm::Llm;

/// How often the state of the model is looked up. It changes after several calls, each of which takes about a second.
const CHECKED_EVERY: Duration = Duration::from_secs(1);

impl Llm {
    /// Records outages in the audit log, for as long as the gateway runs. A recovery is recorded after the first
    /// response, so an outage does not end because the gateway is restarted.
    pub async fn record_outages(&self, store: &Store) {
        let mut ticks = interval(CHECKED_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut recorded = None;
        loop {
            ticks.tick().await;
            let breaker = &self.client.breaker;
            let is_failing = breaker.is_open();
            if recorded == Some(is_failing) || !(is_failing || breaker.has_succeeded()) {
                continue;
            }
            let detail = json!({ "model": self.client.model });
            let at = self.clock.now();
            match store.llm_outage_record(is_failing, &detail, at).await {
                Ok(()) => recorded = Some(is_failing),
                Err(error) => {
                    tracing::warn!(%error, "recording an outage of the language model failed and will be tried again");
                }
            }
        }
    }
}
