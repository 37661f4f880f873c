//! Mounts all routes. Each module registers its own; these tables list them all.
//!
//! Agents, with an agent key:
//!
//! | path | methods | file |
//! |---|---|---|
//! | `/mcp` | POST | `doors/mcp/mod.rs` |
//! | `/proxy` | POST | `doors/proxy.rs` |
//! | `/proxy/dry-run` | POST | `doors/proxy.rs` |
//! | `/proxy/execute/{action_id}` | POST | `doors/execute.rs` |
//! | `/status/{action_id}` | GET | `doors/status.rs` |
//!
//! Users, with an access token:
//!
//! | path | methods | file |
//! |---|---|---|
//! | `/agents` | GET, POST | `endpoints/agent/mod.rs` |
//! | `/agents/{id}` | GET, PUT, DELETE | `endpoints/agent/mod.rs` |
//! | `/agents/{id}/block` | POST | `endpoints/agent/mod.rs` |
//! | `/agents/{id}/rotate-key` | POST | `endpoints/agent/mod.rs` |
//! | `/agents/{id}/services` | PUT | `endpoints/agent/mod.rs` |
//! | `/agents/{id}/unblock` | POST | `endpoints/agent/mod.rs` |
//! | `/approvals` | GET | `endpoints/approval/view.rs` |
//! | `/approvals/decisions` | POST | `endpoints/approval/decisions.rs` |
//! | `/approvals/pending` | GET | `endpoints/approval/view.rs` |
//! | `/approvals/{action_id}` | GET | `endpoints/approval/view.rs` |
//! | `/approvals/{action_id}/approve` | PATCH | `endpoints/approval/decide.rs` |
//! | `/approvals/{action_id}/deny` | PATCH | `endpoints/approval/decide.rs` |
//! | `/approvals/{action_id}/resolve` | PATCH | `endpoints/approval/decide.rs` |
//! | `/approvals/{action_id}/revoke` | PATCH | `endpoints/approval/decide.rs` |
//! | `/audit` | GET | `endpoints/audit.rs` |
//! | `/audit/export` | GET | `endpoints/audit.rs` |
//! | `/audit/verify` | POST | `endpoints/audit.rs` |
//! | `/auth/logout` | POST | `endpoints/auth/logout.rs` |
//! | `/auth/me` | GET | `endpoints/auth/me.rs` |
//! | `/auth/password` | PUT | `endpoints/auth/password.rs` |
//! | `/auth/sessions` | GET, DELETE | `endpoints/auth/session.rs` |
//! | `/auth/sessions/{id}` | DELETE | `endpoints/auth/session.rs` |
//! | `/events` | GET | `endpoints/events.rs` |
//! | `/inbox` | GET | `endpoints/inbox.rs` |
//! | `/kill-switch` | GET, PUT | `endpoints/kill_switch.rs` |
//! | `/oauth/callback` | POST | `endpoints/authorization.rs` |
//! | `/overview` | GET | `endpoints/overview.rs` |
//! | `/requests` | GET | `endpoints/request.rs` |
//! | `/requests/{id}` | GET | `endpoints/request.rs` |
//! | `/rules` | GET, POST | `endpoints/rule/mod.rs` |
//! | `/rules/compile` | POST | `endpoints/rule/compile.rs` |
//! | `/rules/simulate` | POST | `endpoints/rule/simulate.rs` |
//! | `/rules/validate` | POST | `endpoints/rule/validate.rs` |
//! | `/rules/{id}` | GET, PUT, DELETE | `endpoints/rule/mod.rs` |
//! | `/services` | GET, POST | `endpoints/service.rs` |
//! | `/services/{id}` | GET, PUT, DELETE | `endpoints/service.rs` |
//! | `/services/{id}/authorizations` | POST | `endpoints/authorization.rs` |
//! | `/services/{id}/credentials` | POST | `endpoints/service.rs` |
//! | `/services/{id}/docs` | GET, POST | `endpoints/document.rs` |
//! | `/services/{id}/docs/{docId}` | DELETE | `endpoints/document.rs` |
//! | `/services/{id}/docs/{docId}/refresh` | POST | `endpoints/document.rs` |
//! | `/services/{id}/operations` | GET | `endpoints/document.rs` |
//! | `/services/{id}/test-call` | POST | `endpoints/test_call.rs` |
//! | `/settings` | GET | `endpoints/settings.rs` |
//! | `/settings/llm/test` | POST | `endpoints/settings.rs` |
//!
//! Sign-in and monitoring, without an access token:
//!
//! | path | methods | file |
//! |---|---|---|
//! | `/auth/login` | POST | `endpoints/auth/login.rs` |
//! | `/auth/refresh` | POST | `endpoints/auth/refresh.rs` |
//! | `/auth/register` | POST | `endpoints/auth/register.rs` |
//! | `/auth/registration` | GET | `endpoints/auth/registration.rs` |
//! | `/ca.pem` | GET | `endpoints/ca_certificate.rs` |
//! | `/health` | GET | `endpoints/health.rs` |
//! | `/metrics` | GET | `endpoints/metrics.rs` |
//! | `/openapi.json` | GET | `endpoints/openapi.rs` |
//! | `/ready` | GET | `endpoints/ready.rs` |
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
use gaiterguard_pages::Pages;
use gaiterguard_settings::KnownHosts;
use utoipa::openapi::OpenApi;

use crate::endpoints::{CaCertificate, DashboardState, DocumentSource};
use crate::middleware::{HostCheck, demand_known_host};
use crate::state::AgentState;
use crate::{doors, endpoints, openapi};

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
    let machines = Router::from(endpoints::machines())
        .with_state(Arc::clone(&agents_state.gateway))
        .layer(Extension(DocumentSource::new(move || {
            document_below(&path)
        })))
        .layer(Extension(ca_certificate));
    let agents = Router::from(doors::routes()).with_state(agents_state);
    let signed_in = Router::from(endpoints::signed_in()).layer(from_fn_with_state(
        dashboard_state.clone(),
        endpoints::end_with_session,
    ));
    let check = HostCheck {
        known: Arc::new(known_hosts),
        pages: pages.clone(),
    };
    let dashboard = Router::from(endpoints::signing_in())
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
    described.merge(endpoints::signing_in().into_openapi());
    described.merge(endpoints::signed_in().into_openapi());
    described.merge(endpoints::machines().into_openapi());
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
