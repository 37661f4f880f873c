//! A credential as the bytes that are sealed: JSON, with the kind next to the values.

use std::borrow::Cow;

use gaiterguard_domain::aws_signature::PartialScope;
use gaiterguard_domain::placeholder::Placeholder;
use gaiterguard_domain::target::Target;
use gaiterguard_domain::time::Timestamp;
use http::HeaderName;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::aws::AwsKey;
use crate::credential::Credential;
use crate::grant::{AccessToken, ClientAuthentication, OauthGrant};

/// The opened bytes are not a credential that this build can read. The error does not show them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the sealed credential cannot be read")]
pub struct UnreadableCredential;

#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
enum Form<'a> {
    Bearer {
        #[serde(borrow)]
        token: Cow<'a, str>,
    },
    Basic {
        #[serde(borrow)]
        username: Cow<'a, str>,
        #[serde(borrow)]
        password: Cow<'a, str>,
    },
    ApiKey {
        #[serde(borrow)]
        headers: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    },
    Query {
        #[serde(borrow)]
        param: Cow<'a, str>,
        #[serde(borrow)]
        value: Cow<'a, str>,
    },
    Path {
        placeholder: Placeholder,
        #[serde(borrow)]
        value: Cow<'a, str>,
    },
    Oauth2Static {
        #[serde(borrow)]
        access_token: Cow<'a, str>,
    },
    #[serde(borrow)]
    Oauth2Grant(Box<GrantForm<'a>>),
    AwsSigv4 {
        #[serde(borrow)]
        access_key_id: Cow<'a, str>,
        #[serde(borrow)]
        secret_access_key: Cow<'a, str>,
        #[serde(borrow)]
        session_token: Option<Cow<'a, str>>,
        region: Option<String>,
        service: Option<String>,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct GrantForm<'a> {
    token_url: String,
    #[serde(borrow)]
    client_id: Cow<'a, str>,
    #[serde(borrow)]
    client_secret: Option<Cow<'a, str>>,
    #[serde(borrow)]
    refresh_token: Option<Cow<'a, str>>,
    scope: Option<String>,
    #[serde(borrow, default, skip_serializing_if = "Vec::is_empty")]
    extra: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    client_auth: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    accepted_auth: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    response_pointer: Option<String>,
    #[serde(borrow)]
    access: Option<AccessForm<'a>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AccessForm<'a> {
    #[serde(borrow)]
    token: Cow<'a, str>,
    fetched_at_ms: i64,
    expires_at_ms: Option<i64>,
}

/// Returns a form with secrets as JSON.
pub(crate) fn sealed_json(form: &impl Serialize) -> Zeroizing<Vec<u8>> {
    // Measured first, so that the buffer never grows, which would leave a copy behind.
    let mut measure = Measure(0);
    let measured = serde_json::to_writer(&mut measure, form);
    let mut bytes = Zeroizing::new(Vec::with_capacity(measure.0));
    let written = serde_json::to_writer(&mut *bytes, form);
    debug_assert!(
        measured.is_ok() && written.is_ok(),
        "a buffer in memory accepts every byte"
    );
    bytes
}

impl Credential {
    /// Returns the bytes to seal.
    pub fn to_sealed_form(&self) -> Zeroizing<Vec<u8>> {
        sealed_json(&self.form())
    }

    /// Reads the bytes that [`Self::to_sealed_form`] returned.
    pub(crate) fn from_sealed_form(bytes: &[u8]) -> Result<Self, UnreadableCredential> {
        let form: Form<'_> = serde_json::from_slice(bytes).map_err(|_| UnreadableCredential)?;
        Ok(match form {
            Form::Bearer { token } => Self::Bearer {
                token: secret(token),
            },
            Form::Basic { username, password } => Self::Basic {
                username: secret(username),
                password: secret(password),
            },
            Form::ApiKey { headers } => Self::ApiKey {
                headers: headers
                    .into_iter()
                    .map(|(name, value)| {
                        let name = HeaderName::try_from(name.as_ref());
                        Ok((name.map_err(|_| UnreadableCredential)?, secret(value)))
                    })
                    .collect::<Result<_, UnreadableCredential>>()?,
            },
            Form::Query { param, value } => Self::Query {
                param: param.into_owned(),
                value: secret(value),
            },
            Form::Path { placeholder, value } => Self::Path {
                placeholder,
                value: secret(value),
            },
            Form::Oauth2Static { access_token } => Self::Oauth2Static {
                access_token: secret(access_token),
            },
            Form::Oauth2Grant(grant) => Self::Oauth2Grant(Box::new(grant.read()?)),
            Form::AwsSigv4 {
                access_key_id,
                secret_access_key,
                session_token,
                region,
                service,
            } => Self::AwsSigv4(Box::new(AwsKey {
                access_key_id: secret(access_key_id),
                secret_access_key: secret(secret_access_key),
                session_token: session_token.map(secret),
                scope: PartialScope { region, service },
            })),
        })
    }

    fn form(&self) -> Form<'_> {
        match self {
            Self::Bearer { token } => Form::Bearer {
                token: exposed(token),
            },
            Self::Basic { username, password } => Form::Basic {
                username: exposed(username),
                password: exposed(password),
            },
            Self::ApiKey { headers } => Form::ApiKey {
                headers: headers
                    .iter()
                    .map(|(name, value)| (name.as_str().into(), exposed(value)))
                    .collect(),
            },
            Self::Query { param, value } => Form::Query {
                param: param.into(),
                value: exposed(value),
            },
            Self::Path { placeholder, value } => Form::Path {
                placeholder: placeholder.clone(),
                value: exposed(value),
            },
            Self::Oauth2Static { access_token } => Form::Oauth2Static {
                access_token: exposed(access_token),
            },
            Self::Oauth2Grant(grant) => Form::Oauth2Grant(Box::new(GrantForm::of(grant))),
            Self::AwsSigv4(key) => Form::AwsSigv4 {
                access_key_id: exposed(&key.access_key_id),
                secret_access_key: exposed(&key.secret_access_key),
                session_token: key.session_token.as_ref().map(exposed),
                region: key.scope.region.clone(),
                service: key.scope.service.clone(),
            },
        }
    }
}

impl<'a> GrantForm<'a> {
    pub(crate) fn of(grant: &'a OauthGrant) -> Self {
        Self {
            token_url: grant.token_url.to_string(),
            client_id: exposed(&grant.client_id),
            client_secret: grant.client_secret.as_ref().map(exposed),
            refresh_token: grant.refresh_token.as_ref().map(exposed),
            scope: grant.scope.clone(),
            extra: grant
                .extra
                .iter()
                .map(|(name, value)| (name.into(), exposed(value)))
                .collect(),
            client_auth: grant.client_auth.map(|way| way.as_str().into()),
            accepted_auth: grant.accepted_auth.map(|way| way.as_str().into()),
            response_pointer: grant.response_pointer.clone(),
            access: grant.access.as_ref().map(|access| AccessForm {
                token: exposed(&access.token),
                fetched_at_ms: access.fetched_at.0,
                expires_at_ms: access.expires_at.map(|at| at.0),
            }),
        }
    }

    pub(crate) fn read(self) -> Result<OauthGrant, UnreadableCredential> {
        Ok(OauthGrant {
            token_url: Target::parse(&self.token_url).map_err(|_| UnreadableCredential)?,
            client_id: secret(self.client_id),
            client_secret: self.client_secret.map(secret),
            refresh_token: self.refresh_token.map(secret),
            scope: self.scope,
            extra: self
                .extra
                .into_iter()
                .map(|(name, value)| (name.into_owned(), secret(value)))
                .collect(),
            client_auth: self
                .client_auth
                .as_deref()
                .map(authentication)
                .transpose()?,
            accepted_auth: self
                .accepted_auth
                .as_deref()
                .map(authentication)
                .transpose()?,
            response_pointer: self.response_pointer,
            access: self.access.map(|access| AccessToken {
                token: secret(access.token),
                fetched_at: Timestamp(access.fetched_at_ms),
                expires_at: access.expires_at_ms.map(Timestamp),
            }),
        })
    }
}

fn exposed(secret: &SecretString) -> Cow<'_, str> {
    Cow::Borrowed(secret.expose_secret())
}

fn authentication(word: &str) -> Result<ClientAuthentication, UnreadableCredential> {
    ClientAuthentication::parse(word).ok_or(UnreadableCredential)
}

fn secret(text: Cow<'_, str>) -> SecretString {
    match text {
        Cow::Borrowed(text) => SecretString::from(text),
        Cow::Owned(text) => SecretString::from(text),
    }
}

/// Counts the bytes that are written to it.
struct Measure(usize);

impl std::io::Write for Measure {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds() -> Vec<Credential> {
        let odd = "quote\" backslash\\ ünd € \u{1f511}";
        vec![
            Credential::Bearer { token: "t".into() },
            Credential::Basic {
                username: odd.into(),
                password: "".into(),
            },
            Credential::ApiKey {
                headers: vec![
                    (HeaderName::from_static("x-a"), "1".into()),
                    (HeaderName::from_static("x-b"), "two words".into()),
                ],
            },
            Credential::Query {
                param: "ä&=".to_owned(),
                value: odd.into(),
            },
            Credential::Oauth2Static {
                access_token: "t".into(),
            },
            Credential::AwsSigv4(Box::new(AwsKey {
                access_key_id: "AKIDEXAMPLE".into(),
                secret_access_key: odd.into(),
                session_token: Some("t".into()),
                scope: PartialScope {
                    region: Some("eu-west-1".to_owned()),
                    service: None,
                },
            })),
            Credential::Oauth2Grant(Box::new(OauthGrant {
                token_url: Target::parse("https://id.example.com/token?x=%2f").unwrap(),
                client_id: "id".into(),
                client_secret: Some(odd.into()),
                refresh_token: Some("r".into()),
                scope: Some("a b".to_owned()),
                extra: vec![("audience".to_owned(), "https://api.example.com/".into())],
                client_auth: Some(ClientAuthentication::Form),
                accepted_auth: Some(ClientAuthentication::Basic),
                response_pointer: Some("/authed_user".to_owned()),
                access: Some(AccessToken {
                    token: "a".into(),
                    fetched_at: Timestamp(1),
                    expires_at: Some(Timestamp(2)),
                }),
            })),
        ]
    }

    #[test]
    fn a_credential_survives_the_round_trip() {
        for credential in kinds() {
            let bytes = credential.to_sealed_form();
            let read = Credential::from_sealed_form(&bytes).unwrap();
            assert_eq!(read.to_sealed_form(), bytes);
            assert_eq!(read.auth_type(), credential.auth_type());
            assert_eq!(read.place(), credential.place());
        }
    }

    #[test]
    fn a_grant_that_was_sealed_without_the_optional_members_is_read() {
        let bytes = br#"{"kind":"oauth2_grant","token_url":"https://id.example.com/token",
            "client_id":"id","client_secret":"s","refresh_token":null,"scope":null,"access":null}"#;
        let Ok(Credential::Oauth2Grant(grant)) = Credential::from_sealed_form(bytes) else {
            panic!("expected a grant")
        };
        assert!(grant.extra.is_empty() && grant.client_auth.is_none());
        assert!(grant.client_secret.is_some());
    }

    #[test]
    fn bytes_that_are_not_a_credential_are_refused() {
        for bytes in [
            &b""[..],
            b"{}",
            b"{\"kind\":\"bearer\"}",
            b"{\"kind\":\"bearer\",\"token\":\"t\",\"more\":1}",
            b"{\"kind\":\"magic\",\"token\":\"t\"}",
        ] {
            assert!(Credential::from_sealed_form(bytes).is_err());
        }
    }

    #[test]
    fn debug_shows_no_value() {
        for credential in kinds() {
            let told = format!("{credential:?}");
            assert!(told.ends_with(", <sealed>)"), "{told}");
            let Credential::Oauth2Grant(grant) = &credential else {
                continue;
            };
            let told = format!("{grant:?} {:?}", grant.access);
            assert!(!told.contains("quote") && !told.contains("\"a\""), "{told}");
        }
    }
}
