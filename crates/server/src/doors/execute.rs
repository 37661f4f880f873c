//! `POST /proxy/execute/{action_id}`.

use axum::extract::State;
use axum::response::Response;

use super::agent::Agent;
use super::outcome;
use crate::extract::ApiPath;
use crate::problem::Problem;
use crate::state::AgentState;

/// Sends what a human has approved and answers with the upstream's answer.
pub(crate) async fn execute(
    State(state): State<AgentState>,
    Agent(caller): Agent,
    ApiPath(action): ApiPath<String>,
) -> Result<Response, Problem> {
    let action = super::action_id(&action)?;
    let answer = state.gateway.execute(caller, action).await?;
    Ok(outcome::answered(answer))
}
