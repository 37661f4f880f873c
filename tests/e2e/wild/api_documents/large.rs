//! Documents that are too large, and parts of documents.

use std::future::Future;
use std::time::{Duration, Instant};

use gaiterguard_testkit::scene::{Scene, request};
use gaiterguard_testkit::{Reply, Storage};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::{add, added, ids, operations, pointers, refused};

/// The pause between reads: 50 of them are sent in a second.
const PAUSE: Duration = Duration::from_millis(20);

/// Longer than anything takes that does not wait for a document, even on a busy machine.
const MOMENT: Duration = Duration::from_secs(10);

/// How much memory reading a document of 40 MB may take, in bytes: the text, the selected part of it, and buffers.
const DOCUMENT_MEMORY_MAX: usize = 256 << 20;

/// Does something while an agent reads. Panics if a read fails or is slow, or if reads wait for the work.
#[expect(
    clippy::print_stdout,
    reason = "a run with --nocapture shows how long reads take"
)]
async fn while_reading<T>(scene: &Scene, what: &str, work: impl Future<Output = T>) -> T {
    let (sender, mut receiver) = mpsc::unbounded_channel();
    let agent = scene.agent.clone();
    let reading = tokio::spawn(async move {
        loop {
            let started = Instant::now();
            let read = agent.propose(request("GET", "/a")).send().await;
            read.expect_status(200);
            sender.send(started.elapsed()).unwrap();
            tokio::time::sleep(PAUSE).await;
        }
    });
    let started = Instant::now();
    let result = work.await;
    let duration = started.elapsed();
    reading.abort();
    let ended = reading.await.unwrap_err();
    assert!(ended.is_cancelled(), "{what}: {ended}");
    let mut reads = Vec::new();
    while let Ok(read) = receiver.try_recv() {
        reads.push(read);
    }
    let slowest = reads.iter().max().copied().unwrap_or_default();
    println!(
        "{what}: {duration:?}, {} reads, the slowest {slowest:?}",
        reads.len()
    );
    assert!(slowest < MOMENT, "{what}: {slowest:?}");
    let reads_min = usize::try_from(duration.as_secs()).unwrap();
    assert!(
        reads.len() >= reads_min,
        "{what}: {} reads in {duration:?}",
        reads.len()
    );
    result
}

/// A description of some 40 MB: 12,000 operations with their own schemas.
fn large() -> String {
    let words = "word ".repeat(330);
    let paths: Vec<String> = (0..12_000)
        .map(|number| {
            format!(
                r##""/group{}/items{number}": {{"post": {{"operationId": "op{number}", "tags": ["tag{}"],
                    "description": "{words}", "requestBody": {{"content": {{"application/json": {{"schema": {{
                        "$ref": "#/components/schemas/S{number}"}}}}}}}}}}}}"##,
                number % 100,
                number % 7,
            )
        })
        .collect();
    let schemas: Vec<String> = (0..12_000)
        .map(|number| {
            format!(
                r#""S{number}": {{"type": "object", "description": "{words}", "properties": {{
                    "f{number}": {{"type": "string"}}}}}}"#
            )
        })
        .collect();
    format!(
        "{{\"openapi\": \"3.0.0\", \"paths\": {{{}}}, \"components\": {{\"schemas\": {{{}}}}}}}",
        paths.join(","),
        schemas.join(",")
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_is_too_large_is_refused_with_advice_that_works() {
    let scene = Scene::new(Storage::Sqlite).await;
    scene.allow_everything().await;
    let text = large();
    assert!(text.len() > 40 << 20, "{}", text.len());
    let memory = scene.gateway.peak_memory_bytes();
    let started = Instant::now();
    let uploaded = add(&scene, json!({"type": "openapi", "content": text}));
    let upload = while_reading(&scene, "the upload", uploaded).await;
    assert!(started.elapsed() < MOMENT, "{:?}", started.elapsed());
    let problem = upload.expect_problem(413, "payload_too_large").json();
    let detail = problem["detail"].as_str().unwrap();
    for part in ["16777216 bytes", "type url", "include", "tags or paths"] {
        assert!(detail.contains(part), "{detail}");
    }

    let url = format!("{}/large.json", scene.upstream.url());
    scene.upstream.on("/large.json", Reply::text(text));
    let started = Instant::now();
    let fetched = refused(&scene, json!({"type": "url", "content": url}));
    let (field, message) = while_reading(&scene, "the refused fetch", fetched).await;
    assert!(started.elapsed() < MOMENT, "{:?}", started.elapsed());
    assert_eq!(field, "content");
    for part in [
        "larger than 16777216 bytes",
        "`include`",
        "tags or paths",
        "67108864",
    ] {
        assert!(message.contains(part), "{message}");
    }
    // The advice works, while requests are served.
    let include = json!({"tags": ["tag3"], "paths": ["/group10"]});
    let wanted = json!({"type": "url", "content": url, "include": include});
    let made = while_reading(&scene, "the import", added(&scene, wanted.clone())).await;
    let taken = scene.gateway.peak_memory_bytes() - memory;
    assert!(taken < DOCUMENT_MEMORY_MAX, "{} MiB", taken >> 20);
    let expected = (0..12_000).filter(|n| n % 7 == 3 && n % 100 == 10).count();
    assert_eq!(made["operations"], expected);
    let warnings = made["warnings"].to_string();
    assert!(
        warnings.contains(
            "include: only the operations with these are read: tags tag3; paths /group10"
        ),
        "{warnings}"
    );
    let listed = operations(&scene).await;
    assert_eq!(listed.len(), expected);
    let number = listed[0]["id"]
        .as_str()
        .unwrap()
        .trim_start_matches("op")
        .to_owned();
    assert_eq!(pointers(&listed[0]), [format!("/f{number}")]);

    let refresh = format!("/services/{}/docs/{}/refresh", scene.service.id, made["id"]);
    let again = scene
        .human
        .post(&refresh)
        .send()
        .await
        .expect_status(200)
        .json();
    assert_eq!(
        (&again["operations"], &again["warnings"]),
        (&made["operations"], &made["warnings"])
    );

    let nothing = json!({"type": "url", "content": url, "include": {"tags": ["none"]}});
    let (field, message) = refused(&scene, nothing).await;
    assert_eq!(field, "include");
    assert!(
        message.contains("no operation of the document is selected"),
        "{message}"
    );
    scene
        .upstream
        .on("/larger.json", Reply::text(vec![b' '; (64 << 20) + 1]));
    let larger = format!("{}/larger.json", scene.upstream.url());
    let (_, message) = refused(
        &scene,
        json!({"type": "url", "content": larger, "include": include}),
    )
    .await;
    assert!(message.contains("larger than 67108864 bytes"), "{message}");
}

#[tokio::test]
async fn a_part_of_a_document_is_read_and_stays_selected() {
    let mut scene = Scene::new(Storage::Sqlite).await;
    let document = json!({"openapi": "3.0.0", "tags": [{"name": "users"}, {"name": "teams"}], "paths": {
        "/users": {"get": {"operationId": "listUsers", "tags": ["users"]}},
        "/users/{id}": {"get": {"operationId": "getUser", "tags": ["users"]},
            "delete": {"operationId": "deleteUser", "tags": ["users", "danger"]}},
        "/teams": {"get": {"operationId": "listTeams", "tags": ["teams"]}}}});
    let content = document.to_string();
    let with = |include: Value| json!({"type": "openapi", "content": content, "include": include});
    let made = added(&scene, with(json!({"paths": ["/users/{user}"]}))).await;
    assert_eq!(made["operations"], 2);
    assert_eq!(ids(&scene).await, ["getUser", "deleteUser"]);
    scene.gateway.kill9();
    scene.gateway.restart().await;
    assert_eq!(ids(&scene).await, ["getUser", "deleteUser"]);
    let refresh = format!("/services/{}/docs/{}/refresh", scene.service.id, made["id"]);
    let again = scene
        .human
        .post(&refresh)
        .send()
        .await
        .expect_status(200)
        .json();
    assert_eq!(
        (&again["operations"], &again["warnings"]),
        (&json!(2), &made["warnings"])
    );

    let (field, message) = refused(&scene, with(json!({"tags": ["Users"]}))).await;
    assert_eq!(field, "include");
    assert!(message.contains("its tags are users, teams"), "{message}");
    for include in [
        json!([]),
        json!({"tags": "users"}),
        json!({"methods": ["GET"]}),
        json!({"tags": [""]}),
    ] {
        let (field, _) = refused(&scene, with(include)).await;
        assert_eq!(field, "include");
    }
    let text = json!({"type": "markdown", "content": "# a", "include": {"tags": ["a"]}});
    assert_eq!(refused(&scene, text).await.0, "include");
    let text = json!({"type": "auto", "content": "# a", "include": {"tags": ["a"]}});
    assert_eq!(refused(&scene, text).await.0, "include");
}
