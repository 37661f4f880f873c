//! No label of a body hides its content.

use super::*;

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
