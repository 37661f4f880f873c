//! The same values are judged alike however they are wrapped and whatever they are called.

use std::io::Write;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

use crate::support::Case;

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
    // gzip, zlib and UTF-16 of {"role":"admin"}
    for text in [
        "eJyrVirKz0lVslJKTMnNzFOqBQAuQQV2",
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
        upload().body("text/csv", "a,b\n\"1"),
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

/// The first bytes of each medium, with some that follow them.
fn media() -> Vec<(&'static str, Vec<u8>)> {
    // Bytes as compression leaves them, by a linear congruential generator.
    let noise: Vec<u8> = (0..20_000)
        .scan(1_u32, |state, _| {
            *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            Some((*state >> 24).to_le_bytes()[0])
        })
        .collect();
    let pdf = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n\
        2 0 obj\n<< /Type /Pages /Kids [3 0 R] /Count 1 /MediaBox [0 0 612 792] >>\nendobj\n\
        4 0 obj\n<</Title (Report: 2024) /Producer (Writer) /CreationDate (D:20240101)>>\nendobj\n\
        5 0 obj\n<< /Type /Metadata /Length 99 >>\nstream\n<?xpacket begin=\"\xef\xbb\xbf\" id=\"W5\"?>\n\
        <x:xmpmeta xmlns:x=\"adobe:ns:meta/\">\n<rdf:RDF\nxmlns:rdf=\"http://www.w3.org/rdf#\"/>\n\
        </x:xmpmeta>\n<?xpacket end=\"w\"?>\nendstream\nendobj\n\
        3 0 obj\n<< /Filter /FlateDecode /Length 20000 >>\nstream\n";
    let xref =
        b"\nendstream\nendobj\nxref\n0 3\n0000000000 65535 f \n0000000015 00000 n \ntrailer\n\
        << /Size 3 /Root 1 0 R /ID [<aa> <bb>] >>\nstartxref\n99\n%%EOF\n";
    let jpeg = b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\xff\xe1\x01\0http://ns.adobe.com/xap/1.0/\0\
        <?xpacket begin=\"\xef\xbb\xbf\" id=\"W5M0\"?>\n<x:xmpmeta xmlns:x=\"adobe:ns:meta/\">\n\
        <photoshop:City role=\"admin\">Bern</photoshop:City></x:xmpmeta>\n<?xpacket end=\"w\"?>\
        \xff\xe1\0\x40Exif\0\0Adobe Photoshop 24.0 (Windows)\x002023:01:01 12:00:00\0";
    let with = |begin: &[u8]| [begin, &noise].concat();
    vec![
        (
            "image/png",
            with(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x01\0\0\0\x01\0\x08\x06\0\0\0"),
        ),
        ("image/jpeg", with(jpeg)),
        ("image/gif", with(b"GIF89a\x40\x01\xf0\0\xf7\0\0")),
        ("image/webp", with(b"RIFF\x24\x4e\0\0WEBPVP8 ")),
        ("image/bmp", with(b"BM\x36\x4e\0\0\0\0\0\0\x36\0\0\0")),
        ("image/heic", with(b"\0\0\0\x24ftypheic\0\0\0\0")),
        ("video/mp4", with(b"\0\0\0\x18ftypmp42\0\0\0\0isommp42")),
        ("application/pdf", [pdf, &noise[..], xref].concat()),
        (
            "audio/mpeg",
            with(b"ID3\x03\0\0\0\0\x0f\x76TIT2\0\0\0\x06\0\0\0Song"),
        ),
        ("audio/ogg", with(b"OggS\0\x02\0\0")),
        ("audio/flac", with(b"fLaC\0\0\0\x22\x10\0\x10\0")),
        ("audio/wav", with(b"RIFF\x44\x4e\0\0WAVEfmt \x10\0\0\0")),
        ("video/x-msvideo", with(b"RIFF\x44\x4e\0\0AVI LIST")),
        ("font/woff2", with(b"wOF2\0\x01\0\0\0\0\x4e\x20\0\x0a\0\0")),
        ("font/otf", with(b"OTTO\0\x0a\0\x80")),
        ("image/jp2", with(b"\0\0\0\x0cjP  \r\n\x87\n")),
        ("image/jxl", with(b"\xff\x0a")),
        ("image/tiff", with(b"II+\0\x08\0\0\0")),
        ("image/vnd.adobe.photoshop", with(b"8BPS\0\x01")),
        ("audio/aiff", with(b"FORM\0\0\x4e\x20AIFFCOMM")),
        ("audio/mpeg", with(b"\xff\xfa\x90\0")),
        ("audio/aac", with(b"\xff\xf9\x50\x80")),
        ("audio/midi", with(b"MThd\0\0\0\x06\0\x01")),
        ("video/x-flv", with(b"FLV\x01\x05\0\0\0\x09")),
        ("video/x-ms-wmv", with(b"\x30\x26\xb2\x75\x8e\x66\xcf\x11")),
        ("video/mpeg", with(b"\0\0\x01\xb3")),
        (
            "video/mp2t",
            [
                &b"\x47\x40\0\x10"[..],
                &noise[..184],
                b"\x47\x40\0\x10",
                &noise,
            ]
            .concat(),
        ),
    ]
}

#[test]
fn true_media_are_forwarded_raw_and_as_files() {
    for (content_type, bytes) in media() {
        forwarded(&upload().body(content_type, bytes.clone()));
        for part_type in [content_type, "application/octet-stream"] {
            let head = format!("name=\"file\"; filename=\"a\"\r\nContent-Type: {part_type}");
            forwarded(&upload().body(MULTIPART, multipart(&head, &bytes)));
        }
    }
}

#[test]
fn what_begins_like_a_medium_is_read_as_what_else_it_is() {
    let json = r#"{"role":"admin","amount":50000,"to":"mallory@evil.example"}"#;
    for (content_type, begin) in [
        ("video/mp4", r#"{  "ftyp":1,"#),
        ("image/webp", r#"{"abc":"WEBP","#),
        ("audio/wav", r#"{"abc":"WAVE","#),
        ("video/avi", r#"{"abc":"AVI ","#),
        ("image/bmp", "BM=1&role=admin&amount=50000&"),
        ("image/bmp", "BM: 1\nrole: admin\namount: 50000\nx: "),
        ("audio/mpeg", "ID3=1&role=admin&amount=50000&"),
        ("image/gif", "GIF89a=1&role=admin&amount=50000&"),
        ("audio/ogg", "OggS=1&role=admin&amount=50000&"),
        ("audio/flac", "fLaC=1&role=admin&amount=50000&"),
        ("font/woff", "wOFF=1&role=admin&amount=50000&"),
        ("font/otf", "OTTO: 1\nrole: admin\namount: 50000\nx: "),
        ("application/pdf", "%PDF-=1&role=admin&amount=50000&"),
        ("application/pdf", "%PDF-1.4\n"),
        ("image/png", "\u{1}"),
    ] {
        let begin = begin.replace('\u{1}', "");
        for odd in [&b"\xff"[..], b"\0", b""] {
            let magic: &[u8] = if begin.is_empty() {
                b"\x89PNG\r\n\x1a\n"
            } else {
                b""
            };
            let rest = if begin.starts_with('{') {
                &json[1..]
            } else {
                json
            };
            let ending = [&b",\"x\":\""[..], odd, b"\"}"].concat();
            let rest = [&rest.as_bytes()[..rest.len() - 1], &ending].concat();
            let body = [magic, begin.as_bytes(), &rest].concat();
            held(&thing().body(content_type, body.clone()));
            if !odd.is_empty() {
                held(&thing().body(MULTIPART, multipart("name=\"file\"", &body)));
            }
            for head in [
                "name=\"file\"; filename=\"a\"".to_owned(),
                format!("name=\"file\"; filename=\"a\"\r\nContent-Type: {content_type}"),
                "name=\"file\"; filename=\"a\"\r\nContent-Type: application/json".to_owned(),
            ] {
                held(&thing().body(MULTIPART, multipart(&head, &body)));
            }
        }
    }
}

#[test]
fn no_label_hides_what_a_body_looks_like() {
    let soap = "<s:Envelope xmlns:s=\"urn:s\"><s:Body><DeleteUser><id>7</id></DeleteUser></s:Body>\
        </s:Envelope>";
    let rpc =
        "<?xml version=\"1.0\"?><methodCall><methodName>user.delete</methodName></methodCall>";
    let part = "--x\r\nContent-Disposition: form-data; name=\"role\"\r\n\r\nadmin\r\n--x--\r\n";
    let batch = "--x\r\nContent-Type: application/http\r\n\r\nDELETE /users/1 HTTP/1.1\r\n\r\n\r\n--x--\r\n";
    let json = "{\"role\":\"admin\"}";
    let quoted = serde_json::to_string(json).unwrap();
    let lines = format!("{{}}\n{json}\n");
    let mut open = Vec::new();
    let encoded = "eyJyb2xlIjoiYWRtaW4iLCJhIjoxfQ==";
    for content_type in [
        "application/x-www-form-urlencoded",
        "application/graphql",
        "application/x-www-form-urlencoded; charset=utf-8",
        "application/yaml",
        "text/csv",
        "text/plain",
        "application/octet-stream",
        "application/x-protobuf",
        "application/msgpack",
        "",
    ] {
        for body in [
            "role: admin\namount: 50000\n",
            "role: admin",
            "{role: admin}",
            "name,role\nann,admin\n",
            "name\trole\nann\tadmin\n",
            "role=admin&amount=50000",
            "name=Lamp\nrole=admin\n",
            "mutation{pay}",
            json,
            &quoted,
            &lines,
            encoded,
            "%7B%22role%22%3A%22admin%22%7D",
            part,
            batch,
            soap,
            rpc,
        ] {
            let score = thing().body(content_type, body).judge().verdict.score;
            if score < THRESHOLD {
                open.push((content_type, body, score));
            }
        }
    }
    assert_eq!(open, []);
    for content_type in [
        "application/json",
        "application/x-ndjson",
        "application/xml",
    ] {
        held(&thing().body(content_type, multipart("name=\"note\"", b"Buy milk")));
    }
    let wrapped = format!("--x\r\nContent-Type: text/xml\r\n\r\n{soap}\r\n--x--\r\n");
    held(&thing().body("multipart/related; boundary=x", wrapped));
    let query =
        "query Lamp($id: ID!) {\n  thing(\n    id: $id\n    role: 7\n  ) {\n    name\n  }\n}\n";
    for (content_type, body) in [
        (
            "application/x-www-form-urlencoded",
            "name=Lamp&note=A+lamp%3A+two+rooms&tags[]=a&tags[]=b",
        ),
        (
            "application/x-www-form-urlencoded",
            "name=Lamp two&note=for the hall",
        ),
        ("application/x-www-form-urlencoded", "name=Lamp"),
        ("application/graphql", query),
        ("application/graphql", "{ thing(id: 7) { name } }"),
        (
            "text/plain",
            "---\ntitle: Lamp\n---\nWe bought a lamp.\n\n-----\n",
        ),
        ("text/plain", "-- Lamp\nWe bought a lamp -- two of them.\n"),
        ("", "We bought a lamp."),
    ] {
        forwarded(&thing().body(content_type, body));
    }
}

#[test]
fn padding_hides_nothing() {
    let padding = "x".repeat(70_000);
    for text in [
        format!("{{role: admin, amount: 50000, pad: {padding}}}"),
        format!("# Lamp\n--- {{role: admin, amount: 50000, pad: {padding}}}\n"),
        format!("[{{role: admin, amount: 50000}}, {padding}]"),
        format!("? role\n: admin\npad: {padding}\n"),
        format!("role: &a\n  admin\npad: {padding}\n"),
        format!("role: >-\n  admin\npad: {padding}\n"),
        format!("role: !!str admin\npad: {padding}\n"),
        format!("{{role: admin, pad: {}}}", "x".repeat(2 << 20)),
    ] {
        for content_type in ["text/plain", "", "application/octet-stream"] {
            held(&thing().body(content_type, text.clone()));
        }
    }
    let broken = |text: &str, odd: &[u8]| {
        let (start, _) = text.rsplit_once('}').unwrap();
        [start.as_bytes(), b",\"x\":\"", &odd.repeat(1000), b"\"}"].concat()
    };
    for odd in [&b"\xff"[..], b"\0", b"\x01\xfe"] {
        for content_type in ["application/json", "text/plain", "image/png", ""] {
            let assessment = thing().body(content_type, broken(PAYLOAD, odd)).judge();
            let codes = assessment
                .verdict
                .signals
                .iter()
                .map(|signal| signal.code.as_str());
            let codes: Vec<&str> = codes.collect();
            assert!(
                codes.contains(&"changes_access"),
                "{content_type} {odd:?}: {codes:?}"
            );
        }
    }
    let sentence = "We met at noon: everybody was *there*, and (so far) nothing is missing. ";
    let note = format!("# Lunch\n\n> Note: *all* of us\n\n{}\n", "x".repeat(10));
    for text in [
        sentence.repeat(1000),
        format!(
            "{note}\n- bring: the notes\n- [ ] book a table\n\n{}",
            sentence.repeat(1000)
        ),
    ] {
        forwarded(&upload().body("text/plain", text.clone()));
        forwarded(&upload().body("text/markdown", text));
    }
}

#[test]
fn tables_and_texts_of_any_shape_are_read() {
    for body in [
        "name\nAnn\nBob\n",
        "name,stock\nAnn\nBob,5\n",
        "name,stock\nAnn,5,7\n",
        "sep=;\nname;stock\nAnn;5\n",
    ] {
        forwarded(&upload().body("text/csv", body));
    }
    for body in [
        "role\nadmin\n",
        "name,role\nAnn\nBob,admin,x\n",
        "sep=;\nname;role\nAnn;admin\n",
        "sep=,\nrole,admin\n",
    ] {
        held(&thing().body("text/csv", body));
    }
    for content_type in [
        "text/plain",
        "text/plain; charset=iso-8859-1",
        "application/octet-stream",
    ] {
        let head = format!("name=\"file\"; filename=\"a.txt\"\r\nContent-Type: {content_type}");
        let text = b"We met in the caf\xe9 on K\xf6nigstra\xdfe \x96 it\x92s nice there, and near.";
        forwarded(&upload().body(MULTIPART, multipart(&head, text)));
        for text in [
            &b"name: Ren\xe9 the lamp keeper\nrole: admin\nother: 1"[..],
            b"name=Ren\xe9 the lamp keeper\nro\xffle=admin\nother=1",
            b"{\"name\": \"Ren\xe9\", \"role\": \"admin\", \"other\": \"the lamp\"}",
        ] {
            held(&thing().body(MULTIPART, multipart(&head, text)));
        }
    }
}

#[test]
fn what_is_wrapped_into_a_text_is_read_in_every_format() {
    let said = |text: &str| thing().json(&serde_json::json!({ "name": text }).to_string());
    for text in [
        "role=admin&amount=50000",
        "{role: admin, amount: 50000}",
        "{role:'admin',amount:50000}",
        "---\nrole: admin\namount: 50000\n",
        "<user><role>admin</role></user>",
        "<s:Envelope xmlns:s=\"urn:s\"><s:Body><DeleteUser/></s:Body></s:Envelope>",
        "{\"a\":1}{\"role\":\"admin\"}",
        "{\"role\":\"admin\"} and more",
        // base64 of role=admin&amount=50000 and of <user><role>admin</role></user>
        "cm9sZT1hZG1pbiZhbW91bnQ9NTAwMDA=",
        "PHVzZXI+PHJvbGU+YWRtaW48L3JvbGU+PC91c2VyPg==",
    ] {
        held(&said(text));
    }
    for text in [
        "Lamp & shade",
        "https://service.example/?a=b&c=d",
        "<p>A <b>lamp</b> for the hall</p>",
        "[draft] Lamp",
        "--- Lamp ---",
        "{name} lamp",
        "a=b&c=d",
        "tag=a&tag=b",
        "<p>A <del>lamp</del> <ins>light</ins> <a href=\"/hall\">there</a></p>",
        "<ul class=\"list\"><li>One</li><li>Two</li></ul>",
    ] {
        forwarded(&thing().json(&serde_json::json!({ "title": text }).to_string()));
    }
    held(&thing().body("application/json5", "{role:'admin',amount:50000}"));
    let xml = |encoding: &str| {
        format!("<?xml version=\"1.0\" encoding=\"{encoding}\"?><note><title>Lunch</title></note>")
    };
    held(&upload().body("application/xml", xml("UTF-7")));
    held(&upload().body("text/xml", xml("IBM037")));
    forwarded(&upload().body("application/xml", xml("UTF-8")));
    forwarded(&upload().body("application/xml", xml("ISO-8859-1")));
}

#[test]
fn a_part_is_read_behind_its_transfer_encoding() {
    let part = |encoding: &str, content: &str| {
        let head = format!("name=\"a\"\r\nContent-Transfer-Encoding: {encoding}");
        let body = multipart(&head, content.as_bytes());
        thing().body("multipart/related; boundary=x", body)
    };
    held(&part("quoted-printable", "{=22role=22: =\r\n=22admin=22}"));
    held(&part("quoted-printable", "r=6Fle: adm=\nin"));
    // base64 of role: admin and a second line
    held(&part("base64", "cm9sZTogYWRtaW4KYW1vdW50OiA1MDAwMAo="));
    forwarded(&part(
        "quoted-printable",
        "Buy milk =3D half a litre=\r\n, and =C3=A9clairs",
    ));
    forwarded(&part("7bit", "Buy milk"));
}
