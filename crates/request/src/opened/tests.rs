//! Requests are decoded in every way that a server may read them.

use http::header::{CONTENT_TYPE, HeaderName};
use http::{HeaderValue, Method};
use proptest::prelude::*;

use super::*;

fn open<'a>(headers: &'a HeaderMap, query: Option<&'a str>, body: &'a [u8]) -> Opened<'a> {
    let request = Request {
        method: &Method::POST,
        host: "api.service.example",
        path: "/",
        query,
        headers,
        body,
    };
    // It stays for as long as the tests run.
    Opened::open(request, Box::leak(Box::default()))
}

fn typed(content_type: &'static str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers
}

fn kinds(opened: &Opened<'_>) -> Vec<OddityKind> {
    opened
        .oddities()
        .iter()
        .map(|oddity| oddity.kind.clone())
        .collect()
}

#[test]
fn a_second_boundary_is_an_oddity() {
    let body = b"--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx\r\n--b--\r\n";
    for (content_type, is_odd) in [
        ("multipart/form-data; boundary=b", false),
        ("multipart/form-data; boundary=b; boundary=b", false),
        ("multipart/form-data; boundary=c; boundary=b", true),
        ("multipart/form-data; boundary=b; boundary*=utf-8''c", true),
    ] {
        let headers = typed(content_type);
        let opened = open(&headers, None, body);
        assert_eq!(!kinds(&opened).is_empty(), is_odd, "{content_type}");
    }
}

#[test]
fn a_body_is_what_it_says_it_is_or_else_what_it_looks_like() {
    for (content_type, body, pointer) in [
        ("application/json", r#"{"a": "x"}"#, "/a"),
        (
            "application/vnd.api+json; charset=utf-8",
            r#"{"a": "x"}"#,
            "/a",
        ),
        ("text/plain", r#"{"a": "x"}"#, "/a"),
        ("application/x-www-form-urlencoded", "a=x", "/a"),
        (
            "application/x-ndjson",
            "{\"b\": 1}\n{\"a\": \"x\"}\n",
            "/1/a",
        ),
    ] {
        let headers = typed(content_type);
        let opened = open(&headers, None, body.as_bytes());
        let value = opened
            .body()
            .and_then(|node| node.pointer(pointer))
            .and_then(Node::as_text);
        assert_eq!(value, Some("x"), "{content_type} {body}");
        assert_eq!(kinds(&opened), [], "{content_type} {body}");
    }
    let headers = HeaderMap::new();
    for body in [r#"{"a": "x"}"#, "a=x&b=y"] {
        assert!(
            open(&headers, None, body.as_bytes()).body().is_some(),
            "{body}"
        );
    }
    let opened = open(&headers, None, b"just words = nothing");
    assert!(opened.body().is_none() && matches!(opened.content(), Body::Text(_)));
    assert!(matches!(open(&headers, None, b"").content(), Body::Empty));
}

#[test]
fn what_cannot_be_opened_is_said() {
    for (content_type, body) in [
        ("application/json", &b"{\"a\": "[..]),
        ("application/json", b"\xff\xfe{\x00}\x00"),
        ("application/x-www-form-urlencoded", b"a=%ff"),
        ("multipart/form-data", b"--x\r\n\r\n--x--"),
        ("multipart/form-data; boundary=y", b"--x\r\n\r\n--x--"),
        ("text/plain; charset=utf-16", b"a"),
    ] {
        let headers = typed(content_type);
        let found = kinds(&open(&headers, None, body));
        assert!(
            matches!(found[..], [OddityKind::Unreadable(_)]),
            "{content_type}: {found:?}"
        );
    }
    let headers = typed("image/png");
    assert_eq!(
        kinds(&open(&headers, None, b"\x89PNG")),
        [OddityKind::Media]
    );
    let headers = typed("application/zip");
    assert_eq!(
        kinds(&open(&headers, None, b"PK\x03\x04\xff")),
        [OddityKind::Opaque]
    );
}

#[test]
fn the_parts_of_a_multipart_body_are_found_by_their_names() {
    let headers = typed("multipart/form-data; boundary=\"x\"");
    let body = b"--x\r\nContent-Disposition: form-data; name=\"to\"\r\n\r\nbob@x.example\r\n\
        --x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.png\"\r\n\
        Content-Type: image/png\r\n\r\n\x89PNG\xff\r\n--x--\r\n";
    let opened = open(&headers, None, body);
    let Body::Multipart(node) = opened.content() else {
        panic!("{:?}", opened.content());
    };
    assert_eq!(
        node.get("to").and_then(Node::as_text),
        Some("bob@x.example")
    );
    assert_eq!(node.get("file").and_then(Node::as_text), Some("a.png"));
    assert_eq!(kinds(&opened), []);
}

#[test]
fn whole_requests_within_a_body_are_found() {
    let headers = typed("multipart/mixed; boundary=x");
    let body =
        b"--x\r\nContent-Type: application/http\r\n\r\nDELETE /users/1 HTTP/1.1\r\n\r\n\r\n--x--";
    let opened = open(&headers, None, body);
    let Body::Requests(requests, _) = opened.content() else {
        panic!("{:?}", opened.content());
    };
    assert_eq!(requests[..], [("DELETE", "/users/1")]);
}

#[test]
fn the_requests_of_a_batch_are_read_with_their_bodies_however_deep_they_are_nested() {
    let headers = typed("multipart/mixed; boundary=outer");
    let body = b"--outer\r\nContent-Type: application/http\r\n\r\nGET Cars(7) HTTP/1.1\r\nAccept: */*\r\n\r\n\r\n\
        --outer\r\nContent-Type: multipart/mixed; boundary=inner\r\n\r\n\
        --inner\r\nContent-Type: application/http\r\nContent-ID: 1\r\n\r\n\
        PATCH Cars(7) HTTP/1.1\r\nContent-Type: application/json\r\n\r\n{\"Color\": \"red\"}\r\n\
        --inner\r\nContent-Type: application/http\r\n\r\n\
        POST Notes HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\ntext=new+color\r\n\
        --inner--\r\n\r\n--outer--\r\n";
    let opened = open(&headers, None, body);
    let Body::Requests(lines, list) = opened.content() else {
        panic!("{:?}", opened.content());
    };
    assert_eq!(
        lines[..],
        [("GET", "Cars(7)"), ("PATCH", "Cars(7)"), ("POST", "Notes")]
    );
    for (pointer, expected) in [
        ("/0/method", "GET"),
        ("/0/url", "Cars(7)"),
        ("/1/body/Color", "red"),
        ("/2/body/text", "new color"),
    ] {
        let found = list.pointer(pointer).and_then(Node::as_text);
        assert_eq!(found, Some(expected), "{pointer}");
    }
    assert_eq!(list.pointer("/0/body"), None);
}

#[test]
fn a_mail_is_read_by_its_headers_and_its_parts() {
    let mail = "From: Ann <ann@kite.example>\r\nTo: bo@lind.example\r\nBcc: x@out.example\r\n\
        Subject: =?utf-8?Q?F=C3=BCr_Sie?=\r\nMIME-Version: 1.0\r\n\
        Content-Type: multipart/mixed; boundary=\"b1\"\r\n\r\n\
        --b1\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\
        Caf=C3=A9 at\r\n noon?\r\n--b1\r\nContent-Type: application/pdf\r\n\
        Content-Disposition: attachment; filename=\"plan.pdf\"\r\nContent-Transfer-Encoding: base64\r\n\r\n\
        JVBERi0xLjQKJcOkw7zDtsOfCjIgMCBvYmoK\r\n--b1--\r\n";
    let arena = Arena::default();
    let read = message(mail, &arena).unwrap();
    for (name, expected) in [
        ("from", "Ann <ann@kite.example>"),
        ("to", "bo@lind.example"),
        ("bcc", "x@out.example"),
        ("subject", "Für Sie"),
        ("text", "Café at\n noon?"),
        ("attachments", "plan.pdf"),
    ] {
        let found = read.get(name).and_then(Node::as_text);
        assert_eq!(found, Some(expected), "{name}");
    }
    for text in ["To: you", "Note: one\nAlso: two\n\nthree", "hello", ""] {
        assert!(message(text, &arena).is_none(), "{text}");
    }
}

#[test]
fn overrides_of_the_method_are_found_wherever_frameworks_look_for_them() {
    let found = |headers: &HeaderMap, query, body: &[u8]| {
        let opened = open(headers, query, body);
        opened
            .oddities()
            .iter()
            .map(|oddity| oddity.evidence.clone())
            .collect::<Vec<_>>()
    };
    let mut headers = HeaderMap::new();
    headers.insert(
        HeaderName::from_static("x-http-method-override"),
        HeaderValue::from_static("DELETE"),
    );
    assert_eq!(found(&headers, None, b""), ["x-http-method-override"]);
    let headers = HeaderMap::new();
    assert_eq!(found(&headers, Some("a=b&_method=delete"), b""), ["query"]);
    for query in ["method=card", "Method=card"] {
        assert_eq!(
            found(&headers, Some(query), b""),
            Vec::<String>::new(),
            "{query}"
        );
    }
    assert_eq!(
        found(&headers, None, br#"{"_method": "DELETE"}"#),
        ["/_method"]
    );
    assert_eq!(found(&headers, None, b"_method=DELETE&a=b"), ["/_method"]);
    assert_eq!(
        found(&headers, None, br#"{"data": [{"_method": "DELETE"}]}"#),
        ["/data/0/_method"]
    );
}

#[test]
fn graphql_documents_are_read_for_what_they_do() {
    let read =
        |text| Document::read(text).map(|document| (document.changes(), document.operations));
    let (changes, operations) = read("{ me { name } }").unwrap();
    assert!(!changes);
    assert_eq!(operations, [(OperationKind::Query, vec!["me"])]);
    let text = "query A($id: ID! = \"}\") @live { user(id: $id) { id } }\n# mutation\nmutation B { \
        gone: deleteUser(input: {id: 1, note: \"{\"}) @include(if: true) { id } ...F } fragment F on M { x }";
    let (changes, operations) = read(text).unwrap();
    assert!(changes);
    assert_eq!(operations[0], (OperationKind::Query, vec!["user"]));
    assert_eq!(operations[1].1[0], "deleteUser");
    for text in [
        "",
        "hello",
        "mutation {",
        "query { a ) }",
        "mutation { a(b: \"é",
    ] {
        assert_eq!(read(text), None, "{text}");
    }
    assert!(Document::looks_like(" mutation M { a }") && Document::looks_like("{ a }"));
    assert!(!Document::looks_like("{\"a\": 1}") && !Document::looks_like("queryable {"));
}

#[test]
fn calls_within_a_body_are_recognized() {
    let call = |text: &str| {
        let arena = Arena::default();
        let node = Node::parse_json(text.as_bytes(), &arena).unwrap();
        of_members(node.members(), 1)
            .first()
            .map(|call| (call.method.map(str::to_owned), call.name.to_owned()))
    };
    let rest = Some((Some("DELETE".to_owned()), "/a".to_owned()));
    assert_eq!(call(r#"{"method": "DELETE", "relative_url": "/a"}"#), rest);
    let rpc = Some((None, "eth_send".to_owned()));
    assert_eq!(call(r#"{"jsonrpc": "2.0", "method": "eth_send"}"#), rpc);
    assert_eq!(call(r#"{"method": "card", "amount": 5}"#), None);
    assert_eq!(call(r#"{"method": "POST"}"#), None);
    let rpc = Some((None, "delete".to_owned()));
    assert_eq!(
        call(r#"{"jsonrpc": "2.0", "method": "", "verb": "delete", "url": ""}"#),
        rpc
    );
    let xml = |text| {
        let arena = Arena::default();
        let document = Node::parse_xml(text, &arena).unwrap();
        let calls = of_xml(&document);
        calls
            .iter()
            .map(|call| call.name.to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        xml("<s:Envelope><s:Header/><s:Body><m:DeleteUser/></s:Body></s:Envelope>"),
        ["DeleteUser"]
    );
    assert_eq!(
        xml(
            "<s:Envelope><s:Header><w:Get/><w:Action>urn:List</w:Action><w:To>x</w:To></s:Header>\
            <s:Body><m:Get/><m:DeleteUser/></s:Body></s:Envelope>"
        ),
        ["Get", "DeleteUser", "Get", "urn:List"]
    );
    assert_eq!(
        xml(
            "<?xml version='1.0'?><!--<methodName>c.d</methodName>--><methodCall>\
            <methodName>a.b</methodName></methodCall>"
        ),
        ["a.b"]
    );
    assert_eq!(xml("<deleteUser><id>7</id></deleteUser>"), ["deleteUser"]);
}

#[test]
fn a_map_is_read_as_a_bounded_number_of_calls() {
    let text = format!(
        "{{{}\"method\": \"DELETE\"}}",
        r#""verb": "GET", "url": "/a","#.repeat(10_000)
    );
    let arena = Arena::default();
    let node = Node::parse_json(text.as_bytes(), &arena).unwrap();
    assert_eq!(of_members(node.members(), 100).len(), 100);
}

#[test]
fn base64_is_opened_where_it_holds_text() {
    let decoded = |text| decoded(text, &mut InflationRoom::default());
    assert_eq!(
        decoded("aGVsbG8gdGhlcmUsIHdvcmxk"),
        Some(Decoded::Text("hello there, world".to_owned()))
    );
    assert_eq!(
        decoded("data:text/plain;base64,aGVsbG8gdGhlcmUsIHdvcmxk"),
        Some(Decoded::Text("hello there, world".to_owned()))
    );
    assert_eq!(decoded("f0VMRgIBAQAAAAAAAAAA"), Some(Decoded::Program));
    for text in [
        "short",
        "aGVsbG8gdGhlcmUs!HdvcmxkIQ==",
        "95b966ae1c166bd92f8ae7d1c313e738c731dfc3",
    ] {
        assert_eq!(decoded(text), None, "{text}");
    }
}

#[test]
fn compressed_texts_share_their_room() {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut encoder, &vec![b' '; 9 << 20]).unwrap();
    let text = base64_of(&encoder.finish().unwrap());
    let mut room = InflationRoom::default();
    let is_text = |decoded: &Option<Decoded>| matches!(decoded, Some(Decoded::Text(_)));
    assert!(is_text(&decoded(&text, &mut room)));
    for _ in 0..2 {
        assert_eq!(decoded(&text, &mut room), Some(Decoded::TooLong));
    }
}

/// The bytes in base64.
fn base64_of(bytes: &[u8]) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits = chunk
            .iter()
            .fold(0, |bits, byte| bits << 8 | usize::from(*byte));
        let bits = bits << (8 * (3 - chunk.len()));
        let digits = (0..=chunk.len()).map(|at| ALPHABET[bits >> (18 - 6 * at) & 63]);
        text.extend(digits.map(char::from));
    }
    text
}

#[test]
fn hidden_characters_are_found_and_honest_scripts_are_not() {
    for (text, hidden) in [
        ("pay\u{200b}pal", Hidden::Invisible),
        ("a\u{e0041}", Hidden::Invisible),
        ("a\u{202e}b", Hidden::Bidi),
        ("a\u{1b}[2K", Hidden::Control),
        ("p\u{430}ypal", Hidden::MixedScripts),
    ] {
        assert_eq!(hidden_in(text), Some(hidden), "{text:?}");
    }
    for text in [
        "plain\r\n\ttext",
        "naïve façade",
        "Привет, мир",
        "γειά σου",
        "שלום\u{200f}",
        "می\u{200c}خواهم",
        "👨\u{200d}👩\u{200d}👧",
        "日本語",
        "100 Ω",
        "µ and π",
    ] {
        assert_eq!(hidden_in(text), None, "{text:?}");
    }
}

proptest! {
    #[test]
    fn any_document_and_any_bytes_are_opened_or_refused(text in "\\PC{0,60}", bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Document::read(&text);
        let _ = decoded(&text, &mut InflationRoom::default());
        let _ = hidden_in(&text);
        for content_type in ["multipart/form-data; boundary=a", "multipart/mixed; boundary=-", "application/json"] {
            let headers = typed(content_type);
            let _ = open(&headers, Some("a=%"), &bytes);
        }
    }

    #[test]
    fn graphql_tokens_in_any_order_are_read_or_refused(
        tokens in prop::collection::vec(prop::sample::select(vec!["{", "}", "(", ")", "query", "mutation", "a", ":", "\"", "\"\"\"", "\\", "#", "\n", "@", "...", "é", "$x"]), 0..24)
    ) {
        let _ = Document::read(&tokens.concat());
        let _ = Document::read(&tokens.join(" "));
    }
}
