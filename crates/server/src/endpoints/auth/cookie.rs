//! The refresh token as a cookie: no script can read it, no other site can send it, and it comes
//! to the endpoints of sessions alone.

use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};
use secrecy::{ExposeSecret, SecretString};

use super::origin::PublicOrigin;

const NAME: &str = "gaiterguard_refresh";

/// `Set-Cookie` with a refresh token. It lives as long as the browser's session; the token in it
/// has its own end.
pub(super) fn set(token: &SecretString, public_origin: &PublicOrigin) -> HeaderValue {
    header(token.expose_secret(), "", public_origin)
}

/// `Set-Cookie` that removes it.
pub(super) fn clear(public_origin: &PublicOrigin) -> HeaderValue {
    header("", "; Max-Age=0", public_origin)
}

fn header(value: &str, more: &str, public_origin: &PublicOrigin) -> HeaderValue {
    let secure = if public_origin.is_https() {
        "; Secure"
    } else {
        ""
    };
    let text = format!("{NAME}={value}; Path=/auth; HttpOnly; SameSite=Strict{secure}{more}");
    let mut header =
        HeaderValue::try_from(text).unwrap_or_else(|_| unreachable!("tokens are visible ASCII"));
    header.set_sensitive(true);
    header
}

/// The refresh token that a request's cookie holds. Two such cookies are none.
pub(super) fn get(headers: &HeaderMap) -> Option<SecretString> {
    let mut tokens = headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().strip_prefix(NAME)?.strip_prefix('='));
    let token = tokens.next()?;
    (tokens.next().is_none() && !token.is_empty()).then(|| token.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cookies(value: &'static str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, HeaderValue::from_static(value));
        headers
    }

    #[test]
    fn a_cookie_is_for_this_site_alone_and_secure_where_the_gateway_is() {
        let token = SecretString::from("gr_1");
        let plain = set(&token, &PublicOrigin::of("http://127.0.0.1:3000"));
        assert_eq!(
            plain,
            "gaiterguard_refresh=gr_1; Path=/auth; HttpOnly; SameSite=Strict"
        );
        assert!(!format!("{plain:?}").contains("gr_1"));
        let public_origin = PublicOrigin::of("https://gate.example.com");
        assert_eq!(
            set(&token, &public_origin),
            "gaiterguard_refresh=gr_1; Path=/auth; HttpOnly; SameSite=Strict; Secure"
        );
        assert_eq!(
            clear(&public_origin),
            "gaiterguard_refresh=; Path=/auth; HttpOnly; SameSite=Strict; Secure; Max-Age=0"
        );
    }

    #[test]
    fn a_cookie_is_found_among_others_if_it_is_the_only_one_of_its_name() {
        let found = get(&cookies("a=1; gaiterguard_refresh=gr_1; b=2")).unwrap();
        assert_eq!(found.expose_secret(), "gr_1");
        for none in [
            "a=1",
            "gaiterguard_refresh=",
            "gaiterguard_refresh_2=gr_1",
            "gaiterguard_refresh=gr_1; gaiterguard_refresh=gr_2",
        ] {
            assert!(get(&cookies(none)).is_none(), "{none}");
        }
    }
}
