//! Members that ask a server for another method.

use super::*;

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
            "application/json",
            r#"{"name":"x","monitor":{"METHOD_OVERRIDE":"DELETE","kind":"a"}}"#.to_owned(),
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
