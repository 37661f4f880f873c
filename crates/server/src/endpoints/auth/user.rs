//! A user as it is shown, and the tokens of a session.

use gaiterguard_domain::time::Timestamp;
use gaiterguard_domain::user::User;
use gaiterguard_identity::TokenPair;
use secrecy::ExposeSecret;
use serde::Serialize;
use utoipa::ToSchema;

/// A user.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = User)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UserBody {
    /// Its id.
    id: i64,
    /// The e-mail address as it was spelled at registration.
    #[schema(example = "name@example.com")]
    email: String,
    /// When the user registered.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

impl From<User> for UserBody {
    fn from(user: User) -> Self {
        Self {
            id: user.id.0,
            email: user.email.as_str().to_owned(),
            created_at: user.created_at,
        }
    }
}

/// The tokens of a session, shown once.
#[derive(Serialize, ToSchema)]
#[schema(as = Tokens)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TokensBody {
    /// To be sent as `Authorization: Bearer`; short-lived.
    access_token: String,
    /// To be exchanged once for the next pair. Absent where it comes as a cookie.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    refresh_token: Option<String>,
}

impl TokensBody {
    /// Tokens as they are handed out, the refresh token among them or not.
    pub(super) fn of(tokens: &TokenPair, with_refresh_token: bool) -> Self {
        let refresh_token = tokens.refresh_token.expose_secret();
        Self {
            access_token: tokens.access_token.expose_secret().to_owned(),
            refresh_token: with_refresh_token.then(|| refresh_token.to_owned()),
        }
    }
}
