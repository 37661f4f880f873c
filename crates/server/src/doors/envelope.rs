//! Parses the body of `POST /proxy`: a request in JSON.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use gaiterguard_domain::header::HeaderCount;
use gaiterguard_domain::id::ServiceId;
use gaiterguard_domain::request::{Destination, Intent, METHODS, ProxyRequest, ServiceName};
use gaiterguard_intake::preferred_wait;
use gaiterguard_web::extract::{self, whole};
use gaiterguard_web::problem::Problem;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde::Deserialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::call_headers;

/// A request to send, and the intent behind it. Set the target with `path` and either `service` or
/// `service_id`, or with `targetUrl`.
#[derive(Deserialize, ToSchema)]
#[schema(as = ProposedRequest)]
#[serde(deny_unknown_fields)]
pub(super) struct Envelope<'a> {
    /// ID of the service, instead of `service`.
    #[serde(default, alias = "serviceId", deserialize_with = "whole")]
    service_id: Option<i64>,
    /// Name of the service.
    service: Option<String>,
    /// GET, HEAD, OPTIONS, POST, PUT, PATCH, or DELETE. Case-insensitive.
    #[schema(
        pattern = "^([Gg][Ee][Tt]|[Hh][Ee][Aa][Dd]|[Oo][Pp][Tt][Ii][Oo][Nn][Ss]|[Pp][Oo][Ss][Tt]|[Pp][Uu][Tt]|[Pp][Aa][Tt][Cc][Hh]|[Dd][Ee][Ll][Ee][Tt][Ee])$"
    )]
    method: String,
    /// Path below the service's base URL, including the query. Must be normalized: no `..`, no `//`,
    /// no fragment, and only ASCII.
    #[schema(example = "/charges?expand=x")]
    path: Option<String>,
    /// Complete URL, instead of `path`.
    #[serde(rename = "targetUrl", alias = "target_url")]
    target_url: Option<String>,
    /// Header names, each with a string or an array of strings. Headers that affect the connection,
    /// the gateway, or the credential are dropped.
    #[schema(value_type = Option<BTreeMap<String, HeaderStrings>>)]
    headers: Option<Headers>,
    /// Body. A string is sent as is; any other value is sent as JSON, byte for byte. With `null`,
    /// no body is sent.
    #[serde(borrow)]
    #[schema(value_type = Option<Value>)]
    body: Option<&'a RawValue>,
    /// Body in base64, instead of `body`.
    #[serde(alias = "bodyBase64")]
    body_base64: Option<String>,
    /// Why the request is sent.
    #[schema(min_length = 1, max_length = 2000)]
    intent: String,
    /// Same as the header `Idempotency-Key`, which takes precedence.
    #[serde(rename = "idempotencyKey", alias = "idempotency_key")]
    #[schema(min_length = 1, max_length = 255)]
    idempotency_key: Option<String>,
    /// How long the call may stay open while the request is held, in seconds.
    #[serde(default, deserialize_with = "whole")]
    #[schema(minimum = 0, maximum = 300)]
    wait: Option<u32>,
}

/// Header names and values, in the order of the JSON.
struct Headers(Vec<(String, HeaderStrings)>);

/// Values of a header.
#[derive(Deserialize, ToSchema)]
#[serde(untagged, expecting = "must be a string or an array of strings")]
enum HeaderStrings {
    /// One value.
    One(String),
    /// Several values.
    Several(Vec<String>),
}

impl<'de> Deserialize<'de> for Headers {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Headers;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object of header names, each with a string or an array of strings")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(
                self,
                mut map: A,
            ) -> Result<Headers, A::Error> {
                let mut headers = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    headers.push(entry);
                }
                Ok(Headers(headers))
            }
        }
        deserializer.deserialize_map(Visitor)
    }
}

/// Parses the request in `bytes`. `outer` are the headers of the call itself.
pub(super) fn read(bytes: &Bytes, outer: &HeaderMap) -> Result<ProxyRequest, Problem> {
    let envelope: Envelope<'_> = extract::from_json(bytes)?;
    let (body, is_json) = body(&envelope, bytes)?;
    let mut headers = headers(envelope.headers)?;
    if is_json && !headers.contains_key(CONTENT_TYPE) {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    let wait = match envelope.wait {
        Some(seconds) => Some(call_headers::wait("wait", u64::from(seconds))?),
        None => preferred_wait(outer),
    };
    Ok(ProxyRequest {
        destination: destination(
            envelope.service_id,
            envelope.service,
            envelope.path,
            envelope.target_url,
        )?,
        method: method(&envelope.method)?,
        headers,
        body,
        web_socket: false,
        intent: Intent::parse(&envelope.intent)
            .map_err(|refused| Problem::field("intent", refused.to_string()))?,
        label: None,
        idempotency_key: call_headers::idempotency_key(outer, envelope.idempotency_key.as_deref())?,
        wait,
    })
}

fn destination(
    id: Option<i64>,
    name: Option<String>,
    path: Option<String>,
    target_url: Option<String>,
) -> Result<Destination, Problem> {
    let service = match (id, name) {
        (Some(_), Some(_)) => {
            return Err(Problem::field(
                "service",
                "set service_id or service, not both",
            ));
        }
        (Some(id), None) => Some(ServiceName::Id(ServiceId(id))),
        (None, Some(name)) => Some(ServiceName::Name(name)),
        (None, None) => None,
    };
    match (&service, &path, &target_url) {
        (None, _, None) => Err(Problem::field(
            "service_id",
            "is required with path; alternatively, set targetUrl to the complete URL",
        )),
        (Some(_), None, None) => Err(Problem::field(
            "path",
            "is required with a service, unless targetUrl is set",
        )),
        _ => Ok(Destination {
            service,
            path,
            target_url,
        }),
    }
}

fn method(text: &str) -> Result<Method, Problem> {
    METHODS
        .into_iter()
        .find(|method| method.as_str().eq_ignore_ascii_case(text))
        .ok_or_else(|| {
            Problem::field(
                "method",
                "must be GET, HEAD, OPTIONS, POST, PUT, PATCH, or DELETE",
            )
        })
}

/// Returns the bytes of the body, and whether they are JSON without a string's quotes, for which
/// the gateway sets the content type.
fn body(envelope: &Envelope<'_>, whole: &Bytes) -> Result<(Bytes, bool), Problem> {
    match (envelope.body, envelope.body_base64.as_deref()) {
        (Some(_), Some(_)) => Err(Problem::field(
            "body_base64",
            "set body or body_base64, not both",
        )),
        (None, None) => Ok((Bytes::new(), false)),
        (None, Some(text)) => STANDARD
            .decode(text)
            .map(|bytes| (Bytes::from(bytes), false))
            .map_err(|_| Problem::field("body_base64", "must be base64 with padding")),
        (Some(raw), None) if raw.get().starts_with('"') => {
            let text: String = serde_json::from_str(raw.get())
                .map_err(|_| Problem::field("body", "must be a valid JSON string"))?;
            Ok((Bytes::from(text), false))
        }
        // Forwarded exactly as the agent wrote it: member order and number formats are unchanged.
        (Some(raw), None) => Ok((whole.slice_ref(raw.get().as_bytes()), true)),
    }
}

fn headers(given: Option<Headers>) -> Result<HeaderMap, Problem> {
    let mut headers = HeaderMap::new();
    let mut counted = HeaderCount::default();
    for (name, values) in given.map(|headers| headers.0).into_iter().flatten() {
        let field = format!("headers.{name}");
        let parsed = HeaderName::try_from(name.as_str())
            .map_err(|_| Problem::field(&field, "must be a valid header name"))?;
        let values = match values {
            HeaderStrings::One(value) => vec![value],
            HeaderStrings::Several(values) => values,
        };
        for value in values {
            let within_limits = counted.add(&name, value.as_bytes());
            let value = HeaderValue::from_bytes(value.as_bytes()).map_err(|_| {
                Problem::field(
                    &field,
                    "must not contain line breaks or other control characters",
                )
            })?;
            within_limits.map_err(|error| Problem::field("headers", error.to_string()))?;
            headers.append(parsed.clone(), value);
        }
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use gaiterguard_domain::header::HEADER_BYTES_MAX;

    use super::*;

    fn read_text(text: &str) -> Result<ProxyRequest, Problem> {
        read(&Bytes::copy_from_slice(text.as_bytes()), &HeaderMap::new())
    }

    fn with(fields: &str) -> Result<ProxyRequest, Problem> {
        read_text(&format!(
            r#"{{"service_id":1,"method":"post","path":"/a","intent":"x"{fields}}}"#
        ))
    }

    #[test]
    fn a_json_body_is_sent_as_it_was_written() {
        let request = with(r#","body":{"b":1.50,"a":1e2,"a":12345678901234567890123}"#).unwrap();
        assert_eq!(
            request.body,
            r#"{"b":1.50,"a":1e2,"a":12345678901234567890123}"#
        );
        assert_eq!(request.headers[CONTENT_TYPE], "application/json");
        assert_eq!(request.method, Method::POST);
    }

    #[test]
    fn a_string_body_is_sent_as_it_is_and_bytes_come_as_base64() {
        let request = with(r#","body":"a=1&b=\u00fc""#).unwrap();
        assert_eq!(request.body, "a=1&b=\u{fc}");
        assert!(!request.headers.contains_key(CONTENT_TYPE));
        assert_eq!(
            with(r#","body_base64":"AP8=""#).unwrap().body,
            &[0u8, 255][..]
        );
        assert!(with(r#","body":null"#).unwrap().body.is_empty());
    }

    #[test]
    fn a_given_content_type_is_kept() {
        let request =
            with(r#","body":{},"headers":{"content-TYPE":"application/x+json","X":["1","2"]}"#)
                .unwrap();
        assert_eq!(request.headers[CONTENT_TYPE], "application/x+json");
        assert_eq!(request.headers.get_all("x").iter().count(), 2);
    }

    #[test]
    fn every_refusal_names_its_field() {
        for (fields, field) in [
            (r#","body":1,"body_base64":"""#, "body_base64"),
            (r#","body_base64":"?""#, "body_base64"),
            (r#","headers":{"a b":"1"}"#, "headers.a b"),
            (r#","headers":{"a":"1\n2"}"#, "headers.a"),
            (r#","headers":[]"#, "headers"),
            (r#","service":"x""#, "service"),
            (r#","wait":301"#, "wait"),
            (r#","wait":-1"#, "wait"),
            (r#","idempotencyKey":"a b""#, "Idempotency-Key"),
            (r#","serviceId":2"#, "service_id"),
            (r#","header":{}"#, "header"),
        ] {
            let json = with(fields).unwrap_err().to_json();
            assert_eq!(json["errors"][0]["field"], field, "{fields}");
            assert_eq!(json["code"], "validation_failed");
        }
        for (text, field) in [
            (r#"{"method":"GET","path":"/a","intent":"x"}"#, "service_id"),
            (r#"{"service_id":1,"method":"GET","intent":"x"}"#, "path"),
            (
                r#"{"service_id":1,"method":"TRACE","path":"/","intent":"x"}"#,
                "method",
            ),
            (
                r#"{"service_id":1,"method":"GET","path":"/","intent":" "}"#,
                "intent",
            ),
            (r#"{"service_id":1,"method":"GET","path":"/"}"#, "intent"),
            (
                r#"{"service_id":"1","method":"GET","path":"/","intent":"x"}"#,
                "service_id",
            ),
            ("[]", ""),
            ("{", ""),
        ] {
            let json = read_text(text).unwrap_err().to_json();
            assert_eq!(json["errors"][0]["field"], field, "{text}");
        }
    }

    #[test]
    fn a_header_of_another_type_is_refused_in_plain_words() {
        let json = with(r#","headers":{"X-Count":1}"#).unwrap_err().to_json();
        let error = &json["errors"][0];
        assert_eq!(error["field"], "headers.X-Count");
        assert_eq!(error["message"], "must be a string or an array of strings");
    }

    #[test]
    fn headers_are_bounded() {
        let many: Vec<String> = (0..101).map(|n| format!(r#""h{n}":"""#)).collect();
        assert!(with(&format!(r#","headers":{{{}}}"#, many.join(","))).is_err());
        let long = "a".repeat(HEADER_BYTES_MAX);
        assert!(with(&format!(r#","headers":{{"a":"{long}"}}"#)).is_err());
    }
}
