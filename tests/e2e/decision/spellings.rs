//! Rules apply to every spelling and encoding of a request that the upstream may understand.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gaiterguard_testkit::scene::{Scene, post, request};
use gaiterguard_testkit::{Response, Storage, raw_exchange};
use http::Method;
use serde_json::{Value, json};

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";
const MULTIPART: &str = "multipart/form-data; boundary=b";

/// Returns the headers and bodies that some servers read as a charge of 50000.
fn spellings() -> Vec<(Value, Vec<u8>)> {
    let json = r#"{"amount":50000,"note":"x"}"#;
    let part = "--b\r\nContent-Disposition: form-data; name=\"amount\"\r\n\r\n50000\r\n--b--\r\n";
    let utf16 = |order: fn(u16) -> [u8; 2]| -> Vec<u8> {
        format!("\u{feff}{json}")
            .encode_utf16()
            .flat_map(order)
            .collect()
    };
    // A gzip stream with one stored block. Its checksum is wrong, which some servers ignore.
    let gzip = [
        b"\x1f\x8b\x08\0\0\0\0\0\0\xff\x01\x1b\0\xe4\xff",
        json.as_bytes(),
    ]
    .concat();
    let of = |media_type: &str, body: &str| {
        (
            json!({"Content-Type": media_type}),
            body.as_bytes().to_vec(),
        )
    };
    vec![
        of(JSON, json),
        of("application/json; charset=utf-8", json),
        of("application/unheard-of", json),
        of("text/plain", json),
        of(FORM, "amount=50000&note=x"),
        of(FORM, "%61mount=50000"),
        of(FORM, "amount=1&amount=50000"),
        of(FORM, "amount[]=50000"),
        of(FORM, "a=1;amount=50000"),
        of(FORM, "note=%ff&amount=50000"),
        of("application/x-www-form-urlencoded, x", "amount=50000"),
        of("text/plain", "amount=50000\r\nnote=x\r\n"),
        of(MULTIPART, part),
        of(
            MULTIPART,
            &part.replace("form-data;", "form-data; x=\"; name=note; \";"),
        ),
        of(
            MULTIPART,
            &part.replace("form-data; name=", "form-data;\r\n name="),
        ),
        of(
            MULTIPART,
            &part.replace("name=\"amount\"", "name*=utf-8''amount"),
        ),
        of(MULTIPART, &part.replace("\r\n", "\n")),
        of(JSON, &format!("\u{feff}{json}")),
        of(JSON, &format!("{json}\n{{}}")),
        of(JSON, &format!("{json} x")),
        of(JSON, &format!("[{json}]")),
        of("application/x-ndjson", &format!("{json}\n{{}}\n")),
        of(JSON, r#"{"Amount":50000}"#),
        of(JSON, r#"{"amount":1,"AMOUNT":50000}"#),
        of(JSON, r#"{"amount":1,"amount":50000}"#),
        of("application/xml", "<charge><amount>50000</amount></charge>"),
        of("application/yaml", "amount: 50000\n"),
        (json!({"Content-Type": JSON}), utf16(u16::to_le_bytes)),
        (json!({"Content-Type": JSON}), utf16(u16::to_be_bytes)),
        (
            json!({"Content-Type": JSON}),
            b"{\"amount\":50000,\"note\":\"\xff\"}".to_vec(),
        ),
        (
            json!({"Content-Type": JSON, "Content-Encoding": "gzip"}),
            gzip,
        ),
        (
            json!({"Content-Type": [JSON, FORM]}),
            json.as_bytes().to_vec(),
        ),
        (json!({}), json.as_bytes().to_vec()),
    ]
}

async fn send(scene: &Scene, number: usize, headers: &Value, body: &[u8]) -> Response {
    let mut proposal = request("POST", "/v1/charges");
    proposal["headers"] = headers.clone();
    proposal["body_base64"] = json!(STANDARD.encode(body));
    let call = scene.agent.propose(proposal);
    call.idempotency_key(&format!("k{number}")).send().await
}

fn rule(effect: &str, condition: &str) -> Value {
    json!({"name": format!("{effect} it"), "effect": effect, "condition": condition})
}

#[tokio::test]
async fn a_field_is_denied_in_every_encoding_of_the_body() {
    let scene = Scene::new(Storage::Sqlite).await;
    scene.allow_everything().await;
    let condition = "has(request.body.amount) && int(request.body.amount) > 10000";
    scene.human.create_rule(rule("deny", condition)).await;
    for (number, (headers, body)) in spellings().iter().enumerate() {
        let response = send(&scene, number, headers, body).await;
        let shown = String::from_utf8_lossy(body);
        assert_eq!(
            response.status.as_u16(),
            403,
            "{headers} {shown}: {}",
            response.text()
        );
        response.expect_problem(403, "policy_denied");
    }
    assert_eq!(scene.upstream.connections(), 0);
}

#[tokio::test]
async fn a_field_requires_approval_in_every_encoding_of_the_body() {
    let scene = Scene::new(Storage::Sqlite).await;
    scene
        .human
        .create_rule(rule("require_approval", "has(request.body.amount)"))
        .await;
    for (number, (headers, body)) in spellings().iter().enumerate() {
        let response = send(&scene, number, headers, body).await;
        let shown = String::from_utf8_lossy(body);
        assert_eq!(
            response.status.as_u16(),
            428,
            "{headers} {shown}: {}",
            response.text()
        );
    }
    assert_eq!(scene.upstream.connections(), 0);
}

#[tokio::test]
async fn a_readable_body_is_judged_by_its_values() {
    let scene = Scene::new(Storage::Sqlite).await;
    scene.allow_everything().await;
    let condition = "has(request.body.amount) && int(request.body.amount) > 10000";
    scene.human.create_rule(rule("deny", condition)).await;
    let nested =
        "has(request.body.transfer_data) && int(request.body.transfer_data.amount) > 10000";
    scene.human.create_rule(rule("deny", nested)).await;
    let part = |name: &str, content: &str| {
        format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{content}\r\n")
    };
    let file = "--b\r\nContent-Disposition: form-data; name=\"doc\"; filename=\"a.bin\"\r\n\
                Content-Type: application/octet-stream\r\n\r\n\u{1}\u{2}\r\n--b--\r\n";
    for (number, (media_type, body)) in [
        (JSON, r#"{"amount":500,"note":"a=b&c"}"#.to_owned()),
        (JSON, r#"{"note":"x"}"#.to_owned()),
        (FORM, "amount=500&note=a+b%3B".to_owned()),
        (FORM, "tags[]=a&tags[]=b&transfer_data[amount]=5".to_owned()),
        (MULTIPART, part("amount", "500") + file),
        (
            MULTIPART,
            part("transfer_data[amount]", "500") + "--b--\r\n",
        ),
        (JSON, String::new()),
    ]
    .into_iter()
    .enumerate()
    {
        let headers = json!({"Content-Type": media_type});
        let response = send(&scene, number, &headers, body.as_bytes()).await;
        assert_eq!(
            response.status.as_u16(),
            200,
            "{media_type} {body}: {}",
            response.text()
        );
        assert_eq!(
            scene.upstream.received().last().unwrap().body,
            body.as_bytes()
        );
    }
    scene.get("/v1/charges").await.expect_status(200);
    let nested = "tags[]=a&transfer_data[amount]=50000";
    let response = send(
        &scene,
        100,
        &json!({"Content-Type": FORM}),
        nested.as_bytes(),
    )
    .await;
    response.expect_problem(403, "policy_denied");
    let nested = part("transfer_data[amount]", "50000") + "--b--\r\n";
    let response = send(
        &scene,
        101,
        &json!({"Content-Type": MULTIPART}),
        nested.as_bytes(),
    )
    .await;
    response.expect_problem(403, "policy_denied");
}

#[tokio::test]
async fn an_allow_rule_reads_multipart_and_never_matches_an_unknown_body() {
    let scene = Scene::new(Storage::Sqlite).await;
    let condition = "int(request.body.amount) <= 10000";
    scene.human.create_rule(rule("allow", condition)).await;
    let part = "--b\r\nContent-Disposition: form-data; name=\"amount\"\r\n\r\n500\r\n--b--\r\n";
    let decision = async |media_type: &str, body: &str| {
        let mut proposal = post("/v1/charges", json!(body));
        proposal["headers"] = json!({"Content-Type": media_type});
        let report = scene.dry_run(&proposal).await;
        let matched = report["matched_rules"].as_array().unwrap().len();
        (report["decision"].as_str().unwrap().to_owned(), matched)
    };
    for (media_type, body) in [
        (JSON, r#"{"amount":500}"#),
        (FORM, "amount=500"),
        (MULTIPART, part),
    ] {
        let decided = decision(media_type, body).await;
        assert_eq!(decided, ("forward".to_owned(), 1), "{media_type}");
    }
    for (media_type, body) in [
        (JSON, "{\"amount\":500}\n{\"amount\":50000}"),
        (JSON, r#"{"amount":500,"Amount":50000}"#),
        (FORM, "amount=500;amount=50000"),
        (FORM, "amount=500&amount[]=50000"),
        ("application/yaml", "amount: 500\n"),
    ] {
        let (_, matched) = decision(media_type, body).await;
        assert_eq!(matched, 0, "{media_type} {body}");
    }
}

#[tokio::test]
async fn a_path_is_denied_in_every_spelling() {
    let scene = Scene::new(Storage::Sqlite).await;
    scene.allow_everything().await;
    scene
        .human
        .create_rule(rule("deny", "request.path.startsWith(\"/v1/admin\")"))
        .await;
    scene
        .human
        .create_rule(rule("deny", "request.under(\"/v1/charges\")"))
        .await;
    for path in [
        "/v1/admin/users",
        "/v1/%61dmin/users",
        "/v1/%61%64%6D%69%6e/users",
        "/v1%2Fadmin/users",
        "/v1/%2561dmin/users",
        "/%761/admin",
        "/v1/charges",
        "/v1/%63harges",
        "/v1/Charges",
        "/V1/charges/ch_1",
        "/v1/charges/",
        "/v1/charges.",
        "/v1/charges%20",
        "/v1/charges;x=1",
        "/v1/charges;x=1/refund",
        "/v1/charges%3Bx/refund?a=b",
        "/v1%2fcharges",
    ] {
        let response = scene.get(path).await;
        assert_eq!(response.status.as_u16(), 403, "{path}: {}", response.text());
        response.expect_problem(403, "policy_denied");
        let response = scene.agent.call(Method::GET, &format!("/s/things{path}"));
        let response = response.bearer(&scene.agent.key).send().await;
        assert_eq!(
            response.status.as_u16(),
            403,
            "/s/ {path}: {}",
            response.text()
        );
    }
    assert_eq!(scene.upstream.connections(), 0);
    for path in [
        "/v1/notes",
        "/v1/%6eotes",
        "/v1/chargeback",
        "/v2/admin",
        "/files/charges%2Fmay.pdf",
        "/100%25",
        "/a%2520b",
        "/a?x=^`|{}",
        "/api/now/table/incident?sysparm_query=active=true^priority=1",
    ] {
        scene.get(path).await.expect_status(200);
        assert_eq!(scene.upstream.received().last().unwrap().target, path);
    }
}

#[tokio::test]
async fn a_path_that_becomes_malformed_when_decoded_again_is_refused() {
    let scene = Scene::new(Storage::Sqlite).await;
    for path in [
        "/a/%252e%252e/b",
        "/a/%25252e%25252e/b",
        "/a/%c0%ae%c0%ae/b",
        "/a/%e0%80%ae/b",
        "/a%c0%afb",
        "/a%252f..%252fb",
        "/a%255cb",
        "/a%2500",
    ] {
        scene.get(path).await.expect_problem(400, "invalid_target");
        let response = scene.agent.call(Method::GET, &format!("/s/things{path}"));
        let response = response.bearer(&scene.agent.key).send().await;
        assert_eq!(response.status.as_u16(), 400, "/s/ {path}");
    }
    assert_eq!(scene.upstream.connections(), 0);
}

#[tokio::test]
async fn a_character_that_no_url_contains_is_refused_with_its_encoding() {
    let scene = Scene::new(Storage::Sqlite).await;
    scene.allow_everything().await;
    for (path, encoded) in [
        ("/a\"b", "%22"),
        ("/a<b", "%3C"),
        ("/a>b", "%3E"),
        ("/a`b?x=1", "%60"),
        ("/a?x=\"1\"", "%22"),
        ("/a?x<1", "%3C"),
        ("/a?x>1", "%3E"),
        ("/a?x=\\", "%5C"),
    ] {
        let refused = scene.get(path).await.expect_problem(400, "invalid_target");
        let detail = refused.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains(encoded), "{path}: {detail}");

        // curl and other programs send a URL as it is written. No library here does.
        let head = format!(
            "GET /s/things{path} HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer {}\r\nConnection: close\r\n\r\n",
            scene.agent.key
        );
        let pieces = [(Duration::ZERO, head.as_bytes())];
        let address = scene.gateway.client().address();
        let received = raw_exchange(address, &pieces, Duration::from_secs(20)).await;
        let received = String::from_utf8_lossy(&received);
        assert!(received.starts_with("HTTP/1.1 400 "), "{path}: {received}");
        assert!(received.contains(encoded), "{path}: {received}");
        let spelled = path.replace(['"', '<', '>', '`', '\\'], encoded);
        scene.get(&spelled).await.expect_status(200);
        assert_eq!(scene.upstream.received().last().unwrap().target, spelled);
    }
}

#[tokio::test]
async fn fields_in_brackets_are_judged_by_their_path_with_and_without_a_cast() {
    let scene = Scene::new(Storage::Sqlite).await;
    for (effect, condition) in [
        ("allow", "request.method == \"POST\""),
        (
            "deny",
            "has(request.body.items) && \"b\" in request.body.items",
        ),
        (
            "require_approval",
            "has(request.body.transfer_data) && request.body.transfer_data.amount > 10000",
        ),
        (
            "require_approval",
            "has(request.body.amount) && request.body.amount >= 5",
        ),
    ] {
        scene.human.create_rule(rule(effect, condition)).await;
    }
    let part = |name: &str, value: &str| {
        format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let multipart = |value: &str| part("transfer_data[amount]", value) + "--b--\r\n";
    for (number, (media_type, body, status)) in [
        (FORM, "items[]=a&items[]=b".to_owned(), 403),
        (FORM, "items[]=a".to_owned(), 200),
        (FORM, "items[0]=b".to_owned(), 403),
        (FORM, "transfer_data[amount]=90000".to_owned(), 428),
        (FORM, "transfer_data[amount]=50".to_owned(), 200),
        (FORM, "transfer_data%5Bamount%5D=90000".to_owned(), 428),
        (FORM, "transfer_data[to]=acct_1".to_owned(), 428),
        (MULTIPART, multipart("90000"), 428),
        (MULTIPART, multipart("50"), 200),
        (
            JSON,
            r#"{"transfer_data":{"amount":90000}}"#.to_owned(),
            428,
        ),
        (JSON, r#"{"transfer_data":{"amount":50}}"#.to_owned(), 200),
        // Servers differ in which one they use.
        (FORM, "amount=1".to_owned(), 200),
        (FORM, "amount=1&amount[]=9".to_owned(), 428),
        (FORM, "amount[]=1&amount=9".to_owned(), 428),
        (FORM, "amount=1&amount=9".to_owned(), 428),
        // Servers differ in the number that they read.
        (FORM, "transfer_data[amount]=1e9".to_owned(), 428),
        (FORM, "transfer_data[amount]=0x10".to_owned(), 428),
        (FORM, "transfer_data[amount]=+5".to_owned(), 428),
        (FORM, "transfer_data[amount]=5.0".to_owned(), 428),
        (JSON, r#"{"transfer_data":{"amount":"50"}}"#.to_owned(), 428),
    ]
    .into_iter()
    .enumerate()
    {
        let headers = json!({"Content-Type": media_type});
        let response = send(&scene, number, &headers, body.as_bytes()).await;
        let text = response.text();
        assert_eq!(response.status.as_u16(), status, "{body}: {text}");
    }

    // An allow rule passes only what is certainly below its limit.
    let scene = Scene::new(Storage::Sqlite).await;
    let condition = "request.body.transfer_data.amount < 10";
    scene.human.create_rule(rule("allow", condition)).await;
    for (body, matched) in [
        ("transfer_data[amount]=5", 1),
        ("transfer_data[amount]=50", 0),
        ("transfer_data[amount]=05", 0),
        ("transfer_data[amount]=5e9", 0),
        ("transfer_data[amount]=5&transfer_data[amount][]=50", 0),
        ("transfer_data=5&transfer_data[amount]=5", 0),
    ] {
        let mut proposal = post("/v1/charges", json!(body));
        proposal["headers"] = json!({"Content-Type": FORM});
        let report = scene.dry_run(&proposal).await;
        let rules = report["matched_rules"].as_array().unwrap();
        assert_eq!(rules.len(), matched, "{body}: {report}");
    }
}

#[tokio::test]
async fn a_rule_that_compares_a_path_exactly_gets_a_warning() {
    let scene = Scene::new(Storage::Sqlite).await;
    let exact = "request.path == \"/v1/admin\"";
    for (effect, condition, warnings) in [
        (json!("deny"), exact, 1),
        (json!("require_approval"), exact, 1),
        (json!(null), exact, 1),
        (json!("allow"), exact, 0),
        (json!("deny"), "request.path.startsWith(\"/v1/admin\")", 1),
        (json!("deny"), "request.under(\"/v1/admin\")", 0),
    ] {
        let body = json!({"condition": condition, "effect": effect});
        let response = scene.human.post("/rules/validate").json(body).send().await;
        let report = response.expect_status(200).json();
        assert_eq!(report["valid"], true);
        let report = report["warnings"].as_array().cloned().unwrap_or_default();
        assert_eq!(report.len(), warnings, "{effect} {condition}");
        if let Some(warning) = report.first() {
            let message = warning["message"].as_str().unwrap();
            assert!(
                message.contains("request.under(\"/v1/admin\")"),
                "{message}"
            );
        }
    }
    let saved = scene.human.create_rule(rule("deny", exact)).await;
    assert_eq!(saved["warnings"].as_array().unwrap().len(), 1);
    let wrong = json!({"condition": "request.under(\"admin\")"});
    let response = scene.human.post("/rules/validate").json(wrong).send().await;
    let report = response.expect_status(200).json();
    assert_eq!(
        (&report["valid"], &report["errors"][0]["column"]),
        (&json!(false), &json!(15))
    );
}
