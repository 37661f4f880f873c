//! The parts of a multipart body.

use super::*;

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
