//! Guessing passwords is slow and does not lock out the owner of the account.

use gaiterguard_testkit::{Human, Response, Storage, TestGateway, on_both_databases};
use serde_json::{Value, json};

on_both_databases!(
    wrong_logins_from_the_address_of_the_operator_do_not_lock_the_operator_out,
    a_browser_that_signed_in_before_can_sign_in_while_others_guess_its_password,
);

const WRONG: &str = "a rather wrong password";

async fn log_in(gateway: &TestGateway, body: Value, cookie: Option<&str>) -> Response {
    let call = gateway.dashboard().post("/auth/login").json(body);
    match cookie {
        Some(cookie) => call.header("cookie", cookie).send().await,
        None => call.send().await,
    }
}

async fn wrong_logins_from_the_address_of_the_operator_do_not_lock_the_operator_out(
    storage: Storage,
) {
    let mut gateway = TestGateway::start(storage).await;
    let human = Human::register(&gateway).await;
    // A restart forgets the addresses of successful logins.
    gateway.restart().await;
    let guess = |email: String| log_in(&gateway, json!({"email": email, "password": WRONG}), None);
    let right = || {
        let body = json!({"email": human.email, "password": human.password});
        log_in(&gateway, body, None)
    };
    for n in 0..20 {
        let refused = guess(format!("{n}@example.com")).await;
        refused.expect_problem(401, "invalid_credentials");
    }
    let refused = guess("21@example.com".to_owned()).await;
    assert!(refused.header("retry-after").is_some());
    refused.expect_problem(429, "too_many_attempts");
    right().await.expect_status(200);

    // From now on the address is known, and the operator can sign in again, whatever others guess.
    for n in 0..5 {
        let refused = guess(format!("more-{n}@example.com")).await;
        refused.expect_problem(429, "too_many_attempts");
        right().await.expect_status(200);
    }
}

async fn a_browser_that_signed_in_before_can_sign_in_while_others_guess_its_password(
    storage: Storage,
) {
    let mut gateway = TestGateway::start(storage).await;
    let human = Human::register(&gateway).await;
    let body =
        |password: &str| json!({"email": human.email, "password": password, "session": "cookie"});
    let session = log_in(&gateway, body(&human.password), None).await;
    let cookies = session.headers("set-cookie");
    let device = cookies
        .iter()
        .find(|cookie| cookie.starts_with("gaiterguard_device="))
        .unwrap();
    for attribute in ["HttpOnly", "SameSite=Strict", "Path=/auth"] {
        assert!(
            device.split("; ").any(|given| given == attribute),
            "{device}"
        );
    }
    let device = device.split(';').next().unwrap().to_owned();
    let bearer = json!({"email": human.email, "password": human.password});
    let bearer = log_in(&gateway, bearer, None).await.expect_status(200);
    assert!(bearer.headers("set-cookie").is_empty());

    gateway.restart().await;
    for _ in 0..5 {
        let wrong = log_in(&gateway, body(WRONG), None).await;
        wrong.expect_problem(401, "invalid_credentials");
    }
    let other = format!("{}0", &device[..device.len() - 1]);
    let flipped = if other == device {
        format!("{}1", &device[..device.len() - 1])
    } else {
        other
    };
    for stranger in [
        None,
        Some("gaiterguard_device=gd_1.2.3"),
        Some(flipped.as_str()),
    ] {
        let refused = log_in(&gateway, body(&human.password), stranger).await;
        refused.expect_problem(429, "too_many_attempts");
    }
    let wrong = log_in(&gateway, body(WRONG), Some(&device)).await;
    wrong.expect_problem(401, "invalid_credentials");
    let mine = log_in(&gateway, body(&human.password), Some(&device)).await;
    mine.expect_status(200);
}
