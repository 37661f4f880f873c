//! Why an exchange with a token endpoint gave no access token.

/// Why there is no new access token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// The endpoint could not be reached, or its response did not arrive.
    #[error("the token endpoint did not respond: {0}")]
    NoResponse(String),
    /// It responded with an error.
    #[error("the token endpoint refused with status {status}{}", code_in_brackets(.code.as_ref()))]
    Refused {
        /// The status of the response.
        status: u16,
        /// The error code, if it is one of RFC 6749.
        code: Option<&'static str>,
    },
    /// The response is not a usable access token.
    #[error("the token endpoint's response is invalid: {0}")]
    Unusable(&'static str),
}

fn code_in_brackets(code: Option<&&'static str>) -> String {
    code.map_or_else(String::new, |code| format!(" ({code})"))
}

impl TokenError {
    /// Returns whether the endpoint does not know the grant, or no longer: another process may have used
    /// a refresh token that works only once.
    pub(crate) fn is_invalid_grant(&self) -> bool {
        matches!(
            self,
            Self::Refused {
                code: Some("invalid_grant"),
                ..
            }
        )
    }

    /// Returns whether the endpoint refuses this client or grant, which repeating does not change.
    pub fn is_final(&self) -> bool {
        matches!(
            self,
            Self::Refused {
                status: 200 | 400 | 401 | 403,
                ..
            }
        )
    }

    /// Returns whether another way to authenticate may succeed. Providers that do not read Basic respond as
    /// if the client were missing, with any of these statuses and often without a code of the RFC.
    pub(super) fn may_be_about_authentication(&self) -> bool {
        match self {
            Self::Refused { status, code } => {
                let is_about_client = matches!(
                    code,
                    None | Some("invalid_client" | "invalid_request" | "unauthorized_client")
                );
                matches!(status, 200 | 400 | 401 | 403) && is_about_client
            }
            _ => false,
        }
    }
}
