//! Runs the MCP tools: translates a tool call into a call of the gateway, and its outcome into a
//! result. Decisions belong to the gateway.

use std::sync::Arc;

use bytes::Bytes;
use gaiterguard_authority::{AgentCaller, SearchLimits};
use gaiterguard_domain::action::ActionStatus;
use gaiterguard_domain::id::RequestId;
use gaiterguard_gateway::Gateway;
use gaiterguard_gateway::refusal::Refusal;
use gaiterguard_gateway::response::Outcome;
use gaiterguard_web::extract::from_json;
use gaiterguard_web::problem::Problem;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ErrorCode, Implementation,
    ListToolsResult, PaginatedRequestParams, ServerCapabilities, ServerConfig, Tool,
};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer, ServerHandler};
use serde_json::Value;

use super::approval_page::{ApprovalPages, URL_ELICITATION_REQUIRED};
use super::arguments::{ExecuteArguments, Nothing, Search, StatusArguments};
use super::tool::{INSTRUCTIONS, Named, described};
use super::{arguments, result};
use crate::doors::action_id::action_id;
use crate::doors::proxy::DryRun;

/// Maximum number of text sections in one search result.
const SECTIONS_MAX: usize = 3;

/// The message of the error that offers the approval page.
const PAGE_NEEDED: &str = "a human has not approved this request yet: open the page to decide, then call execute_action \
                           again";

/// A message and its sender.
pub(super) struct Call {
    pub(super) gateway: Arc<Gateway>,
    /// The agent, or why it may not act now.
    pub(super) caller: Result<AgentCaller, Problem>,
    pub(super) request_id: RequestId,
    /// The message as received.
    pub(super) message: Bytes,
    /// The approval pages that the client is offered.
    pub(super) pages: ApprovalPages,
}

/// Handles one message.
pub(super) struct Tools(Arc<Call>);

impl Tools {
    pub(super) fn new(call: Arc<Call>) -> Self {
        Self(call)
    }

    /// Returns the data of the error that offers the approval page: the action to execute is still pending, and
    /// can be executed once a person has been at the page.
    fn page_needed(&self, tool: Named, problem: &Problem) -> Option<Value> {
        let status = problem.to_json().remove("action_status")?;
        if !matches!(tool, Named::ExecuteAction) || status != ActionStatus::Pending.as_str() {
            return None;
        }
        let arguments = arguments::of_message(&self.0.message).ok()?;
        let asked: ExecuteArguments = from_json(&arguments).ok()?;
        self.0.pages.required(asked.action_id.parse().ok()?)
    }

    async fn call(&self, tool: Named) -> Result<Value, Problem> {
        let Call {
            gateway,
            caller,
            request_id,
            message,
            pages,
        } = &*self.0;
        let caller = caller.as_ref().map_err(Clone::clone)?.clone();
        let arguments = arguments::of_message(message)?;
        match tool {
            Named::ListServices => {
                let Nothing {} = from_json(&arguments)?;
                Ok(result::services(&caller.services()))
            }
            Named::SearchOperations => {
                let search = Search::read(&arguments)?;
                let limits = SearchLimits {
                    operations: search.operations_max,
                    sections: SECTIONS_MAX,
                };
                let found = caller.search(search.service.as_ref(), &search.text, limits);
                let found = found.map_err(Refusal::from)?;
                Ok(result::findings(&found))
            }
            Named::ProxyRequest => {
                let request = arguments::proposed(&arguments)?;
                match gateway.submit(caller, request, *request_id).await {
                    Outcome::Responded(response) => result::response(response).await,
                    Outcome::Held(held) => {
                        pages.offer(held.action);
                        Ok(result::held(&held))
                    }
                    Outcome::Refused(refusal) => Err(refusal.into()),
                }
            }
            Named::DryRun => {
                let request = arguments::proposed(&arguments)?;
                let evaluation = gateway.dry_run(caller, request).await?;
                Ok(result::of(&DryRun::from(evaluation)))
            }
            Named::ActionStatus => {
                let asked: StatusArguments = from_json(&arguments)?;
                let wait = asked.wait()?;
                let action = action_id(&asked.action_id)?;
                let report = gateway.status(&caller, action, wait).await?;
                if report.action.state.status() != ActionStatus::Pending {
                    pages.complete(action);
                }
                Ok(result::status(report))
            }
            Named::ExecuteAction => {
                let asked: ExecuteArguments = from_json(&arguments)?;
                let action = action_id(&asked.action_id)?;
                result::response(gateway.execute(caller, action).await?).await
            }
        }
    }
}

impl ServerHandler for Tools {
    fn get_info(&self) -> ServerConfig {
        let server = Implementation::new("gaiterguard", env!("CARGO_PKG_VERSION"));
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(server.with_title("GaiterGuard"))
            .with_instructions(INSTRUCTIONS)
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(described().to_vec()))
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        described().iter().find(|tool| tool.name == name).cloned()
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let Some(tool) = Named::parse(&request.name) else {
            return Err(ErrorData::invalid_params(
                "unknown tool; call tools/list for the names",
                None,
            ));
        };
        let result = match self.call(tool).await {
            Ok(value) => CallToolResult::structured(value),
            Err(problem) => {
                if let Some(data) = self.page_needed(tool, &problem) {
                    let code = ErrorCode(URL_ELICITATION_REQUIRED);
                    return Err(ErrorData::new(code, PAGE_NEEDED, Some(data)));
                }
                let value = serde_json::from_str(&problem.to_text()).unwrap_or_default();
                CallToolResult::structured_error(value)
            }
        };
        Ok(result.into())
    }
}
