//! A credential in the clear: its kinds, and every text that must not reach an agent.

use std::fmt;

use gaiterguard_domain::placeholder::Placeholder;
use gaiterguard_domain::service::{AuthType, CredentialPlace};
use gaiterguard_upstream::{MaskedSecret, Masker, is_hidden_everywhere};
use http::HeaderName;
use http::header::AUTHORIZATION;
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use crate::aws::AwsKey;
use crate::grant::OauthGrant;

/// A credential in the clear.
pub enum Credential {
    /// `Authorization: Bearer` with a token.
    Bearer {
        /// The token.
        token: SecretString,
    },
    /// `Authorization: Basic` with a user name and a password.
    Basic {
        /// The user name.
        username: SecretString,
        /// The password.
        password: SecretString,
    },
    /// Headers that the service defines.
    ApiKey {
        /// Their names and values, at least one.
        headers: Vec<(HeaderName, SecretString)>,
    },
    /// A parameter of the query.
    Query {
        /// Its name, not encoded.
        param: String,
        /// Its value, not encoded.
        value: SecretString,
    },
    /// A part of the path.
    Path {
        /// Its placeholder in the requests of agents.
        placeholder: Placeholder,
        /// Its value, not encoded.
        value: SecretString,
    },
    /// `Authorization: Bearer` with an access token that the operator entered.
    Oauth2Static {
        /// The access token.
        access_token: SecretString,
    },
    /// `Authorization: Bearer` with an access token that the gateway fetches.
    Oauth2Grant(Box<OauthGrant>),
    /// A signature of the request (AWS Signature Version 4).
    AwsSigv4(Box<AwsKey>),
}

impl Credential {
    /// Returns the type of service that this credential is for.
    pub fn auth_type(&self) -> AuthType {
        match self {
            Self::Bearer { .. } => AuthType::Bearer,
            Self::Basic { .. } => AuthType::Basic,
            Self::ApiKey { .. } => AuthType::ApiKey,
            Self::Query { .. } => AuthType::Query,
            Self::Path { .. } => AuthType::Path,
            Self::Oauth2Static { .. } | Self::Oauth2Grant(_) => AuthType::Oauth2,
            Self::AwsSigv4(_) => AuthType::AwsSigv4,
        }
    }

    /// Returns where the credential is placed in a request.
    pub fn place(&self) -> CredentialPlace {
        match self {
            Self::Bearer { .. } | Self::Basic { .. } | Self::Oauth2Static { .. } => {
                CredentialPlace::Headers {
                    names: vec![AUTHORIZATION.as_str().to_owned()],
                }
            }
            Self::ApiKey { headers } => CredentialPlace::Headers {
                names: headers
                    .iter()
                    .map(|(name, _)| name.as_str().to_owned())
                    .collect(),
            },
            Self::Query { param, .. } => CredentialPlace::Query {
                param: param.clone(),
            },
            Self::Path { placeholder, .. } => CredentialPlace::Path {
                placeholder: placeholder.clone(),
            },
            Self::Oauth2Grant(grant) => CredentialPlace::Token {
                token_url: grant.token_url.to_string(),
            },
            Self::AwsSigv4(key) => CredentialPlace::Signature {
                region: key.scope.region.clone(),
                service: key.scope.service.clone(),
            },
        }
    }

    /// Returns the names of the values, for the list that an operator sees.
    pub fn names_of_values(&self) -> Vec<String> {
        let names: Vec<&str> = match self {
            Self::Bearer { .. } => vec!["token"],
            Self::Basic { .. } => vec!["username", "password"],
            Self::ApiKey { headers } => headers.iter().map(|(name, _)| name.as_str()).collect(),
            Self::Query { .. } => vec!["param", "value"],
            Self::Path { .. } => vec!["placeholder", "value"],
            Self::Oauth2Static { .. } => vec!["access_token"],
            Self::Oauth2Grant(grant) => {
                let optional = [
                    ("client_secret", grant.client_secret.is_some()),
                    ("refresh_token", grant.refresh_token.is_some()),
                    ("scope", grant.scope.is_some()),
                ];
                let present = optional.into_iter().filter(|(_, is_present)| *is_present);
                let mut names = vec!["token_url", "client_id"];
                names.extend(present.map(|(name, _)| name));
                names
            }
            Self::AwsSigv4(key) => {
                let optional = [
                    ("session_token", key.session_token.is_some()),
                    ("region", key.scope.region.is_some()),
                    ("service", key.scope.service.is_some()),
                ];
                let present = optional.into_iter().filter(|(_, is_present)| *is_present);
                let mut names = vec!["access_key_id", "secret_access_key"];
                names.extend(present.map(|(name, _)| name));
                names
            }
        };
        names.into_iter().map(str::to_owned).collect()
    }

    /// Returns a masker that hides the credential in everything that an upstream sends back.
    pub fn masker(&self) -> Masker {
        self.masker_with(None)
    }

    /// Returns a masker that also hides the signature of a request.
    pub(crate) fn masker_with(&self, signature: Option<SecretString>) -> Masker {
        let mut secrets = self.masked_secrets();
        secrets.extend(signature);
        let secrets: Vec<MaskedSecret<'_>> = secrets
            .iter()
            .map(|secret| MaskedSecret::Value(secret.expose_secret().as_bytes()))
            .collect();
        Masker::new(&secrets)
    }

    /// Returns the names of values that are not hidden wherever an upstream repeats them, because they are too
    /// short. Fetched tokens are long.
    pub(crate) fn short_values(&self) -> Vec<String> {
        let named: Vec<(&str, &SecretString)> = match self {
            Self::Bearer { token } => vec![("token", token)],
            Self::Basic { username, password } if password.expose_secret().is_empty() => {
                vec![("username", username)]
            }
            Self::Basic { password, .. } => vec![("password", password)],
            Self::ApiKey { headers } => headers
                .iter()
                .map(|(name, value)| (name.as_str(), value))
                .collect(),
            Self::Query { value, .. } | Self::Path { value, .. } => vec![("value", value)],
            Self::Oauth2Static { access_token } => vec![("access_token", access_token)],
            Self::Oauth2Grant(_) => Vec::new(),
            Self::AwsSigv4(key) => {
                let token = key.session_token.iter();
                let token = token.map(|token| ("session_token", token));
                let key = [("secret_access_key", &key.secret_access_key)];
                key.into_iter().chain(token).collect()
            }
        };
        named
            .into_iter()
            .filter(|(_, value)| !is_hidden_everywhere(value.expose_secret().as_bytes()))
            .map(|(name, _)| name.to_owned())
            .collect()
    }

    /// Returns every text that must not appear in a response, plain or encoded. A user name counts as a
    /// secret only without a password, which is how some services use it.
    pub(crate) fn masked_secrets(&self) -> Vec<SecretString> {
        let mut secrets = Vec::new();
        let mut add = |secret: &str| {
            if !secret.is_empty() {
                secrets.push(SecretString::from(secret));
            }
        };
        match self {
            Self::Bearer { token } => add(token.expose_secret()),
            Self::Basic { username, password } => {
                add(&basic_pair(username, password));
                add(password.expose_secret());
                if password.expose_secret().is_empty() {
                    add(username.expose_secret());
                }
            }
            Self::ApiKey { headers } => {
                for (_, value) in headers {
                    let value = value.expose_secret();
                    add(value);
                    // `Token abc`: an upstream may echo the token without its scheme.
                    if let Some((_, token)) = value.split_once(' ') {
                        add(token.trim_start());
                    }
                }
            }
            Self::Query { value, .. } | Self::Path { value, .. } => add(value.expose_secret()),
            Self::Oauth2Static { access_token } => add(access_token.expose_secret()),
            Self::Oauth2Grant(grant) => {
                for secret in grant.secrets() {
                    add(secret.expose_secret());
                }
            }
            Self::AwsSigv4(key) => {
                add(key.secret_access_key.expose_secret());
                if let Some(token) = &key.session_token {
                    add(token.expose_secret());
                }
            }
        }
        secrets
    }
}

/// Joins a user name and a password to `username:password`.
pub(crate) fn basic_pair(username: &SecretString, password: &SecretString) -> Zeroizing<String> {
    let (username, password) = (username.expose_secret(), password.expose_secret());
    // Reserves the whole capacity first, because a string that grows leaves a copy behind.
    let mut pair = Zeroizing::new(String::with_capacity(username.len() + 1 + password.len()));
    pair.push_str(username);
    pair.push(':');
    pair.push_str(password);
    pair
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credential({}, <sealed>)", self.auth_type().as_str())
    }
}
