//! A credential that an upstream echoes does not reach the agent.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gaiterguard_testkit::scene::{CREDENTIAL, Scene, request};
use gaiterguard_testkit::{Encoding, McpClient, McpMode, McpTransport, Received, Reply, Storage};
use http::Method;
use serde_json::json;

use crate::gzip::{gunzip, gzip};

#[tokio::test]
async fn an_echoed_credential_is_masked_in_every_spelling() {
    let scene = Scene::new(Storage::Sqlite).await;
    for encoding in Encoding::ALL {
        let echo = encoding.apply(CREDENTIAL);
        let text = format!("before {echo} after");
        scene
            .upstream
            .on("/whole", Reply::text(text.clone()).header("X-Echo", &echo));
        let response = scene.get("/whole").await.expect_status(200);
        assert_hidden(&response.text(), &echo, encoding);
        let header = response.header("x-echo").unwrap_or_default();
        assert!(!header.contains(&echo), "{encoding:?}: {header}");

        // In pieces that are sent one after the other, byte by byte within the credential.
        let mut reply = Reply::status(200)
            .chunked()
            .piece_delay(Duration::from_millis(1));
        for piece in text.as_bytes().chunks(3) {
            reply = reply.body(piece);
        }
        scene.upstream.on("/pieces", reply);
        let response = scene.get("/pieces").await.expect_status(200);
        assert_hidden(&response.text(), &echo, encoding);
    }
}

fn of_bytes(text: &str, escape: impl Fn(u8) -> String) -> String {
    text.bytes().map(escape).collect()
}

/// Returns spellings of an ASCII text in programs, pages and mails.
fn spellings(text: &str) -> Vec<Vec<u8>> {
    let base64 = STANDARD.encode(format!(
        "GET / HTTP/1.1\r\nAuthorization: Bearer {text}\r\n"
    ));
    let lines: Vec<&str> = base64
        .as_bytes()
        .chunks(32)
        .map(|line| std::str::from_utf8(line).unwrap())
        .collect();
    let escaped = [
        of_bytes(text, |byte| format!("\\x{byte:02x}")),
        of_bytes(text, |byte| format!("\\u{byte:04x}")),
        of_bytes(text, |byte| format!("\\\\u{byte:04X}")),
        of_bytes(text, |byte| format!("&#{byte};")),
        of_bytes(text, |byte| format!("&#x{byte:x};")),
        of_bytes(text, |byte| format!("%25{byte:02X}")),
        of_bytes(text, |byte| format!("={byte:02X}")),
        format!("\\x63{}", &text[1..]),
        lines.join("\r\n"),
        lines.join("\\n"),
        hex::encode(text),
    ];
    let units = || text.encode_utf16();
    let characters = || text.chars().map(u32::from);
    let wide = [
        units().flat_map(u16::to_le_bytes).collect(),
        units().flat_map(u16::to_be_bytes).collect(),
        characters().flat_map(u32::to_le_bytes).collect(),
        characters().flat_map(u32::to_be_bytes).collect(),
    ];
    escaped
        .into_iter()
        .map(String::into_bytes)
        .chain(wide)
        .collect()
}

#[tokio::test]
async fn an_echoed_credential_is_masked_however_its_characters_are_spelled() {
    let scene = Scene::new(Storage::Sqlite).await;
    for echo in spellings(CREDENTIAL) {
        let text = [b"before ", &echo[..], b" after"].concat();
        let shown = String::from_utf8_lossy(&text).into_owned();
        scene.upstream.on("/whole", Reply::text(text.clone()));
        let whole = scene.get("/whole").await.expect_status(200);
        let mut reply = Reply::status(200)
            .chunked()
            .piece_delay(Duration::from_millis(1));
        for piece in text.chunks(5) {
            reply = reply.body(piece);
        }
        scene.upstream.on("/pieces", reply);
        let pieces = scene.get("/pieces").await.expect_status(200);
        assert_eq!(whole.body, pieces.body, "{shown}");
        assert_eq!(whole.body.len(), text.len(), "{shown}");
        // All of it, except the bits that share a base64 character with others.
        let hidden = whole.text().matches('*').count();
        assert!(hidden >= CREDENTIAL.len(), "{shown}: {}", whole.text());
        let left = whole
            .body
            .iter()
            .zip(&text)
            .filter(|(now, then)| now == then);
        let around = "before  after".len();
        let is_base64 = shown.contains("R0VUIC8g");
        assert!(
            is_base64 || left.count() <= around + 3,
            "{shown}: {}",
            whole.text()
        );
    }
}

fn assert_hidden(text: &str, echo: &str, encoding: Encoding) {
    assert!(!text.contains(echo), "{encoding:?}: {text}");
    assert!(
        text.starts_with("before ") && text.ends_with(" after"),
        "{encoding:?}: {text}"
    );
}

#[tokio::test]
async fn the_basic_value_and_its_password_are_masked() {
    let scene = Scene::new(Storage::Sqlite).await;
    let password = "pass word/of~the+service";
    let login = json!({"username": "someone", "password": password});
    let service = scene
        .human
        .create_service("basic", &scene.upstream.url(), "basic", login)
        .await;
    let agent = scene.human.create_agent("other", &[&service]).await;
    let mut proposal = request("GET", "/echo");
    proposal["service"] = json!("basic");
    let response = agent.propose(proposal).send().await.expect_status(200);
    let received = scene.upstream.only();
    let pair = received
        .header("authorization")
        .unwrap()
        .strip_prefix("Basic ")
        .unwrap();
    assert_eq!(pair, Encoding::Base64.apply(&format!("someone:{password}")));
    assert!(response.text().contains("/echo"), "{}", response.text());
    assert!(!response.text().contains(pair), "{}", response.text());
    scene
        .upstream
        .on("/echo", Reply::text(format!("it is {password}.")));
    let mut proposal = request("GET", "/echo");
    proposal["service"] = json!("basic");
    let response = agent.propose(proposal).send().await.expect_status(200);
    assert!(!response.text().contains(password), "{}", response.text());
}

#[tokio::test]
async fn stored_and_displayed_responses_are_masked() {
    let scene = Scene::new(Storage::Sqlite).await;
    let held = scene.approved("echo").await;
    let executed = scene.agent.execute(&held).send().await.expect_status(200);
    let status = scene.agent.status(&held).await;
    let shown = scene.human.action(&held).await;
    for text in [executed.text(), status.to_string(), shown.to_string()] {
        assert!(text.contains("DELETE"), "{text}");
        assert!(!text.contains(CREDENTIAL), "{text}");
    }
    let received = scene.upstream.only();
    assert!(
        received
            .header("authorization")
            .unwrap()
            .contains(CREDENTIAL)
    );
}

/// Labels for a plain body: invalid ones that servers send, real codings that do not apply, and several at a time.
const LABELS: &[&[&str]] = &[
    &["UTF-8"],
    &["none"],
    &["binary"],
    &["aws-chunked"],
    &["identity, gzip"],
    &["x-whatever"],
    &["gzip"],
    &["br"],
    &["identity", "deflate"],
    &["", "zstd"],
];

fn labeled(labels: &[&str], body: impl Into<Vec<u8>>) -> Reply {
    let reply = Reply::text(body);
    labels.iter().fold(reply, |reply, label| {
        reply.header("Content-Encoding", label)
    })
}

#[tokio::test]
async fn a_credential_is_masked_at_every_door_whatever_coding_the_response_claims() {
    let scene = Scene::new(Storage::Sqlite).await;
    let (gateway, transport) = (&scene.gateway, McpTransport::Http);
    let mut client = McpClient::connect(gateway, &scene.agent, transport, McpMode::Newest).await;
    let text = format!("before {CREDENTIAL} after");
    for labels in LABELS {
        scene.upstream.on("/echo", labeled(labels, text.clone()));
        let proxied = scene.get("/echo").await.expect_status(200);
        let passed = scene
            .agent
            .call(Method::GET, "/s/things/echo")
            .send()
            .await
            .expect_status(200);
        let shown = scene
            .human
            .post(&format!("/services/{}/test-call", scene.service.id))
            .json(json!({"path": "/echo"}))
            .send()
            .await
            .expect_status(200);
        for response in [proxied, passed] {
            assert_hidden(&response.text(), CREDENTIAL, Encoding::Raw);
            let claimed = response.headers("content-encoding");
            assert_eq!(claimed, *labels, "the label is the upstream's own");
        }
        let by_tool = client.call("proxy_request", request("GET", "/echo")).await;
        for body in [&shown.json()["body"], &by_tool.expect_done()["body"]] {
            let body = body.to_string();
            assert!(
                body.contains("before ") && !body.contains(CREDENTIAL),
                "{body}"
            );
        }
    }
}

#[tokio::test]
async fn a_stored_response_is_masked_whatever_coding_it_claims() {
    let scene = Scene::new(Storage::Sqlite).await;
    let text = format!("before {CREDENTIAL} after");
    for (number, labels) in LABELS.iter().enumerate() {
        let held = scene.approved(&format!("kept-{number}")).await;
        let path = format!("/kept-{number}");
        scene.upstream.on(&path, labeled(labels, text.clone()));
        let executed = scene.agent.execute(&held).send().await.expect_status(200);
        let replayed = scene
            .agent
            .propose(request("DELETE", &path))
            .idempotency_key(&format!("kept-{number}"))
            .send()
            .await
            .expect_status(200);
        assert_eq!(replayed.header("x-proxy-status"), Some("replayed"));
        assert_eq!(executed.body, replayed.body);
        let status = scene.agent.status(&held).await;
        let shown = scene.human.action(&held).await;
        for text in [executed.text(), status.to_string(), shown.to_string()] {
            assert!(
                text.contains("before ") && !text.contains(CREDENTIAL),
                "{text}"
            );
        }
    }
}

/// Serves a document that contains the credential, in ranges if they are requested.
fn ranged(text: String) -> impl Fn(&Received) -> Reply + Send + Sync + 'static {
    move |received| {
        let asked = received.headers.iter().find_map(|(name, value)| {
            let name = name.to_ascii_lowercase().replace('_', "-");
            (name.ends_with("range") && name != "content-range")
                .then(|| value.strip_prefix("bytes=")?.split_once('-'))
                .flatten()
        });
        let Some((from, to)) = asked else {
            return Reply::text(text.clone());
        };
        let (from, to): (usize, usize) = (from.parse().unwrap(), to.parse().unwrap());
        Reply::status(206)
            .header(
                "Content-Range",
                &format!("bytes {from}-{to}/{}", text.len()),
            )
            .body(&text.as_bytes()[from..=to.min(text.len() - 1)])
    }
}

#[tokio::test]
async fn a_range_does_not_cut_a_credential_in_two() {
    let scene = Scene::new(Storage::Sqlite).await;
    let text = format!("log: Authorization: Bearer {CREDENTIAL} end of log");
    scene.upstream.on_request("/log", ranged(text.clone()));
    for name in [
        "Range",
        "range",
        "X-Ms-Range",
        "Request-Range",
        "X_Ms_Range",
        "X-Range",
        "X-Goog-Range",
        "x-oss-range",
        "X-Amz-Range",
        "x_range",
    ] {
        for part in ["bytes=0-34", "bytes=35-80"] {
            let mut proposal = request("GET", "/log");
            proposal["headers"] = json!({name: part, "If-Range": "\"1\""});
            let proxied = scene.agent.propose(proposal).send().await;
            let passed = scene
                .agent
                .call(Method::GET, "/s/things/log")
                .header(name, part)
                .header("if-range", "\"1\"")
                .send()
                .await;
            for response in [proxied, passed] {
                let shown = response.expect_status(200).text();
                assert_eq!(shown.len(), text.len());
                assert_eq!(shown.matches('*').count(), CREDENTIAL.len(), "{shown}");
            }
        }
    }
    for received in scene.upstream.received() {
        for (name, _) in &received.headers {
            assert!(!name.to_ascii_lowercase().contains("range"), "{name}");
        }
    }
    // `Content-Range` describes an upload and requests nothing.
    let mut proposal = request("PUT", "/part");
    proposal["headers"] = json!({"Content-Range": "bytes 0-3/8", "Accept-Ranges": "bytes"});
    proposal["body"] = json!("part");
    scene.allow_everything().await;
    scene
        .agent
        .propose(proposal)
        .send()
        .await
        .expect_status(200);
    let received = scene.upstream.received().pop().unwrap();
    assert_eq!(received.header("content-range"), Some("bytes 0-3/8"));
    assert_eq!(received.header("accept-ranges"), Some("bytes"));
}

#[tokio::test]
async fn a_service_without_a_credential_serves_ranges() {
    let scene = Scene::new(Storage::Sqlite).await;
    let service = scene
        .human
        .create_service("files", &scene.upstream.url(), "none", json!(null))
        .await;
    let agent = scene.human.create_agent("reader", &[&service]).await;
    scene
        .upstream
        .on_request("/file", ranged("0123456789".to_owned()));
    let call = agent.call(Method::GET, "/s/files/file");
    let response = call.header("range", "bytes=2-4").send().await;
    assert_eq!(response.expect_status(206).text(), "234");
    let mut proposal = request("GET", "/file");
    proposal["service"] = json!("files");
    proposal["headers"] = json!({"Range": "bytes=2-4", "If-Range": "\"1\""});
    let response = agent.propose(proposal).send().await.expect_status(206);
    assert_eq!(response.text(), "234");
    let received = scene.upstream.received().pop().unwrap();
    assert_eq!(received.header("if-range"), Some("\"1\""));
}

#[tokio::test]
async fn a_compressed_response_without_an_echo_is_returned_byte_for_byte() {
    let scene = Scene::new(Storage::Sqlite).await;
    let clean = gzip("nothing of the sort, ".repeat(50));
    let echo = gzip(format!("before {CREDENTIAL} after"));
    for labels in [&["gzip"][..], &["none"], &["x-whatever", "gzip"]] {
        for chunked in [false, true] {
            let reply = |body: &[u8]| {
                let reply = labeled(labels, body.to_vec());
                if chunked { reply.chunked() } else { reply }
            };
            scene.upstream.on("/clean", reply(&clean));
            scene.upstream.on("/echo", reply(&echo));
            let response = scene.get("/clean").await.expect_status(200);
            assert_eq!(response.body, clean);
            assert_eq!(response.headers("content-encoding"), *labels);
            let response = scene.get("/echo").await.expect_status(200);
            assert_hidden(&gunzip(&response.body), CREDENTIAL, Encoding::Raw);
            assert_eq!(response.headers("content-encoding"), *labels);
        }
    }
}

/// Returns a compressed file whose label is missing or wrong.
fn file(body: &[u8], media_type: &str, is_chunked: bool) -> Reply {
    let reply = Reply::status(200)
        .header("Content-Type", media_type)
        .body(body);
    if is_chunked { reply.chunked() } else { reply }
}

#[tokio::test]
async fn an_echo_in_a_compressed_file_without_a_label_is_masked() {
    let scene = Scene::new(Storage::Sqlite).await;
    let clean = gzip("nothing of the sort, ".repeat(50));
    let echo = gzip(format!("before {CREDENTIAL} after"));
    for media_type in ["application/octet-stream", "application/gzip", "text/plain"] {
        for is_chunked in [false, true] {
            let file = |body: &[u8]| file(body, media_type, is_chunked);
            scene.upstream.on("/clean", file(&clean));
            scene.upstream.on("/echo", file(&echo));
            let response = scene.get("/clean").await.expect_status(200);
            assert_eq!(response.body, clean);
            for _ in 0..3 {
                let response = scene.get("/echo").await.expect_status(200);
                assert_hidden(&gunzip(&response.body), CREDENTIAL, Encoding::Raw);
            }
        }
    }
}

#[tokio::test]
async fn a_response_whose_echo_cannot_be_masked_is_refused_and_its_outcome_unknown() {
    let scene = Scene::new(Storage::Sqlite).await;
    // The end of the compressed text is missing.
    let echo = gzip(format!("before {CREDENTIAL} after"));
    let damaged = [&echo[..], &echo[..12], b"no gzip"].concat();
    scene.upstream.on(
        "/damaged",
        file(&damaged, "application/octet-stream", false),
    );
    let problem = scene.get("/damaged").await;
    let problem = problem.expect_problem(502, "upstream_broken");
    assert!(problem.text().contains("withheld"), "{}", problem.text());
    assert_eq!(problem.header("x-proxy-status"), Some("upstream-failed"));
    assert!(!problem.text().contains(CREDENTIAL));

    scene.allow_everything().await;
    for code in ["upstream_broken", "outcome_unknown"] {
        let call = scene.agent.propose(request("PUT", "/damaged"));
        let problem = call.idempotency_key("once").send().await;
        let status = if code == "upstream_broken" { 502 } else { 409 };
        problem.expect_problem(status, code);
    }
}

#[tokio::test]
async fn a_compressed_result_is_decoded_and_masked_where_it_is_shown() {
    let scene = Scene::new(Storage::Sqlite).await;
    let texts = [
        format!("before {CREDENTIAL} after"),
        "before nothing, after".to_owned(),
    ];
    for (number, text) in texts.iter().enumerate() {
        let held = scene.approved(&format!("zip-{number}")).await;
        let reply = labeled(&["gzip"], gzip(text));
        scene.upstream.on(&format!("/zip-{number}"), reply);
        let executed = scene.agent.execute(&held).send().await.expect_status(200);
        let expected = text.replace(CREDENTIAL, &"*".repeat(CREDENTIAL.len()));
        assert_eq!(gunzip(&executed.body), expected);
        let replayed = scene
            .agent
            .propose(request("DELETE", &format!("/zip-{number}")))
            .idempotency_key(&format!("zip-{number}"))
            .send()
            .await
            .expect_status(200);
        assert_eq!(replayed.body, executed.body);
        let status = scene.agent.status(&held).await;
        let shown = scene.human.action(&held).await;
        for result in [&status["result"], &shown["result"]] {
            assert_eq!(result["body"], expected);
            assert_eq!(result["body_encoding"], "utf8");
            assert_eq!(result["headers"].get("content-encoding"), None);
        }
    }
}
