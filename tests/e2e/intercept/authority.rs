//! The certificate authority of the proxy port.

use std::time::Duration;

use gaiterguard_testkit::{Human, Storage, TestGateway, eventually, on_both_databases};

use super::scene::Proxied;

/// How long a gateway may take to follow a rotation; it looks every five seconds.
const FOLLOW_LIMIT: Duration = Duration::from_secs(30);

async fn certificate(gateway: &TestGateway) -> String {
    let response = gateway.client().get("/ca.pem").send().await;
    let response = response.expect_status(200);
    let media_type = response.header("content-type");
    assert_eq!(media_type, Some("application/x-pem-file"));
    response.text()
}

async fn the_authority_is_created_once_and_survives_a_restart(storage: Storage) {
    let builder = TestGateway::builder(storage).intercept_port();
    let mut gateway = builder.prepare().await;
    let none_yet = gateway.run(&["ca", "print"], "").await;
    assert!(!none_yet.status.success());
    gateway.restart().await;
    let pem = certificate(&gateway).await;
    assert!(pem.starts_with("-----BEGIN CERTIFICATE-----"), "{pem}");

    let printed = gateway.run(&["ca", "print"], "").await;
    assert_eq!(
        String::from_utf8(printed.stdout).unwrap().trim(),
        pem.trim()
    );
    if storage == Storage::Postgres {
        let replica = gateway.start_replica().await;
        assert_eq!(certificate(&replica).await, pem);
    }
    gateway.restart().await;
    assert_eq!(certificate(&gateway).await, pem);
    let verified = gateway.run(&["audit", "verify"], "").await;
    assert!(verified.status.success(), "{verified:?}");
}

on_both_databases!(the_authority_is_created_once_and_survives_a_restart);

#[tokio::test]
async fn the_authority_survives_a_rotation_of_the_encryption_secret() {
    let builder = TestGateway::builder(Storage::Postgres).intercept_port();
    let mut gateway = builder.start().await;
    let pem = certificate(&gateway).await;
    let secret = "another-secret-of-the-tests-for-the-vault-0123456789";
    let rotated = gateway.run(&["vault", "rotate"], secret).await;
    assert!(rotated.status.success(), "{rotated:?}");
    gateway.set("ENCRYPTION_SECRET", secret);
    gateway.restart().await;
    assert_eq!(certificate(&gateway).await, pem);
}

fn count(pem: &str) -> usize {
    pem.matches("BEGIN CERTIFICATE").count()
}

#[tokio::test]
async fn a_rotation_is_published_before_it_takes_effect_and_immediately_if_it_must() {
    let proxied = Proxied::new().await;
    let gateway = &proxied.scene.gateway;
    let url = proxied.url("/items");
    let old = certificate(gateway).await;
    let rotated = gateway.run(&["ca", "rotate"], "").await;
    assert!(rotated.status.success(), "{rotated:?}");
    let both = eventually("both certificates", FOLLOW_LIMIT, || async {
        let pem = certificate(gateway).await;
        (count(&pem) == 2).then_some(pem)
    });
    let both = both.await;
    assert!(both.ends_with(&old), "{both}");
    let printed = gateway.run(&["ca", "print"], "").await;
    assert_eq!(
        String::from_utf8(printed.stdout).unwrap().trim(),
        both.trim()
    );
    // A program that trusts only the old authority is served as before.
    assert_eq!(proxied.send(&[&url]).await.status, 200);

    let replaced = gateway.run(&["ca", "rotate", "--now"], "").await;
    assert!(replaced.status.success(), "{replaced:?}");
    let new = eventually("one certificate", FOLLOW_LIMIT, || async {
        let pem = certificate(gateway).await;
        (count(&pem) == 1).then_some(pem)
    });
    let new = new.await;
    assert!(!both.contains(&new), "{new}");
    let refused = proxied.send(&[&url]).await;
    assert_eq!(refused.status, 0, "{}", refused.text);
    std::fs::write(&proxied.ca_file, &new).unwrap();
    assert_eq!(proxied.send(&[&url]).await.status, 200);
    let verified = gateway.run(&["audit", "verify"], "").await;
    assert!(verified.status.success(), "{verified:?}");
}

#[tokio::test]
async fn without_a_proxy_port_there_is_no_authority() {
    let gateway = TestGateway::start(Storage::Sqlite).await;
    Human::register(&gateway).await;
    let response = gateway.client().get("/ca.pem").send().await;
    let problem = response.expect_problem(404, "not_found").json();
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("INTERCEPT_PORT"), "{detail}");
    let printed = gateway.run(&["ca", "print"], "").await;
    assert!(!printed.status.success());
    let error = String::from_utf8_lossy(&printed.stderr);
    assert!(error.contains("INTERCEPT_PORT"), "{error}");
}

#[tokio::test]
async fn the_ports_must_differ() {
    let mut gateway = TestGateway::builder(Storage::Sqlite).prepare().await;
    gateway.set("INTERCEPT_PORT", gateway.port());
    let served = gateway.run(&["serve"], "").await;
    assert_eq!(served.status.code(), Some(2));
    let error = String::from_utf8_lossy(&served.stderr);
    assert!(error.contains("INTERCEPT_PORT"), "{error}");
}
