//! Every malformed request gets a response that says what is wrong with it, never a 5xx. Nothing is stored without
//! a decision, and every request that was sent got a response.

use gaiterguard_testkit::scene::Scene;
use gaiterguard_testkit::{Storage, on_both_databases};
use serde_json::{Value, json};

on_both_databases!(every_malformed_request_gets_a_problem_that_names_the_fault);

/// How many requests are tried. Each is a valid request with one to three faults.
const CASES: u64 = 600;

/// The seed that chooses the faults.
const SEED: u64 = 0x0dd_ba11;

async fn every_malformed_request_gets_a_problem_that_names_the_fault(storage: Storage) {
    let scene = Scene::new(storage).await;
    let mut random = SEED;
    let (mut forwarded, mut held, mut refused) = (0, 0, 0);
    for number in 0..CASES {
        let (bytes, key) = malformed_request(&mut random);
        let case = format!("case {number}: {}", String::from_utf8_lossy(&bytes));
        let mut call = scene
            .agent
            .call(http::Method::POST, "/proxy")
            .header("content-type", "application/json")
            .body(bytes);
        if let Some(key) = key {
            call = call.idempotency_key(&format!("{key}-{number}"));
        }
        let response = call.send().await;
        match response.status.as_u16() {
            200 => forwarded += 1,
            428 => held += 1,
            400..=499 => {
                refused += 1;
                let problem = response.json();
                assert_eq!(
                    response.header("content-type"),
                    Some("application/problem+json"),
                    "{case}"
                );
                assert_eq!(response.header("x-proxy-status"), Some("refused"), "{case}");
                for member in ["type", "title", "detail", "code", "error"] {
                    assert!(
                        problem[member].is_string(),
                        "{member} of {problem} for {case}"
                    );
                }
                if problem["code"] == "validation_failed" {
                    assert!(
                        problem["errors"][0]["field"].is_string(),
                        "{problem} for {case}"
                    );
                }
            }
            other => panic!("{other} {} for {case}", response.text()),
        }
    }
    // Without cases of every kind this test proves nothing.
    assert!(
        forwarded > 0 && held > 0 && refused > CASES / 2,
        "{forwarded} {held} {refused}"
    );
    assert_eq!(scene.upstream.received().len(), forwarded);
    let pending = scene.human.pending().await;
    assert_eq!(pending.len(), held);
    scene
        .gateway
        .client()
        .get("/ready")
        .send()
        .await
        .expect_status(200);
}

/// Returns the bytes of a request and its idempotency key.
fn malformed_request(random: &mut u64) -> (Vec<u8>, Option<&'static str>) {
    let mut request = json!({
        "service": "things", "method": pick(random, &["GET", "POST", "DELETE", "get"]),
        "path": "/fine", "intent": "See what happens", "headers": {"accept": "*/*"},
    });
    for _ in 0..=below(random, 3) {
        spoil(random, &mut request);
    }
    let mut bytes = request.to_string().into_bytes();
    match below(random, 14) {
        0 => bytes.truncate(bytes.len() / 2),
        1 => bytes.extend_from_slice(b" {}"),
        2 => bytes[0] = 0xff,
        3 => bytes = br#"{"service":"things","service":"other","method":"GET"}"#.to_vec(),
        4 => {
            bytes = br#"{"service":"things","method":"GET","path":"/","intent":"\ud800"}"#.to_vec();
        }
        5 => bytes = b"[".repeat(100_000),
        _ => {}
    }
    (bytes, pick(random, &[None, Some("key"), Some("key")]))
}

/// Adds one fault, or something unusual.
fn spoil(random: &mut u64, request: &mut Value) {
    let fields = [
        "service",
        "service_id",
        "method",
        "path",
        "targetUrl",
        "headers",
        "body",
        "body_base64",
        "intent",
        "idempotencyKey",
        "wait",
        "unknown",
    ];
    let field = pick(random, &fields);
    let odd = [
        Value::Null,
        json!(true),
        json!(-1),
        json!(1.5),
        json!(18_446_744_073_709_551_615_u64),
        json!(""),
        json!(" "),
        json!("x".repeat(3000)),
        json!("\u{0}\r\n\u{202e}\u{200b}"),
        json!([]),
        json!([[["deep"]]]),
        json!({"a b": "c"}),
        json!({"accept": "line\nbreak"}),
        json!({"transfer-encoding": "chunked", "content-length": ["1", "2"]}),
        json!({"x": [1]}),
        json!("/a/../b"),
        json!("/%2e%2e/%00"),
        json!("//evil.example/"),
        json!("http://127.0.0.1:1/"),
        json!("http://user@things/"),
        json!("gopher://things"),
        json!("TRACE"),
        json!("not base64!"),
    ];
    match below(random, 5) {
        0 => {
            if let Some(object) = request.as_object_mut() {
                object.remove(field);
            }
        }
        _ => request[field] = pick(random, &odd),
    }
}

fn pick<T: Clone>(random: &mut u64, from: &[T]) -> T {
    from[usize::try_from(below(random, from.len() as u64)).unwrap()].clone()
}

/// Returns a number below `end` from a xorshift generator, so that runs are repeatable.
fn below(random: &mut u64, end: u64) -> u64 {
    *random ^= *random << 13;
    *random ^= *random >> 7;
    *random ^= *random << 17;
    *random % end
}
