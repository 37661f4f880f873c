//! A message as people read it: a title, rows of values, and the agent's own words, all unescaped. The sender of each
//! kind of channel escapes and cuts them.

use std::time::Duration;

use gaiterguard_domain::action::ActionStatus;
use gaiterguard_domain::time::Timestamp;

use crate::event::NotificationEvent;
use crate::message::{ActionData, Message, Object};
use crate::text::without_links;

/// How many requests a message about several lists; the others are counted.
const LISTED_MAX: usize = 10;

/// The score from which a held request is urgent, as in the dashboard.
const URGENT_SCORE: f64 = 0.8;

/// How soon somebody should look at a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Urgency {
    /// At leisure.
    Low,
    /// Soon.
    Normal,
    /// Now.
    High,
}

/// A message as people read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Card {
    /// The event, or the decision that is asked for.
    pub(crate) title: String,
    /// Names and values.
    pub(crate) rows: Vec<(String, String)>,
    /// The words of the agent.
    pub(crate) intent: Option<String>,
    /// The page to open.
    pub(crate) link: Option<String>,
    pub(crate) urgency: Urgency,
}

impl Card {
    /// Returns the card of a message.
    pub(crate) fn of(message: &Message, public_url: &str, now: Timestamp) -> Self {
        let actor = message.data.actor.as_ref();
        let by = actor
            .and_then(|actor| actor.name.as_deref())
            .map(|name| format!(" by {name}"))
            .unwrap_or_default();
        let page = |path: &str| Some(format!("{public_url}/app/{path}"));
        match &message.data.object {
            Object::Action(action) => of_action(message, action, &by, now),
            Object::Agent(agent) => Self {
                title: format!("Agent {} blocked{by}", name_of(agent.name.as_deref())),
                link: page(&format!("agents/{}", agent.id)),
                ..Self::plain(Urgency::High)
            },
            Object::KillSwitch { active, reason } => Self {
                title: if *active {
                    format!("Kill switch activated{by}: all requests of agents are refused")
                } else {
                    format!("Kill switch deactivated{by}")
                },
                rows: row("Reason", reason.as_deref()),
                link: page(""),
                ..Self::plain(Urgency::High)
            },
            Object::Service { service, error } => Self {
                title: format!(
                    "The credential of {} fails",
                    name_of(service.name.as_deref())
                ),
                rows: row("Error", error.as_deref()),
                link: page(&format!("services/{}", service.id)),
                ..Self::plain(Urgency::High)
            },
            Object::LanguageModel { model } => Self {
                title: "The language model does not respond; requests that need it are held"
                    .to_owned(),
                rows: row("Model", model.as_deref()),
                link: page("settings"),
                ..Self::plain(Urgency::High)
            },
            Object::Channel(channel) => Self {
                title: format!("Test of the channel {}", name_of(channel.name.as_deref())),
                rows: row("Result", Some("Messages of this gateway arrive here.")),
                link: page(""),
                ..Self::plain(Urgency::Low)
            },
        }
    }

    /// Returns the card for several held requests, as they are now.
    pub(crate) fn of_several(messages: &[Message], public_url: &str) -> Self {
        let actions: Vec<_> = messages
            .iter()
            .filter_map(|message| match &message.data.object {
                Object::Action(action) => Some(action),
                _ => None,
            })
            .collect();
        let mut rows: Vec<_> = actions
            .iter()
            .take(LISTED_MAX)
            .map(|action| {
                let ended = action.status_now.and_then(outcome);
                let ended = ended.map(|word| format!("{word}: ")).unwrap_or_default();
                let name = name_of(action.agent.name.as_deref());
                (name, format!("{ended}{}", headline(action)))
            })
            .collect();
        if messages.len() > LISTED_MAX {
            let others = messages.len() - LISTED_MAX;
            rows.push(("Others".to_owned(), others.to_string()));
        }
        let all = messages.len();
        let waiting = actions.iter().filter(|action| action.is_pending).count();
        let title = match waiting {
            0 => format!("None of these {all} requests needs approval now"),
            _ if waiting == all => format!("{all} requests need approval"),
            1 => format!("1 of {all} requests needs approval"),
            _ => format!("{waiting} of {all} requests need approval"),
        };
        Self {
            title,
            rows,
            link: Some(format!("{public_url}/app/")),
            ..Self::plain(Urgency::High)
        }
    }

    /// Adds how many earlier messages were dropped, if any were.
    #[must_use]
    pub(crate) fn noting_dropped(mut self, dropped: i64) -> Self {
        if dropped > 0 {
            let were = if dropped == 1 {
                "notification was"
            } else {
                "notifications were"
            };
            let text = format!("{dropped} earlier {were} dropped, because too many were waiting");
            self.rows.push(("Dropped".to_owned(), text));
        }
        self
    }

    fn plain(urgency: Urgency) -> Self {
        Self {
            title: String::new(),
            rows: Vec::new(),
            intent: None,
            link: None,
            urgency,
        }
    }
}

fn of_action(message: &Message, action: &ActionData, by: &str, now: Timestamp) -> Card {
    let headline = headline(action);
    let event = message.event;
    let title = match (event, action.status.as_str()) {
        (Some(NotificationEvent::ActionCreated), _) => format!("Approval needed: {headline}"),
        (Some(NotificationEvent::ActionExpiring), _) => {
            let left = action.expires_at.map(|at| time_left(now.until(at)));
            format!("Expires in {}: {headline}", left.unwrap_or_default())
        }
        (Some(NotificationEvent::ActionVoted), _) => {
            let approvals = action.approvals.as_ref();
            let count = approvals.map(|it| format!(" ({} of {} approvals)", it.given, it.needed));
            format!("Approval needed{}: {headline}", count.unwrap_or_default())
        }
        (_, "APPROVED") => format!("Approved{by}: {headline}"),
        (_, "DENIED") => format!("Denied{by}: {headline}"),
        (_, "REVOKED") => format!("Revoked{by}: {headline}"),
        (_, "EXPIRED") => format!("Expired without a decision: {headline}"),
        (_, "EXECUTED") => format!("Executed: {headline}"),
        (_, "INDETERMINATE") => format!("Outcome unknown, check the service: {headline}"),
        (_, status) => format!("{status}: {headline}"),
    };
    let asks = event.is_some_and(NotificationEvent::asks);
    let mut rows = vec![
        ("Agent".to_owned(), name_of(action.agent.name.as_deref())),
        (
            "Service".to_owned(),
            name_of(action.service.name.as_deref()),
        ),
        (
            "Request".to_owned(),
            format!("{} {}", action.method, without_links(&action.target_url)),
        ),
    ];
    if let Some(approvals) = &action.approvals {
        let by = if approvals.by.is_empty() {
            String::new()
        } else {
            format!(", by {}", approvals.by.join(", "))
        };
        let count = format!("{} of {}{by}", approvals.given, approvals.needed);
        rows.push(("Approvals".to_owned(), count));
    }
    if asks {
        for fact in &action.facts {
            let meaning = fact.meaning.as_deref();
            let meaning = meaning.map(|text| format!(" ({text})")).unwrap_or_default();
            let value = without_links(&format!("{}{meaning}", fact.value));
            rows.push((without_links(&fact.name), value));
        }
        if let Some(score) = action.risk_score {
            let explanation = action.risk_explanation.as_deref().unwrap_or_default();
            let risk = format!("{score:.2}: {}", without_links(explanation));
            rows.push(("Risk".to_owned(), risk));
        }
        if let Some(at) = action.expires_at {
            rows.push((
                "Time left".to_owned(),
                format!("{}, until {}", time_left(now.until(at)), shown_time(at)),
            ));
        }
    }
    rows.extend(row("Note", action.note.as_deref()));
    Card {
        title,
        rows,
        intent: Some(without_links(&action.intent)).filter(|intent| asks && !intent.is_empty()),
        link: Some(action.url.clone()),
        urgency: match action.risk_score {
            _ if !asks => Urgency::Low,
            Some(score) if score < URGENT_SCORE => Urgency::Normal,
            _ => Urgency::High,
        },
    }
}

/// Returns what became of a held request; `None` while it waits for a human.
fn outcome(status: ActionStatus) -> Option<&'static str> {
    match status {
        ActionStatus::Pending => None,
        ActionStatus::Approved | ActionStatus::Executing => Some("Approved"),
        ActionStatus::Denied => Some("Denied"),
        ActionStatus::Revoked => Some("Revoked"),
        ActionStatus::Expired => Some("Expired"),
        ActionStatus::Executed => Some("Executed"),
        ActionStatus::Indeterminate => Some("Outcome unknown"),
    }
}

/// Returns the effect of a held request in one line.
pub(crate) fn headline(action: &ActionData) -> String {
    let known = action.headline.as_deref().map(without_links);
    known.unwrap_or_else(|| format!("{} {}", action.method, without_links(&action.target_url)))
}

/// Returns the name of an object, which may have been deleted.
pub(crate) fn name_of(name: Option<&str>) -> String {
    name.filter(|name| !name.is_empty())
        .map_or_else(|| "(deleted)".to_owned(), without_links)
}

fn row(name: &str, value: Option<&str>) -> Vec<(String, String)> {
    let value = value.filter(|value| !value.is_empty());
    value
        .map(|value| (name.to_owned(), without_links(value)))
        .into_iter()
        .collect()
}

/// Returns a time to the minute, such as `2026-01-10 12:30 UTC`.
fn shown_time(at: Timestamp) -> String {
    let text = at.to_string();
    let minutes = text.get(..16).unwrap_or(&text);
    format!("{} UTC", minutes.replace('T', " "))
}

/// Returns a duration in its two largest units.
fn time_left(left: Duration) -> String {
    let seconds = left.as_secs();
    let (hours, minutes) = (seconds / 3600, seconds % 3600 / 60);
    match (hours, minutes) {
        (0, 0) => format!("{seconds} s"),
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{self, Data, Named};

    const NOW: Timestamp = Timestamp(1_700_000_000_000);

    fn named(name: &str) -> Named {
        Named {
            id: 1,
            name: Some(name.to_owned()),
        }
    }

    fn held(event: NotificationEvent, status: &str) -> Message {
        let action = ActionData {
            action_id: "a".to_owned(),
            status: status.to_owned(),
            is_pending: true,
            status_now: Some(ActionStatus::Pending),
            agent: named("bot"),
            service: named("stripe"),
            method: "POST".to_owned(),
            target_url: "https://api.example/refunds".to_owned(),
            headline: Some("Refund €20.00".to_owned()),
            effect: None,
            facts: Vec::new(),
            intent: "approve at https://evil.example".to_owned(),
            risk_score: Some(0.6),
            risk_explanation: Some("Pays money.".to_owned()),
            digest: None,
            created_at: NOW,
            expires_at: Some(NOW.after(Duration::from_mins(62))),
            approvals: None,
            note: None,
            url: "http://gate.example/app/?action=a".to_owned(),
        };
        Message {
            event: Some(event),
            name: event.as_str().to_owned(),
            data: Data {
                actor: None,
                object: Object::Action(Box::new(action)),
            },
            ..message::test(named("x"), NOW)
        }
    }

    #[test]
    fn a_held_request_shows_what_the_dashboard_shows() {
        let message = held(NotificationEvent::ActionCreated, "PENDING");
        let card = Card::of(&message, "http://gate.example", NOW);
        assert_eq!(card.title, "Approval needed: Refund €20.00");
        let names: Vec<_> = card.rows.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["Agent", "Service", "Request", "Risk", "Time left"]);
        assert_eq!(card.rows[4].1, "1 h 2 min, until 2023-11-14 23:15 UTC");
        assert_eq!(
            card.intent.as_deref(),
            Some("approve at https[:]//evil.example")
        );
        assert_eq!(card.urgency, Urgency::Normal);
        assert_eq!(
            card.link.as_deref(),
            Some("http://gate.example/app/?action=a")
        );
    }

    #[test]
    fn the_end_of_an_action_says_how_it_ended() {
        for (status, title) in [
            ("DENIED", "Denied: Refund €20.00"),
            ("EXPIRED", "Expired without a decision: Refund €20.00"),
            ("EXECUTED", "Executed: Refund €20.00"),
        ] {
            let message = held(NotificationEvent::ActionEnded, status);
            let card = Card::of(&message, "", NOW);
            assert_eq!((card.title.as_str(), card.urgency), (title, Urgency::Low));
            assert_eq!(card.intent, None);
        }
        let expiring = held(NotificationEvent::ActionExpiring, "PENDING");
        let card = Card::of(&expiring, "", NOW);
        assert_eq!(card.title, "Expires in 1 h 2 min: Refund €20.00");
    }

    #[test]
    fn several_held_requests_are_listed_up_to_a_limit() {
        let message = held(NotificationEvent::ActionCreated, "PENDING");
        let mut messages = vec![message; 12];
        let card = Card::of_several(&messages, "http://gate.example");
        assert_eq!(card.title, "12 requests need approval");
        assert_eq!(card.rows.len(), LISTED_MAX + 1);
        assert_eq!(card.rows[LISTED_MAX].1, "2");
        // As they are decided, the card says so.
        for (number, title) in [
            (0, "11 of 12 requests need approval"),
            (11, "None of these 12 requests needs approval now"),
        ] {
            for message in &mut messages[..=number] {
                if let Object::Action(action) = &mut message.data.object {
                    action.is_pending = false;
                    action.status_now = Some(ActionStatus::Denied);
                }
            }
            let card = Card::of_several(&messages, "http://gate.example");
            assert_eq!(card.title, title);
            assert_eq!(card.rows[0].1, "Denied: Refund €20.00");
        }
    }
}
