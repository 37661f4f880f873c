//! Bodies with one meaning are read, and all others are unknown.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue};

use super::*;

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

fn headers(media_type: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if !media_type.is_empty() {
        headers.insert(CONTENT_TYPE, HeaderValue::from_str(media_type).unwrap());
    }
    headers
}

/// The reading as JSON; `?` where it is unknown, nothing where there is none.
fn reading(media_type: &str, body: impl AsRef<[u8]>) -> String {
    shown(&headers(media_type), body.as_ref())
}

fn shown(headers: &HeaderMap, body: &[u8]) -> String {
    match Reading::of(headers, body, &Arena::default()) {
        Reading::Absent => String::new(),
        Reading::Unknown => "?".to_owned(),
        Reading::Read(node) | Reading::Form(node) => json(&node),
    }
}

fn json(node: &Node<'_>) -> String {
    match node {
        Node::Null => "null".to_owned(),
        Node::Bool(value) => value.to_string(),
        Node::Number(spelled) => (*spelled).to_owned(),
        Node::Text(text) => format!("{text:?}"),
        Node::List(items) => {
            let items: Vec<_> = items.iter().map(json).collect();
            format!("[{}]", items.join(","))
        }
        Node::Map(members) => {
            let members = members.iter();
            let members: Vec<_> = members
                .map(|(name, value)| format!("{name}:{}", json(value)))
                .collect();
            format!("{{{}}}", members.join(","))
        }
    }
}

#[test]
fn json_and_forms_are_read_as_what_they_say_they_are() {
    for (media_type, body, expected) in [
        (JSON, "", ""),
        (FORM, "", ""),
        (JSON, "{\"amount\":5}", "{amount:5}"),
        (JSON, "{\"note\":\"a=b&c;d\"}", "{note:\"a=b&c;d\"}"),
        (JSON, " [1, 2]\n", "[1,2]"),
        (
            "application/json; charset=utf-8",
            "{\"a\":\"\u{e9}\"}",
            "{a:\"\u{e9}\"}",
        ),
        ("application/json; charset=iso-8859-1", "{\"a\":1}", "{a:1}"),
        ("application/vnd.api+json", "{\"a\":1}", "{a:1}"),
        ("application/x-amz-json-1.1", "{\"a\":1}", "{a:1}"),
        ("text/plain", "{\"a\":1}", "{a:1}"),
        ("", "{\"a\":1}", "{a:1}"),
        (FORM, "amount=5&note=a+b%26", "{amount:\"5\",note:\"a b&\"}"),
        (
            "application/x-www-form-urlencoded; charset=UTF-8",
            "a=%C3%A9",
            "{a:\"\u{e9}\"}",
        ),
        (FORM, "a=caf\u{e9}", "{a:\"caf\u{e9}\"}"),
        (FORM, "a=1&a=2", "{a:\"1\",a:\"2\"}"),
    ] {
        assert_eq!(reading(media_type, body), expected, "{media_type} {body}");
    }
}

#[test]
fn what_servers_read_differently_is_unknown() {
    for (media_type, body) in [
        (JSON, "{\"amount\":5}\n{}"),
        (JSON, "{\"amount\":5} x"),
        (JSON, "{\"amount\":5,}"),
        (JSON, "{'amount':5}"),
        (JSON, "[{\"amount\":5}]"),
        (JSON, "\"{}\""),
        (JSON, "5"),
        (JSON, "null"),
        (JSON, "amount=5"),
        (JSON, " "),
        ("application/json; charset=utf-16", "{\"amount\":5}"),
        ("application/json; charset=utf-7", "{\"+AGE-mount\":5}"),
        ("application/json; charset=iso-8859-1", "{\"a\":\"\u{e9}\"}"),
        ("application/json, text/plain", "{\"amount\":5}"),
        ("application/x-ndjson", "{\"amount\":5}"),
        ("application/xml", "<amount>5</amount>"),
        ("application/yaml", "{\"<<\":{\"amount\":5}}"),
        ("application/unheard-of", "{\"amount\":5}"),
        ("text/plain", "amount=5\r\n"),
        ("text/plain", "{\"note\":\"&amount=5&\"}"),
        ("", "{\"note\":\"&amount=5&\"}"),
        ("", "amount=5"),
        (FORM, "a=1;amount=5"),
        (FORM, "a=%ff&amount=5"),
        (FORM, "a=%zz&amount=5"),
        (FORM, "amount=5\r\n"),
        (FORM, "{\"amount\":5}"),
        (FORM, " {\"amount\":5}"),
        (FORM, "{\"a\":\"&amount=5\"}"),
        (FORM, "<a>&amount=5"),
        (FORM, "_charset_=utf-16&amount=5"),
        (
            "application/x-www-form-urlencoded; charset=latin1",
            "a=%C3%A9",
        ),
        ("application/x-www-form-urlencoded, x", "amount=5"),
        ("multipart/form-data", "--b\r\n"),
    ] {
        assert_eq!(reading(media_type, body), "?", "{media_type} {body}");
    }
    for bytes in [
        &b"{\"note\":\"\xff\",\"amount\":5}"[..],
        b"\xff\xfe{\0\"\0a\0\"\0:\x005\0}\0",
        b"\x1f\x8b\x08\0\0\0\0\0",
    ] {
        assert_eq!(reading(JSON, bytes), "?");
    }
}

#[test]
fn json_is_read_without_its_byte_order_mark() {
    assert_eq!(reading(JSON, "\u{feff}{\"amount\":5}"), "{amount:5}");
    assert_eq!(reading(JSON, "\u{feff}\u{feff}{\"amount\":5}"), "?");
    assert_eq!(reading(FORM, "\u{feff}amount=5"), "{\u{feff}amount:\"5\"}");
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn compressed_json_is_read_where_all_servers_read_the_same() {
    let compressed = |media_type, encoding: &'static str, body: &[u8]| {
        let mut headers = headers(media_type);
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
        shown(&headers, body)
    };
    let json = gzip(b"{\"amount\":5}");
    for encoding in ["gzip", "x-gzip", "GZIP"] {
        assert_eq!(compressed(JSON, encoding, &json), "{amount:5}");
    }
    let two = [json.as_slice(), &gzip(b" ")].concat();
    let trailing = [json.as_slice(), b"x"].concat();
    let bomb = gzip(&vec![b' '; 11 << 20]);
    for body in [
        two.as_slice(),
        &trailing,
        &json[..json.len() - 1],
        b"{\"amount\":5}",
        &bomb,
    ] {
        assert_eq!(compressed(JSON, "gzip", body), "?");
    }
    assert_eq!(compressed(JSON, "br", &json), "?");
    assert_eq!(compressed(JSON, "gzip, gzip", &json), "?");
    // A server that does not decompress may read the bytes as a form.
    assert_eq!(compressed(FORM, "gzip", &gzip(b"amount=5")), "?");
}

#[test]
fn json_in_chunks_of_aws_is_read_as_its_payload() {
    let in_chunks = |media_type, encoding: &'static str, payload: &[u8]| {
        let mut headers = headers(media_type);
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
        let length = format!("{:x}\r\n", payload.len());
        let body = [length.as_bytes(), payload, b"\r\n0\r\n\r\n"].concat();
        shown(&headers, &body)
    };
    let json = b"{\"amount\":5}";
    assert_eq!(in_chunks(JSON, "aws-chunked", json), "{amount:5}");
    assert_eq!(
        in_chunks(JSON, "aws-chunked,gzip", &gzip(json)),
        "{amount:5}"
    );
    // A server that does not know the framing may read the chunks as a form.
    assert_eq!(in_chunks(FORM, "aws-chunked", b"amount=5"), "?");
    let mut headers = headers(JSON);
    headers.insert(CONTENT_ENCODING, HeaderValue::from_static("aws-chunked"));
    assert_eq!(shown(&headers, json), "?");
}

#[test]
fn a_body_in_another_coding_or_of_two_types_is_unknown() {
    let mut headers = headers(JSON);
    headers.insert(CONTENT_ENCODING, HeaderValue::from_static("identity"));
    assert_eq!(shown(&headers, b"{\"a\":1}"), "{a:1}");
    headers.append(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    assert_eq!(shown(&headers, b"{\"a\":1}"), "?");
    let mut headers = self::headers(JSON);
    headers.append(CONTENT_TYPE, HeaderValue::from_static(FORM));
    assert_eq!(shown(&headers, b"{\"a\":1}"), "?");
}

#[test]
fn brackets_in_names_are_nested() {
    for (body, expected) in [
        ("a[b]=1&a[c][d]=2", "{a:{b:\"1\",c:{d:\"2\"}}}"),
        (
            "transfer_data%5Bamount%5D=5&x=1",
            "{transfer_data:{amount:\"5\"},x:\"1\"}",
        ),
        ("tags[]=a&tags[]=b", "{tags:[\"a\",\"b\"]}"),
        ("amount[]=5", "{amount:[\"5\"]}"),
        (
            "items[0][price]=p&items[1][price]=q",
            "{items:[{price:\"p\"},{price:\"q\"}]}",
        ),
        ("items[][x]=1", "{items:[{x:\"1\"}]}"),
        ("a[b][]=1&a[b][]=2", "{a:{b:[\"1\",\"2\"]}}"),
        ("a[b]=1&x=2&a[c]=3", "{a:{b:\"1\",c:\"3\"},x:\"2\"}"),
    ] {
        assert_eq!(reading(FORM, body), expected, "{body}");
    }
}

#[test]
fn names_that_servers_nest_differently_are_there_more_than_once() {
    for body in [
        "a=1&a[b]=2",
        "a[b]=1&a=2",
        "a=1&a[]=2",
        "a[]=1&a[b]=2",
        "a[0]=1&a[b]=2",
        "a[1]=1",
        "a[1]=x&a[0]=y",
        "a[00]=x",
        "a[][x]=1&a[][y]=2",
        "a[][x]=1&a[][x]=2",
        "a[]=1&a[][x]=2",
    ] {
        assert_eq!(reading(FORM, body), "{a:null,a:null}", "{body}");
    }
    assert_eq!(
        reading(FORM, "o[a]=1&o[a][b]=2&o[c]=3"),
        "{o:{a:null,a:null,c:\"3\"}}"
    );
    assert_eq!(reading(FORM, "o[a]=1&o[a]=2"), "{o:{a:\"1\",a:\"2\"}}");
    for (body, kept, name) in [
        ("a[b=1", "a[b:\"1\"", "a"),
        ("a]=2", "a]:\"2\"", "a"),
        ("b[c]d=3", "b[c]d:\"3\"", "b"),
        ("to.iban=1", "to.iban:\"1\"", "to"),
        ("to.a[b]=1", "to.a:{b:\"1\"}", "to"),
    ] {
        let expected = format!("{{{kept},{name}:null,{name}:null}}");
        assert_eq!(reading(FORM, body), expected, "{body}");
    }
    assert_eq!(reading(FORM, format!("a{}=1", "[b]".repeat(200))), "?");
}

#[test]
fn a_multipart_form_is_read_like_a_form() {
    let part = |head: &str, content: &str| {
        format!("--b\r\nContent-Disposition: form-data; {head}\r\n\r\n{content}\r\n")
    };
    let body = [
        part("name=\"amount\"", "5"),
        part("name=\"to[iban]\"", "DE1"),
        part("name=\"doc\"; filename=\"a.txt\"", "hello"),
        "--b--\r\n".to_owned(),
    ]
    .concat();
    assert_eq!(
        reading("multipart/form-data; boundary=b", body),
        "{amount:\"5\",to:{iban:\"DE1\"},doc:{filename:\"a.txt\",content_type:null,size:5}}"
    );
    let twice = [
        part("name=\"amount\"", "5"),
        part("name=\"amount\"", "6"),
        part("name=\"amount\"; filename=\"\"", "7"),
        "--b--\r\n".to_owned(),
    ]
    .concat();
    let read = reading("multipart/form-data; boundary=b", twice);
    assert_eq!(read.matches("amount:").count(), 4, "{read}");
    let charset = part("name=\"_charset_\"", "utf-16") + "--b--";
    assert_eq!(reading("multipart/form-data; boundary=b", charset), "?");
}
