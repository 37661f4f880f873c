//! One logical request in every encoding: none of them is decided more leniently than plain JSON.

use std::fmt::Write as _;

use gaiterguard_domain::id::{AgentId, RuleId, ServiceId};
use gaiterguard_domain::rule::{Rule, RuleEffect};
use gaiterguard_domain::time::Timestamp;
use gaiterguard_request::{Arena, Reading};
use gaiterguard_rules::{CompiledRule, Content, Facts, Match, Query, RequestPath, matching_rules};
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue};
use proptest::prelude::*;
use proptest::sample::select;

use crate::facts::rule;

/// The content of a request: names and texts, on one level or two.
#[derive(Clone, Debug)]
struct Payload {
    fields: Vec<(&'static str, String)>,
    nested: Vec<(&'static str, String)>,
}

/// A request as it is sent.
#[derive(Clone, Debug)]
struct Sent {
    how: &'static str,
    headers: Vec<(HeaderName, String)>,
    body: Vec<u8>,
}

const FORM: &str = "application/x-www-form-urlencoded";
const MULTIPART: &str = "multipart/form-data; boundary=b";

fn payload() -> impl Strategy<Value = Payload> {
    let value = prop_oneof![
        select(vec!["0", "1", "500", "9999", "10001", "50000"]).prop_map(str::to_owned),
        "[a-z]{1,6}",
        select(vec!["evil@example.com", "ok@corp.com", "a b", "caf\u{e9}"]).prop_map(str::to_owned),
    ];
    let some = |names: &'static [&'static str]| {
        let picked = prop::sample::subsequence(names, 0..=names.len());
        (picked, prop::collection::vec(value.clone(), names.len()))
            .prop_map(|(names, values)| names.into_iter().zip(values).collect::<Vec<_>>())
    };
    (
        some(&["amount", "recipient", "note", "role"]),
        some(&["iban", "amount"]),
    )
        .prop_filter("an empty body says nothing", |(fields, nested)| {
            !fields.is_empty() || !nested.is_empty()
        })
        .prop_map(|(fields, nested)| Payload { fields, nested })
}

fn condition() -> impl Strategy<Value = String> {
    let field = select(vec![
        "amount",
        "recipient",
        "note",
        "role",
        "to",
        "to.iban",
        "to.amount",
    ]);
    let text = select(vec![
        "\"500\"",
        "\"admin\"",
        "\"evil@example.com\"",
        "\"a\"",
    ]);
    let number = select(vec!["0", "500", "10000"]);
    let one = (field, text, number, 0..11_u8).prop_map(|(field, text, number, kind)| match kind {
        0 => format!("has(request.body.{field})"),
        1 => format!("int(request.body.{field}) > {number}"),
        2 => format!("int(request.body.{field}) <= {number}"),
        3 => format!("string(request.body.{field}) == {text}"),
        4 => format!("string(request.body.{field}).contains({text})"),
        5 => format!("has(request.body.{field}) && int(request.body.{field}) > {number}"),
        6 => format!("string(request.body.{field}) in [{text}, \"1\"]"),
        7 => format!("request.body.{field} > {number}"),
        8 => format!("request.body.{field} != {number}"),
        9 => format!("request.body.{field} in [{number}, 1]"),
        _ => format!(
            "\"{}\" in request.body",
            field.split('.').next().unwrap_or(field)
        ),
    });
    let leaf = prop_oneof![
        6 => one,
        1 => select(vec![
            "size(request.body) > 2",
            "request.body == null",
            "has(request.body)",
            "request.method == \"POST\"",
            "request.method == \"GET\"",
        ])
        .prop_map(str::to_owned),
    ];
    leaf.prop_recursive(2, 6, 2, |inner| {
        let two = (inner.clone(), inner.clone());
        prop_oneof![
            two.clone().prop_map(|(a, b)| format!("({a} && {b})")),
            two.prop_map(|(a, b)| format!("({a} || {b})")),
            inner.prop_map(|a| format!("!({a})")),
        ]
    })
}

fn rules() -> impl Strategy<Value = Vec<(RuleEffect, String)>> {
    let effect = select(vec![
        RuleEffect::Deny,
        RuleEffect::RequireApproval,
        RuleEffect::Allow,
    ]);
    prop::collection::vec((effect, condition()), 1..4)
}

impl Payload {
    /// The members as JSON, `respell` applied to each name.
    fn json_with(&self, respell: impl Fn(&str) -> String) -> String {
        let member = |(name, value): &(&str, String)| {
            let is_number = value.bytes().all(|byte| byte.is_ascii_digit());
            let value = if is_number {
                value.clone()
            } else {
                format!("{value:?}")
            };
            format!("\"{}\":{value}", respell(name))
        };
        let mut members: Vec<String> = self.fields.iter().map(member).collect();
        if !self.nested.is_empty() {
            let nested: Vec<String> = self.nested.iter().map(member).collect();
            members.push(format!("\"{}\":{{{}}}", respell("to"), nested.join(",")));
        }
        format!("{{{}}}", members.join(","))
    }

    fn json(&self) -> String {
        self.json_with(str::to_owned)
    }

    /// The fields with their names as forms have them.
    fn flat(&self, nest: impl Fn(&str) -> String) -> Vec<(String, String)> {
        let fields = self.fields.iter();
        let fields = fields.map(|(name, value)| ((*name).to_owned(), value.clone()));
        let nested = self.nested.iter();
        let nested = nested.map(|(name, value)| (nest(name), value.clone()));
        fields.chain(nested).collect()
    }

    fn form(&self, separator: &str, nest: impl Fn(&str) -> String) -> String {
        let fields: Vec<String> = self
            .flat(nest)
            .iter()
            .map(|(name, value)| format!("{}={}", escaped(name), escaped(value)))
            .collect();
        fields.join(separator)
    }

    fn multipart(&self, disposition: impl Fn(&str) -> String) -> String {
        let mut body = String::new();
        for (name, value) in self.flat(bracketed) {
            let head = disposition(&name);
            write!(
                body,
                "--b\r\nContent-Disposition: form-data; {head}\r\n\r\n{value}\r\n"
            )
            .unwrap();
        }
        body + "--b--\r\n"
    }

    fn xml(&self) -> String {
        let mut fields = String::new();
        for (name, value) in self.flat(|name| format!("to.{name}")) {
            write!(fields, "<{name}>{value}</{name}>").unwrap();
        }
        format!("<request>{fields}</request>")
    }
}

fn bracketed(name: &str) -> String {
    format!("to[{name}]")
}

fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() {
            escaped.push(char::from(byte));
        } else {
            write!(escaped, "%{byte:02X}").unwrap();
        }
    }
    escaped
}

fn capitalized(name: &str) -> String {
    let mut chars = name.chars();
    let first = chars.next().unwrap_or_default();
    first.to_uppercase().chain(chars).collect()
}

/// Every encoding that some server takes for the same request.
fn encodings(payload: &Payload) -> Vec<Sent> {
    let json = payload.json();
    let sent = |how: &'static str, media_type: &str, body: Vec<u8>| Sent {
        how,
        headers: vec![(CONTENT_TYPE, media_type.to_owned())],
        body,
    };
    let text = |how, media_type: &str, body: String| sent(how, media_type, body.into_bytes());
    let json_type = "application/json";
    let utf16 = |order: fn(u16) -> [u8; 2]| -> Vec<u8> {
        format!("\u{feff}{json}")
            .encode_utf16()
            .flat_map(order)
            .collect()
    };
    let plain = |name: &str| format!("name=\"{name}\"");
    let mut all = vec![
        text(
            "with a character set",
            "application/json; charset=utf-8",
            json.clone(),
        ),
        text("as text", "text/plain", json.clone()),
        text("as bytes", "application/octet-stream", json.clone()),
        text(
            "under a name of its own",
            "application/vnd.pay+json",
            json.clone(),
        ),
        text(
            "under an unknown type",
            "application/x-unheard-of",
            json.clone(),
        ),
        text(
            "with two types in one header",
            "application/json, text/plain",
            json.clone(),
        ),
        text(
            "with a byte order mark",
            json_type,
            format!("\u{feff}{json}"),
        ),
        text("with a value behind it", json_type, format!("{json}\n{{}}")),
        text("with a letter behind it", json_type, format!("{json} x")),
        text("in a list of one", json_type, format!("[{json}]")),
        text("in a text", json_type, format!("{json:?}")),
        text(
            "as a line",
            "application/x-ndjson",
            format!("{json}\n{{}}\n"),
        ),
        text("as YAML", "application/yaml", json.clone()),
        text(
            "in capitals",
            json_type,
            payload.json_with(str::to_uppercase),
        ),
        text("with initials", json_type, payload.json_with(capitalized)),
        text(
            "with escaped names",
            json_type,
            payload.json_with(|name| {
                name.chars().fold(String::new(), |mut text, c| {
                    write!(text, "\\u{:04x}", u32::from(c)).unwrap();
                    text
                })
            }),
        ),
        text("with initials too", json_type, {
            let other = payload.json_with(capitalized);
            format!(
                "{{{},{}}}",
                &json[1..json.len() - 1],
                &other[1..other.len() - 1]
            )
        }),
        text("twice", json_type, {
            let members = &json[1..json.len() - 1];
            format!("{{{members},{members}}}")
        }),
        sent("in UTF-16", json_type, utf16(u16::to_le_bytes)),
        sent(
            "in UTF-16, big end first",
            "application/json; charset=utf-16",
            utf16(u16::to_be_bytes),
        ),
        sent("with a broken byte", json_type, {
            let mut bytes = json.clone().into_bytes();
            bytes.pop();
            bytes.extend_from_slice(b",\"x\":\"\xff\"}");
            bytes
        }),
        text("as XML", "application/xml", payload.xml()),
        text("as a form", FORM, payload.form("&", bracketed)),
        text(
            "as a form with dots",
            FORM,
            payload.form("&", |name| format!("to.{name}")),
        ),
        text(
            "as a form in capitals",
            FORM,
            payload.form("&", bracketed).to_uppercase(),
        ),
        text(
            "as a form with a character set",
            "application/x-www-form-urlencoded; charset=UTF-8",
            payload.form("&", bracketed),
        ),
        text(
            "as a form of another type",
            "application/x-www-form-urlencoded, x",
            payload.form("&", bracketed),
        ),
        text(
            "as a form with semicolons",
            FORM,
            format!("x=1;{}", payload.form(";", bracketed)),
        ),
        text("as a form with lists", FORM, {
            payload.form("&", bracketed).replace('=', "[]=")
        }),
        text(
            "as a form with a broken byte",
            FORM,
            format!("x=%ff&{}", payload.form("&", bracketed)),
        ),
        text(
            "as a form with a broken escape",
            FORM,
            format!("x=%f&{}", payload.form("&", bracketed)),
        ),
        text(
            "as a form in plain text",
            "text/plain",
            payload.form("\r\n", bracketed),
        ),
        text(
            "as a form within JSON",
            json_type,
            payload.form("&", bracketed),
        ),
        text("as a form whose fields come twice", FORM, {
            let form = payload.form("&", bracketed);
            format!("{form}&{form}")
        }),
        text("as parts", MULTIPART, payload.multipart(plain)),
        text(
            "as parts with a preamble",
            MULTIPART,
            format!("hello\r\n{}", payload.multipart(plain)),
        ),
        text(
            "as parts with bare line ends",
            MULTIPART,
            payload.multipart(plain).replace("\r\n", "\n"),
        ),
        text(
            "as parts with folded names",
            MULTIPART,
            payload.multipart(|name| format!("x=y;\r\n name=\"{name}\"")),
        ),
        text(
            "as parts with a decoy",
            MULTIPART,
            payload.multipart(|name| format!("foo=\"; name=note; \"; name=\"{name}\"")),
        ),
        text(
            "as parts with encoded names",
            MULTIPART,
            payload.multipart(|name| format!("name*=utf-8''{name}")),
        ),
        text(
            "as parts with bare names",
            MULTIPART,
            payload.multipart(|name| format!("name={name}")),
        ),
        text(
            "as parts that may be files",
            MULTIPART,
            payload.multipart(|name| format!("name=\"{name}\"; filename=\"\"")),
        ),
        text(
            "as parts with a type",
            MULTIPART,
            payload.multipart(|name| format!("name=\"{name}\"\r\nContent-Type: application/json")),
        ),
        text(
            "as parts in base64",
            MULTIPART,
            payload
                .multipart(|name| format!("name=\"{name}\"\r\nContent-Transfer-Encoding: base64")),
        ),
        text(
            "as parts without a boundary",
            "multipart/form-data",
            payload.multipart(plain),
        ),
        text(
            "as mixed parts",
            "multipart/mixed; boundary=b",
            payload.multipart(plain),
        ),
    ];
    all.push(Sent {
        how: "without a type",
        headers: Vec::new(),
        body: json.clone().into_bytes(),
    });
    all.push(Sent {
        how: "as a form without a type",
        headers: Vec::new(),
        body: payload.form("&", bracketed).into_bytes(),
    });
    all.push(Sent {
        how: "with two types",
        headers: vec![
            (CONTENT_TYPE, FORM.to_owned()),
            (CONTENT_TYPE, json_type.to_owned()),
        ],
        body: json.clone().into_bytes(),
    });
    all.push(Sent {
        how: "compressed",
        headers: vec![
            (CONTENT_TYPE, json_type.to_owned()),
            (CONTENT_ENCODING, "gzip".to_owned()),
        ],
        body: gzipped(json.as_bytes()),
    });
    all.push(Sent {
        how: "compressed without saying so",
        headers: vec![(CONTENT_TYPE, json_type.to_owned())],
        body: gzipped(json.as_bytes()),
    });
    all
}

/// A gzip stream (RFC 1952) with one stored block.
fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut crc = !0_u32;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            let carry = crc & 1;
            crc = (crc >> 1) ^ (0xedb8_8320 * carry);
        }
    }
    let length = u16::try_from(bytes.len()).unwrap();
    let mut stream = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff, 1];
    stream.extend_from_slice(&length.to_le_bytes());
    stream.extend_from_slice(&(!length).to_le_bytes());
    stream.extend_from_slice(bytes);
    stream.extend_from_slice(&(!crc).to_le_bytes());
    stream.extend_from_slice(&u32::from(length).to_le_bytes());
    stream
}

fn compiled(id: i64, effect: RuleEffect, condition: &str) -> CompiledRule {
    CompiledRule::new(Rule {
        id: RuleId(id),
        ..rule(effect, Some(condition))
    })
}

/// The decision of the rules on a request, from the most lenient to the strictest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    Allowed,
    Undecided,
    Held,
    Denied,
}

fn decided(rules: &[CompiledRule], sent: &Sent) -> Outcome {
    let mut headers = HeaderMap::new();
    for (name, value) in &sent.headers {
        headers.append(name, HeaderValue::from_str(value).unwrap());
    }
    let arena = Arena::default();
    let facts = Facts {
        method: "POST",
        path: &RequestPath::of("/v1/transfers"),
        host: "bank.example",
        query: &Query::default(),
        headers: Some(&headers),
        content: Some(Content {
            body: Reading::of(&headers, &sent.body, &arena),
            size: sent.body.len() as u64,
        }),
        service: (ServiceId(1), "bank"),
        agent: (AgentId(1), "clerk"),
        intent: "Pay the invoice",
        operation: None,
        operation_effect: None,
        now: Timestamp(0),
    };
    let matched = matching_rules(rules, &facts);
    assert!(
        matched
            .iter()
            .all(|(_, how)| !matches!(how, Match::Undecidable(_)))
    );
    match matched.iter().map(|(rule, _)| rule.rule().effect).max() {
        None => Outcome::Undecided,
        Some(RuleEffect::Allow) => Outcome::Allowed,
        Some(RuleEffect::RequireApproval) => Outcome::Held,
        Some(RuleEffect::Deny) => Outcome::Denied,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn no_encoding_is_decided_more_leniently_than_plain_json(
        payload in payload(),
        rules in rules(),
    ) {
        let compiled: Vec<CompiledRule> = (1..)
            .zip(&rules)
            .map(|(id, (effect, condition))| compiled(id, *effect, condition))
            .collect();
        prop_assert!(compiled.iter().all(|rule| rule.broken().is_none()));
        let plain = Sent {
            how: "plain",
            headers: vec![(CONTENT_TYPE, "application/json".to_owned())],
            body: payload.json().into_bytes(),
        };
        let expected = decided(&compiled, &plain);
        for sent in encodings(&payload) {
            let found = decided(&compiled, &sent);
            prop_assert!(
                found >= expected,
                "{}: {found:?}, plain JSON: {expected:?}\n{}\n{rules:?}",
                sent.how,
                String::from_utf8_lossy(&sent.body)
            );
        }
    }

    #[test]
    fn what_every_server_reads_alike_is_decided_alike(payload in payload(), rules in rules()) {
        let compiled: Vec<CompiledRule> = (1..)
            .zip(&rules)
            .map(|(id, (effect, condition))| compiled(id, *effect, condition))
            .collect();
        let sent = |media_type: &str, body: String| Sent {
            how: "plain",
            headers: vec![(CONTENT_TYPE, media_type.to_owned())],
            body: body.into_bytes(),
        };
        let expected = decided(&compiled, &sent("application/json", payload.json()));
        let parts = payload.multipart(|name| format!("name=\"{name}\""));
        for same in [
            sent("application/vnd.pay+json", payload.json()),
            sent(FORM, payload.form("&", bracketed)),
            sent(MULTIPART, parts),
        ] {
            prop_assert_eq!(decided(&compiled, &same), expected, "{:?}\n{:?}", &same, &rules);
        }
    }
}
