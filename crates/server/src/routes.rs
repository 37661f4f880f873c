//! Mounts all routes. Each module registers its own; these tables list them all.
//!
//! Agents, with an agent key:
//!
//! | path | methods | file |
//! |---|---|---|
//! | `/mcp` | GET, POST | `doors/mcp/mod.rs`, `doors/mcp/decisions.rs` |
//! | `/proxy` | POST | `doors/proxy.rs` |
//! | `/proxy/dry-run` | POST | `doors/proxy.rs` |
//! | `/proxy/execute/{action_id}` | POST | `doors/execute.rs` |
//! | `/status/{action_id}` | GET | `doors/status.rs` |
//!
//! Users, with an access token:
//!
//! | path | methods | file |
//! |---|---|---|
//! | `/agents` | GET, POST | `api/agent/mod.rs` |
//! | `/agents/{id}` | GET, PUT, DELETE | `api/agent/mod.rs` |
//! | `/agents/{id}/block` | POST | `api/agent/mod.rs` |
//! | `/agents/{id}/rotate-key` | POST | `api/agent/mod.rs` |
//! | `/agents/{id}/services` | PUT | `api/agent/mod.rs` |
//! | `/agents/{id}/unblock` | POST | `api/agent/mod.rs` |
//! | `/approvals` | GET | `api/approval/view.rs` |
//! | `/approvals/decisions` | POST | `api/approval/decisions.rs` |
//! | `/approvals/pending` | GET | `api/approval/view.rs` |
//! | `/approvals/{action_id}` | GET | `api/approval/view.rs` |
//! | `/approvals/{action_id}/approve` | PATCH | `api/approval/decide.rs` |
//! | `/approvals/{action_id}/approve/options` | POST | `api/approval/step_up.rs` |
//! | `/approvals/{action_id}/deny` | PATCH | `api/approval/decide.rs` |
//! | `/approvals/{action_id}/resolve` | PATCH | `api/approval/decide.rs` |
//! | `/approvals/{action_id}/revoke` | PATCH | `api/approval/decide.rs` |
//! | `/approvals/{action_id}/vote` | DELETE | `api/approval/votes.rs` |
//! | `/audit` | GET | `api/audit.rs` |
//! | `/audit/checkpoint` | GET | `api/audit.rs` |
//! | `/audit/export` | GET | `api/audit.rs` |
//! | `/audit/verify` | POST | `api/audit.rs` |
//! | `/auth/chat-accounts` | GET | `api/auth/chat_account.rs` |
//! | `/auth/chat-accounts/codes` | POST | `api/auth/chat_account.rs` |
//! | `/auth/chat-accounts/{id}` | DELETE | `api/auth/chat_account.rs` |
//! | `/auth/logout` | POST | `api/auth/logout.rs` |
//! | `/auth/me` | GET | `api/auth/me.rs` |
//! | `/auth/oidc/link` | POST | `api/auth/oidc.rs` |
//! | `/auth/oidc/link/callback` | POST | `api/auth/oidc.rs` |
//! | `/auth/passkeys` | GET, POST | `api/auth/passkey.rs` |
//! | `/auth/passkeys/options` | POST | `api/auth/passkey.rs` |
//! | `/auth/passkeys/{id}` | DELETE | `api/auth/passkey.rs` |
//! | `/auth/password` | PUT | `api/auth/password.rs` |
//! | `/auth/sessions` | GET, DELETE | `api/auth/session.rs` |
//! | `/auth/sessions/{id}` | DELETE | `api/auth/session.rs` |
//! | `/auth/totp` | GET, POST, DELETE | `api/auth/totp.rs` |
//! | `/auth/totp/confirm` | POST | `api/auth/totp.rs` |
//! | `/auth/totp/recovery-codes` | POST | `api/auth/totp.rs` |
//! | `/auth/workspace` | POST | `api/auth/workspace.rs` |
//! | `/channels` | GET, POST | `api/channel.rs` |
//! | `/channels/{id}` | GET, PUT, DELETE | `api/channel.rs` |
//! | `/channels/{id}/deliveries` | GET | `api/channel.rs` |
//! | `/channels/{id}/rotate-key` | POST | `api/channel.rs` |
//! | `/channels/{id}/test` | POST | `api/channel.rs` |
//! | `/events` | GET | `api/events.rs` |
//! | `/inbox` | GET | `api/inbox.rs` |
//! | `/kill-switch` | GET, PUT | `api/kill_switch.rs` |
//! | `/members` | GET | `api/member/mod.rs` |
//! | `/members/invitations` | GET, POST | `api/member/invitation.rs` |
//! | `/members/invitations/{id}` | DELETE | `api/member/invitation.rs` |
//! | `/members/{user_id}` | PATCH, DELETE | `api/member/mod.rs` |
//! | `/oauth/callback` | POST | `api/authorization.rs` |
//! | `/overview` | GET | `api/overview.rs` |
//! | `/push-devices` | GET, POST | `api/push_device.rs` |
//! | `/push-devices/{id}` | DELETE | `api/push_device.rs` |
//! | `/push-devices/{id}/test` | POST | `api/push_device.rs` |
//! | `/push-key` | GET | `api/push_device.rs` |
//! | `/requests` | GET | `api/request.rs` |
//! | `/requests/{id}` | GET | `api/request.rs` |
//! | `/requests/{id}/proof` | GET | `api/request.rs` |
//! | `/rules` | GET, POST | `api/rule/mod.rs` |
//! | `/rules/compile` | POST | `api/rule/compile.rs` |
//! | `/rules/simulate` | POST | `api/rule/simulate.rs` |
//! | `/rules/validate` | POST | `api/rule/validate.rs` |
//! | `/rules/{id}` | GET, PUT, DELETE | `api/rule/mod.rs` |
//! | `/services` | GET, POST | `api/service.rs` |
//! | `/services/{id}` | GET, PUT, DELETE | `api/service.rs` |
//! | `/services/{id}/authorizations` | POST | `api/authorization.rs` |
//! | `/services/{id}/credentials` | POST | `api/service.rs` |
//! | `/services/{id}/docs` | GET, POST | `api/document.rs` |
//! | `/services/{id}/docs/{docId}` | DELETE | `api/document.rs` |
//! | `/services/{id}/docs/{docId}/refresh` | POST | `api/document.rs` |
//! | `/services/{id}/operations` | GET | `api/document.rs` |
//! | `/services/{id}/test-call` | POST | `api/test_call.rs` |
//! | `/settings` | GET | `api/settings.rs` |
//! | `/settings/llm/test` | POST | `api/settings.rs` |
//!
//! Sign-in and monitoring, without an access token:
//!
//! | path | methods | file |
//! |---|---|---|
//! | `/auth/invitations/accept` | POST | `api/auth/invitation.rs` |
//! | `/auth/invitations/preview` | POST | `api/auth/invitation.rs` |
//! | `/auth/login` | POST | `api/auth/login.rs` |
//! | `/auth/oidc` | POST | `api/auth/oidc.rs` |
//! | `/auth/oidc/callback` | POST | `api/auth/oidc.rs` |
//! | `/auth/passkeys/sign-in` | POST | `api/auth/passkey.rs` |
//! | `/auth/passkeys/sign-in/options` | POST | `api/auth/passkey.rs` |
//! | `/auth/refresh` | POST | `api/auth/refresh.rs` |
//! | `/auth/register` | POST | `api/auth/register.rs` |
//! | `/auth/registration` | GET | `api/auth/registration.rs` |
//! | `/ca.pem` | GET | `api/ca_certificate.rs` |
//! | `/channels/{id}/slack` | POST | `api/chat.rs` |
//! | `/health` | GET | `api/health.rs` |
//! | `/metrics` | GET | `api/metrics.rs` |
//! | `/openapi.json` | GET | `api/openapi.rs` |
//! | `/ready` | GET | `api/ready.rs` |
//!
//! Not described by their handlers, because they belong to an upstream or are web pages:
//!
//! - `/s/{service}`, `/s/{service}/`, `/s/{service}/{path…}`: every method, `doors/passthrough.rs`;
//!   `crates/openapi/src/passthrough.rs` describes them in general
//! - every request at the proxy port and in its tunnels: `doors/intercept.rs`
//! - `/`, `/app`, `/app/`, `/app/{file…}`, `/docs`, `/docs/{file}`: GET, the crate `pages`

use std::sync::Arc;

use axum::middleware::from_fn_with_state;
use axum::{Extension, Router};
use bytes::Bytes;
use gaiterguard_api::{self as api, CaCertificate, DashboardState, DocumentSource};
use gaiterguard_pages::Pages;
use gaiterguard_settings::KnownHosts;
use utoipa::openapi::OpenApi;

use crate::middleware::{HostCheck, demand_known_host};
use crate::state::AgentState;
use crate::{doors, openapi};

/// Returns the router of `PORT` and, if the dashboard has a port of its own, the router of that port.
/// The dashboard is on only one port, so that the networks of agents cannot reach the approvals. Only
/// the dashboard checks the host name, because monitoring and agents use names that no setting
/// lists.
pub(crate) fn by_port(
    has_dashboard_port: bool,
    agents_state: AgentState,
    dashboard_state: DashboardState,
    known_hosts: KnownHosts,
    pages: &Pages,
    ca_certificate: CaCertificate,
) -> Vec<Router> {
    let path = Arc::clone(&agents_state.path);
    let machines = Router::from(api::machines())
        .with_state(Arc::clone(&agents_state.gateway))
        .layer(Extension(DocumentSource::new(move || {
            document_below(&path)
        })))
        .layer(Extension(ca_certificate));
    let agents = Router::from(doors::routes()).with_state(agents_state);
    let signed_in = Router::from(api::signed_in()).layer(from_fn_with_state(
        dashboard_state.clone(),
        api::end_with_session,
    ));
    let check = HostCheck {
        known: Arc::new(known_hosts),
        pages: pages.clone(),
    };
    let dashboard = Router::from(api::signing_in())
        .merge(signed_in)
        .merge(pages.clone().routes())
        .with_state(dashboard_state)
        .route_layer(from_fn_with_state(check, demand_known_host));
    if has_dashboard_port {
        vec![agents.merge(machines.clone()), dashboard.merge(machines)]
    } else {
        vec![agents.merge(dashboard).merge(machines)]
    }
}

/// Returns the OpenAPI document of a gateway at the root of its host, as it is served and kept.
pub(crate) fn document() -> Bytes {
    document_below("")
}

/// Returns the OpenAPI document of a gateway whose URL has this path, without a slash at its end.
fn document_below(path: &str) -> Bytes {
    openapi::to_json(described(), path).into()
}

/// Returns the descriptions of all handlers.
fn described() -> OpenApi {
    let mut described = doors::routes().into_openapi();
    described.merge(api::signing_in().into_openapi());
    described.merge(api::signed_in().into_openapi());
    described.merge(api::machines().into_openapi());
    described
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;

    /// Returns the rows of the tables at the top of this file as `METHOD path`.
    fn listed() -> BTreeSet<String> {
        let rows = include_str!("routes.rs")
            .lines()
            .filter_map(|line| line.strip_prefix("//! | `"));
        rows.flat_map(|row| {
            let cells: Vec<_> = row.split(" | ").collect();
            let path = cells[0].trim_end_matches('`');
            let methods = cells[1].split(", ");
            methods
                .map(|method| format!("{method} {path}"))
                .collect::<Vec<_>>()
        })
        .collect()
    }

    #[test]
    fn the_tables_list_every_described_route() {
        let described = serde_json::to_value(described()).unwrap();
        let paths = described["paths"].as_object().unwrap();
        let routes: BTreeSet<_> = paths
            .iter()
            .flat_map(|(path, item)| {
                let methods = item.as_object().unwrap().keys();
                methods.map(move |method| format!("{} {path}", method.to_ascii_uppercase()))
            })
            .collect();
        assert_eq!(listed(), routes);
    }

    /// Returns the operations of the served document.
    fn operations() -> Vec<Value> {
        let document: Value = serde_json::from_slice(&document()).unwrap();
        let paths = document["paths"].as_object().unwrap().values();
        paths
            .flat_map(|item| item.as_object().unwrap().values().cloned())
            .collect()
    }

    #[test]
    fn every_body_of_a_request_and_of_a_success_has_an_example() {
        for operation in operations() {
            let responses = operation["responses"].as_object().unwrap().iter();
            let succeeded = responses.filter(|(status, _)| status.starts_with('2'));
            let bodies = succeeded.map(|(_, response)| &response["content"]);
            let bodies = bodies.chain([&operation["requestBody"]["content"]]);
            for media in bodies
                .filter_map(Value::as_object)
                .flat_map(|body| body.values())
            {
                assert!(
                    media.get("example").is_some(),
                    "{}",
                    operation["operationId"]
                );
            }
        }
    }

    #[test]
    fn every_example_is_that_of_an_operation() {
        let operations = operations();
        let known: BTreeSet<&str> = operations
            .iter()
            .map(|operation| operation["operationId"].as_str().unwrap())
            .collect();
        for id in gaiterguard_openapi::operation_ids() {
            assert!(known.contains(&*id), "{id}");
        }
    }

    #[test]
    fn the_kept_document_is_the_one_that_is_served() {
        let kept = include_str!("../openapi.json");
        assert!(
            kept == document(),
            "crates/server/openapi.json is not current: run `make openapi`"
        );
    }
}
