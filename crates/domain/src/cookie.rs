//! The gateway's own cookies. Browsers keep cookies by host name, whatever the port and the path, so
//! an upstream that is reached through the gateway must neither set them nor see them.

use http::HeaderValue;

/// The name of the cookie that holds a refresh token of the dashboard.
pub const REFRESH: &str = "gaiterguard_refresh";

/// The name of the cookie that holds the token of a device that has signed in before.
pub const DEVICE: &str = "gaiterguard_device";

/// The name of the cookie that binds a sign-in at a provider to the browser in which it began.
pub const FLOW: &str = "gaiterguard_flow";

/// The gateway's own cookies.
const OWN: [&str; 3] = [REFRESH, DEVICE, FLOW];

/// Prefixes that add a meaning to a cookie's name (RFC 6265bis, section 4.1.3). Browsers compare
/// them case-insensitively.
const NAME_PREFIXES: [&str; 2] = ["__host-", "__secure-"];

/// Returns whether a `Set-Cookie` value sets one of the gateway's own cookies in any browser.
pub fn sets_own(set_cookie: &HeaderValue) -> bool {
    let pair = set_cookie.as_bytes().split(|byte| *byte == b';').next();
    pair.is_some_and(is_own_pair)
}

/// Removes the gateway's own cookies from a `Cookie` value; returns `None` if no others remain.
pub fn without_own(cookie: &HeaderValue) -> Option<HeaderValue> {
    let pairs = || cookie.as_bytes().split(|byte| *byte == b';');
    if !pairs().any(is_own_pair) {
        return Some(cookie.clone());
    }
    let others: Vec<&[u8]> = pairs()
        .filter(|pair| !is_own_pair(pair))
        .map(<[u8]>::trim_ascii)
        .collect();
    let others = others.join(&b"; "[..]);
    if others.is_empty() {
        return None;
    }
    HeaderValue::from_bytes(&others).ok()
}

/// Returns whether a name-value pair is one of the gateway's own cookies. Browsers send a cookie
/// without a name back as its bare value, and that value may look like a pair.
fn is_own_pair(pair: &[u8]) -> bool {
    let pair = pair.trim_ascii();
    let named = match pair.strip_prefix(b"=") {
        Some(nameless) => nameless.trim_ascii_start(),
        None => pair,
    };
    let name = named.split(|byte| *byte == b'=').next().unwrap_or_default();
    let name = name.trim_ascii().to_ascii_lowercase();
    let plain = NAME_PREFIXES
        .iter()
        .find_map(|prefix| name.strip_prefix(prefix.as_bytes()))
        .unwrap_or(&name);
    OWN.iter().any(|own| own.as_bytes() == plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gateways_own_cookies_are_known_in_every_spelling() {
        for own in [
            "gaiterguard_refresh=planted; Path=/auth",
            "gaiterguard_refresh=",
            "gaiterguard_refresh",
            "  gaiterguard_refresh = planted",
            "\tgaiterguard_refresh\t=planted",
            "GaiterGuard_Refresh=planted",
            "gaiterguard_device=planted; Path=/auth/login",
            "__Host-gaiterguard_refresh=planted; Secure; Path=/",
            "__secure-gaiterguard_refresh=planted; Secure",
            "=gaiterguard_refresh=planted; Path=/auth",
            " = gaiterguard_refresh=planted",
        ] {
            assert!(sets_own(&HeaderValue::from_static(own)), "{own}");
        }
        for other in [
            "session=1",
            "session=gaiterguard_refresh=1",
            "my_gaiterguard_refresh=1",
            "gaiterguard_refreshx=1",
            "gaiterguard_refresh_2=1",
            "gaiterguard_=1",
            "__Host-gaiterguard_devices=1; Secure; Path=/",
            "",
            "=",
        ] {
            assert!(!sets_own(&HeaderValue::from_static(other)), "{other}");
        }
    }

    #[test]
    fn only_the_gateways_own_cookies_are_taken_out() {
        for (cookie, left) in [
            ("a=1; b=2", Some("a=1; b=2")),
            ("a=1;b=2", Some("a=1;b=2")),
            ("a=1; gaiterguard_refresh=gr_1; b=2", Some("a=1; b=2")),
            ("gaiterguard_device=gd_1; a=1", Some("a=1")),
            (
                "gaiterguard_refreshx=1; gaiterguard_refresh=gr_1",
                Some("gaiterguard_refreshx=1"),
            ),
            ("gaiterguard_refresh=gr_1", None),
            ("gaiterguard_refresh=gr_1; gaiterguard_refresh=gr_2", None),
        ] {
            let left = left.map(HeaderValue::from_static);
            assert_eq!(without_own(&HeaderValue::from_static(cookie)), left);
        }
    }
}
