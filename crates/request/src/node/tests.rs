//! [`Node`] reads the same values as `serde_json`, without losing any.

use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::Arena;

/// An arena that stays for as long as the tests run.
fn arena() -> &'static Arena {
    Box::leak(Box::default())
}

fn json(text: &str) -> Node<'_> {
    Node::parse_json(text.as_bytes(), arena()).unwrap()
}

/// Whether a node says the same as a value, given that the value has no duplicate keys.
fn same(node: &Node<'_>, value: &Value) -> bool {
    match (node, value) {
        (Node::Null, Value::Null) => true,
        (Node::Bool(a), Value::Bool(b)) => a == b,
        // With arbitrary precision a number keeps its spelling, but for the sign of an exponent.
        (Node::Number(a), Value::Number(b)) => a.parse::<f64>().ok() == b.to_string().parse().ok(),
        (Node::Text(a), Value::String(b)) => a == b,
        (Node::List(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Node::Map(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|((a, x), (b, y))| a == b && same(x, y))
        }
        _ => false,
    }
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[a-z\"\\\\\u{0}-\u{1f}]{0,20}".prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            prop::collection::hash_map(any::<String>(), inner, 0..8)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Text that is nearly JSON: its tokens in any order.
fn nearly() -> impl Strategy<Value = String> {
    let token = prop_oneof![
        Just("{"),
        Just("}"),
        Just("["),
        Just("]"),
        Just(","),
        Just(":"),
        Just("\""),
        Just("\\"),
        Just("\\u"),
        Just("\\ud83d"),
        Just("\\ude00"),
        Just("\\n"),
        Just("0"),
        Just("-"),
        Just("1"),
        Just("."),
        Just("e"),
        Just("E+"),
        Just("true"),
        Just("false"),
        Just("null"),
        Just(" "),
        Just("\n"),
        Just("\u{1}"),
        Just("é"),
        Just("\"a\""),
        Just("\u{7f}"),
        Just("\"a\":"),
    ];
    prop::collection::vec(token, 0..24).prop_map(|tokens| tokens.concat())
}

proptest! {
    #[test]
    fn every_json_value_is_read(value in values(), pretty in any::<bool>()) {
        let text = if pretty {
            serde_json::to_string_pretty(&value).unwrap()
        } else {
            value.to_string()
        };
        let node = Node::parse_json(text.as_bytes(), arena()).unwrap();
        prop_assert!(same(&node, &value), "{text}");
    }

    #[test]
    fn invalid_json_is_refused(text in nearly()) {
        let expected = serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok()
            // A reader that ignores what it reads does not look at escapes closely.
            && serde_json::from_str::<Value>(&text).is_ok();
        prop_assert_eq!(Node::parse_json(text.as_bytes(), arena()).is_ok(), expected, "{}", text);
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..256)) {
        let expected = serde_json::from_slice::<Value>(&bytes).is_ok();
        prop_assert_eq!(Node::parse_json(&bytes, arena()).is_ok(), expected);
        let _ = Node::parse_form(&bytes, arena());
    }

    #[test]
    fn a_form_that_was_written_is_read_back(
        fields in prop::collection::vec((any::<String>(), any::<String>()), 0..8)
    ) {
        let written = fields
            .iter()
            .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)))
            .collect::<Vec<_>>()
            .join("&");
        let node = Node::parse_form(written.as_bytes(), arena()).unwrap();
        let read: Vec<(String, String)> = node
            .members()
            .iter()
            .map(|(name, value)| (name.to_string(), value.as_text().unwrap().to_owned()))
            .collect();
        prop_assert_eq!(read, fields);
    }
}

fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b' ' => "+".to_owned(),
            byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        })
        .collect()
}

#[test]
fn duplicates_order_and_spelling_are_kept() {
    let node = json(r#"{"b": 1.50, "a": 1e2, "b": -0, "c": "x\u0041\ud83d\ude00"}"#);
    let names: Vec<&str> = node.members().iter().map(|(name, _)| &**name).collect();
    assert_eq!(names, ["b", "a", "b", "c"]);
    assert_eq!(node.get("b"), Some(&Node::Number("-0")));
    assert_eq!(node.all("b").next(), Some(&Node::Number("1.50")));
    assert_eq!(node.get("a").unwrap().as_f64(), Some(100.0));
    assert_eq!(node.get("c").unwrap().as_text(), Some("xA😀"));
}

#[test]
fn what_has_no_escapes_is_not_copied() {
    let body = r#"{"name": "a long enough text to fill some words"}"#;
    let node = json(body);
    let (name, value) = node.members()[0];
    for text in [name, value.as_text().unwrap()] {
        assert!(body.as_bytes().as_ptr_range().contains(&text.as_ptr()));
    }
}

#[test]
fn pointers_lead_where_rfc_6901_says() {
    let node = json(r#"{"a/b": [{"m~n": 8}, 7], "": 0, "0": 3}"#);
    for (pointer, value) in [("/a~1b/0/m~0n", 8), ("/a~1b/1", 7), ("/", 0), ("/0", 3)] {
        assert_eq!(
            node.pointer(pointer).unwrap().as_i64(),
            Some(value),
            "{pointer}"
        );
    }
    assert_eq!(node.pointer(""), Some(&node));
    for pointer in [
        "/a~1b/01", "/a~1b/-", "/a~1b/+1", "/a~1b/2", "x", "/x/y", "//0",
    ] {
        assert_eq!(node.pointer(pointer), None, "{pointer}");
    }
    let mut pointer = String::new();
    push_token(&mut pointer, "a/b");
    push_token(&mut pointer, "0");
    push_token(&mut pointer, "m~n");
    assert_eq!(pointer, "/a~1b/0/m~0n");
}

#[test]
fn nesting_and_number_of_values_are_bounded() {
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    assert!(Node::parse_json(nested(DEPTH_MAX).as_bytes(), arena()).is_ok());
    let too_deep = nested(DEPTH_MAX + 1);
    let refused = Node::parse_json(too_deep.as_bytes(), arena());
    assert_eq!(refused, Err(JsonError::TooDeep(DEPTH_MAX)));
    let open = "[".repeat(1_000_000);
    assert_eq!(
        Node::parse_json(open.as_bytes(), arena()),
        Err(JsonError::TooDeep(DEPTH_MAX))
    );
    let many = format!("[{}0]", "0,".repeat(VALUES_MAX));
    assert_eq!(
        Node::parse_json(many.as_bytes(), arena()),
        Err(JsonError::TooMany)
    );
    let lines = "0\n".repeat(VALUES_MAX + 1);
    assert_eq!(Node::json_lines(&lines, arena()), Err(JsonError::TooMany));
    let fields = "a&".repeat(VALUES_MAX + 1);
    assert_eq!(
        Node::parse_form(fields.as_bytes(), arena()),
        Err(FormError::TooMany)
    );
}

#[test]
fn forms_keep_their_names_and_invalid_escapes() {
    let node = Node::parse_form(
        b"a[b]=c&a[b]=d+e&x&=y&p=100%&q=%zz%C3%A9&&u=%E2%82%AC",
        arena(),
    )
    .unwrap();
    let read: Vec<(&str, &str)> = node
        .members()
        .iter()
        .map(|(name, value)| (&**name, value.as_text().unwrap()))
        .collect();
    assert_eq!(
        read,
        [
            ("a[b]", "c"),
            ("a[b]", "d e"),
            ("x", ""),
            ("", "y"),
            ("p", "100%"),
            ("q", "%zzé"),
            ("u", "€")
        ]
    );
    assert_eq!(
        Node::parse_form(b"a=1&b=%ff", arena()),
        Err(FormError::NotUtf8(4))
    );
}
