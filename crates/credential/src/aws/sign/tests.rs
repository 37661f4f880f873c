//! Tests with the requests and signatures that AWS publishes: the examples in the documentation of S3 and of
//! Signature Version 4, and the signing test suite.

use http::Method;

use super::*;

const S3_KEY: (&str, &str) = (
    "AKIAIOSFODNN7EXAMPLE",
    "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
);
const SUITE_KEY: (&str, &str) = ("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");

/// 2013-05-24T00:00:00Z.
const S3_TIME: Timestamp = Timestamp(1_369_353_600_000);
/// 2015-08-30T12:36:00Z.
const SUITE_TIME: Timestamp = Timestamp(1_440_938_160_000);

fn key((id, secret): (&str, &str)) -> AwsKey {
    AwsKey {
        access_key_id: id.into(),
        secret_access_key: secret.into(),
        session_token: None,
        scope: gaiterguard_domain::aws_signature::PartialScope::default(),
    }
}

struct Sent {
    headers: HeaderMap,
    path_and_query: String,
    signature: String,
}

fn send(
    key: &AwsKey,
    at: Timestamp,
    (method, url, scope): (&str, &str, &'static str),
    headers: &[(&'static str, &'static str)],
    body: Option<&[u8]>,
) -> Result<Sent, InjectError> {
    let target = gaiterguard_domain::target::Target::parse(url).unwrap();
    let given = headers.iter();
    let mut headers: HeaderMap = given
        .map(|(name, value)| {
            (
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            )
        })
        .collect();
    headers.insert(SIGNING_SCOPE, HeaderValue::from_static(scope));
    let mut path_and_query = PathAndQuery::try_from(target.path_and_query()).unwrap();
    let request = Signable {
        method: &Method::from_bytes(method.as_bytes()).unwrap(),
        origin: target.origin(),
        headers: &mut headers,
        path_and_query: &mut path_and_query,
        body,
    };
    let signature = signed(key, at, Duration::from_hours(24), request)?;
    Ok(Sent {
        headers,
        path_and_query: path_and_query.as_str().to_owned(),
        signature: signature.expose_secret().to_owned(),
    })
}

#[test]
fn the_examples_of_s3_have_the_documented_signatures() {
    let url = "https://examplebucket.s3.amazonaws.com";
    for (method, path, headers, body, signature) in [
        (
            "GET",
            "/test.txt",
            &[("range", "bytes=0-9")][..],
            "",
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
        ),
        (
            "PUT",
            "/test$file.text",
            &[
                ("date", "Fri, 24 May 2013 00:00:00 GMT"),
                ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
            ],
            "Welcome to Amazon S3.",
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
        ),
        (
            "GET",
            "/?lifecycle",
            &[],
            "",
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
        ),
        (
            "GET",
            "/?max-keys=2&prefix=J",
            &[],
            "",
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
        ),
    ] {
        let url = format!("{url}{path}");
        let request = (method, url.as_str(), "us-east-1/s3");
        let sent = send(
            &key(S3_KEY),
            S3_TIME,
            request,
            headers,
            Some(body.as_bytes()),
        )
        .unwrap();
        assert_eq!(sent.signature, signature, "{method} {path}");
        let authorization = sent.headers["authorization"].to_str().unwrap();
        let scope =
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request";
        assert!(authorization.starts_with(scope), "{authorization}");
        assert!(authorization.ends_with(signature), "{authorization}");
        assert_eq!(sent.headers["x-amz-date"], "20130524T000000Z");
        assert_eq!(sent.path_and_query, path);
    }
}

#[test]
fn a_request_with_the_mark_is_signed_in_its_query() {
    let url = "https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256";
    let request = ("GET", url, "us-east-1/s3");
    let sent = send(&key(S3_KEY), S3_TIME, request, &[], Some(b"")).unwrap();
    assert_eq!(
        sent.path_and_query,
        "/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256\
         &X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request\
         &X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host\
         &X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
    );
    assert!(sent.headers.is_empty(), "{:?}", sent.headers);
}

/// Reads the requests of the suite, less the header that the signature of the suite does not cover.
#[test]
fn the_signing_test_suite_has_the_documented_signatures() {
    let body = "Param1=value1";
    let form = ("content-type", "application/x-www-form-urlencoded");
    for (method, path, headers, body, signature) in [
        (
            "GET",
            "/",
            &[][..],
            "",
            "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
        ),
        (
            "GET",
            "/?Param2=value2&Param1=value1",
            &[],
            "",
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
        ),
        (
            "POST",
            "/",
            &[],
            "",
            "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
        ),
        (
            "POST",
            "/",
            &[form],
            body,
            "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
        ),
        ("GET", "/example%20space/", &[], "", ""),
    ] {
        // The suite does not send the digest of the body.
        let url = format!("https://example.amazonaws.com{path}");
        let request = (method, url.as_str(), "us-east-1/service");
        let signature_of = |checksum| {
            let target = gaiterguard_domain::target::Target::parse(&url).unwrap();
            let mut settings = settings(
                &SigningScope::parse(&HeaderValue::from_static(request.2)).unwrap(),
                None,
            );
            settings.payload_checksum_kind = checksum;
            let identity = identity(&key(SUITE_KEY));
            let params = v4::SigningParams::builder()
                .identity(&identity)
                .region("us-east-1")
                .name("service")
                .time(time(SUITE_TIME))
                .settings(settings)
                .build()
                .unwrap();
            let signable = SignableRequest::new(
                method,
                target.to_string(),
                headers.iter().copied(),
                SignableBody::Bytes(body.as_bytes()),
            );
            let signed = aws_sigv4::http_request::sign(signable.unwrap(), &params.into());
            signed.unwrap().signature().to_owned()
        };
        if !signature.is_empty() {
            assert_eq!(
                signature_of(PayloadChecksumKind::NoHeader),
                signature,
                "{path}"
            );
        }
        let sent = send(
            &key(SUITE_KEY),
            SUITE_TIME,
            request,
            headers,
            Some(body.as_bytes()),
        );
        assert_eq!(
            sent.unwrap().signature,
            signature_of(PayloadChecksumKind::XAmzSha256)
        );
    }
}

#[test]
fn a_session_token_is_sent_and_covered() {
    let mut key = key(SUITE_KEY);
    key.session_token = Some("the/token+of=a-role".into());
    let url = "https://example.amazonaws.com/";
    let sent = send(
        &key,
        SUITE_TIME,
        ("GET", url, "us-east-1/service"),
        &[],
        Some(b""),
    )
    .unwrap();
    assert_eq!(sent.headers["x-amz-security-token"], "the/token+of=a-role");
    assert!(sent.headers["x-amz-security-token"].is_sensitive());
    let authorization = sent.headers["authorization"].to_str().unwrap();
    assert!(
        authorization.contains("x-amz-date;x-amz-security-token, "),
        "{authorization}"
    );
    let url = "https://example.amazonaws.com/?X-Amz-Algorithm=AWS4-HMAC-SHA256&a=b";
    let sent = send(
        &key,
        SUITE_TIME,
        ("GET", url, "us-east-1/service"),
        &[],
        Some(b""),
    )
    .unwrap();
    let token = "&X-Amz-Security-Token=the%2Ftoken%2Bof%3Da-role";
    assert!(
        sent.path_and_query.contains(token),
        "{}",
        sent.path_and_query
    );
}

#[test]
fn a_body_that_is_not_there_is_signed_only_if_the_client_said_so() {
    let url = "https://s3.eu-west-1.amazonaws.com/b/k";
    let request = ("PUT", url, "eu-west-1/s3");
    let sent = send(&key(S3_KEY), S3_TIME, request, &[], None);
    assert!(matches!(sent, Err(InjectError::Signature(_))));
    for word in [UNSIGNED_PAYLOAD, UNSIGNED_CHUNKS] {
        let headers = [("x-amz-content-sha256", word)];
        let sent = send(&key(S3_KEY), S3_TIME, request, &headers, None).unwrap();
        assert_eq!(sent.headers["x-amz-content-sha256"], word);
    }
}

#[test]
fn paths_are_encoded_once_for_s3_and_twice_for_others() {
    let origin = gaiterguard_domain::target::Target::parse("https://h.example").unwrap();
    let scope = |text| SigningScope::parse(&HeaderValue::from_static(text)).unwrap();
    let url = |text| url(origin.origin(), "/a%20b/(c)$%2B?x=%2f", &scope(text));
    assert_eq!(
        url("us-east-1/s3"),
        "https://h.example/a%20b/%28c%29%24%2B?x=%2f"
    );
    assert_eq!(
        url("us-east-1/iam"),
        "https://h.example/a%20b/(c)$%2B?x=%2f"
    );
}
