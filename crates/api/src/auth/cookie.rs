//! Cookies for the refresh token and the device token. They are `HttpOnly`, `SameSite=Strict`, and
//! limited to the paths that need them.

use gaiterguard_identity::{DEVICE_LIFETIME, FLOW_LIFETIME};
use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};
use secrecy::{ExposeSecret, SecretString};

use super::origin::PublicOrigin;

/// Cookie with the refresh token.
const REFRESH: Cookie = Cookie {
    name: gaiterguard_domain::cookie::REFRESH,
    path: "/auth",
};

/// Cookie with the token of a device that a user signed in on. Needed wherever a password is checked.
const DEVICE: Cookie = Cookie {
    name: gaiterguard_domain::cookie::DEVICE,
    path: "/auth",
};

/// Cookie with the token of a sign-in that has begun at a provider.
const FLOW: Cookie = Cookie {
    name: gaiterguard_domain::cookie::FLOW,
    path: "/auth/oidc",
};

/// Returns a `Set-Cookie` value with the token of a sign-in that has begun at a provider.
pub(super) fn set_flow(token: &SecretString, public_origin: &PublicOrigin) -> HeaderValue {
    let max_age = format!("; Max-Age={}", FLOW_LIFETIME.as_secs());
    FLOW.header(token.expose_secret(), &max_age, public_origin)
}

/// Returns a `Set-Cookie` value that removes that token.
pub(super) fn clear_flow(public_origin: &PublicOrigin) -> HeaderValue {
    FLOW.header("", "; Max-Age=0", public_origin)
}

/// Returns that token in the request's cookie. Returns `None` if the cookie appears twice.
pub(super) fn get_flow(headers: &HeaderMap) -> Option<SecretString> {
    FLOW.get(headers)
}

/// Returns a `Set-Cookie` value with a refresh token. The cookie lasts as long as the browser
/// session; the token has its own expiry.
pub(super) fn set(token: &SecretString, public_origin: &PublicOrigin) -> HeaderValue {
    REFRESH.header(token.expose_secret(), "", public_origin)
}

/// Returns a `Set-Cookie` value that removes the refresh token.
pub(super) fn clear(public_origin: &PublicOrigin) -> HeaderValue {
    REFRESH.header("", "; Max-Age=0", public_origin)
}

/// Returns the refresh token in the request's cookie. Returns `None` if the cookie appears twice.
pub(super) fn get(headers: &HeaderMap) -> Option<SecretString> {
    REFRESH.get(headers)
}

/// Returns a `Set-Cookie` value with a device token. It outlives the session, because it identifies
/// the device at the next login.
pub(super) fn set_device(token: &SecretString, public_origin: &PublicOrigin) -> HeaderValue {
    let max_age = format!("; Max-Age={}", DEVICE_LIFETIME.as_secs());
    DEVICE.header(token.expose_secret(), &max_age, public_origin)
}

/// Returns the device token in the request's cookie. Returns `None` if the cookie appears twice.
pub(super) fn get_device(headers: &HeaderMap) -> Option<SecretString> {
    DEVICE.get(headers)
}

struct Cookie {
    name: &'static str,
    path: &'static str,
}

impl Cookie {
    fn header(&self, value: &str, more: &str, public_origin: &PublicOrigin) -> HeaderValue {
        let Self { name, path } = self;
        let secure = if public_origin.is_https() {
            "; Secure"
        } else {
            ""
        };
        let below = public_origin.path();
        let text =
            format!("{name}={value}; Path={below}{path}; HttpOnly; SameSite=Strict{secure}{more}");
        let mut header = HeaderValue::try_from(text)
            .unwrap_or_else(|_| unreachable!("tokens are visible ASCII"));
        header.set_sensitive(true);
        header
    }

    fn get(&self, headers: &HeaderMap) -> Option<SecretString> {
        let mut tokens = headers
            .get_all(COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().strip_prefix(self.name)?.strip_prefix('='));
        let token = tokens.next()?;
        (tokens.next().is_none() && !token.is_empty()).then(|| token.into())
    }
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
    fn a_device_is_remembered_wherever_a_password_is_checked() {
        let token = SecretString::from("gd_1");
        assert_eq!(
            set_device(&token, &PublicOrigin::of("https://gate.example.com")),
            "gaiterguard_device=gd_1; Path=/auth; HttpOnly; SameSite=Strict; Secure; \
             Max-Age=15552000"
        );
        let headers = cookies("gaiterguard_refresh=gr_1; gaiterguard_device=gd_1");
        assert_eq!(get_device(&headers).unwrap().expose_secret(), "gd_1");
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
