//! Describes what applies to every endpoint that requires a signed-in user.

use utoipa::IntoResponses;
use utoipa::openapi::security::SecurityRequirement;
use utoipa_axum::router::OpenApiRouter;

use crate::operations::operations;
use crate::responses::{SignedOut, Unavailable};

/// Adds the access token and the responses of sign-in and database errors to the routes'
/// descriptions.
pub fn with_session<S>(mut routes: OpenApiRouter<S>) -> OpenApiRouter<S>
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
    }
    routes
}
