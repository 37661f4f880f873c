//! A value is judged alike in every format.

use super::*;

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
