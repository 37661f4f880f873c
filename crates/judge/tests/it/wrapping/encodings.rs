//! Neither compression, base64 nor length hides a value.

use super::*;

#[test]
fn more_compressed_text_than_can_be_inspected_is_held() {
    // A list of 50 texts, each of which is gzip of a megabyte of spaces in base64, in gzip and base64.
    let note = "H4sIAAAAAAACA+3UMQ6CQBRAwasYWu2k0MLisxDZwmJrwwlI1EAi14fEI5BYzVTvBO9Z9fWc4yfF8dw8Srdlm95p\
        ml7XXL5jNAHAPv1y/yy5vZSI7bK36nTwXwD/BfBf/wXwXwD/BcB/AfwXAP8F8F8A/BfAfwH8138B/BfAf/0XwH8B\
        /Nd/AfwXwH8B8F8A/wXAfwH8F8B//RfAfwH8138B/BfAf/0XwH8B/BcA/wXwXwD8F8B/AfBfAP8F8F//BfBfAP/1\
        XwD/BfBfAPwXwH8B8F8A/wXAfwH8F8B//RfAfwH8138B/vXfYQX/uI+zABMBAA==";
    let case = Case::new("PATCH", "/notes/7", "Describe note 7");
    let case = case.json(&format!("{{\"note\":\"{note}\"}}"));
    assert!(has(&case.judge(), "wrapped_too_deep"), "{:?}", case.judge());
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
