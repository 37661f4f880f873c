//! The provider's metadata (`OpenID` Connect Discovery 1.0).

use gaiterguard_domain::target::Target;
use gaiterguard_upstream::Upstream;
use http::StatusCode;
use serde::Deserialize;

use crate::error::OidcError;
use crate::exchange;
use crate::settings::OidcSettings;

/// Where the provider's endpoints are, and how it wants to be called.
#[derive(Clone, Debug)]
pub(crate) struct Metadata {
    pub(crate) authorization_endpoint: Target,
    pub(crate) token_endpoint: Target,
    pub(crate) userinfo_endpoint: Option<Target>,
    pub(crate) jwks_uri: Target,
    /// Whether the client's ID and secret are sent in the form, because the provider takes no header.
    pub(crate) secret_in_form: bool,
    /// Whether the provider names itself in every redirect (RFC 9207).
    pub(crate) names_itself: bool,
}

#[derive(Deserialize)]
struct Document {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    userinfo_endpoint: Option<String>,
    jwks_uri: String,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

impl Metadata {
    /// Fetches the metadata.
    pub(crate) async fn fetch(
        upstream: &Upstream,
        settings: &OidcSettings,
    ) -> Result<Self, OidcError> {
        let path = settings.issuer_url.path().trim_end_matches('/');
        let place = format!("{path}/.well-known/openid-configuration");
        let place = settings.issuer_url.with_path_and_query(&place);
        let place = place.map_err(|refused| unusable(refused.to_string()))?;
        let (status, body) = exchange::get(upstream, &place, None).await?;
        if status != StatusCode::OK {
            return Err(unusable(format!("status {}", status.as_u16())));
        }
        Self::read(&body, settings)
    }

    fn read(body: &[u8], settings: &OidcSettings) -> Result<Self, OidcError> {
        let document: Document =
            serde_json::from_slice(body).map_err(|error| unusable(error.to_string()))?;
        if document.issuer != settings.issuer {
            return Err(unusable("its issuer is not exactly OIDC_ISSUER".to_owned()));
        }
        let endpoint = |url: &str| endpoint(url, &settings.issuer_url);
        let methods = document.token_endpoint_auth_methods_supported;
        let takes = |method: &str| {
            methods
                .as_ref()
                .is_none_or(|methods| methods.iter().any(|one| one == method))
        };
        Ok(Self {
            authorization_endpoint: endpoint(&document.authorization_endpoint)?,
            token_endpoint: endpoint(&document.token_endpoint)?,
            userinfo_endpoint: document
                .userinfo_endpoint
                .as_deref()
                .map(endpoint)
                .transpose()?,
            jwks_uri: endpoint(&document.jwks_uri)?,
            secret_in_form: !takes("client_secret_basic"),
            names_itself: document.authorization_response_iss_parameter_supported,
        })
    }
}

/// Parses the URL of an endpoint, which must be as safe as the issuer's own.
fn endpoint(url: &str, issuer: &Target) -> Result<Target, OidcError> {
    let target = Target::parse(url)
        .map_err(|refused| unusable(format!("a URL in it is refused: {refused}")))?;
    let is_https = |target: &Target| target.to_string().starts_with("https:");
    if is_https(issuer) && !is_https(&target) {
        return Err(unusable("a URL in it is not https".to_owned()));
    }
    Ok(target)
}

fn unusable(reason: String) -> OidcError {
    OidcError::Unusable("metadata", reason)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::role_map::RoleMap;

    fn settings() -> OidcSettings {
        OidcSettings {
            issuer: "https://id.example/".to_owned(),
            issuer_url: Target::parse("https://id.example/").unwrap(),
            client_id: "gateway".to_owned(),
            client_secret: None,
            role_claim: None,
            role_map: RoleMap::default(),
        }
    }

    fn document() -> Value {
        json!({
            "issuer": "https://id.example/",
            "authorization_endpoint": "https://id.example/authorize?prompt=login",
            "token_endpoint": "https://id.example/token",
            "jwks_uri": "https://keys.example/jwks",
        })
    }

    fn read(document: &Value) -> Result<Metadata, OidcError> {
        Metadata::read(document.to_string().as_bytes(), &settings())
    }

    #[test]
    fn the_client_authenticates_in_the_header_unless_the_provider_takes_none() {
        let mut document = document();
        assert!(!read(&document).unwrap().secret_in_form);
        document["token_endpoint_auth_methods_supported"] = json!(["client_secret_post"]);
        assert!(read(&document).unwrap().secret_in_form);
        document["token_endpoint_auth_methods_supported"] =
            json!(["client_secret_post", "client_secret_basic"]);
        assert!(!read(&document).unwrap().secret_in_form);
    }

    #[test]
    fn metadata_of_another_issuer_or_with_unsafe_urls_is_refused() {
        for (field, value) in [
            ("issuer", json!("https://id.example")),
            ("issuer", json!("https://evil.example/")),
            ("token_endpoint", json!("http://id.example/token")),
            ("jwks_uri", json!("file:///etc/passwd")),
            ("jwks_uri", Value::Null),
        ] {
            let mut changed = document();
            changed[field] = value;
            let refused = read(&changed);
            assert!(matches!(refused, Err(OidcError::Unusable(..))), "{changed}");
        }
    }
}
