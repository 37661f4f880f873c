//! A user sees where they are signed in and can end any of the sessions.

use gaiterguard_testkit::{Human, Storage, TestGateway, on_both_databases};

on_both_databases!(
    a_user_sees_and_ends_their_sessions,
    no_user_can_end_the_session_of_another
);

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
