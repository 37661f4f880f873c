//! Documents are read when they are added, and describe the operations of a service.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use gaiterguard_testkit::scene::{CREDENTIAL, Scene, request};
use gaiterguard_testkit::{
    EchoUpstream, Human, Reply, Response, Storage, TestGateway, eventually, on_both_databases,
};
use serde_json::{Value, json};

/// How long a document may take to reach every replica, on a busy machine.
const MOMENT: Duration = Duration::from_secs(20);

fn museum() -> String {
    let path: PathBuf =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/apidocs/tests/data/museum.yaml");
    std::fs::read_to_string(path).unwrap()
}

/// Adds a document and returns the response.
async fn add(scene: &Scene, kind: &str, content: &str) -> Response {
    scene
        .human
        .post(&format!("/services/{}/docs", scene.service.id))
        .json(json!({"type": kind, "content": content}))
        .send()
        .await
}

/// Returns the ids of the operations that a query finds.
async fn operations(scene: &Scene, query: &str) -> Vec<String> {
    let path = format!("/services/{}/operations{query}", scene.service.id);
    let page = scene.human.get(&path).send().await.expect_status(200);
    let items = page.json()["items"].as_array().unwrap().clone();
    items
        .iter()
        .map(|item| item["id"].as_str().unwrap().to_owned())
        .collect()
}

on_both_databases!(
    a_real_description_is_read_and_its_operations_are_listed,
    documentation_is_fetched_read_and_fetched_again,
    the_format_of_a_document_is_recognized,
    an_operation_says_how_it_is_called,
    a_document_is_fetched_with_the_credential_of_its_service,
    the_credential_is_sent_to_no_other_origin,
    the_credential_is_in_no_document_and_no_error,
    the_kill_switch_applies_while_a_large_document_is_indexed,
);

/// Adds a document that is fetched with the service's credential and returns the response.
async fn add_with_credential(scene: &Scene, address: &str) -> Response {
    scene
        .human
        .post(&format!("/services/{}/docs", scene.service.id))
        .json(json!({"type": "url", "content": address, "useCredential": true}))
        .send()
        .await
}

fn authorization(upstream: &EchoUpstream, path: &str) -> Vec<Option<String>> {
    let received = upstream.received_at(path);
    received
        .iter()
        .map(|request| {
            let value = request.header("authorization")?;
            Some(value.to_owned())
        })
        .collect()
}

async fn a_document_is_fetched_with_the_credential_of_its_service(storage: Storage) {
    let scene = Scene::new(storage).await;
    let api = json!({"openapi": "3.0.0", "paths": {"/private": {"get": {}}}});
    scene.upstream.on("/docs", Reply::redirect("/api.json"));
    scene.upstream.on("/api.json", Reply::json(api));
    let address = format!("{}/docs", scene.upstream.url());
    let made = add_with_credential(&scene, &address).await;
    let made = made.expect_status(201).json();
    assert_eq!(made["operations"], 1);
    let bearer = Some(format!("Bearer {CREDENTIAL}"));
    for path in ["/docs", "/api.json"] {
        let sent = authorization(&scene.upstream, path);
        assert_eq!((sent.len(), &sent[0]), (1, &bearer), "{path}");
    }

    // It is fetched again in the same way.
    let path = format!("/services/{}/docs/{}/refresh", scene.service.id, made["id"]);
    scene.human.post(&path).send().await.expect_status(200);
    assert_eq!(
        authorization(&scene.upstream, "/api.json"),
        [bearer.clone(), bearer]
    );

    // Without being asked, the gateway sends no credential.
    add(&scene, "url", &address).await.expect_status(201);
    assert_eq!(authorization(&scene.upstream, "/api.json")[2], None);
    let text = json!({"type": "markdown", "content": "# Notes", "useCredential": true});
    let docs = format!("/services/{}/docs", scene.service.id);
    let refused = scene.human.post(&docs).json(text).send().await;
    refused.expect_problem(400, "validation_failed");
}

async fn the_credential_is_sent_to_no_other_origin(storage: Storage) {
    let scene = Scene::new(storage).await;
    let elsewhere = EchoUpstream::start().await;
    let refused = add_with_credential(&scene, &format!("{}/api.json", elsewhere.url())).await;
    let refused = refused.expect_problem(422, "credential_not_usable").json();
    let message = refused["errors"][0]["message"].as_str().unwrap();
    assert_eq!(refused["errors"][0]["field"], "useCredential");
    assert!(message.contains("own origin"), "{message}");
    assert!(message.contains(&scene.upstream.url()), "{message}");

    let away = Reply::redirect(&format!("{}/api.json", elsewhere.url()));
    scene.upstream.on("/moved", away);
    let moved = format!("{}/moved", scene.upstream.url());
    let refused = add_with_credential(&scene, &moved).await;
    let refused = refused.expect_problem(400, "validation_failed").text();
    assert!(refused.contains("another origin"), "{refused}");
    assert!(elsewhere.received().is_empty());

    let open = json!({"name": "open", "baseUrl": scene.upstream.url(), "authType": "none"});
    let open = scene.human.post("/services").json(open).send().await;
    let open = open.expect_status(201).json()["id"].clone();
    let body = json!({"type": "url", "content": moved, "useCredential": true});
    let refused = scene.human.post(&format!("/services/{open}/docs"));
    let refused = refused.json(body).send().await;
    refused.expect_problem(422, "credential_not_usable");
}

async fn the_credential_is_in_no_document_and_no_error(storage: Storage) {
    let scene = Scene::new(storage).await;
    let human = &scene.human;
    let summary = format!("Send {CREDENTIAL}");
    let api = json!({
        "openapi": "3.0.0", "info": {"title": CREDENTIAL},
        "paths": {"/echo": {"get": {"summary": summary}}},
    });
    scene.upstream.on("/api.json", Reply::json(api));
    let url = scene.upstream.url();
    let made = add_with_credential(&scene, &format!("{url}/api.json")).await;
    let made = made.expect_status(201);
    assert!(!made.text().contains(CREDENTIAL), "{}", made.text());
    let operations = format!("/services/{}/operations", scene.service.id);
    let operations = human.get(&operations).send().await.expect_status(200);
    assert!(operations.text().contains("Send "), "{}", operations.text());
    assert!(
        !operations.text().contains(CREDENTIAL),
        "{}",
        operations.text()
    );

    let escaped: Vec<String> = CREDENTIAL
        .bytes()
        .map(|byte| format!("%{byte:02X}"))
        .collect();
    let spelled = escaped.concat();
    let login = Reply::text("<html><form><input type=\"password\"></form></html>");
    let login = login.header("Content-Type", "text/html");
    let page = format!("/login/{spelled}");
    scene.upstream.on(&page, login);
    scene.upstream.on("/page", Reply::redirect(&page));
    scene
        .upstream
        .on("/failing", Reply::status(401).body(CREDENTIAL));
    scene
        .upstream
        .on("/away", Reply::redirect(&format!("http://{spelled}/x")));
    for path in ["/page", "/failing", "/away"] {
        let refused = add_with_credential(&scene, &format!("{url}{path}")).await;
        let refused = refused.expect_problem(400, "validation_failed").text();
        assert!(
            !refused.contains(CREDENTIAL) && !refused.contains(&spelled),
            "{refused}"
        );
    }
}

async fn a_real_description_is_read_and_its_operations_are_listed(storage: Storage) {
    let mut scene = Scene::new(storage).await;
    assert_eq!(operations(&scene, "").await, [""; 0]);
    let made = scene
        .human
        .add_document(&scene.service, "openapi", &museum())
        .await;
    assert_eq!(made["operations"], 8);
    assert_eq!(made["title"], "Redocly Museum API");
    assert!(made["sections"].as_u64().unwrap() > 3, "{made}");
    assert_eq!(made["warnings"], json!([]));

    assert_eq!(operations(&scene, "").await.len(), 8);
    let found = operations(&scene, "?q=delete+special+event").await;
    assert_eq!(found[0], "deleteSpecialEvent");
    let by_path = operations(&scene, "?q=/tickets/").await;
    assert_eq!(by_path, ["getTicketCode"]);
    let page = format!(
        "/services/{}/operations?limit=1&q=buyMuseum",
        scene.service.id
    );
    let page = scene.human.read(&page).await;
    let buy = &page["items"][0];
    assert_eq!(buy["method"], "POST");
    assert_eq!(buy["path"], "/tickets");
    assert_eq!(buy["summary"], "Buy museum tickets");
    assert_eq!(buy["tags"], json!(["Tickets"]));

    assert_eq!(buy["effect"], "pays");
    let removing = operations(&scene, "?effect=deletes").await;
    assert_eq!(removing, ["deleteSpecialEvent"]);
    let reading = operations(&scene, "?effect=reads&limit=2").await;
    assert_eq!(reading.len(), 2);
    assert_eq!(operations(&scene, "?effect=runs_code").await, [""; 0]);
    let path = format!("/services/{}/operations?effect=explodes", scene.service.id);
    let refused = scene.human.get(&path).send().await;
    refused.expect_problem(400, "validation_failed");

    // The approver of a held request sees its name in the document.
    let held = scene
        .agent
        .propose(request(
            "DELETE",
            "/special-events/3be6453c-03eb-4357-ae5a-984a0e574a54",
        ))
        .send()
        .await
        .expect_status(428)
        .json();
    let explanation = held["risk_explanation"].as_str().unwrap();
    assert!(
        explanation.starts_with("Documented as “Delete special event”. "),
        "{explanation}"
    );

    // The operations are still known after a restart.
    scene.gateway.kill9();
    scene.gateway.restart().await;
    assert_eq!(operations(&scene, "").await.len(), 8);

    let path = format!("/services/{}/docs/{}", scene.service.id, made["id"]);
    scene.human.delete(&path).send().await.expect_status(200);
    assert_eq!(operations(&scene, "").await, [""; 0]);
}

async fn documentation_is_fetched_read_and_fetched_again(storage: Storage) {
    let scene = Scene::new(storage).await;
    let api = |path: &str| json!({"openapi": "3.0.0", "paths": {path: {"get": {}}}});
    scene.upstream.on("/old", Reply::redirect("/api.json#top"));
    scene.upstream.on("/api.json", Reply::json(api("/first")));
    let address = format!("{}/old", scene.upstream.url());
    let made = add(&scene, "url", &address).await.expect_status(201).json();
    assert_eq!(made["operations"], 1);
    assert_eq!(operations(&scene, "").await, ["GET /first"]);
    for received in scene.upstream.received() {
        assert_eq!(
            received.header("authorization"),
            None,
            "no credential is sent"
        );
        assert_eq!(received.header("cookie"), None);
    }

    scene.upstream.on("/api.json", Reply::json(api("/second")));
    let path = format!("/services/{}/docs/{}/refresh", scene.service.id, made["id"]);
    let again = scene
        .human
        .post(&path)
        .send()
        .await
        .expect_status(200)
        .json();
    assert_eq!(again["id"], made["id"]);
    assert_eq!(operations(&scene, "").await, ["GET /second"]);

    // A page that cannot be fetched or read leaves the document unchanged.
    scene
        .upstream
        .on("/api.json", Reply::json(json!({"no": "description"})));
    refused(scene.human.post(&path).send().await);
    scene.upstream.on("/api.json", Reply::status(500));
    refused(scene.human.post(&path).send().await);
    assert_eq!(operations(&scene, "").await, ["GET /second"]);

    let page = "<!DOCTYPE html><html><head><title>Things</title></head><body><h1>Things</h1>\
                <p>What a thing is.</p><h2>Limits</h2><p>Ten a day.</p></body></html>";
    let page = Reply::text(page).header("content-type", "text/html");
    scene.upstream.on("/page", page);
    let address = format!("{}/page", scene.upstream.url());
    let message = refused(add(&scene, "url", &address).await);
    assert!(message.contains("is an HTML page"), "{message}");
    let allowed = json!({"type": "url", "content": address, "allowHtml": true});
    let docs = format!("/services/{}/docs", scene.service.id);
    let made = scene.human.post(&docs).json(allowed).send().await;
    let made = made.expect_status(201).json();
    assert_eq!(made["title"], "Things");
    assert_eq!(made["sections"], 2);
    assert_eq!(made["format"], "html");
    let path = format!("{docs}/{}/refresh", made["id"]);
    let again = scene.human.post(&path).send().await.expect_status(200);
    assert_eq!(again.json()["format"], "html");
}

async fn the_format_of_a_document_is_recognized(storage: Storage) {
    let scene = Scene::new(storage).await;
    // The key that names the format comes after more than a screen of others.
    let components: Vec<String> = (0..2000)
        .map(|number| format!("    Thing{number}: {{type: object}}\n"))
        .collect();
    let components = components.concat();
    let late = format!(
        "components:\n  schemas:\n{components}openapi: 3.0.0\npaths:\n  /things:\n    get: {{}}\n"
    );
    let page =
        "<!doctype html><html><body><form><input name=p type='password'></form></body></html>";
    for (content, format, operations) in [
        (&*late, "openapi", 1),
        (
            "{\"swagger\": \"2.0\", \"paths\": {\"/a\": {\"get\": {}}}}",
            "openapi",
            1,
        ),
        ("# Things\n\nThere are things.", "markdown", 0),
        ("GET /things: lists them", "markdown", 0),
    ] {
        let made = add(&scene, "auto", content).await.expect_status(201).json();
        assert_eq!(
            (&made["type"], &made["format"]),
            (&json!(format), &json!(format))
        );
        assert_eq!(made["operations"], operations, "{made}");
    }
    let message = refused(add(&scene, "auto", page).await);
    for part in ["is an HTML page", "login page", "use the type html"] {
        assert!(message.contains(part), "{message}");
    }
    let made = add(&scene, "html", page).await.expect_status(201).json();
    assert_eq!(made["format"], "html");

    // A description that has moved behind a login is refused with where the URL led.
    let api = json!({"openapi": "3.0.0", "paths": {"/a": {"get": {}}}});
    scene.upstream.on("/api.json", Reply::json(api));
    let address = format!("{}/api.json", scene.upstream.url());
    let made = add(&scene, "url", &address).await.expect_status(201).json();
    assert_eq!(
        (&made["type"], &made["format"]),
        (&json!("url"), &json!("openapi"))
    );
    scene.upstream.on("/api.json", Reply::redirect("/login"));
    let login = Reply::text(page).header("content-type", "text/html");
    scene.upstream.on("/login", login);
    let refresh = format!("/services/{}/docs/{}/refresh", scene.service.id, made["id"]);
    let message = refused(scene.human.post(&refresh).send().await);
    assert!(
        message.contains("login page") && message.contains("/login"),
        "{message}"
    );
}

async fn an_operation_says_how_it_is_called(storage: Storage) {
    let scene = Scene::new(storage).await;
    let base = format!("{}/api", scene.upstream.url());
    let human = &scene.human;
    let service = human.create_bearer_service("files", &base, "x").await;
    // The document repeats the path of the base URL.
    let api = json!({"openapi": "3.0.0", "paths": {"/api/contents/{path}": {"get": {}}}});
    human.add_document(&service, "auto", &api.to_string()).await;
    let listed = human
        .read(&format!("/services/{}/operations", service.id))
        .await;
    let operation = &listed["items"][0];
    assert_eq!(operation["path"], "/api/contents/{path}");
    assert_eq!(operation["call_path"], "/contents/{path}");
}

#[tokio::test]
async fn what_an_operator_can_do_about_a_refused_value_is_said() {
    let scene = Scene::new(Storage::Sqlite).await;
    let human = &scene.human;
    let gzip = refused(add(&scene, "auto", "\u{1f}\u{fffd}\u{8}\0\0openapi").await);
    assert!(
        gzip.contains("is gzip-compressed: unzip it first"),
        "{gzip}"
    );
    let zip = refused(add(&scene, "openapi", "PK\u{3}\u{4}\u{14}").await);
    assert!(zip.contains("is zip-compressed: unzip it first"), "{zip}");
    let errors = async |path: &str, body: Value| {
        let refused = human.post(path).json(body).send().await;
        let refused = refused.expect_problem(400, "validation_failed").json();
        refused["errors"][0].clone()
    };
    for (host, remedy) in [
        (
            "10.0.0.5",
            "set UPSTREAM_PRIVATE_ALLOW=10.0.0.5/32 to allow it, and restart the gateway",
        ),
        (
            "[fd00::5]",
            "set UPSTREAM_PRIVATE_ALLOW=fd00::5/128 to allow it, and restart the gateway",
        ),
        ("169.254.169.254", "a cloud metadata address"),
    ] {
        let service = json!({
            "name": "internal", "baseUrl": format!("http://{host}"), "authType": "none",
        });
        let error = errors("/services", service).await;
        let message = error["message"].as_str().unwrap();
        assert_eq!(error["field"], "baseUrl");
        assert!(message.ends_with(remedy), "{message}");
    }
    let past = "2020-01-01T00:00:00Z";
    let error = errors("/agents", json!({"name": "late", "expiresAt": past})).await;
    assert_eq!(error["field"], "expiresAt");
    let change = human.put(&format!("/agents/{}", scene.agent.id));
    let refused = change.json(json!({"expiresAt": past})).send().await;
    let refused = refused.expect_problem(400, "validation_failed").json();
    assert_eq!(refused["errors"][0]["field"], "expiresAt");
}

/// Returns the message of a 400 about `content`.
#[track_caller]
fn refused(response: Response) -> String {
    let problem = response.expect_problem(400, "validation_failed").json();
    let errors = problem["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 1, "{problem}");
    assert_eq!(errors[0]["field"], "content");
    errors[0]["message"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_unreadable_document_is_refused_with_its_reason() {
    let scene = Scene::new(Storage::Sqlite).await;
    let elsewhere = EchoUpstream::start().await;
    scene
        .upstream
        .on("/large", Reply::text("x".repeat(17 * 1024 * 1024)));
    scene.upstream.on("/round", Reply::redirect("/round"));
    scene.upstream.on(
        "/metadata",
        Reply::redirect("http://169.254.169.254/latest"),
    );
    scene
        .upstream
        .on("/file", Reply::redirect("file:///etc/passwd"));
    let bomb: Vec<String> = (1..30)
        .map(|level| {
            format!(
                "a{level}: &a{level} [*a{before}, *a{before}]\n",
                before = level - 1
            )
        })
        .collect();
    let bomb = format!(
        "openapi: 3.0.0\npaths: {{}}\na0: &a0 [x, x, x]\n{}",
        bomb.concat()
    );
    let at = |path: &str| format!("{}{path}", scene.upstream.url());
    for (kind, content, part) in [
        (
            "openapi",
            "{\"openapi\": \"3.0.0\",\n\"paths\": {".to_owned(),
            "line 2",
        ),
        ("openapi", "# Words\n\nonly".to_owned(), "describes no API"),
        ("openapi", bomb, "line"),
        ("url", at("/large"), "larger than"),
        ("url", at("/round"), "too often"),
        ("url", at("/metadata"), "169.254.169.254"),
        ("url", at("/file"), "must begin with http"),
        (
            "url",
            "http://169.254.169.254/".to_owned(),
            "may not be dialed",
        ),
        (
            "url",
            "http://nowhere.invalid/api.json".to_owned(),
            "could not be fetched",
        ),
    ] {
        let message = refused(add(&scene, kind, &content).await);
        assert!(message.contains(part), "{kind}: {message}");
    }
    assert_eq!(elsewhere.received().len(), 0);
    let path = format!("/services/{}/docs", scene.service.id);
    let listed = scene.human.read(&path).await;
    assert_eq!(listed["items"], json!([]));
}

#[tokio::test]
async fn documents_are_not_fetched_from_forbidden_addresses() {
    let allowed = EchoUpstream::start().await;
    let other = EchoUpstream::start().await;
    allowed.on(
        "/away",
        Reply::redirect(&format!("{}/api.json", other.url())),
    );
    let port = allowed.address().port();
    let builder = TestGateway::builder(Storage::Sqlite)
        .setting("UPSTREAM_PRIVATE_ALLOW", format!("127.0.0.1/32:{port}"));
    let scene = Scene::on_allowed(builder, allowed).await;
    refused(add(&scene, "url", &format!("{}/api.json", other.url())).await);
    refused(add(&scene, "url", &format!("{}/away", scene.upstream.url())).await);
    assert_eq!(other.received().len(), 0);
}

#[tokio::test]
async fn an_imperfect_description_is_read_with_warnings() {
    let scene = Scene::new(Storage::Sqlite).await;
    let odd = json!({"openapi": "3.1.0", "paths": {
        "/a": {"get": {"operationId": "good"}, "post": 1},
        "/b": {"$ref": "https://example.com/b.yaml"},
    }});
    let made: Value = scene
        .human
        .add_document(&scene.service, "openapi", &odd.to_string())
        .await;
    assert_eq!(made["operations"], 1);
    let warnings = made["warnings"].to_string();
    assert!(warnings.contains("POST /a: is not an object"), "{warnings}");
    assert!(
        warnings.contains("https://example.com/b.yaml"),
        "{warnings}"
    );
    let response = scene
        .human
        .get(&format!(
            "/services/{}/operations?q={}",
            scene.service.id,
            "x".repeat(201)
        ))
        .send()
        .await;
    response.expect_problem(400, "validation_failed");
}

/// A parser visits every level of quotation for each line that continues the innermost.
#[tokio::test]
async fn costly_markdown_is_read_in_time_and_keeps_its_words() {
    let scene = Scene::new(Storage::Sqlite).await;
    let nested = "> ".repeat(100_000);
    let text = format!(
        "# Charges\n\n{nested}a\n{}",
        "Creates a charge.\n".repeat(100_000)
    );
    let added = Instant::now();
    let made: Value = scene
        .human
        .add_document(&scene.service, "markdown", &text)
        .await;
    assert!(
        added.elapsed() < Duration::from_secs(20),
        "{:?}",
        added.elapsed()
    );
    assert!(made["sections"].as_u64().unwrap() > 0, "{made}");
    let warnings = made["warnings"].to_string();
    assert!(
        warnings.contains("is nested too deeply or repeats too much"),
        "{warnings}"
    );
}

/// Indexing takes seconds, and nothing else waits for it.
async fn the_kill_switch_applies_while_a_large_document_is_indexed(storage: Storage) {
    let scene = Scene::new(storage).await;
    // Many different words are slow to index and quick to read.
    let words: Vec<String> = (0..900_000).map(|number| format!("word{number}")).collect();
    let words = words.join(" ");
    let path = format!("/services/{}/docs", scene.service.id);
    let new = json!({"type": "markdown", "content": format!("# Words\n\n{words}")});
    let adding = tokio::spawn(scene.human.post(&path).json(new).send());
    eventually("the document is stored", MOMENT, || async {
        let page = scene
            .human
            .get(&path)
            .send()
            .await
            .expect_status(200)
            .json();
        (page["items"].as_array().unwrap().len() == 1).then_some(())
    })
    .await;
    let stop = scene
        .human
        .put("/kill-switch")
        .json(json!({"active": true}));
    stop.send().await.expect_status(200);
    assert!(
        !adding.is_finished(),
        "the document is indexed too quickly for this test"
    );
    let stopped = scene.agent.propose(request("GET", "/things")).send().await;
    stopped.expect_problem(403, "kill_switch");
    adding.await.unwrap().expect_status(201);
}

#[tokio::test]
async fn another_replica_learns_of_a_new_document() {
    let scene = Scene::new(Storage::Postgres).await;
    let replica = scene.gateway.start_replica().await;
    let there = Human::log_in(
        &replica,
        "human@example.com",
        "correct horse battery staple",
    )
    .await;
    scene
        .human
        .add_document(&scene.service, "openapi", &museum())
        .await;
    let path = format!("/services/{}/operations", scene.service.id);
    eventually("the other replica has read it", MOMENT, || async {
        let page = there.get(&path).send().await.expect_status(200).json();
        (page["items"].as_array().unwrap().len() == 8).then_some(())
    })
    .await;
}
