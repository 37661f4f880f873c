//! A credential that an upstream hands back does not reach the agent.

use std::time::Duration;

use gaiterguard_tests::{Encoding, Reply, Storage};
use serde_json::json;

use crate::scene::{CREDENTIAL, Scene, request};

#[tokio::test]
async fn an_echoed_credential_is_masked_in_every_spelling() {
    let scene = Scene::new(Storage::Sqlite).await;
    for encoding in Encoding::ALL {
        let echo = encoding.apply(CREDENTIAL);
        let text = format!("before {echo} after");
        scene
            .upstream
            .on("/whole", Reply::text(text.clone()).header("X-Echo", &echo));
        let answer = scene.get("/whole").await.expect_status(200);
        assert_hidden(&answer.text(), &echo, encoding);
        let header = answer.header("x-echo").unwrap_or_default();
        assert!(!header.contains(&echo), "{encoding:?}: {header}");

        // Across pieces that are sent one after the other, byte by byte where the credential is.
        let mut reply = Reply::status(200)
            .chunked()
            .piece_delay(Duration::from_millis(1));
        for piece in text.as_bytes().chunks(3) {
            reply = reply.body(piece);
        }
        scene.upstream.on("/pieces", reply);
        let answer = scene.get("/pieces").await.expect_status(200);
        assert_hidden(&answer.text(), &echo, encoding);
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
    let answer = agent.propose(proposal).send().await.expect_status(200);
    let received = scene.upstream.only();
    let pair = received
        .header("authorization")
        .unwrap()
        .strip_prefix("Basic ")
        .unwrap();
    assert_eq!(pair, Encoding::Base64.apply(&format!("someone:{password}")));
    assert!(answer.text().contains("/echo"), "{}", answer.text());
    assert!(!answer.text().contains(pair), "{}", answer.text());
    scene
        .upstream
        .on("/echo", Reply::text(format!("it is {password}.")));
    let mut proposal = request("GET", "/echo");
    proposal["service"] = json!("basic");
    let answer = agent.propose(proposal).send().await.expect_status(200);
    assert!(!answer.text().contains(password), "{}", answer.text());
}

#[tokio::test]
async fn what_is_stored_and_shown_is_masked_too() {
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
