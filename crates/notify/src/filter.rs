//! Which events a channel is notified of.

use std::borrow::Cow;
use std::time::Duration;

use gaiterguard_domain::field::{Checked, FieldValue, number, whole_number};
use gaiterguard_domain::id::{AgentId, ServiceId};
use gaiterguard_domain::time::Timestamp;
use gaiterguard_domain::{all, body};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::event::NotificationEvent;
use crate::nested::{self, Few, NOT_AN_OBJECT};

/// The events that a channel is notified of. An empty list means all.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = ChannelFilter)]
pub struct Filter {
    /// Events.
    pub events: Vec<NotificationEvent>,
    /// IDs of services. Events that concern no service, such as those of the kill switch, always match.
    #[schema(value_type = Vec<i64>)]
    pub service_ids: Vec<ServiceId>,
    /// IDs of agents. Events that concern no agent always match.
    #[schema(value_type = Vec<i64>)]
    pub agent_ids: Vec<AgentId>,
    /// Lowest risk score of a held request. Other events always match.
    #[schema(required, minimum = 0, maximum = 1)]
    pub minimum_risk: Option<f64>,
    /// Minutes for which a held request must wait without a decision before the channel is notified of it. Other
    /// events of requests that were decided earlier are not sent.
    #[serde(default)]
    #[schema(required, minimum = 1, maximum = 1440)]
    pub escalate_after_minutes: Option<u32>,
}

body! {
    /// The events that a channel is notified of. Without a field, or with an empty list, all match.
    pub struct NewChannelFilter {
        /// Events.
        #[schema(max_items = 100)]
        events "events": Option<Few<NotificationEvent>> as Option<Vec<NotificationEvent>>,
        /// IDs of services. Events that concern no service, such as those of the kill switch, always match.
        #[schema(max_items = 100)]
        service_ids "service_ids": Option<Few<ServiceId>> as Option<Vec<i64>>,
        /// IDs of agents. Events that concern no agent always match.
        #[schema(max_items = 100)]
        agent_ids "agent_ids": Option<Few<AgentId>> as Option<Vec<i64>>,
        /// Lowest risk score of a held request. Other events always match.
        #[schema(minimum = 0, maximum = 1)]
        minimum_risk "minimum_risk": Option<Risk> as Option<f64>,
        /// Minutes for which a held request must wait without a decision before the channel is notified of it. Must
        /// be less than the time after which requests expire. By default, the channel is notified immediately.
        #[schema(minimum = 1, maximum = 1440)]
        escalate_after_minutes "escalate_after_minutes": Option<Minutes> as Option<u32>,
    }
}

/// A risk score.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Risk(pub f64);

impl FieldValue for Risk {
    fn parse(value: Value) -> Result<Self, Cow<'static, str>> {
        number(&value, 0.0, 1.0).map(Self)
    }
}

/// The longest time after which a held request is escalated, in minutes: a day.
const ESCALATION_MINUTES_MAX: u32 = 24 * 60;

/// A time in minutes.
#[derive(Clone, Copy, Debug)]
pub struct Minutes(u32);

impl FieldValue for Minutes {
    fn parse(value: Value) -> Result<Self, Cow<'static, str>> {
        whole_number(&value, 1, ESCALATION_MINUTES_MAX).map(Self)
    }
}

/// The objects that an event concerns.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Concerned {
    pub(crate) agent: Option<AgentId>,
    pub(crate) service: Option<ServiceId>,
    pub(crate) risk: Option<f64>,
    /// When the request was held.
    pub(crate) held_at: Option<Timestamp>,
}

impl Filter {
    /// Returns whether the filter selects an event, whatever it concerns.
    pub(crate) fn selects(&self, event: NotificationEvent) -> bool {
        self.events.is_empty() || self.events.contains(&event)
    }

    /// Returns when a message about an event is to be sent at the earliest. A held request that is not escalated yet
    /// waits; by then, it may have been decided.
    pub(crate) fn earliest(
        &self,
        event: NotificationEvent,
        at: Timestamp,
        concerned: Concerned,
    ) -> Timestamp {
        match (self.escalate_after_minutes, concerned.held_at) {
            (Some(minutes), Some(held_at)) if event.asks() => {
                at.max(held_at.after(Duration::from_mins(minutes.into())))
            }
            _ => at,
        }
    }

    /// Returns whether an event that concerns these objects matches.
    pub(crate) fn matches(&self, event: NotificationEvent, concerned: Concerned) -> bool {
        fn has<T: PartialEq>(all: &[T], one: Option<&T>) -> bool {
            all.is_empty() || one.is_none_or(|one| all.contains(one))
        }
        self.selects(event)
            && has(&self.service_ids, concerned.service.as_ref())
            && has(&self.agent_ids, concerned.agent.as_ref())
            && self
                .minimum_risk
                .is_none_or(|least| concerned.risk.is_none_or(|risk| risk >= least))
    }
}

impl FieldValue for Filter {
    fn parse(_: Value) -> Result<Self, Cow<'static, str>> {
        Err(NOT_AN_OBJECT.into())
    }

    fn read(name: &str, value: Option<Value>) -> Checked<Self> {
        nested::read(name, value, |body: NewChannelFilter| {
            let NewChannelFilter {
                events,
                service_ids,
                agent_ids,
                minimum_risk,
                escalate_after_minutes,
            } = body;
            let (events, service_ids, agent_ids, minimum_risk, escalation) = all!(
                events,
                service_ids,
                agent_ids,
                minimum_risk,
                escalate_after_minutes
            )?;
            Ok(Self {
                events: events.map(|few| few.0).unwrap_or_default(),
                service_ids: service_ids.map(|few| few.0).unwrap_or_default(),
                agent_ids: agent_ids.map(|few| few.0).unwrap_or_default(),
                minimum_risk: minimum_risk.map(|risk| risk.0),
                escalate_after_minutes: escalation.map(|minutes| minutes.0),
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::NotificationEvent::{ActionCreated, KillSwitchChanged};
    use super::*;

    fn held(agent: i64, service: i64, risk: f64) -> Concerned {
        Concerned {
            agent: Some(AgentId(agent)),
            service: Some(ServiceId(service)),
            risk: Some(risk),
            held_at: Some(Timestamp(1000)),
        }
    }

    #[test]
    fn an_empty_filter_matches_everything() {
        let filter = Filter::default();
        assert!(filter.matches(ActionCreated, held(1, 2, 0.1)));
        assert!(filter.matches(KillSwitchChanged, Concerned::default()));
    }

    #[test]
    fn every_condition_must_match_what_the_event_concerns() {
        let filter = Filter {
            events: vec![ActionCreated, KillSwitchChanged],
            service_ids: vec![ServiceId(2)],
            agent_ids: vec![AgentId(1)],
            minimum_risk: Some(0.5),
            escalate_after_minutes: None,
        };
        assert!(filter.matches(ActionCreated, held(1, 2, 0.5)));
        assert!(!filter.matches(ActionCreated, held(9, 2, 0.5)));
        assert!(!filter.matches(ActionCreated, held(1, 9, 0.5)));
        assert!(!filter.matches(ActionCreated, held(1, 2, 0.4)));
        assert!(!filter.matches(NotificationEvent::ActionEnded, held(1, 2, 0.5)));
        assert!(filter.matches(KillSwitchChanged, Concerned::default()));
    }

    #[test]
    fn a_held_request_waits_for_its_escalation_and_other_events_do_not() {
        let filter = Filter {
            escalate_after_minutes: Some(2),
            ..Filter::default()
        };
        let concerned = held(1, 2, 0.5);
        let (early, late) = (Timestamp(2000), Timestamp(500_000));
        let earliest = |event, at| filter.earliest(event, at, concerned);
        assert_eq!(earliest(ActionCreated, early), Timestamp(121_000));
        assert_eq!(earliest(ActionCreated, late), late);
        assert_eq!(earliest(NotificationEvent::ActionEnded, early), early);
        let at_once = Filter::default();
        assert_eq!(at_once.earliest(ActionCreated, early, concerned), early);
        // The field is missing from channels of earlier versions.
        let stored =
            json!({"events": [], "service_ids": [], "agent_ids": [], "minimum_risk": null});
        assert_eq!(serde_json::from_value::<Filter>(stored).unwrap(), at_once);
    }

    #[test]
    fn every_error_of_a_filter_names_its_field() {
        let wrong = json!({
            "events": ["action.seen"], "minimum_risk": 2, "service_ids": 1,
            "escalate_after_minutes": 1441,
        });
        let errors = Filter::read("filter", Some(wrong)).unwrap_err();
        let fields: Vec<_> = errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(
            fields,
            [
                "filter.events",
                "filter.service_ids",
                "filter.minimum_risk",
                "filter.escalate_after_minutes"
            ]
        );
        let unknown = Filter::read("filter", Some(json!({"event": []}))).unwrap_err();
        assert_eq!(unknown[0].field, "filter.event");
        assert_eq!(Filter::read("filter", Some(json!(1))).unwrap_err().len(), 1);
    }
}
