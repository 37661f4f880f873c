//! Mounts the endpoints that require a signed-in user, each with the permission that it requires.

use axum::Extension;
use gaiterguard_domain::workspace::{Membership, Permission, Role};
use gaiterguard_problem::Code;
use serde_json::json;
use utoipa::IntoResponses;
use utoipa::openapi::extensions::ExtensionsBuilder;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::SecurityRequirement;
use utoipa_axum::router::OpenApiRouter;

use crate::operations::operations;
use crate::problem::Problem;
use crate::responses::{Refused, SignedOut, Unavailable};

/// The member of an operation in the OpenAPI document that names its permission.
pub const PERMISSION_EXTENSION: &str = "x-permission";

/// The permission that the matched route requires. The extractor of the signed-in user demands it, and
/// fails on a route that was mounted without one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Demanded(pub Permission);

/// Checks that a member has a permission.
///
/// # Errors
///
/// 403 `not_permitted`, which names the roles that have it.
pub fn demand(membership: &Membership, permission: Permission) -> Result<(), Problem> {
    let checked = membership.demand(permission);
    checked.map_err(|refusal| Problem::new(Code::NotPermitted, refusal))
}

/// Makes routes require a signed-in user with a permission, and describes that: the access token, the
/// permission, and the responses of sign-in, permission and database errors.
pub fn with_session<S>(permission: Permission, mut routes: OpenApiRouter<S>) -> OpenApiRouter<S>
where
    S: Clone + Send + Sync + 'static,
{
    let paths = &mut routes.get_openapi_mut().paths.paths;
    for operation in paths.values_mut().flat_map(operations) {
        let session = SecurityRequirement::new("session", Vec::<String>::new());
        operation.security = Some(vec![session]);
        let responses = &mut operation.responses.responses;
        responses.extend(SignedOut::responses());
        responses.extend(Unavailable::responses());
        describe(operation, permission);
    }
    routes.route_layer(Extension(Demanded(permission)))
}

/// Describes the permission of an operation.
fn describe(operation: &mut Operation, permission: Permission) {
    let extension = ExtensionsBuilder::new().add(PERMISSION_EXTENSION, json!(permission));
    operation.extensions = Some(extension.build());
    let able: Vec<_> = Role::ALL
        .into_iter()
        .filter(|role| role.may(permission))
        .collect();
    if able.len() == Role::ALL.len() {
        return;
    }
    let able: Vec<_> = able
        .into_iter()
        .map(|role| format!("`{}`", role.as_str()))
        .collect();
    let roles = format!("Roles: {}.", able.join(", "));
    operation.description = Some(match operation.description.take() {
        Some(text) => format!("{text}\n\n{roles}"),
        None => roles,
    });
    for (status, response) in Refused::responses() {
        operation
            .responses
            .responses
            .entry(status)
            .or_insert(response);
    }
}
