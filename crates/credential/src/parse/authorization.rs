//! Parsing the description of an authorization, as an operator enters it.

use gaiterguard_domain::field::Checked;
use gaiterguard_upstream::AddressPolicy;
use secrecy::SecretString;

use super::Reader;
use crate::authorization::{Authorization, Client};
use crate::fields::CredentialFields;

impl Authorization {
    /// Parses the fields of an authorization. Null fields count as absent.
    ///
    /// # Errors
    ///
    /// If a field is invalid, or one is missing that no metadata has.
    pub fn parse(fields: &CredentialFields, policy: &AddressPolicy) -> Checked<Self> {
        let mut reader = Reader {
            fields,
            known: Vec::new(),
            errors: Vec::new(),
        };
        let authorization_url = reader.optional_url("authorization_url", policy);
        let token_url = reader.optional_url("token_url", policy);
        let server_url = reader.optional_url("server_url", policy);
        let id = reader.optional_text("client_id");
        let secret = reader.optional_text("client_secret");
        if id.is_none() && (secret.is_some() || authorization_url.is_some()) {
            reader.refuse(
                "client_id",
                "is required, unless the gateway registers itself: then give none of client_id, client_secret, \
                 and authorization_url",
            );
        }
        if authorization_url.is_some() && token_url.is_none() && server_url.is_none() {
            reader.refuse("token_url", "is required with an authorization_url");
        }
        let scope = reader.optional_text("scope");
        let extra = reader.extra(true);
        let client_auth = reader.client_auth();
        let response_pointer = reader.response_pointer();
        reader.finish()?;
        Ok(Self {
            endpoint: authorization_url,
            token_url,
            server_url,
            client: id.map(|id| Client {
                id: id.into(),
                secret: secret.map(SecretString::from),
            }),
            scope: scope.map(str::to_owned),
            extra,
            client_auth,
            response_pointer: response_pointer.map(str::to_owned),
        })
    }
}
