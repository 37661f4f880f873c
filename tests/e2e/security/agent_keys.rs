//! An agent key is for the gateway alone. It is never forwarded or stored, however it is spelled.

use std::io::Write as _;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use gaiterguard_testkit::scene::{Scene, post, request};
use gaiterguard_testkit::secret_search::SecretSearch;
use gaiterguard_testkit::{PiecewiseCall, Reply, Response, Storage, TestGateway, WatchedUpstream};
use http::Method;
use serde_json::{Value, json};

const LIMIT: Duration = Duration::from_secs(20);

fn escaped(key: &str, escape: impl Fn(u8) -> String) -> String {
    key.bytes().map(escape).collect()
}

/// Returns the spellings of a key in a target.
fn in_a_target(key: &str) -> Vec<String> {
    vec![
        key.to_owned(),
        key.replace("agt", "%61gt"),
        key.replace('_', "%5F"),
        escaped(key, |byte| format!("%{byte:02x}")),
        escaped(key, |byte| format!("%25{byte:02X}")),
        STANDARD.encode(key).replace('=', "%3D"),
        URL_SAFE_NO_PAD.encode(format!("user:{key}")),
        URL_SAFE_NO_PAD.encode(format!("x:{key}:")),
        escaped(key, |byte| format!("{byte:02x}")),
        key.to_uppercase(),
    ]
}

/// Returns bodies with the key, each with a name.
fn bodies(key: &str) -> Vec<(&'static str, String)> {
    let basic = STANDARD.encode(format!("user:{key}"));
    let lines: Vec<&str> = basic
        .as_bytes()
        .chunks(60)
        .map(|line| std::str::from_utf8(line).unwrap())
        .collect();
    vec![
        ("text/plain", key.to_owned()),
        ("text/plain", format!("Use {key}, please.")),
        ("application/json", json!({"token": key}).to_string()),
        (
            "application/json",
            format!(
                "{{\"token\":\"{}\"}}",
                escaped(key, |byte| format!("\\u{byte:04X}"))
            ),
        ),
        (
            "application/json",
            format!("{{\"token\":\"\\u0061{}\"}}", &key[1..]),
        ),
        (
            "application/json",
            json!({"file": lines.join("\n")}).to_string(),
        ),
        ("text/plain", lines.join("\r\n")),
        (
            "application/x-www-form-urlencoded",
            format!("a=1&token={key}"),
        ),
        (
            "application/x-www-form-urlencoded",
            format!("token={}&a=1", key.replace('_', "%5f")),
        ),
        (
            "application/x-www-form-urlencoded",
            format!(
                "payload=%7B%22token%22%3A%22{}%22%7D",
                key.replace("agt", "%5Cu0061gt")
            ),
        ),
        (
            "application/xml",
            format!("<a>{}</a>", escaped(key, |byte| format!("&#{byte};"))),
        ),
        (
            "text/plain",
            escaped(key, |byte| format!("{}\0", char::from(byte))),
        ),
        ("text/plain", URL_SAFE_NO_PAD.encode(format!("ab{key}"))),
        ("text/plain", hex::encode(key)),
    ]
}

fn refused(response: Response, field: &str, what: &str) {
    let response = response.expect_problem(400, "validation_failed");
    let problem = response.json();
    assert_eq!(problem["errors"][0]["field"], field, "{what}");
    assert!(
        !response.text().contains("agt_"),
        "{what}: {}",
        response.text()
    );
    assert_eq!(response.header("x-proxy-status"), Some("refused"), "{what}");
}

#[tokio::test]
async fn an_agent_key_in_a_target_or_body_is_refused_in_every_spelling_and_stored_nowhere() {
    let builder = TestGateway::builder(Storage::Sqlite).setting("LOG", "trace");
    let scene = Scene::on(builder).await;
    scene.allow_everything().await;
    let key = &scene.agent.key;
    for spelled in in_a_target(key) {
        for path in [format!("/notes?q={spelled}"), format!("/notes/{spelled}/x")] {
            let proxied = scene.get(&path).await;
            refused(proxied, "path", &path);
            let passed = scene
                .agent
                .call(Method::GET, &format!("/s/things{path}"))
                .send()
                .await;
            // A whole parameter looks like the key of a client of another service.
            let status = passed.status.as_u16();
            assert!([400, 401].contains(&status), "{path}: {}", passed.text());
        }
    }
    for (number, (content_type, body)) in bodies(key).into_iter().enumerate() {
        let mut proposal = post("/notes", Value::from(body.clone()));
        proposal["headers"] = json!({"Content-Type": content_type});
        let call = scene.agent.propose(proposal);
        let proxied = call.idempotency_key(&format!("key-{number}")).send().await;
        refused(proxied, "body", &body);
        let passed = scene
            .agent
            .call(Method::POST, "/s/things/notes")
            .header("content-type", content_type)
            .header("x-agent-intent", "Add a note")
            .body(body.clone())
            .send()
            .await;
        refused(passed, "body", &body);
    }
    assert_eq!(scene.upstream.received(), []);

    let digits = key.trim_start_matches("agt_").to_owned();
    let secrets = [
        ("key".to_owned(), key.clone()),
        ("digits".to_owned(), digits),
    ];
    let mut kept = SecretSearch::stored(&scene.gateway).await;
    kept.add("log", scene.gateway.logs());
    kept.ask("requests", scene.human.get("/requests?limit=200"))
        .await;
    kept.ask("audit", scene.human.get("/audit?limit=200")).await;
    assert_eq!(kept.findings(&secrets), [""; 0]);
}

#[tokio::test]
async fn a_header_with_an_agent_key_is_dropped_in_every_spelling() {
    let scene = Scene::new(Storage::Sqlite).await;
    let key = &scene.agent.key;
    let basic = STANDARD.encode(format!("x:{key}"));
    let mut headers = json!({
        "X-Plain": key, "X-Auth": format!("Basic {basic}"), "X-Kept": "a key begins with agt_",
        "X-Digits": key.trim_start_matches("agt_"), "Cookie": format!("a=1; k={}", key.replace('_', "%5F")),
    });
    headers[format!("X-{key}")] = json!("1");
    for (number, spelled) in in_a_target(key).into_iter().enumerate() {
        headers[format!("X-Spelled-{number}")] = json!(spelled);
    }
    let mut proposal = request("GET", "/");
    proposal["headers"] = headers;
    scene
        .agent
        .propose(proposal)
        .send()
        .await
        .expect_status(200);
    let passing = scene
        .agent
        .call(Method::GET, "/s/things/")
        .header("x-auth", &format!("Basic {basic}"))
        .header("x-kept", "a key begins with agt_");
    passing.send().await.expect_status(200);
    let received = scene.upstream.received();
    assert_eq!(received.len(), 2);
    for one in received {
        assert_eq!(one.header("x-kept"), Some("a key begins with agt_"));
        for (name, _) in &one.headers {
            let name = name.to_ascii_lowercase();
            let is_dropped = ["x-plain", "x-auth", "cookie"].contains(&name.as_str())
                || name.starts_with("x-spelled")
                || name.starts_with("x-agt");
            assert!(!is_dropped, "{name}");
        }
    }
}

#[tokio::test]
async fn text_that_only_resembles_an_agent_key_is_forwarded() {
    let scene = Scene::new(Storage::Sqlite).await;
    scene.allow_everything().await;
    let digits = scene.agent.key.trim_start_matches("agt_");
    let texts = [
        "agt_ is how an agent key begins".to_owned(),
        format!("the key {}… was rotated", &scene.agent.key[..12]),
        format!("sha256 {digits}"),
        format!("agt_{}", &digits[..63]),
        format!("{{\"etag\":\"{digits}\",\"prefix\":\"agt_\"}}"),
    ];
    for (number, text) in texts.iter().enumerate() {
        let call = scene
            .agent
            .propose(post("/notes", Value::from(text.clone())));
        let call = call.idempotency_key(&format!("text-{number}"));
        call.send().await.expect_status(200);
        let received = scene.upstream.received().pop().unwrap();
        assert_eq!(received.text(), *text);
    }
}

/// Returns compressed bodies with a text, and their labels.
fn compressed(text: &str) -> Vec<(&'static str, Vec<u8>)> {
    let level = Compression::default();
    let mut gzip = GzEncoder::new(Vec::new(), level);
    gzip.write_all(text.as_bytes()).unwrap();
    let gzip = gzip.finish().unwrap();
    let mut zlib = ZlibEncoder::new(Vec::new(), level);
    zlib.write_all(text.as_bytes()).unwrap();
    let zlib = zlib.finish().unwrap();
    let mut raw = DeflateEncoder::new(Vec::new(), level);
    raw.write_all(text.as_bytes()).unwrap();
    let raw = raw.finish().unwrap();
    let mut twice = GzEncoder::new(Vec::new(), level);
    twice.write_all(&raw).unwrap();
    let twice = twice.finish().unwrap();
    vec![
        ("gzip", gzip.clone()),
        ("deflate", zlib),
        ("deflate", raw),
        ("deflate, gzip", twice),
        ("identity", gzip),
    ]
}

#[tokio::test]
async fn an_agent_key_inside_a_compressed_body_is_refused_whether_it_is_read_first_or_streamed() {
    let upstream = WatchedUpstream::start().await;
    let url = upstream.url();
    let scene = Scene::before(TestGateway::builder(Storage::Sqlite), upstream, &url).await;
    scene.allow_everything().await;
    let key = scene.agent.key.clone();
    // The part before the key is forwarded.
    let digest = |number: u32| hex::encode(number.wrapping_mul(0x9E37_79B9).to_be_bytes());
    let noise: Vec<String> = (0..4000).map(digest).collect();
    let noise = noise.join(",");
    for (label, body) in compressed(&format!("{noise} the key is {key}, so there")) {
        let whole = scene
            .agent
            .call(Method::POST, "/s/things/recordings")
            .header("content-encoding", label)
            .header("x-agent-intent", "Store a recording")
            .body(body.clone())
            .send()
            .await;
        whole.expect_problem(400, "validation_failed");

        let head = format!(
            "POST /s/things/recordings HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer {key}\r\n\
             X-Agent-Intent: Store a recording\r\nContent-Type: audio/wav\r\n\
             Content-Encoding: {label}\r\nTransfer-Encoding: chunked\r\n\r\n"
        );
        let mut call = PiecewiseCall::begin(scene.gateway.client().address(), &head).await;
        for piece in body.chunks(1000) {
            call.send_chunk(piece).await;
        }
        call.send("0\r\n\r\n").await;
        let response = call.until("validation_failed").await;
        assert!(response.starts_with("HTTP/1.1 400 "), "{label}: {response}");
    }
}

#[tokio::test]
async fn an_agent_key_in_an_upload_is_cut_before_it_is_sent() {
    let upstream = WatchedUpstream::start().await;
    let url = upstream.url();
    let scene = Scene::before(TestGateway::builder(Storage::Sqlite), upstream, &url).await;
    scene.allow_everything().await;
    let key = scene.agent.key.clone();
    let head = format!(
        "POST /s/things/recordings HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer {key}\r\n\
         X-Agent-Intent: Store a recording\r\nContent-Type: audio/wav\r\n\
         Transfer-Encoding: chunked\r\n\r\n"
    );
    let mut call = PiecewiseCall::begin(scene.gateway.client().address(), &head).await;
    call.send_chunk("some sound, and then ").await;
    scene.upstream.wait_for_text("some sound").await;
    let (beginning, end) = key.split_at(40);
    call.send_chunk(beginning).await;
    call.send_chunk(end).await;
    let response = tokio::time::timeout(LIMIT, call.rest()).await.unwrap();
    assert!(response.starts_with("HTTP/1.1 400 "), "{response}");
    assert!(response.contains("validation_failed"), "{response}");
    let received = scene
        .upstream
        .wait_for("the end of the connection", |received| received.is_closed)
        .await;
    let text = received.text();
    assert!(
        text.contains("some sound") && !text.contains("agt_"),
        "{text}"
    );
}

/// Returns the spellings in which an operator might paste the key into a text.
fn in_a_text(key: &str) -> Vec<String> {
    let mut spelled = vec![
        format!("Use {key}, please."),
        escaped(key, |byte| format!("\\u{byte:04x}")),
        escaped(key, |byte| format!("&#{byte};")),
        STANDARD.encode(format!("user:{key}")),
    ];
    spelled.extend(in_a_target(key));
    spelled
}

/// Returns every call in which an operator writes a text, with the field that must be refused.
fn writings(scene: &Scene, text: &str) -> Vec<(Method, String, Value, &'static str)> {
    let service = format!("/services/{}", scene.service.id);
    let post = |path: &str, body, field| (Method::POST, path.to_owned(), body, field);
    let put = |path: &str, body, field| (Method::PUT, path.to_owned(), body, field);
    let url = format!("http://upstream.example/{text}");
    let new_service = json!({"name": "new", "baseUrl": "http://u.example", "authType": "query"});
    let with = |field: &str, value: Value| {
        let mut body = new_service.clone();
        body[field] = value;
        body
    };
    let query = json!({"param": text, "value": "secret"});
    vec![
        post("/services", with("name", json!(text)), "name"),
        post("/services", with("description", json!(text)), "description"),
        post("/services", with("baseUrl", json!(url)), "baseUrl"),
        post("/services", with("credentials", query), "credentials.param"),
        put(&service, json!({"description": text}), "description"),
        post("/agents", json!({"name": text, "serviceIds": []}), "name"),
        put(
            &format!("/agents/{}", scene.agent.id),
            json!({"name": text}),
            "name",
        ),
        post(
            "/rules",
            json!({"name": text, "effect": "deny", "enabled": false}),
            "name",
        ),
        post(
            "/rules",
            json!({"name": "r", "effect": "deny", "condition": format!("intent == '{text}'")}),
            "condition",
        ),
        post(
            "/rules",
            json!({"name": "r", "effect": "deny", "text": text}),
            "text",
        ),
        post("/rules/compile", json!({"text": text}), "text"),
        post(
            &format!("{service}/docs"),
            json!({"type": "markdown", "title": text, "content": "# Things"}),
            "title",
        ),
        post(
            &format!("{service}/docs"),
            json!({"type": "markdown", "content": format!("# Things\n\n{text}\n")}),
            "content",
        ),
        post(
            &format!("{service}/docs"),
            json!({"type": "url", "content": url}),
            "content",
        ),
        put(
            "/kill-switch",
            json!({"active": true, "reason": text}),
            "reason",
        ),
    ]
}

#[tokio::test]
async fn an_agent_key_in_text_of_an_operator_is_refused_and_stored_nowhere() {
    let scene = Scene::new(Storage::Sqlite).await;
    let held = scene.hold("held").await;
    let key = &scene.agent.key;
    for spelled in in_a_text(key) {
        for (method, path, body, field) in writings(&scene, &spelled) {
            let what = format!("{method} {path} {body}");
            let response = scene.human.call(method, &path).json(body).send().await;
            let problem = response.expect_problem(400, "validation_failed").json();
            assert_eq!(problem["errors"][0]["field"], field, "{what}: {problem}");
        }
        for decision in ["approve", "deny", "revoke"] {
            let note = json!({"note": spelled});
            let response = scene.human.decide(&held, decision, note).await;
            let problem = response.expect_problem(400, "validation_failed").json();
            assert_eq!(problem["errors"][0]["field"], "note", "{spelled}");
        }
    }
    assert_eq!(scene.human.action(&held).await["status"], "PENDING");
    let registration = json!({"email": format!("{key}@example.com"), "password": "long enough"});
    let register = scene.gateway.dashboard().post("/auth/register");
    let refused = register.json(registration).send().await;
    refused.expect_problem(400, "validation_failed");
    let arguments = ["user", "create", &format!("{key}@example.com")];
    let refused = scene.gateway.run(&arguments, "long enough").await;
    assert!(!refused.status.success());

    // The upstream may itself be such a gateway: its key is sealed like any credential.
    let url = scene.upstream.url();
    scene
        .human
        .create_bearer_service("another-gateway", &url, key)
        .await;

    // The content of a page is checked too, whenever it is fetched.
    let page = Reply::text("# Things\n").header("content-type", "text/markdown");
    scene.upstream.on("/page", page);
    let docs = format!("/services/{}/docs", scene.service.id);
    let new = json!({"type": "url", "content": format!("{url}/page")});
    let made = scene.human.post(&docs).json(new).send().await;
    let made = made.expect_status(201).json();
    let page = Reply::text(format!("# Things\n\n{key}\n"));
    let page = page.header("content-type", "text/markdown");
    scene.upstream.on("/page", page);
    let refresh = format!("{docs}/{}/refresh", made["id"]);
    let refused = scene.human.post(&refresh).send().await;
    refused.expect_problem(400, "validation_failed");

    let digits = key.trim_start_matches("agt_").to_owned();
    let secrets = [
        ("key".to_owned(), key.clone()),
        ("digits".to_owned(), digits),
    ];
    let mut kept = SecretSearch::stored(&scene.gateway).await;
    kept.add("log", scene.gateway.logs());
    kept.ask("audit", scene.human.get("/audit?limit=200")).await;
    assert_eq!(kept.findings(&secrets), [""; 0]);
}
