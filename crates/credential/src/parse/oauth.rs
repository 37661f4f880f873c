//! Parsing the fields of an OAuth credential: an access token, or how to fetch one.

use gaiterguard_domain::target::Target;
use gaiterguard_upstream::{AddressPolicy, literal};
use secrecy::{ExposeSecret as _, SecretString};

use super::{CREDENTIAL_VALUE_BYTES_MAX, PARAM_BYTES_MAX, Reader};
use crate::credential::Credential;
use crate::grant::{ClientAuthentication, OauthGrant};

/// The most further fields of the form. Providers ask for one or two.
const EXTRA_FIELDS_MAX: usize = 16;

/// Fields of the form that a credential has by names of its own.
const OWN_FORM_FIELDS: &[&str] = &["client_id", "client_secret", "refresh_token", "scope"];

impl<'a> Reader<'a> {
    pub(super) fn oauth2(&mut self, policy: &AddressPolicy) -> Option<Credential> {
        if self.fields.has_value("access_token") {
            return self
                .header_value("access_token")
                .map(|access_token| Credential::Oauth2Static { access_token });
        }
        let nothing_given = ["token_url", "client_id", "client_secret"]
            .into_iter()
            .all(|field| !self.fields.has_value(field));
        if nothing_given {
            self.refuse(
                "access_token",
                "is required; alternatively, set token_url, client_id, and client_secret",
            );
            return None;
        }
        self.known.push("access_token");
        let token_url = self.token_url(policy);
        let client_id = self.text("client_id");
        let refresh_token = self.optional_text("refresh_token");
        let extra = self.extra(refresh_token.is_some());
        let client_auth = self.client_auth();
        let client_secret = self.client_secret(client_auth, refresh_token, &extra);
        let scope = self.optional_text("scope");
        let response_pointer = self.response_pointer();
        Some(Credential::Oauth2Grant(Box::new(OauthGrant {
            token_url: token_url?,
            client_id: client_id?.into(),
            client_secret: client_secret.map(SecretString::from),
            refresh_token: refresh_token.map(SecretString::from),
            scope: scope.map(str::to_owned),
            extra,
            client_auth,
            accepted_auth: None,
            response_pointer: response_pointer.map(str::to_owned),
            access: None,
        })))
    }

    /// Reads the client's secret, which only a public client does not have. Without a secret, something else
    /// must be the grant: a refresh token, or one of the further fields.
    fn client_secret(
        &mut self,
        client_auth: Option<ClientAuthentication>,
        refresh_token: Option<&str>,
        extra: &[(String, SecretString)],
    ) -> Option<&'a str> {
        const FIELD: &str = "client_secret";
        if self.fields.has_value(FIELD) {
            if client_auth == Some(ClientAuthentication::None) {
                self.refuse(FIELD, "must not be given with client_auth none");
            }
            return self.text(FIELD);
        }
        self.known.push(FIELD);
        let has_grant =
            refresh_token.is_some() || extra.iter().any(|(name, _)| name == "grant_type");
        let may_be_public = matches!(client_auth, None | Some(ClientAuthentication::None));
        if !(has_grant && may_be_public) {
            self.refuse(
                FIELD,
                "is required; only a public client that has a refresh_token needs none",
            );
        }
        None
    }

    pub(super) fn client_auth(&mut self) -> Option<ClientAuthentication> {
        let word = self.optional_text("client_auth")?;
        let way = ClientAuthentication::parse(word);
        if way.is_none() {
            self.refuse("client_auth", "must be basic, form, or none");
        }
        way
    }

    /// Reads the further fields of the form.
    pub(super) fn extra(&mut self, has_refresh_token: bool) -> Vec<(String, SecretString)> {
        const FIELD: &str = "extra";
        self.known.push(FIELD);
        let texts = match self.fields.texts(FIELD) {
            Ok(texts) => texts,
            Err(message) => {
                self.refuse(FIELD, message);
                return Vec::new();
            }
        };
        if texts.len() > EXTRA_FIELDS_MAX {
            self.refuse(FIELD, format!("must be at most {EXTRA_FIELDS_MAX} fields"));
            return Vec::new();
        }
        for (name, value) in texts {
            let field = format!("{FIELD}.{name}");
            if self.holds_agent_key(FIELD, name) {
                continue;
            }
            if OWN_FORM_FIELDS.contains(&name.as_str()) {
                self.refuse(&field, format!("must be given as {name}"));
            } else if name == "grant_type" && has_refresh_token {
                self.refuse(&field, "must not be given with a refresh_token");
            } else if name.is_empty() || name.len() > PARAM_BYTES_MAX {
                self.refuse(
                    FIELD,
                    format!("must have names of 1 to {PARAM_BYTES_MAX} bytes"),
                );
            } else if value.expose_secret().len() > CREDENTIAL_VALUE_BYTES_MAX {
                self.refuse(
                    &field,
                    format!("must be at most {CREDENTIAL_VALUE_BYTES_MAX} bytes long"),
                );
            }
        }
        texts.to_vec()
    }

    /// Reads a JSON Pointer.
    pub(super) fn response_pointer(&mut self) -> Option<&'a str> {
        const FIELD: &str = "response_pointer";
        let pointer = self.optional_text(FIELD)?;
        if self.holds_agent_key(FIELD, pointer) {
            return None;
        }
        if !pointer.starts_with('/') {
            self.refuse(
                FIELD,
                "must be a JSON Pointer, which begins with a slash: /authed_user",
            );
            return None;
        }
        Some(pointer)
    }

    fn token_url(&mut self, policy: &AddressPolicy) -> Option<Target> {
        let text = self.text("token_url")?;
        self.url("token_url", text, policy)
    }

    /// Reads an optional URL that the gateway or the operator's browser opens.
    pub(super) fn optional_url(
        &mut self,
        field: &'a str,
        policy: &AddressPolicy,
    ) -> Option<Target> {
        let text = self.optional_text(field)?;
        self.url(field, text, policy)
    }

    fn url(&mut self, field: &str, text: &str, policy: &AddressPolicy) -> Option<Target> {
        if self.holds_agent_key(field, text) {
            return None;
        }
        let target = match Target::parse(text) {
            Ok(target) => target,
            Err(refused) => {
                self.refuse(field, format!("must be an http or https URL: {refused}"));
                return None;
            }
        };
        if let Err(message) = literal::check(target.origin(), policy) {
            self.refuse(field, message);
            return None;
        }
        Some(target)
    }
}
