//! The metadata of a provider (RFC 8414), of a server that it protects (RFC 9728), and the registration of a client
//! (RFC 7591).

use bytes::Bytes;
use gaiterguard_domain::target::Target;
use gaiterguard_upstream::{Origin, Outbound, PoolKey, SendOptions, Upstream};
use http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use secrecy::SecretString;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::client::Client;
use crate::exchange::exchange;

/// The name under which the gateway registers. Providers show it to the operator.
const CLIENT_NAME: &str = "GaiterGuard";

/// The metadata of a provider and of a server that it protects.
#[derive(Default)]
pub(super) struct Metadata {
    pub(super) issuer: Option<String>,
    pub(super) authorization_endpoint: Option<Target>,
    pub(super) token_endpoint: Option<Target>,
    pub(super) registration_endpoint: Option<Target>,
    /// The server that the tokens are for, by its own identifier.
    pub(super) resource: Option<String>,
    /// The scopes that this server's requests need, separated by spaces.
    pub(super) scope: Option<String>,
}

/// Why the provider's metadata does not lead to an authorization.
#[derive(Debug, thiserror::Error)]
pub enum MetadataError {
    /// There is none.
    #[error(
        "{0} has no OAuth metadata; enter authorization_url, token_url, and client_id, or the server_url of the \
         provider"
    )]
    NotFound(String),
    /// It was not received, or is not valid.
    #[error("the OAuth metadata at {0} cannot be used: {1}")]
    Invalid(String, String),
    /// A URL is missing in it.
    #[error("the OAuth metadata has no {0}")]
    Missing(&'static str),
    /// There is no client, and the provider does not register any.
    #[error("the provider does not register clients; enter client_id")]
    NoClient,
    /// The provider did not register the client.
    #[error("the provider did not register the gateway as a client: {0}; enter client_id")]
    NotRegistered(String),
}

#[derive(Deserialize)]
struct ProtectedResource {
    resource: String,
    #[serde(default)]
    authorization_servers: Vec<String>,
    #[serde(default)]
    scopes_supported: Vec<String>,
}

#[derive(Deserialize)]
struct Provider {
    issuer: Option<String>,
    authorization_endpoint: String,
    token_endpoint: String,
    registration_endpoint: Option<String>,
}

#[derive(Deserialize)]
struct Registered {
    client_id: String,
    client_secret: Option<String>,
}

/// Finds the provider of a server, which may be the provider itself.
pub(super) async fn discover(
    upstream: &Upstream,
    pool: PoolKey,
    server: &Target,
) -> Result<Metadata, MetadataError> {
    let (mut resource, mut scope) = (None, None);
    let mut provider = server.clone();
    for place in well_known(server, "oauth-protected-resource") {
        let Some(found) = read::<ProtectedResource>(upstream, pool, &place).await? else {
            continue;
        };
        if let Some(named) = found.authorization_servers.first() {
            provider = parsed(&place, named)?;
        }
        scope = Some(found.scopes_supported.join(" ")).filter(|scope| !scope.is_empty());
        resource = Some(found.resource);
        break;
    }
    let places = well_known(&provider, "oauth-authorization-server").into_iter();
    let places = places.chain(well_known(&provider, "openid-configuration"));
    for place in places.chain(appended(&provider, "openid-configuration")) {
        let Some(found) = read::<Provider>(upstream, pool, &place).await? else {
            continue;
        };
        let registration = found.registration_endpoint;
        let registration = registration.map(|url| parsed(&place, &url));
        return Ok(Metadata {
            authorization_endpoint: Some(parsed(&place, &found.authorization_endpoint)?),
            token_endpoint: Some(parsed(&place, &found.token_endpoint)?),
            registration_endpoint: registration.transpose()?,
            issuer: found.issuer,
            resource,
            scope,
        });
    }
    Err(MetadataError::NotFound(provider.to_string()))
}

/// Registers the gateway as a public client.
pub(super) async fn register(
    upstream: &Upstream,
    pool: PoolKey,
    endpoint: &Target,
    redirect_uri: &str,
) -> Result<Client, MetadataError> {
    let body = json!({
        "client_name": CLIENT_NAME,
        "redirect_uris": [redirect_uri],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "none",
    });
    let (status, response) = send(upstream, pool, endpoint, Some(body.to_string()))
        .await
        .map_err(MetadataError::NotRegistered)?;
    if !status.is_success() {
        return Err(MetadataError::NotRegistered(format!(
            "status {}",
            status.as_u16()
        )));
    }
    let registered: Registered = serde_json::from_slice(&response)
        .map_err(|_| MetadataError::NotRegistered("its response has no client_id".to_owned()))?;
    Ok(Client {
        id: registered.client_id.into(),
        secret: registered
            .client_secret
            .filter(|secret| !secret.is_empty())
            .map(SecretString::from),
    })
}

/// Returns where metadata of this kind may be: below the root with the path behind it, as the RFCs say, and for
/// the host as a whole.
fn well_known(of: &Target, kind: &str) -> Vec<Target> {
    let path = of.path().trim_end_matches('/');
    let root = format!("/.well-known/{kind}");
    let mut places = vec![format!("{root}{path}"), root];
    places.dedup();
    places
        .iter()
        .filter_map(|place| of.with_path_and_query(place).ok())
        .collect()
}

/// Returns where `OpenID` Connect has it: behind the path.
fn appended(of: &Target, kind: &str) -> Option<Target> {
    let path = of.path().trim_end_matches('/');
    of.with_path_and_query(&format!("{path}/.well-known/{kind}"))
        .ok()
}

/// Reads metadata. `None` if there is none at this place.
async fn read<T: DeserializeOwned>(
    upstream: &Upstream,
    pool: PoolKey,
    place: &Target,
) -> Result<Option<T>, MetadataError> {
    let invalid = |reason: String| MetadataError::Invalid(place.to_string(), reason);
    let (status, response) = send(upstream, pool, place, None).await.map_err(invalid)?;
    if status.is_server_error() {
        return Err(invalid(format!("status {}", status.as_u16())));
    }
    // Servers without metadata respond with a page, a redirect, JSON of their own, or any error.
    if status != StatusCode::OK {
        return Ok(None);
    }
    Ok(serde_json::from_slice(&response).ok())
}

fn parsed(place: &Target, url: &str) -> Result<Target, MetadataError> {
    Target::parse(url).map_err(|refused| {
        MetadataError::Invalid(
            place.to_string(),
            format!("a URL in it is refused: {refused}"),
        )
    })
}

/// Sends a GET, or a POST with JSON. An error is a clause for a sentence.
async fn send(
    upstream: &Upstream,
    pool: PoolKey,
    target: &Target,
    body: Option<String>,
) -> Result<(StatusCode, zeroize::Zeroizing<Vec<u8>>), String> {
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    let method = if body.is_some() {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Method::POST
    } else {
        Method::GET
    };
    let outbound = Outbound {
        pool,
        origin: Origin::from(target.origin()),
        method,
        path_and_query: PathAndQuery::try_from(target.path_and_query())
            .map_err(|_| "its URL cannot be sent".to_owned())?,
        headers,
        web_socket: false,
        body: Bytes::from(body.unwrap_or_default()).into(),
        options: SendOptions::default(),
    };
    let sent = exchange(upstream, outbound).await;
    sent.map_err(|failed| failed.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_is_looked_for_where_the_rfcs_say() {
        let places = |url: &str| -> Vec<String> {
            let target = Target::parse(url).unwrap();
            let places = well_known(&target, "oauth-authorization-server").into_iter();
            let places = places.chain(appended(&target, "openid-configuration"));
            places
                .map(|place| place.path_and_query().to_owned())
                .collect()
        };
        assert_eq!(
            places("https://auth.example/tenant/1/"),
            [
                "/.well-known/oauth-authorization-server/tenant/1",
                "/.well-known/oauth-authorization-server",
                "/tenant/1/.well-known/openid-configuration",
            ]
        );
        assert_eq!(
            places("https://auth.example"),
            [
                "/.well-known/oauth-authorization-server",
                "/.well-known/openid-configuration",
            ]
        );
    }
}
