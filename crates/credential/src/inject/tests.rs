//! Tests of requests with an injected credential.

use gaiterguard_domain::target::Target;
use gaiterguard_domain::time::Timestamp;
use percent_encoding::percent_decode_str;
use proptest::prelude::*;

use super::*;
use crate::grant::{AccessToken, OauthGrant};
use crate::query::is_parameter;

fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        headers.append(
            HeaderName::try_from(*name).unwrap(),
            HeaderValue::try_from(*value).unwrap(),
        );
    }
    headers
}

fn injected(
    credential: &Credential,
    before: &[(&str, &str)],
    path_and_query: &str,
) -> (HeaderMap, String) {
    let mut headers = headers(before);
    let mut path_and_query = PathAndQuery::try_from(path_and_query).unwrap();
    inject(credential, &mut headers, &mut path_and_query).unwrap();
    (headers, path_and_query.as_str().to_owned())
}

fn all<'a>(headers: &'a HeaderMap, name: &str) -> Vec<&'a str> {
    headers
        .get_all(name)
        .iter()
        .map(|value| value.to_str().unwrap())
        .collect()
}

#[test]
fn the_injected_header_appears_once_and_last_and_is_sensitive() {
    let credential = Credential::Bearer {
        token: "vault".into(),
    };
    let (headers, path) = injected(
        &credential,
        &[
            ("authorization", "Bearer mine"),
            ("authorization", "Basic mine"),
            ("x-kept", "1"),
            ("accept-encoding", "br"),
            ("accept-encoding", "gzip"),
        ],
        "/a?b=%2f",
    );
    assert_eq!(all(&headers, "authorization"), ["Bearer vault"]);
    assert!(headers["authorization"].is_sensitive());
    assert_eq!(all(&headers, "x-kept"), ["1"]);
    assert_eq!(all(&headers, "accept-encoding"), ["identity"]);
    assert_eq!(path, "/a?b=%2f");
}

#[test]
fn a_basic_credential_is_encoded_as_in_rfc_7617() {
    let credential = Credential::Basic {
        username: "Aladdin".into(),
        password: "open sesame".into(),
    };
    let (headers, _) = injected(&credential, &[], "/");
    assert_eq!(
        all(&headers, "authorization"),
        ["Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="]
    );
}

#[test]
fn an_api_key_header_replaces_every_spelling_of_it() {
    let credential = Credential::ApiKey {
        headers: vec![
            (HeaderName::from_static("x-api-key"), "one".into()),
            (HeaderName::from_static("x-account"), "two words".into()),
        ],
    };
    let (headers, _) = injected(
        &credential,
        &[
            ("x-api_key", "mine"),
            ("X-API-Key", "mine"),
            ("x_account", "mine"),
        ],
        "/",
    );
    assert_eq!(all(&headers, "x-api-key"), ["one"]);
    assert_eq!(all(&headers, "x-account"), ["two words"]);
    assert!(!headers.contains_key("x-api_key") && !headers.contains_key("x_account"));
}

#[test]
fn a_grant_without_an_access_token_cannot_be_injected() {
    let mut grant = OauthGrant {
        token_url: Target::parse("https://id.example.com/token").unwrap(),
        client_id: "id".into(),
        client_secret: Some("secret".into()),
        refresh_token: None,
        scope: None,
        extra: Vec::new(),
        client_auth: None,
        accepted_auth: None,
        response_pointer: None,
        access: None,
    };
    let mut map = HeaderMap::new();
    let mut path = PathAndQuery::from_static("/");
    let credential = Credential::Oauth2Grant(Box::new(OauthGrant {
        token_url: grant.token_url.clone(),
        client_id: "id".into(),
        client_secret: Some("secret".into()),
        refresh_token: None,
        scope: None,
        extra: Vec::new(),
        client_auth: None,
        accepted_auth: None,
        response_pointer: None,
        access: None,
    }));
    assert_eq!(
        inject(&credential, &mut map, &mut path),
        Err(InjectError::NoAccessToken)
    );
    assert!(map.is_empty());
    grant.access = Some(AccessToken {
        token: "fetched".into(),
        fetched_at: Timestamp(0),
        expires_at: None,
    });
    let (headers, _) = injected(&Credential::Oauth2Grant(Box::new(grant)), &[], "/");
    assert_eq!(all(&headers, "authorization"), ["Bearer fetched"]);
}

#[test]
fn a_query_credential_is_appended_and_the_rest_is_untouched() {
    let credential = Credential::Query {
        param: "api key".to_owned(),
        value: "a+b&c=d/é".into(),
    };
    let own = "api%20key=a%2Bb%26c%3Dd%2F%C3%A9";
    for (before, after) in [
        ("/v1", format!("/v1?{own}")),
        ("/v1?", format!("/v1?{own}")),
        ("/v1?a=%2f+%41&&b", format!("/v1?a=%2f+%41&&b&{own}")),
        ("/v1?a=1&", format!("/v1?a=1&{own}")),
        ("/v1?api%20key=mine", format!("/v1?{own}")),
        ("/v1?a=1&api+key=mine&b=2", format!("/v1?a=1&b=2&{own}")),
        ("/v1?%61pi%20%6bey=mine&a=1", format!("/v1?a=1&{own}")),
        ("/v1?API%20Key&a=1", format!("/v1?a=1&{own}")),
        ("/v1?a=1;api%20key=mine;b=2", format!("/v1?a=1;b=2&{own}")),
        ("/v1?a=api%20key=1", format!("/v1?a=api%20key=1&{own}")),
        ("/v1?api%2520key=1", format!("/v1?api%2520key=1&{own}")),
    ] {
        let (headers, path) = injected(&credential, &[("authorization", "x")], before);
        assert_eq!(path, after, "{before}");
        assert_eq!(all(&headers, "authorization"), ["x"]);
    }
}

#[test]
fn a_url_that_would_be_too_long_is_refused_and_not_changed() {
    let credential = Credential::Query {
        param: "key".to_owned(),
        value: "é".repeat(16 * 1024).into(),
    };
    let mut path = PathAndQuery::from_static("/a");
    let result = inject(&credential, &mut HeaderMap::new(), &mut path);
    assert_eq!(result, Err(InjectError::TooLong));
    assert_eq!(path, "/a");
}

proptest! {
    #[test]
    fn the_parameter_appears_exactly_once_whatever_the_agent_wrote(
        query in "[kK%6b4BeEyY&;=a+]{0,24}",
        value in "[ -~é]{1,12}",
    ) {
        let before = format!("/p?{query}");
        prop_assume!(before.parse::<PathAndQuery>().is_ok());
        let credential = Credential::Query { param: "key".to_owned(), value: value.clone().into() };
        let (_, after) = injected(&credential, &[], &before);
        let (_, query) = after.split_once('?').unwrap();
        let found: Vec<String> = query
            .split(['&', ';'])
            .filter(|piece| is_parameter(piece, "key"))
            .map(|piece| {
                let encoded = piece.split_once('=').unwrap().1;
                percent_decode_str(encoded).decode_utf8().unwrap().into_owned()
            })
            .collect();
        prop_assert_eq!(found, vec![value]);
        prop_assert!(query.rsplit('&').next().unwrap().starts_with("key="));
    }
}
