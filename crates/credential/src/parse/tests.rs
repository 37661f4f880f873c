//! Accepted and refused credentials, and the names of the refused fields.

use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::*;

fn parse(auth_type: AuthType, value: &Value) -> Result<Credential, Vec<FieldError>> {
    let fields = value.as_object().unwrap().clone().into();
    Credential::parse(auth_type, &fields, &AddressPolicy::default())
}

fn refused_fields(auth_type: AuthType, value: &Value) -> Vec<String> {
    let mut fields: Vec<String> = parse(auth_type, value)
        .expect_err(&value.to_string())
        .into_iter()
        .map(|error| error.field)
        .collect();
    fields.sort();
    fields
}

#[test]
fn each_type_is_parsed_in_its_own_form() {
    let headers = |value: &Value| match parse(AuthType::ApiKey, value).unwrap() {
        Credential::ApiKey { headers } => headers
            .iter()
            .map(|(name, value)| format!("{name}={}", value.expose_secret()))
            .collect::<Vec<_>>()
            .join(" "),
        other => panic!("{other:?}"),
    };
    assert_eq!(headers(&json!({"value": "k"})), "x-api-key=k");
    assert_eq!(
        headers(&json!({"header": null, "value": "k"})),
        "x-api-key=k"
    );
    assert_eq!(
        headers(&json!({"header": "X-Own", "value": "k"})),
        "x-own=k"
    );
    assert_eq!(
        headers(&json!({"X-One": "1", "X-Two": "2 3"})),
        "x-one=1 x-two=2 3"
    );
    assert_eq!(
        headers(&json!({"Authorization": "Token abc"})),
        "authorization=Token abc"
    );

    assert!(matches!(
        parse(AuthType::Bearer, &json!({"token": "t"})),
        Ok(Credential::Bearer { token }) if token.expose_secret() == "t"
    ));
    assert!(matches!(
        parse(
            AuthType::Basic,
            &json!({"username": "sk_1", "password": ""})
        ),
        Ok(Credential::Basic { .. })
    ));
    assert!(matches!(
        parse(AuthType::Query, &json!({"param": "ключ", "value": "é & ="})),
        Ok(Credential::Query { param, .. }) if param == "ключ"
    ));
    assert!(matches!(
        parse(AuthType::Oauth2, &json!({"access_token": "t"})),
        Ok(Credential::Oauth2Static { .. })
    ));
    let grant = json!({
        "token_url": "https://id.example.com/oauth/token?tenant=1",
        "client_id": "c", "client_secret": "s", "refresh_token": null, "scope": "read write",
    });
    let Ok(Credential::Oauth2Grant(grant)) = parse(AuthType::Oauth2, &grant) else {
        panic!("expected a grant")
    };
    assert_eq!(
        grant.token_url.to_string(),
        "https://id.example.com/oauth/token?tenant=1"
    );
    assert!(grant.refresh_token.is_none() && grant.access.is_none());
    assert_eq!(grant.scope.as_deref(), Some("read write"));
}

#[test]
fn each_refusal_names_its_field() {
    let long = "a".repeat(CREDENTIAL_VALUE_BYTES_MAX + 1);
    for (auth_type, value, fields) in [
        (AuthType::None, json!({}), vec!["credentials"]),
        (AuthType::Bearer, json!({}), vec!["token"]),
        (AuthType::Bearer, json!({"token": null}), vec!["token"]),
        (AuthType::Bearer, json!({"token": ""}), vec!["token"]),
        (AuthType::Bearer, json!({"token": 5}), vec!["token"]),
        (AuthType::Bearer, json!({"token": ["a"]}), vec!["token"]),
        (
            AuthType::Bearer,
            json!({"token": "a\r\nX: y"}),
            vec!["token"],
        ),
        (AuthType::Bearer, json!({"token": "a\tb"}), vec!["token"]),
        (AuthType::Bearer, json!({"token": "a\u{0}b"}), vec!["token"]),
        (
            AuthType::Bearer,
            json!({"token": "a\u{7f}b"}),
            vec!["token"],
        ),
        (AuthType::Bearer, json!({"token": "é"}), vec!["token"]),
        (AuthType::Bearer, json!({"token": " a"}), vec!["token"]),
        (AuthType::Bearer, json!({"token": "a "}), vec!["token"]),
        (AuthType::Bearer, json!({"token": long}), vec!["token"]),
        (
            AuthType::Bearer,
            json!({"token": "a", "tokne": "b"}),
            vec!["tokne"],
        ),
        (AuthType::Basic, json!({"username": "a"}), vec!["password"]),
        (AuthType::Basic, json!({}), vec!["password", "username"]),
        (
            AuthType::Basic,
            json!({"username": "a:b", "password": "c"}),
            vec!["username"],
        ),
        (
            AuthType::Basic,
            json!({"username": "", "password": ""}),
            vec!["password"],
        ),
        (
            AuthType::Basic,
            json!({"username": "a\n", "password": "b\u{1}"}),
            vec!["password", "username"],
        ),
        (AuthType::ApiKey, json!({}), vec!["value"]),
        (AuthType::ApiKey, json!({"header": "X-A"}), vec!["value"]),
        (
            AuthType::ApiKey,
            json!({"header": "X A", "value": "b"}),
            vec!["header"],
        ),
        (
            AuthType::ApiKey,
            json!({"header": 5, "value": "b"}),
            vec!["header"],
        ),
        (
            AuthType::ApiKey,
            json!({"header": "Host", "value": "b"}),
            vec!["header"],
        ),
        (
            AuthType::ApiKey,
            json!({"value": "b", "X-A": "c"}),
            vec!["X-A"],
        ),
        (
            AuthType::ApiKey,
            json!({"Content-Length": "5"}),
            vec!["Content-Length"],
        ),
        (
            AuthType::ApiKey,
            json!({"Transfer_Encoding": "chunked"}),
            vec!["Transfer_Encoding"],
        ),
        (
            AuthType::ApiKey,
            json!({"Proxy-Authorization": "a"}),
            vec!["Proxy-Authorization"],
        ),
        (
            AuthType::ApiKey,
            json!({"X-A": "é", "X-B": 1}),
            vec!["X-A", "X-B"],
        ),
        (
            AuthType::ApiKey,
            json!({"X-A": "1", "x_a": "2"}),
            vec!["x_a"],
        ),
        (AuthType::ApiKey, json!({"X-A\r\n": "1"}), vec!["X-A\r\n"]),
        (AuthType::Query, json!({"value": "1"}), vec!["param"]),
        (
            AuthType::Query,
            json!({"param": "", "value": ""}),
            vec!["param", "value"],
        ),
        (
            AuthType::Query,
            json!({"param": "a".repeat(257), "value": "1"}),
            vec!["param"],
        ),
        (AuthType::Oauth2, json!({}), vec!["access_token"]),
        (
            AuthType::Oauth2,
            json!({"access_token": "a b\n"}),
            vec!["access_token"],
        ),
        (
            AuthType::Oauth2,
            json!({"access_token": "a", "client_id": "b"}),
            vec!["client_id"],
        ),
        (
            AuthType::Oauth2,
            json!({"token_url": "https://id.example.com/"}),
            vec!["client_id", "client_secret"],
        ),
    ] {
        assert_eq!(refused_fields(auth_type, &value), fields, "{value}");
    }
}

#[test]
fn a_grant_has_what_its_provider_asks_for() {
    let grant = |more: Value| {
        let mut fields = json!({"token_url": "https://id.example.com/token", "client_id": "c"});
        let more = more.as_object().unwrap().clone();
        fields.as_object_mut().unwrap().extend(more);
        fields
    };
    for accepted in [
        json!({"client_secret": "s", "extra": {"audience": "https://api.example.com/"}}),
        json!({"client_secret": "s", "extra": {"grant_type": "account_credentials", "x": null}}),
        json!({"client_secret": "s", "client_auth": "form", "response_pointer": "/data"}),
        json!({"refresh_token": "r"}),
        json!({"refresh_token": "r", "client_auth": "none"}),
        json!({"extra": {"grant_type": "password", "username": "u", "password": "p"}}),
    ] {
        let parsed = parse(AuthType::Oauth2, &grant(accepted.clone()));
        assert!(parsed.is_ok(), "{accepted}: {:?}", parsed.err());
    }
    for (refused, field) in [
        (json!({}), "client_secret"),
        (
            json!({"refresh_token": "r", "client_auth": "basic"}),
            "client_secret",
        ),
        (
            json!({"client_secret": "s", "client_auth": "none"}),
            "client_secret",
        ),
        (
            json!({"client_secret": "s", "client_auth": "post"}),
            "client_auth",
        ),
        (
            json!({"client_secret": "s", "response_pointer": "data"}),
            "response_pointer",
        ),
        (
            json!({"client_secret": "s", "extra": "audience=x"}),
            "extra",
        ),
        (
            json!({"client_secret": "s", "extra": {"audience": 5}}),
            "extra",
        ),
        (json!({"client_secret": "s", "extra": {"": "x"}}), "extra"),
        (
            json!({"client_secret": "s", "extra": {"scope": "x"}}),
            "extra.scope",
        ),
        (
            json!({"refresh_token": "r", "extra": {"grant_type": "x"}}),
            "extra.grant_type",
        ),
    ] {
        let fields = refused_fields(AuthType::Oauth2, &grant(refused.clone()));
        assert_eq!(fields, [field], "{refused}");
    }
}

#[test]
fn a_token_endpoint_is_an_absolute_address_that_may_be_dialed() {
    for token_url in [
        "id.example.com/token",
        "/token",
        "ftp://id.example.com/token",
        "https://user:password@id.example.com/token",
        "https://id.example.com/token#part",
        "https://id.example.com/../token",
        "https://127.0.0.1/token",
        "https://169.254.169.254/token",
        "https://[::1]/token",
        "https://[::ffff:10.0.0.1]/token",
        "https://2130706433/token",
        "",
    ] {
        let value = json!({"token_url": token_url, "client_id": "c", "client_secret": "s"});
        assert_eq!(
            refused_fields(AuthType::Oauth2, &value),
            ["token_url"],
            "{token_url}"
        );
    }
}

#[test]
fn a_refusal_never_repeats_the_value() {
    let value = json!({"token": "canary-value\n", "canary-field": "canary-value"});
    let errors = parse(AuthType::Bearer, &value).unwrap_err();
    let shown = format!("{errors:?}");
    assert!(!shown.contains("canary-value"), "{shown}");
}

#[test]
fn everything_that_an_upstream_could_echo_is_masked() {
    let masked = |auth_type, value: Value| -> Vec<String> {
        parse(auth_type, &value)
            .unwrap()
            .masked_secrets()
            .iter()
            .map(|secret| secret.expose_secret().to_owned())
            .collect()
    };
    assert_eq!(
        masked(AuthType::Basic, json!({"username": "u", "password": "p"})),
        ["u:p", "p"]
    );
    assert_eq!(
        masked(AuthType::Basic, json!({"username": "sk", "password": ""})),
        ["sk:", "sk"]
    );
    assert_eq!(
        masked(AuthType::ApiKey, json!({"X-A": "1", "X-B": "2"})),
        ["1", "2"]
    );
    assert_eq!(
        masked(AuthType::ApiKey, json!({"Authorization": "Token abc-1"})),
        ["Token abc-1", "abc-1"]
    );
    let basic = json!({"username": "user", "password": "open sesame"});
    let hides = parse(AuthType::Basic, &basic).unwrap().masker();
    let echo = b"Basic dXNlcjpvcGVuIHNlc2FtZQ== open%20sesame user:open sesame";
    let shown = String::from_utf8(hides.mask_bytes(echo).into_owned()).unwrap();
    assert!(
        !shown.contains("dXNl") && !shown.contains("sesame"),
        "{shown}"
    );
    let grant = json!({
        "token_url": "https://id.example.com/token",
        "client_id": "c", "client_secret": "s", "refresh_token": "r",
    });
    assert_eq!(masked(AuthType::Oauth2, grant), ["s", "r"]);
    let grant = json!({
        "token_url": "https://id.example.com/token", "client_id": "c",
        "extra": {"grant_type": "password", "username": "ann", "password": "p"},
    });
    assert_eq!(masked(AuthType::Oauth2, grant), ["p"]);
}

#[test]
fn a_key_of_aws_names_every_field_that_is_wrong() {
    let wrong = json!({
        "access_key_id": "AKID/x", "session_token": " t", "region": "eu_west", "service": "s3/x", "more": "1",
    });
    assert_eq!(
        refused_fields(AuthType::AwsSigv4, &wrong),
        [
            "access_key_id",
            "more",
            "region",
            "secret_access_key",
            "service",
            "session_token"
        ]
    );
    let valid = json!({"access_key_id": "AKID", "secret_access_key": "a/b+c", "region": null});
    let credential = parse(AuthType::AwsSigv4, &valid).unwrap();
    let names = credential.names_of_values();
    assert_eq!(names, ["access_key_id", "secret_access_key"]);
    let secrets = credential.masked_secrets();
    let secrets: Vec<&str> = secrets.iter().map(ExposeSecret::expose_secret).collect();
    assert_eq!(secrets, ["a/b+c"]);
}
