//! Where the requests to a proxy lead.

use gaiterguard_domain::target::{Origin, Target};
use http::Uri;

use crate::proxy_refusal::ProxyRefusal;

/// Returns where a CONNECT request leads. The tunnel carries TLS.
///
/// # Errors
///
/// If the target is malformed, or an IP address: no certificate can be issued for one.
pub fn connect_target(uri: &Uri) -> Result<Origin, ProxyRefusal> {
    let authority = uri.authority().ok_or(ProxyRefusal::NotForProxy)?;
    let target = Target::parse(&format!("https://{authority}"))?;
    by_name(target.origin().clone())
}

/// Returns the URL of a request in absolute form, exactly as it was sent, and where it leads.
///
/// # Errors
///
/// If the request is not in absolute form, or the URL is malformed or names an IP address.
pub fn requested_target(uri: &Uri) -> Result<(String, Origin), ProxyRefusal> {
    if uri.scheme().is_none() {
        return Err(ProxyRefusal::NotForProxy);
    }
    let url = uri.to_string();
    let origin = by_name(Target::parse(&url)?.origin().clone())?;
    Ok((url, origin))
}

fn by_name(origin: Origin) -> Result<Origin, ProxyRefusal> {
    match origin.host.address() {
        Some(_) => Err(ProxyRefusal::Address(origin)),
        None => Ok(origin),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connect(authority: &str) -> Result<String, ProxyRefusal> {
        connect_target(&authority.parse().unwrap()).map(|origin| origin.to_string())
    }

    #[test]
    fn a_tunnel_leads_to_a_host_name_and_a_port() {
        for (authority, origin) in [
            ("api.example.com:443", "https://api.example.com"),
            ("API.example.COM.:8443", "https://api.example.com:8443"),
        ] {
            assert_eq!(connect(authority).unwrap(), origin);
        }
    }

    #[test]
    fn addresses_in_any_spelling_and_malformed_targets_are_refused() {
        for authority in ["127.0.0.1:443", "[::1]:443", "[::ffff:10.0.0.1]:443"] {
            assert!(
                matches!(connect(authority), Err(ProxyRefusal::Address(_))),
                "{authority}"
            );
        }
        for authority in [
            "127.1:443",
            "0x7f.1:443",
            "2130706433:443",
            "user@api.example.com:443",
            "-a.example.com:443",
            "api.example.com:0",
            "api.example.com:99999",
        ] {
            assert!(
                matches!(connect(authority), Err(ProxyRefusal::Target(_))),
                "{authority}: {:?}",
                connect(authority)
            );
        }
        let path = "/status".parse().unwrap();
        assert!(matches!(
            connect_target(&path),
            Err(ProxyRefusal::NotForProxy)
        ));
    }

    #[test]
    fn a_url_stays_as_it_was_sent() {
        for url in [
            "http://api.example.com/v1/a%2Fb?x=%20&y",
            "http://api.example.com:8080/",
            "https://api.example.com/v1",
        ] {
            let (found, origin) = requested_target(&url.parse().unwrap()).unwrap();
            assert_eq!(found, url);
            assert!(url.starts_with(&origin.to_string()), "{origin}");
        }
        for (url, is_address) in [("http://10.0.0.1/", true), ("/v1/charges", false)] {
            let refused = requested_target(&url.parse().unwrap()).unwrap_err();
            assert_eq!(matches!(refused, ProxyRefusal::Address(_)), is_address);
        }
    }
}
