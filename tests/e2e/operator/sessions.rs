//! A user sees where they are signed in and can end any of the sessions.

use gaiterguard_testkit::{Human, Storage, TestGateway, on_both_databases};
use serde_json::{Value, json};

on_both_databases!(
    a_user_sees_and_ends_their_sessions,
    no_user_can_end_the_session_of_another,
    a_session_says_where_and_when_it_was_last_used,
    two_tabs_that_refresh_together_both_stay_signed_in,
    a_user_ends_all_other_sessions,
    a_user_changes_the_password_and_keeps_only_this_session,
);

#[tokio::test]
async fn refreshing_without_a_session_returns_nothing() {
    let gateway = TestGateway::start(Storage::Sqlite).await;
    let call = gateway.dashboard().post("/auth/refresh").json(json!({}));
    let response = call.send().await.expect_status(204);
    assert_eq!(response.text(), "");
}

/// The sessions of a user, newest first.
async fn sessions(human: &Human) -> Vec<Value> {
    let listed = human.read("/auth/sessions").await;
    listed["items"].as_array().unwrap().clone()
}

async fn a_session_says_where_and_when_it_was_last_used(storage: Storage) {
    let gateway = TestGateway::start(storage).await;
    let human = Human::register(&gateway).await;
    let login = json!({"email": human.email, "password": human.password});
    let begin = gateway.dashboard().post("/auth/login").json(login);
    let logged_in = begin
        .header("User-Agent", "browser/1 (a\tphone)")
        .send()
        .await;
    let tokens = logged_in.expect_status(200).json();
    let before = sessions(&human).await[0].clone();
    assert_eq!(before["userAgent"], "browser/1 (aphone)");
    assert_eq!(before["address"], "127.0.0.1");
    assert_eq!(before["lastUsedAt"], before["createdAt"]);

    let refresh = gateway.dashboard().post("/auth/refresh");
    let refresh = refresh.json(json!({"refreshToken": tokens["refreshToken"]}));
    let long = "x".repeat(1000);
    let refreshed = refresh.header("User-Agent", &long).send().await;
    refreshed.expect_status(200);
    let after = sessions(&human).await[0].clone();
    assert_eq!(after["id"], before["id"]);
    assert_eq!(after["userAgent"], long[..256]);
    assert!(after["lastUsedAt"].as_str().unwrap() >= before["lastUsedAt"].as_str().unwrap());
}

async fn two_tabs_that_refresh_together_both_stay_signed_in(storage: Storage) {
    let gateway = TestGateway::start(storage).await;
    let human = Human::register(&gateway).await;
    let refresh = async |token: &str| {
        let call = gateway.dashboard().post("/auth/refresh");
        let response = call.json(json!({"refreshToken": token})).send().await;
        response.expect_status(200).json()
    };
    let token = human.refresh_token.as_str();
    let (one, other) = tokio::join!(refresh(token), refresh(token));
    for tokens in [one, other] {
        let next = refresh(tokens["refreshToken"].as_str().unwrap()).await;
        let me = gateway.dashboard().get("/auth/me");
        let bearer = format!("Bearer {}", next["accessToken"].as_str().unwrap());
        let me = me.header("Authorization", &bearer).send().await;
        assert_eq!(me.expect_status(200).json()["email"], human.email);
    }
}

async fn a_user_ends_all_other_sessions(storage: Storage) {
    let gateway = TestGateway::start(storage).await;
    let here = Human::register(&gateway).await;
    let there = Human::log_in(&gateway, &here.email, &here.password).await;
    let elsewhere = Human::log_in(&gateway, &here.email, &here.password).await;
    let end = async || {
        let ended = here.delete("/auth/sessions").send().await;
        ended.expect_status(200).json()["ended"].clone()
    };
    assert_eq!(end().await, 2);
    assert_eq!(end().await, 0);
    for gone in [&there, &elsewhere] {
        let refused = gone.get("/auth/me").send().await;
        refused.expect_problem(401, "not_authenticated");
    }
    assert_eq!(sessions(&here).await.len(), 1);
    let audit = here.read("/audit?event=session.revoked").await;
    assert_eq!(audit["items"].as_array().unwrap().len(), 2);
}

async fn a_user_changes_the_password_and_keeps_only_this_session(storage: Storage) {
    let gateway = TestGateway::start(storage).await;
    let here = Human::register(&gateway).await;
    let there = Human::log_in(&gateway, &here.email, &here.password).await;
    let change = async |current: &str, new: &str| {
        let body = json!({"currentPassword": current, "newPassword": new});
        here.put("/auth/password").json(body).send().await
    };
    for (current, new, field) in [
        (
            "wrong password",
            "a much better password",
            "currentPassword",
        ),
        (&*here.password, "password", "newPassword"),
        (&*here.password, "short", "newPassword"),
    ] {
        let refused = change(current, new).await;
        let refused = refused.expect_problem(400, "validation_failed").json();
        assert_eq!(refused["errors"][0]["field"], field, "{refused}");
    }
    there.get("/auth/me").send().await.expect_status(200);

    let changed = change(&here.password, "a much better password").await;
    changed.expect_status(200);
    here.get("/auth/me").send().await.expect_status(200);
    let gone = there.get("/auth/me").send().await;
    gone.expect_problem(401, "not_authenticated");
    let login = |password: &str| {
        let body = json!({"email": here.email, "password": password});
        gateway.dashboard().post("/auth/login").json(body).send()
    };
    let old = login(&here.password).await;
    old.expect_problem(401, "invalid_credentials");
    login("a much better password").await.expect_status(200);
    let audit = here.read("/audit?event=user.password_changed").await;
    assert_eq!(audit["items"].as_array().unwrap().len(), 1, "{audit}");
    assert_eq!(audit["items"][0]["actor_name"], here.email.as_str());

    // Guessing the current password is slowed down like guessing at the sign-in.
    let mut statuses = Vec::new();
    for _ in 0..7 {
        statuses.push(
            change("wrong password", "another good password")
                .await
                .status,
        );
    }
    assert_eq!(statuses.last().unwrap().as_u16(), 429, "{statuses:?}");
}

async fn a_user_sees_and_ends_their_sessions(storage: Storage) {
    let gateway = TestGateway::start(storage).await;
    let here = Human::register(&gateway).await;
    let there = Human::log_in(&gateway, &here.email, &here.password).await;
    let listed = here.get("/auth/sessions").send().await.expect_status(200);
    let text = listed.text();
    for secret in [&here.access_token, &there.refresh_token] {
        assert!(!text.contains(secret.as_str()));
    }
    let sessions = listed.json()["items"].as_array().unwrap().clone();
    let current: Vec<_> = sessions
        .iter()
        .map(|session| &session["isCurrent"])
        .collect();
    assert_eq!(current, [false, true]);
    for session in &sessions {
        let (created, expires) = (&session["createdAt"], &session["expiresAt"]);
        assert!(created.as_str().unwrap() < expires.as_str().unwrap());
    }

    let path = format!("/auth/sessions/{}", sessions[0]["id"]);
    here.delete(&path).send().await.expect_status(200);
    let gone = there.get("/auth/me").send().await;
    gone.expect_problem(401, "not_authenticated");
    let refreshed = gateway
        .dashboard()
        .post("/auth/refresh")
        .json(serde_json::json!({"refreshToken": there.refresh_token}))
        .send()
        .await;
    refreshed.expect_problem(401, "not_authenticated");
    here.get("/auth/me").send().await.expect_status(200);
    here.delete(&path)
        .send()
        .await
        .expect_problem(404, "not_found");
    let left = here.get("/auth/sessions").send().await.json();
    assert_eq!(left["items"].as_array().unwrap().len(), 1);
    let audit = here.get("/audit").send().await.json();
    assert_eq!(audit["items"][0]["event"], "session.revoked");
}

async fn no_user_can_end_the_session_of_another(storage: Storage) {
    let gateway = TestGateway::builder(storage)
        .setting("REGISTRATION", "open")
        .start()
        .await;
    let mine = Human::register(&gateway).await;
    let other = Human::register_as(&gateway, "other@example.com").await;
    let sessions = mine.get("/auth/sessions").send().await.json();
    assert_eq!(sessions["items"].as_array().unwrap().len(), 1);
    let path = format!("/auth/sessions/{}", sessions["items"][0]["id"]);
    other
        .delete(&path)
        .send()
        .await
        .expect_problem(404, "not_found");
    mine.get("/auth/me").send().await.expect_status(200);
}
