//! The same values are judged alike however they are wrapped and whatever they are called.

#![expect(clippy::unwrap_used, reason = "a test that panics says where")]

mod support;

use std::io::Write;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use support::Case;

const THRESHOLD: f64 = 0.5;

fn thing() -> Case {
    Case::new("PUT", "/v1/things/7", "Rename thing 7 to Lamp")
}

fn upload() -> Case {
    Case::new("POST", "/v1/upload", "Upload the notes")
}

const PAYLOAD: &str = r#"{"role":"admin","amount":50000,"to":"mallory@evil.example"}"#;

const TRANSFER: &str =
    r#"{"transfer":{"iban":"DE89370400440532013000","amount":50000,"to":"mallory@evil.example"}"#;

fn held(case: &Case) {
    let assessment = case.judge();
    assert!(
        assessment.verdict.score >= THRESHOLD,
        "{case:?}: {assessment:?}"
    );
}

fn forwarded(case: &Case) {
    let assessment = case.judge();
    assert!(
        assessment.verdict.score < THRESHOLD,
        "{case:?}: {assessment:?}"
    );
}

fn multipart(head: &str, content: &[u8]) -> Vec<u8> {
    [
        format!("--x\r\nContent-Disposition: form-data; {head}\r\n\r\n").as_bytes(),
        content,
        b"\r\n--x--\r\n",
    ]
    .concat()
}

const MULTIPART: &str = "multipart/form-data; boundary=x";

#[test]
fn the_same_values_are_held_in_every_format() {
    let plain = thing().json(PAYLOAD);
    held(&plain);
    let form = "role=admin&amount=50000&to=mallory%40evil.example";
    let xml =
        "<thing><role>admin</role><amount>50000</amount><to>mallory@evil.example</to></thing>";
    let attributes = "<thing role=\"admin\" amount=\"50000\" to=\"mallory@evil.example\"/>";
    let yaml = "role: admin\namount: 50000\nto: mallory@evil.example\n";
    let nested =
        "thing:\n  - &a\n    role: admin\n    amount: 50000\n    to: mallory@evil.example\n";
    let table = "role,amount,to\nadmin,50000,mallory@evil.example\n";
    let pairs = "role,admin\namount,50000\nto,mallory@evil.example\n";
    let settings = "role=admin\namount=50000\nto=mallory@evil.example\n";
    let wide: Vec<u8> = PAYLOAD.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (content_type, body) in [
        ("application/x-www-form-urlencoded", form.as_bytes()),
        ("text/plain", form.as_bytes()),
        ("text/xml", xml.as_bytes()),
        ("application/xml", xml.as_bytes()),
        ("application/vnd.thing+xml", attributes.as_bytes()),
        ("", xml.as_bytes()),
        ("text/plain", xml.as_bytes()),
        ("application/yaml", yaml.as_bytes()),
        ("application/yaml", nested.as_bytes()),
        ("text/x-yaml", yaml.as_bytes()),
        ("text/plain", yaml.as_bytes()),
        ("text/plain", nested.as_bytes()),
        ("", yaml.as_bytes()),
        ("text/csv", table.as_bytes()),
        ("text/csv", pairs.as_bytes()),
        ("text/plain", table.as_bytes()),
        ("text/plain", settings.as_bytes()),
        ("application/octet-stream", settings.as_bytes()),
        ("application/x-thing", PAYLOAD.as_bytes()),
        ("application/x-www-form-urlencoded", PAYLOAD.as_bytes()),
        ("image/png", PAYLOAD.as_bytes()),
        ("image/svg+xml", attributes.as_bytes()),
        ("application/pdf", yaml.as_bytes()),
        ("application/json", &wide),
        ("text/plain", &wide),
        ("application/octet-stream", &wide),
    ] {
        held(&thing().body(content_type, body));
    }
}

#[test]
fn a_body_that_a_lenient_server_reads_is_read_as_leniently() {
    for body in [
        format!("\u{feff}{PAYLOAD}").into_bytes(),
        format!("{PAYLOAD}\n{{}}").into_bytes(),
        format!("{PAYLOAD} x").into_bytes(),
        format!("[{PAYLOAD}]").into_bytes(),
        serde_json::to_vec(PAYLOAD).unwrap(),
        [
            &PAYLOAD.as_bytes()[..PAYLOAD.len() - 1],
            b",\"x\":\"\xff\"}",
        ]
        .concat(),
        PAYLOAD.replace('"', "'").into_bytes(),
    ] {
        for content_type in [
            "application/json",
            "text/plain",
            "application/octet-stream",
            "",
        ] {
            held(&thing().body(content_type, body.clone()));
        }
    }
}

#[test]
fn what_only_some_servers_read_is_read_or_held() {
    for (content_type, body) in [
        ("application/x-www-form-urlencoded", "name=Lamp;role=admin"),
        ("application/json", "{name: 'Lamp', role: 'admin'}"),
        ("text/plain", "{name: 'Lamp', role: 'admin'}"),
        ("text/plain", "{name: \"Lamp\", /* x */ role: \"admin\"}"),
        ("text/plain", "Please apply {\"role\": \"admin\"} to it."),
        ("text/plain", "while(1);[{\"role\": \"admin\"}]"),
        ("image/webp", "{\"a\":  \"WEBP\",\"role\":\"admin\"}"),
        ("image/gif", "GIF89a\nrole: admin"),
        ("application/x-protobuf", "\n\tmallory@x"),
        ("application/grpc", "hello"),
        ("application/vnd.msgpack", "hello"),
        (
            "multipart/related; boundary=x",
            "--x\r\nContent-Type: application/xml\r\n\r\n<a><role>admin</role></a>\r\n--x--",
        ),
        (
            "multipart/mixed; boundary=x",
            "--x\r\n\r\nrole: admin\r\n--x--",
        ),
    ] {
        held(&thing().body(content_type, body));
    }
    let mut case = thing().json(r#"{"name":"Lamp"}"#);
    case.target.push_str("?a=1;role=admin");
    held(&case);
}

#[test]
fn compression_hides_nothing() {
    let write = |name: &str, text: &[u8]| match name {
        "gzip" => {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
            encoder.write_all(text).unwrap();
            encoder.finish().unwrap()
        }
        "raw" => {
            let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
            encoder.write_all(text).unwrap();
            encoder.finish().unwrap()
        }
        _ => {
            let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
            encoder.write_all(text).unwrap();
            encoder.finish().unwrap()
        }
    };
    let encoded = |encoding: &str, body: Vec<u8>| {
        thing()
            .body("application/json", body)
            .header("content-encoding", encoding)
    };
    let codes = |case: &Case| {
        let signals = case.judge().verdict.signals;
        signals
            .into_iter()
            .map(|signal| signal.code)
            .collect::<Vec<_>>()
    };
    for (encoding, form) in [
        ("gzip", "gzip"),
        ("x-gzip", "gzip"),
        ("deflate", "zlib"),
        ("deflate", "raw"),
    ] {
        let case = encoded(encoding, write(form, PAYLOAD.as_bytes()));
        assert!(
            codes(&case).contains(&"changes_access".to_owned()),
            "{encoding}"
        );
        forwarded(&encoded(encoding, write(form, br#"{"name":"Lamp"}"#)));
        let mut behind = write(form, br#"{"name":"Lamp"}"#);
        behind.extend_from_slice(b"more");
        held(&encoded(encoding, behind));
    }
    let harmless = write("gzip", br#"{"name":"Lamp"}"#);
    held(&encoded("gzip", harmless[..harmless.len() - 4].to_vec()));
    held(&encoded("gzip, gzip", harmless.clone()));
    held(&encoded("br", harmless));
    let bomb = write("gzip", &vec![b' '; 11 << 20]);
    held(&encoded("gzip", bomb));
}

#[test]
fn a_picture_is_known_by_its_first_bytes() {
    let broken = [TRANSFER.as_bytes(), b",\"x\":\"\xff\"}"].concat();
    for content_type in [
        "image/png",
        "application/pdf",
        "audio/mpeg",
        "video/mp4",
        "font/woff",
    ] {
        held(&upload().body(content_type, broken.clone()));
        held(&upload().body(content_type, format!("{TRANSFER}}}")));
        held(&upload().body(content_type, b"\x00\xff\x13\x37 anything".to_vec()));
    }
    held(&upload().body("image/png", b"%PDF-1.7\n\xff".to_vec()));
    forwarded(&upload().body("image/png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\xff".to_vec()));
    forwarded(&upload().body("image/jpeg", b"\xff\xd8\xff\xe0\0\x10JFIF".to_vec()));
    forwarded(&upload().body(
        "application/pdf",
        b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj".to_vec(),
    ));
}

#[test]
fn the_files_of_a_form_are_opened_too() {
    let broken = [TRANSFER.as_bytes(), b",\"x\":\"\xff\"}"].concat();
    let file = r#"name="file"; filename="a.json""#;
    let wide: Vec<u8> = PAYLOAD.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (head, content) in [
        (r#"name="role""#, &b"admin"[..]),
        (file, &broken),
        (file, PAYLOAD.as_bytes()),
        (file, b"role: admin\nother: 1"),
        (file, b"<user><role>admin</role></user>"),
        (file, b"name,role\nann,admin\n"),
        (file, &wide),
        (file, b"PK\x03\x04\xff\xfe\x00"),
        (r#"name="meta""#, PAYLOAD.as_bytes()),
    ] {
        held(&upload().body(MULTIPART, multipart(head, content)));
    }
    let request =
        b"--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nGET /me HTTP/1.1\r\n--x\r\n\
        Content-Disposition: form-data; name=\"role\"\r\n\r\nadmin\r\n--x--\r\n";
    held(&upload().body(MULTIPART, request.to_vec()));
    for content in [
        &b"\x89PNG\r\n\x1a\n\xff\xfe"[..],
        b"Buy milk",
        b"sku,stock\n7,5\n",
    ] {
        let head = r#"name="file"; filename="a""#;
        forwarded(&upload().body(MULTIPART, multipart(head, content)));
    }
}

#[test]
fn a_part_whose_name_servers_read_differently_is_held() {
    let role = r#"form-data; name="role""#;
    for disposition in [
        r#"form-data; foo="; name=note; "; name="role""#,
        "form-data;\r\n name=\"role\"",
        "form-data; name*=utf-8''role",
        r#"form-data; name="note"; name*=utf-8''role"#,
        r#"form-data; name="note"; name="role""#,
        r#"form-data; name="no\te"; filename="\"; name="role""#,
    ] {
        let body = multipart(r#"name="note""#, b"x");
        let body = String::from_utf8(body).unwrap();
        let body = body.replace(r#"form-data; name="note""#, disposition);
        held(&upload().body(MULTIPART, body.into_bytes()));
    }
    let plain = String::from_utf8(multipart(r#"name="note""#, b"Buy milk")).unwrap();
    forwarded(&upload().body(MULTIPART, plain.clone().into_bytes()));
    for body in [
        plain.replace("\r\n", "\n"),
        plain.replace("--x--", "--x\r\n\r\n--x--"),
        plain.replace(
            "Content-Disposition: form-data",
            &format!("Content-Disposition: {role}\r\nContent-Disposition: form-data"),
        ),
    ] {
        held(&upload().body(MULTIPART, body.into_bytes()));
    }
}

#[test]
fn another_method_is_found_however_deep_it_is() {
    for body in [
        r#"{"data":{"_method":"DELETE"}}"#,
        r#"[{"_method":"delete"}]"#,
        r#"{"data":"{\"_method\":\"DELETE\"}"}"#,
        r#"{"data":{"X-HTTP-Method-Override":"DELETE"}}"#,
    ] {
        held(&thing().json(body));
    }
    held(&thing().body("application/x-www-form-urlencoded", "data[_method]=DELETE"));
    held(&thing().body("application/x-www-form-urlencoded", "user[delete]=7"));
    for body in [
        r#"{"data":{"_method":"PUT"}}"#,
        r#"{"data":{"method":"DELETE"}}"#,
    ] {
        forwarded(&thing().json(body));
    }
}

#[test]
fn another_method_is_found_in_every_reading_of_a_body() {
    let part = |name: &str, content: &str| {
        format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{content}\r\n")
    };
    let overriding = part("httpMethod", "DELETE");
    let request = part("note", "GET /x HTTP/1.1");
    let is_method_override = |case: &Case| {
        let signals = case.judge().verdict.signals;
        signals
            .iter()
            .any(|signal| signal.code == "method_override")
    };
    for (content_type, body) in [
        (
            "multipart/form-data; boundary=x",
            format!("{overriding}--x--\r\n"),
        ),
        (
            "multipart/form-data; boundary=x",
            format!("{overriding}{request}--x--\r\n"),
        ),
        (
            "multipart/form-data; boundary=x",
            format!("{request}{overriding}--x--\r\n"),
        ),
        ("application/json", r#"{"httpMethod":"DELETE"}"#.to_owned()),
        (
            "application/json",
            r#"[{"httpMethod":"DELETE"}]"#.to_owned(),
        ),
        (
            "application/json",
            r#"{"data":{"http_method":"DELETE"}}"#.to_owned(),
        ),
        (
            "application/json",
            r#"{"data":{"httpMethod":"DELETE","uri":7}}"#.to_owned(),
        ),
        (
            "application/json",
            r#"{"data":{"HTTP_METHOD":"DELETE","uri":"/x"}}"#.to_owned(),
        ),
        (
            "application/json",
            r#"{"name":"x","data":[{"httpMethod":"DELETE"}]}"#.to_owned(),
        ),
        (
            "application/x-ndjson",
            "{\"httpMethod\":\"DELETE\"}\n{\"a\":1}\n".to_owned(),
        ),
        (
            "application/yaml",
            "name: x\nhttpMethod: DELETE\n".to_owned(),
        ),
        (
            "text/xml",
            "<thing><name>x</name><httpMethod>DELETE</httpMethod></thing>".to_owned(),
        ),
        (
            "text/xml",
            "<thing name=\"x\" httpMethod=\"DELETE\"/>".to_owned(),
        ),
        (
            "application/x-www-form-urlencoded",
            "a=1;httpMethod=DELETE".to_owned(),
        ),
        (
            "application/x-www-form-urlencoded",
            "data[httpMethod]=DELETE".to_owned(),
        ),
        ("text/plain", r#"{"httpMethod":"DELETE"}"#.to_owned()),
    ] {
        let case = thing().body(content_type, body);
        assert!(is_method_override(&case), "{case:?}: {:?}", case.judge());
        held(&case);
    }
    for body in [
        r#"{"name":"x","method":"DELETE"}"#,
        r#"[{"method":"PUT"}]"#,
        r#"{"requests":[{"httpMethod":"GET","url":"/things"}]}"#,
        r#"{"name":"x","monitor":{"httpMethod":"GET"}}"#,
    ] {
        let case = thing().json(body);
        assert!(!is_method_override(&case), "{case:?}: {:?}", case.judge());
    }
}

#[test]
fn base64_hides_neither_compression_nor_another_encoding() {
    // gzip and UTF-16 of {"role":"admin"}
    for text in [
        "H4sIAAAAAAACA6tWKsrPSVWyUkpMyc3MU6oFAOdvn34QAAAA",
        "ewAiAHIAbwBsAGUAIgA6ACIAYQBkAG0AaQBuACIAfQA=",
    ] {
        held(&thing().json(&serde_json::json!({ "name": text }).to_string()));
    }
}

#[test]
fn ordinary_texts_and_tables_are_forwarded() {
    let note = "# Lunch\n\nWe meet at noon.\n\n- bring the notes\n- [ ] book a table\n";
    for case in [
        upload().body("text/plain", "Just a note about lunch."),
        upload().body("text/markdown", note),
        upload().body("", note),
        upload().body("text/html", "<p>Hello<br>there</p>"),
        upload().body("text/csv", "sku,stock,shelf\n7,5,A\n8,9,B\n"),
        upload().body("text/csv", "\u{feff}sku;stock\r\n7;5\r\n"),
        upload().body("application/yaml", "title: Notes\nsections:\n  - lunch\n"),
        upload().body("application/xml", "<notes><title>Lunch</title></notes>"),
        upload().body("application/octet-stream", "Just a note about lunch."),
    ] {
        forwarded(&case);
    }
    for case in [
        upload().body("text/csv", "a,b\n1\n"),
        upload().body("application/yaml", "a: ["),
        upload().body("application/xml", "<a><b></a>"),
        upload().body(
            "application/xml",
            "<!DOCTYPE a [<!ENTITY r 'admin'>]><a>&r;</a>",
        ),
        upload().body("", "<a><b></a>"),
    ] {
        held(&case);
    }
}
