//! The content of a delivery, read from the database when it is sent. A webhook's body is this, as JSON.

use gaiterguard_domain::action::{Action, ActionState, ActionStatus};
use gaiterguard_domain::audit::Actor;
use gaiterguard_domain::effect::Effect;
use gaiterguard_domain::event::Subject;
use gaiterguard_domain::id::{ActionId, AgentId, ServiceId, WorkspaceId};
use gaiterguard_domain::time::Timestamp;
use gaiterguard_sealing::Purpose;
use gaiterguard_store::{ActionWithNames, DamagedAction, Delivery, StoreError, StoredAction};
use gaiterguard_summary::{Fact, Summary};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::context::Context;
use crate::event::NotificationEvent;

/// The name of the event of a test message.
pub(crate) const TEST: &str = "channel.test";

/// A message.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Message {
    #[serde(skip)]
    pub(crate) id: Uuid,
    #[serde(skip)]
    pub(crate) event: Option<NotificationEvent>,
    /// The name of the event.
    #[serde(rename = "type")]
    pub(crate) name: String,
    /// When the event happened.
    pub(crate) timestamp: Timestamp,
    pub(crate) data: Data,
    /// How many earlier messages were dropped, because too many were waiting.
    #[serde(rename = "dropped_before", skip_serializing_if = "is_zero")]
    pub(crate) dropped: i64,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature that serde calls"
)]
fn is_zero(number: &i64) -> bool {
    *number == 0
}

/// The object of the event, and who caused it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Data {
    /// Who caused it.
    pub(crate) actor: Option<ActorData>,
    #[serde(flatten)]
    pub(crate) object: Object,
}

/// Who caused an event.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ActorData {
    #[serde(rename = "type")]
    kind: &'static str,
    id: Option<i64>,
    /// The email address of a user, or the name of an agent.
    pub(crate) name: Option<String>,
}

/// The object of an event.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Object {
    Action(Box<ActionData>),
    Agent(Named),
    KillSwitch {
        active: bool,
        reason: Option<String>,
    },
    Service {
        #[serde(flatten)]
        service: Named,
        error: Option<String>,
    },
    LanguageModel {
        model: Option<String>,
    },
    Channel(Named),
}

/// Something with a name.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Named {
    pub(crate) id: i64,
    pub(crate) name: Option<String>,
}

/// A held request.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ActionData {
    pub(crate) action_id: String,
    /// The status that the event led to.
    pub(crate) status: String,
    /// Whether it waits for a human now.
    #[serde(skip)]
    pub(crate) is_pending: bool,
    /// Its status now; `None` if it is damaged.
    #[serde(skip)]
    pub(crate) status_now: Option<ActionStatus>,
    pub(crate) agent: Named,
    pub(crate) service: Named,
    pub(crate) method: String,
    pub(crate) target_url: String,
    /// The effect in one line; null if that is not known.
    pub(crate) headline: Option<String>,
    /// Its most severe effect; `None` if that is not known.
    #[serde(skip)]
    pub(crate) effect: Option<Effect>,
    pub(crate) facts: Vec<FactData>,
    pub(crate) intent: String,
    pub(crate) risk_score: Option<f64>,
    pub(crate) risk_explanation: Option<String>,
    pub(crate) digest: Option<String>,
    pub(crate) created_at: Timestamp,
    /// When a pending action expires.
    pub(crate) expires_at: Option<Timestamp>,
    /// The approvals that it needs and has, if it needs particular ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) approvals: Option<ApprovalsData>,
    /// The note of the human who decided.
    pub(crate) note: Option<String>,
    /// The page on which it is decided.
    pub(crate) url: String,
}

/// The approvals of a held request.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ApprovalsData {
    pub(crate) needed: u32,
    pub(crate) given: usize,
    /// The email addresses of those who gave them.
    pub(crate) by: Vec<String>,
}

/// A value of a held request that matters.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct FactData {
    pub(crate) name: String,
    pub(crate) value: String,
    pub(crate) meaning: Option<String>,
}

impl From<Fact> for FactData {
    fn from(fact: Fact) -> Self {
        Self {
            value: fact.text(),
            name: fact.name,
            meaning: fact.meaning,
        }
    }
}

/// Reads what a delivery says. Returns `None` if its object no longer exists.
pub(crate) async fn of_delivery(
    context: &Context,
    workspace: WorkspaceId,
    delivery: &Delivery,
) -> Result<Option<Message>, StoreError> {
    let detail: Value = serde_json::from_str(&delivery.detail).unwrap_or_default();
    let event = NotificationEvent::of_name(&delivery.event);
    let text = |name: &str| detail[name].as_str().map(str::to_owned);
    let object = match delivery.subject.parse() {
        Ok(Subject::Action(action)) => match action_data(context, action, event, &detail).await? {
            Some(data) => Object::Action(Box::new(data)),
            None => return Ok(None),
        },
        Ok(Subject::Agent(agent)) => Object::Agent(Named {
            id: agent.0,
            name: agent_name(context, workspace, agent).await?,
        }),
        Ok(Subject::Service(service)) => Object::Service {
            service: Named {
                id: service.0,
                name: service_name(context, workspace, service).await?,
            },
            error: text("reason"),
        },
        Ok(Subject::Workspace(_)) => Object::KillSwitch {
            active: detail["active"] == true,
            reason: text("reason"),
        },
        Ok(Subject::Gateway) => Object::LanguageModel {
            model: text("model"),
        },
        _ => return Ok(None),
    };
    Ok(Some(Message {
        id: delivery.message,
        event,
        name: delivery.event.clone(),
        timestamp: delivery.at,
        data: Data {
            actor: actor(context, workspace, &delivery.actor).await?,
            object,
        },
        dropped: 0,
    }))
}

/// Returns the message that tests a channel.
pub(crate) fn test(channel: Named, at: Timestamp) -> Message {
    Message {
        id: Uuid::new_v4(),
        event: None,
        name: TEST.to_owned(),
        timestamp: at,
        data: Data {
            actor: None,
            object: Object::Channel(channel),
        },
        dropped: 0,
    }
}

async fn actor(
    context: &Context,
    workspace: WorkspaceId,
    text: &str,
) -> Result<Option<ActorData>, StoreError> {
    Ok(match text.parse() {
        Ok(Actor::User(user)) => {
            let users = context.store.user_list(workspace).await?;
            let mut known = users.iter().filter_map(|user| user.as_intact());
            let found = known.find(|known| known.id == user);
            Some(ActorData {
                kind: "user",
                id: Some(user.0),
                name: found.map(|user| user.email.as_str().to_owned()),
            })
        }
        Ok(Actor::Agent(agent)) => Some(ActorData {
            kind: "agent",
            id: Some(agent.0),
            name: agent_name(context, workspace, agent).await?,
        }),
        Ok(Actor::Gateway) => Some(gateway("gateway")),
        Ok(Actor::Operator) => Some(gateway("operator")),
        Err(_) => None,
    })
}

fn gateway(kind: &'static str) -> ActorData {
    ActorData {
        kind,
        id: None,
        name: None,
    }
}

async fn agent_name(
    context: &Context,
    workspace: WorkspaceId,
    agent: AgentId,
) -> Result<Option<String>, StoreError> {
    let found = context.store.agent_find(workspace, agent).await?;
    Ok(found.and_then(|agent| agent.as_intact().map(|agent| agent.name.clone())))
}

async fn service_name(
    context: &Context,
    workspace: WorkspaceId,
    service: ServiceId,
) -> Result<Option<String>, StoreError> {
    let found = context.store.service_find(workspace, service).await?;
    Ok(found.and_then(|service| service.as_intact().map(|service| service.name.clone())))
}

async fn action_data(
    context: &Context,
    action: ActionId,
    event: Option<NotificationEvent>,
    detail: &Value,
) -> Result<Option<ActionData>, StoreError> {
    let found = context.store.action_find(action).await?;
    let url = format!("{}/app/?action={action}", context.public_url);
    let data = match found {
        None => return Ok(None),
        Some(StoredAction::Intact(found)) => {
            let summary = summary(context, &found).await;
            let approvals = approvals(context, &found.action).await?;
            ActionData {
                approvals,
                ..intact(*found, summary, context.now(), url)
            }
        }
        Some(StoredAction::Damaged(found)) => damaged(*found, url),
    };
    // The status of the event, because the action may have changed since.
    let status = if event.is_some_and(NotificationEvent::asks) {
        Some(ActionStatus::Pending.as_str())
    } else {
        detail["status"].as_str()
    };
    let note = detail["note"].as_str().map(str::to_owned);
    Ok(Some(ActionData {
        status: status.map_or(data.status, str::to_owned),
        note,
        ..data
    }))
}

/// Returns the summary that was made when the request was held; `None` if it cannot be opened, which must not keep
/// a human from being asked.
async fn summary(context: &Context, found: &ActionWithNames) -> Option<Summary> {
    let sealed = found.summary.as_ref()?;
    let action = &found.action;
    let opened = context
        .sealing
        .open(
            action.workspace,
            sealed.data_key,
            &sealed.bytes,
            &Purpose::action_summary(action.id, action.digest),
        )
        .await;
    match opened {
        Ok(plain) => serde_json::from_slice(&plain).ok(),
        Err(error) => {
            tracing::error!(%error, action_id = %action.id, "the summary of a held request does not open");
            None
        }
    }
}

/// Returns the approvals of a request that needs particular ones.
async fn approvals(
    context: &Context,
    action: &Action,
) -> Result<Option<ApprovalsData>, StoreError> {
    let Some(requirement) = &action.evaluation.approvals else {
        return Ok(None);
    };
    let mut votes = context.store.votes(&[action.id]).await?;
    let votes = votes.remove(&action.id).unwrap_or_default();
    let users = context.store.user_list(action.workspace).await?;
    let known: Vec<_> = users.iter().filter_map(|user| user.as_intact()).collect();
    let by = votes.iter().filter_map(|vote| {
        let user = known.iter().find(|user| user.id == vote.by)?;
        Some(user.email.as_str().to_owned())
    });
    Ok(Some(ApprovalsData {
        needed: requirement.needed,
        given: votes.len(),
        by: by.collect(),
    }))
}

fn intact(
    found: ActionWithNames,
    summary: Option<Summary>,
    now: Timestamp,
    url: String,
) -> ActionData {
    let ActionWithNames {
        action,
        agent_name,
        service_name,
        ..
    } = found;
    let status_now = action.state.clone().at(now).status();
    let is_pending = status_now == ActionStatus::Pending;
    ActionData {
        action_id: action.id.to_string(),
        status: action.state.status().as_str().to_owned(),
        is_pending,
        status_now: Some(status_now),
        agent: Named {
            id: action.agent.0,
            name: Some(agent_name),
        },
        service: Named {
            id: action.service.0,
            name: Some(service_name),
        },
        headline: summary.as_ref().map(Summary::text),
        effect: summary.as_ref().map(|summary| summary.effect),
        facts: summary
            .map(|summary| summary.facts.into_iter().map(Into::into).collect())
            .unwrap_or_default(),
        intent: action.intent.as_str().to_owned(),
        risk_score: Some(action.evaluation.verdict.score),
        risk_explanation: Some(action.evaluation.verdict.explanation),
        digest: Some(action.digest.to_string()),
        created_at: action.created_at,
        expires_at: action.state.expires_at().filter(|_| is_pending),
        method: action.method,
        target_url: action.target_url,
        approvals: None,
        note: None,
        url,
    }
}

fn damaged(found: DamagedAction, url: String) -> ActionData {
    let status = found.state.as_ref().map(ActionState::status);
    ActionData {
        action_id: found.id.to_string(),
        status: status.map_or("", ActionStatus::as_str).to_owned(),
        is_pending: status == Some(ActionStatus::Pending),
        status_now: status,
        agent: Named {
            id: found.agent.0,
            name: Some(found.agent_name),
        },
        service: Named {
            id: found.service.0,
            name: Some(found.service_name),
        },
        headline: None,
        effect: None,
        facts: Vec::new(),
        intent: found.intent,
        risk_score: None,
        risk_explanation: None,
        digest: found.digest.map(|digest| digest.to_string()),
        created_at: found.created_at,
        expires_at: None,
        method: found.method,
        target_url: found.target_url,
        approvals: None,
        note: None,
        url,
    }
}
