//! What is true of every endpoint that only a signed-in human may call.

use utoipa::IntoResponses;
use utoipa::openapi::security::SecurityRequirement;
use utoipa_axum::router::OpenApiRouter;

use super::operations::operations;
use super::responses::{SignedOut, Unavailable};

/// The routes, described as ones that ask for an access token, for which the database is needed.
pub(crate) fn with_session<S>(mut routes: OpenApiRouter<S>) -> OpenApiRouter<S>
where
    S: Clone + Send + Sync + 'static,
{
    let paths = &mut routes.get_openapi_mut().paths.paths;
    for operation in paths.values_mut().flat_map(operations) {
        let session = SecurityRequirement::new("session", Vec::<String>::new());
        operation.security = Some(vec![session]);
        let answers = &mut operation.responses.responses;
        answers.extend(SignedOut::responses());
        answers.extend(Unavailable::responses());
    }
    routes
}
