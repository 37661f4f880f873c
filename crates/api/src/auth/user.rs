//! Response bodies for users and session tokens.

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
    /// Unique identifier.
    id: i64,
    /// Email address as entered at registration.
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

/// Tokens of a session. Shown only once.
#[derive(Serialize, ToSchema)]
#[schema(as = Tokens)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TokensBody {
    /// Short-lived access token. Send it as `Authorization: Bearer`.
    access_token: String,
    /// Refresh token. Works once. Absent if it is returned as a cookie, or if the session keeps the one it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    refresh_token: Option<String>,
}

impl TokensBody {
    /// Returns the body of an access token whose session keeps its refresh token.
    pub(super) fn access_only(access_token: &str) -> Self {
        Self {
            access_token: access_token.to_owned(),
            refresh_token: None,
        }
    }

    /// Returns the body of a token pair, with or without the refresh token.
    pub(super) fn of(tokens: &TokenPair, with_refresh_token: bool) -> Self {
        let refresh_token = tokens.refresh_token.expose_secret();
        Self {
            access_token: tokens.access_token.expose_secret().to_owned(),
            refresh_token: with_refresh_token.then(|| refresh_token.to_owned()),
        }
    }
}
