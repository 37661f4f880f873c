//! Users and sessions.

mod chat_account;
mod cookie;
mod invitation;
mod login;
mod logout;
mod me;
mod oidc;
pub(super) mod origin;
pub(crate) mod passkey;
mod password;
mod public_json;
mod refresh;
mod register;
mod registration;
mod session;
mod session_token;
mod totp;
mod user;
mod workspace;

use gaiterguard_domain::workspace::Permission;
use gaiterguard_web::session::with_session;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::DashboardState;

/// Returns the routes.
pub(super) fn routes() -> OpenApiRouter<DashboardState> {
    let signed_in = OpenApiRouter::new()
        .routes(routes!(logout::logout))
        .routes(routes!(me::me))
        .routes(routes!(workspace::switch))
        .routes(routes!(password::change))
        .routes(routes!(session::list, session::end_others))
        .routes(routes!(session::end))
        .routes(routes!(totp::get, totp::begin, totp::remove))
        .routes(routes!(passkey::list, passkey::add::add))
        .routes(routes!(passkey::add::begin))
        .routes(routes!(passkey::remove))
        .routes(routes!(oidc::begin_linking))
        .routes(routes!(oidc::complete_linking))
        .routes(routes!(chat_account::list))
        .routes(routes!(chat_account::create_code))
        .routes(routes!(chat_account::unlink))
        .routes(routes!(totp::confirm))
        .routes(routes!(totp::replace_recovery_codes));
    OpenApiRouter::new()
        .routes(routes!(register::register))
        .routes(routes!(registration::registration))
        .routes(routes!(login::login))
        .routes(routes!(oidc::begin))
        .routes(routes!(oidc::complete))
        .routes(routes!(passkey::sign_in::begin_sign_in))
        .routes(routes!(passkey::sign_in::sign_in))
        .routes(routes!(refresh::refresh))
        .routes(routes!(invitation::preview))
        .routes(routes!(invitation::accept))
        .merge(with_session(Permission::Account, signed_in))
}
