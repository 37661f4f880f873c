//! A damaged row of the database affects only itself, never a list or a page.

use gaiterguard_testkit::scene::{Scene, post, request};
use gaiterguard_testkit::{DirectDatabase, Human, Reply, Storage, TestGateway, on_both_databases};
use serde_json::{Value, json};

on_both_databases!(
    a_damaged_definition_is_listed_as_unreadable_and_can_be_deleted,
    a_damaged_agent_can_be_blocked,
    a_damaged_request_hides_no_other_on_the_first_page,
    a_damaged_response_hides_no_action_and_is_not_replayed,
    a_damaged_user_locks_out_no_other_user,
    a_damaged_entry_of_the_audit_log_is_listed_and_found,
);

/// One way to damage a definition.
struct Damage {
    /// The list that shows it, below the service if it is a document.
    list: &'static str,
    /// The statement, in which `ID` is the definition's id.
    statement: String,
}

fn damages(storage: Storage) -> Vec<Damage> {
    let byte = match storage {
        Storage::Sqlite => "x'00'",
        Storage::Postgres => "'\\x00'::bytea",
    };
    let damage = |list, statement: &str| Damage {
        list,
        statement: statement.to_owned(),
    };
    let mut damages = vec![
        damage(
            "/services",
            "UPDATE services SET base_url = 'nonsense' WHERE id = ID",
        ),
        damage(
            "/services",
            "UPDATE services SET auth_type = 'odd' WHERE id = ID",
        ),
        damage(
            "/services",
            "UPDATE credentials SET keys = '{' WHERE service_id = ID",
        ),
        damage(
            "/services",
            "UPDATE credentials SET place = '7' WHERE service_id = ID",
        ),
        damage(
            "/agents",
            &format!("UPDATE agents SET key_hash = {byte} WHERE id = ID"),
        ),
        damage(
            "/agents",
            "UPDATE agents SET hold_seconds = -1 WHERE id = ID",
        ),
        damage(
            "/agents",
            "UPDATE agents SET risk_threshold = 7 WHERE id = ID",
        ),
        damage("/rules", "UPDATE rules SET effect = 'odd' WHERE id = ID"),
        damage("/docs", "UPDATE documents SET kind = 'odd' WHERE id = ID"),
        damage(
            "/docs",
            "UPDATE documents SET operations = -1 WHERE id = ID",
        ),
        damage("/docs", "UPDATE documents SET warnings = '{' WHERE id = ID"),
    ];
    if storage == Storage::Sqlite {
        for (list, table, column) in [
            ("/services", "services", "name"),
            ("/services", "services", "description"),
            ("/agents", "agents", "name"),
            ("/rules", "rules", "condition"),
            ("/docs", "documents", "title"),
        ] {
            let odd = "CAST(x'41ff' AS TEXT)";
            damages.push(Damage {
                list,
                statement: format!("UPDATE {table} SET {column} = {odd} WHERE id = ID"),
            });
        }
    }
    damages
}

/// Returns the items of a list, which may be bare or a page.
fn items(list: &Value) -> &Vec<Value> {
    list.as_array().or(list["items"].as_array()).unwrap()
}

/// Creates another definition for a list.
async fn another(scene: &Scene, list: &str, path: &str) -> i64 {
    let body = match list {
        "/services" => json!({
            "name": "other", "baseUrl": "http://other.example", "authType": "bearer",
            "credentials": {"token": "a-token-that-nobody-uses"},
        }),
        "/agents" => json!({"name": "other", "serviceIds": [scene.service.id]}),
        "/rules" => json!({
            "name": "other", "effect": "deny", "condition": "request.method == 'PUT'",
        }),
        _ => json!({"type": "markdown", "title": "other", "content": "# Things"}),
    };
    let made = scene.human.post(path).json(body).send().await;
    let made = made.expect_status(201).json();
    let made = made.get("agent").unwrap_or(&made);
    made["id"].as_i64().unwrap()
}

async fn a_damaged_definition_is_listed_as_unreadable_and_can_be_deleted(storage: Storage) {
    let scene = Scene::new(storage).await;
    scene.allow_everything().await;
    let docs = format!("/services/{}/docs", scene.service.id);
    scene
        .human
        .add_document(&scene.service, "markdown", "# Things")
        .await;
    let mut database = DirectDatabase::open(&scene.gateway).await;
    for Damage { list, statement } in damages(storage) {
        let path = if list == "/docs" { docs.as_str() } else { list };
        let id = another(&scene, list, path).await;
        database
            .change(&statement.replace("ID", &id.to_string()))
            .await;
        // A direct change does not increment the version, but this one does.
        let look = scene.human.put("/kill-switch");
        let look = look.json(json!({"active": false})).send().await;
        look.expect_status(200);

        let listed = scene.human.read(path).await;
        assert_eq!(items(&listed).len(), 2, "{statement}: {listed}");
        for item in items(&listed) {
            let is_damaged = item["id"] == id;
            assert_eq!(item["unreadable"], is_damaged, "{statement}: {item}");
        }
        if list != "/docs" {
            let one = format!("{path}/{id}");
            assert_eq!(scene.human.read(&one).await["unreadable"], true);
            let change = scene.human.put(&one).json(json!({"name": "renamed"}));
            let refused = change.send().await;
            refused.expect_problem(409, "definition_unreadable");
        }
        for other in [
            "/services",
            "/agents",
            "/rules",
            docs.as_str(),
            "/overview",
            "/approvals",
            "/approvals/pending",
            "/requests",
            "/audit",
            "/kill-switch",
        ] {
            let response = scene.human.get(other).send().await;
            assert_eq!(response.status, 200, "{statement}: {other}");
        }
        // Decisions depend on every definition, and on the content of a document, so none is made while
        // one of them cannot be read.
        if list != "/docs" || statement.contains("kind") {
            let refused = scene.agent.propose(request("GET", "/1")).send().await;
            refused.expect_problem(503, "authority_unconfirmed");
        }

        let removed = scene.human.delete(&format!("{path}/{id}")).send().await;
        removed.expect_status(200);
        let listed = scene.human.read(path).await;
        assert_eq!(items(&listed).len(), 1, "{statement}");
        let served = scene.agent.propose(request("GET", "/1")).send().await;
        assert_eq!(served.status, 200, "{statement}: {}", served.text());
    }
}

async fn a_damaged_agent_can_be_blocked(storage: Storage) {
    let scene = Scene::new(storage).await;
    let held = scene.hold("kept").await;
    let mut database = DirectDatabase::open(&scene.gateway).await;
    database.change("UPDATE agents SET hold_seconds = -1").await;
    let path = format!("/agents/{}", scene.agent.id);
    let blocked = scene.human.post(&format!("{path}/block")).send().await;
    assert_eq!(blocked.expect_status(200).json()["unreadable"], true);
    assert_eq!(scene.human.action(&held).await["status"], "REVOKED");
    database.change("UPDATE agents SET hold_seconds = 0").await;
    let agent = scene.human.read(&path).await;
    assert_eq!(agent["unreadable"], false);
    assert_eq!(agent["blocked"], true);
}

async fn a_damaged_request_hides_no_other_on_the_first_page(storage: Storage) {
    let scene = Scene::new(storage).await;
    for n in 0..5 {
        scene.get(&format!("/{n}")).await.expect_status(200);
    }
    let before = scene.human.read("/overview").await;
    assert_eq!(before["unreadable"], 0);
    assert_eq!(before["totals"]["forward"], 5);
    let history = scene.human.read("/requests").await;
    let ids: Vec<i64> = items(&history)
        .iter()
        .map(|entry| entry["id"].as_i64().unwrap())
        .collect();
    let mut database = DirectDatabase::open(&scene.gateway).await;
    let mut changes = vec!["decision = 'odd'", "outcome = 'odd'", "judgement = '{'"];
    if storage == Storage::Sqlite {
        changes.push("decision = CAST(x'41ff' AS TEXT), method = CAST(x'ff' AS TEXT)");
    }
    for (change, id) in changes.iter().zip(&ids) {
        let statement = format!("UPDATE requests SET {change} WHERE id = {id}");
        database.change(&statement).await;
    }
    let after = scene.human.read("/overview").await;
    // The request can be unreadable while its decision is not.
    let unreadable = if storage == Storage::Sqlite { 3 } else { 2 };
    assert_eq!(after["unreadable"], unreadable);
    assert_eq!(after["totals"]["forward"], 5 - unreadable);
    assert_eq!(items(&scene.human.read("/requests").await).len(), 5);

    // The outcome of an action can be unreadable, or its time.
    let held = scene.hold("held").await;
    let times = scene.approved("times").await;
    let done = scene.hold("done").await;
    scene.human.deny(&done, "no").await;
    for (change, id) in [
        ("status = 'odd'", &held.action_id),
        (
            "approved_at = -9223372036854775807, resolved_at = NULL",
            &times.action_id,
        ),
        ("resolved_at = NULL", &done.action_id),
    ] {
        let statement = format!("UPDATE actions SET {change} WHERE id = '{id}'");
        database.change(&statement).await;
    }
    scene.human.read("/overview").await;
    assert_eq!(items(&scene.human.read("/approvals").await).len(), 3);
}

async fn a_damaged_response_hides_no_action_and_is_not_replayed(storage: Storage) {
    let scene = Scene::new(storage).await;
    scene.upstream.on("/broken", Reply::text("done"));
    scene.upstream.on("/whole", Reply::text("done"));
    let (broken, whole) = (
        scene.approved("broken").await,
        scene.approved("whole").await,
    );
    for held in [&broken, &whole] {
        scene.agent.execute(held).send().await.expect_status(200);
    }
    let mut database = DirectDatabase::open(&scene.gateway).await;
    let id = &broken.action_id;
    database
        .change(&format!(
            "UPDATE actions SET answer_status = -1 WHERE id = '{id}'"
        ))
        .await;
    let list = scene.human.read("/approvals").await;
    assert_eq!(items(&list).len(), 2);
    for item in items(&list) {
        let is_broken = item["action_id"] == **id;
        assert_eq!(item["status"], "EXECUTED");
        assert_eq!(item["unreadable"], is_broken);
        assert_eq!(item["result"].is_null(), is_broken);
    }
    assert_eq!(scene.human.action(&broken).await["unreadable"], true);
    let status = scene.agent.status(&broken).await;
    assert_eq!(status["status"], "EXECUTED");
    assert!(status["result"].is_null());

    // The same for a response that is kept for a key: the request is not sent again.
    scene.allow_everything().await;
    let call = |key: &str| {
        let call = scene.agent.propose(post("/charges", json!({"amount": 5})));
        call.idempotency_key(key)
    };
    for key in ["1", "2", "3"] {
        call(key).send().await.expect_status(200);
    }
    for (key, damage) in [("1", "answer_status = -1"), ("2", "state = 'odd'")] {
        let statement = format!("UPDATE claims SET {damage} WHERE key = '{key}'");
        database.change(&statement).await;
        let again = call(key).send().await;
        again.expect_problem(409, "outcome_unknown");
    }
    call("3").send().await.expect_status(200);
    assert_eq!(scene.upstream.received_at("/charges").len(), 3);
}

async fn a_damaged_user_locks_out_no_other_user(storage: Storage) {
    let gateway = TestGateway::builder(storage)
        .setting("REGISTRATION", "open")
        .start()
        .await;
    let mut one = Human::register_as(&gateway, "one@example.com").await;
    let two = Human::register_as(&gateway, "two@example.com").await;
    let mut database = DirectDatabase::open(&gateway).await;
    let mut damages = vec![
        "password_hash = 'odd'",
        "password_hash = '$argon2id$v=19$m=4194304,t=2,p=1$bm9ib2R5IGlzIGhlcmUuLg$3x8hHSdVVcWxPjEU1ZRmhJzXZNmYpRIKx4vD2mJZ0bE'",
        "email = 'odd'",
        "email = 'two@example.com'",
    ];
    if storage == Storage::Sqlite {
        damages.push("password_hash = CAST(x'41ff' AS TEXT)");
        damages.push("email = CAST(x'41ff' AS TEXT)");
    }
    for damage in damages {
        let set = format!("UPDATE users SET {damage} WHERE email_normalized = 'one@example.com'");
        database.change(&set).await;
        let again = Human::log_in(&gateway, &two.email, &two.password).await;
        assert_eq!(again.read("/auth/me").await["email"], "two@example.com");
        let login = json!({"email": one.email, "password": one.password});
        let login = gateway.dashboard().post("/auth/login").json(login);
        let response = login.send().await;
        if damage.starts_with("email") {
            let user = &response.expect_status(200).json()["user"];
            assert_eq!(user["email"], "one@example.com", "{damage}");
            assert_eq!(one.read("/auth/me").await["email"], "one@example.com");
        } else {
            response.expect_problem(401, "invalid_credentials");
        }
        assert_eq!(one.read("/services").await, json!([]), "{damage}");
        // The operator of the machine repairs it.
        let arguments = ["user", "reset-password", "one@example.com"];
        let reset = gateway.run(&arguments, &one.password).await;
        assert!(reset.status.success(), "{damage}: {reset:?}");
        one = Human::log_in(&gateway, &one.email, &one.password).await;
        database
            .change(
                "UPDATE users SET email = email_normalized WHERE email_normalized = 'one@example.com'",
            )
            .await;
        assert_eq!(one.read("/auth/me").await["email"], "one@example.com");
    }
}

async fn a_damaged_entry_of_the_audit_log_is_listed_and_found(storage: Storage) {
    let scene = Scene::new(storage).await;
    let entries = items(&scene.human.read("/audit").await).len();
    let mut database = DirectDatabase::open(&scene.gateway).await;
    let damage = match storage {
        Storage::Sqlite => "detail = CAST(x'41ff' AS TEXT), hash = x'00'",
        Storage::Postgres => "detail = 'odd', hash = '\\x00'::bytea",
    };
    let statement = format!("UPDATE audit SET {damage} WHERE event = 'service.created'");
    database.change(&statement).await;
    assert_eq!(items(&scene.human.read("/audit").await).len(), entries);
    let export = scene.human.get("/audit/export").send().await;
    let export = export.expect_status(200).text();
    assert_eq!(export.lines().count(), entries);
    let verified = scene.human.post("/audit/verify").send().await;
    let verified = verified.expect_status(200).json();
    assert_eq!(verified["ok"], false);
    let command = scene.gateway.run(&["audit", "verify"], "").await;
    assert!(!command.status.success());
}
