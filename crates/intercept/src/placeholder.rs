//! The credential that a client behind the proxy sends in place of the service's own.

use gaiterguard_domain::service::{AuthType, Service};
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName};

/// The headers in which clients usually send a credential.
const CREDENTIAL_HEADERS: [HeaderName; 2] = [AUTHORIZATION, HeaderName::from_static("x-api-key")];

/// Returns the URL with the placeholder of the service's credential in place of the agent key, where a client
/// sends that as the part of the path that is its credential.
pub(crate) fn with_path_placeholder(url: String, key: &str, service: &Service) -> String {
    match service.place().placeholder() {
        Some(placeholder) if url.contains(key) => url.replacen(key, &placeholder.to_string(), 1),
        _ => url,
    }
}

/// Removes the credential that a client sends to a service whose credential the gateway injects. A client
/// behind the proxy has only a placeholder, and does not always send it in the place of the service's
/// credential. The engine removes the contents of that place itself, among them a signature, after it has
/// read what the signature is for.
pub(crate) fn remove_placeholder_credentials(headers: &mut HeaderMap, service: &Service) {
    if service.auth_type != AuthType::None {
        let place = service.place().headers();
        for name in CREDENTIAL_HEADERS {
            if !place.contains(&name) {
                headers.remove(name);
            }
        }
    }
}
