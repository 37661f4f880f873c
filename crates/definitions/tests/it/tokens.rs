//! Access tokens: fetched once for all, renewed in time, rotated without loss, refused by name.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use gaiterguard_credential::{
    CredentialUnavailable, Credentials, ReadyCredential, TokenError, inject,
};
use gaiterguard_definitions::service;
use gaiterguard_domain::audit::NewAuditEntry;
use gaiterguard_domain::event::Event;
use gaiterguard_domain::service::{AuthType, Service, Timeouts};
use gaiterguard_domain::time::Clock as _;
use gaiterguard_store::{Abandoned, AuditFilter, ServiceFields, StoreError};
use http::HeaderMap;
use http::uri::PathAndQuery;
use serde_json::{Value, json};

use crate::setup::{Setup, dropped_after, fields, loopback, open};
use crate::token_server::{Received, TokenResponse, TokenServer};

async fn oauth_service(setup: &Setup, server: &TokenServer, more: Value) -> Service {
    let mut credentials = json!({
        "token_url": server.url(), "client_id": "client&1", "client_secret": "s3cret/+:ü",
    });
    for (name, value) in more.as_object().unwrap().clone() {
        credentials[name] = value;
    }
    let new = fields(json!({
        "name": "mail", "baseUrl": "https://mail.example.com/v1", "authType": "oauth2",
        "credentials": credentials,
    }));
    service::create(&setup.definitions, setup.editor, new)
        .await
        .unwrap()
}

fn authorization(ready: &ReadyCredential) -> String {
    let mut headers = HeaderMap::new();
    let mut path = PathAndQuery::from_static("/");
    inject(&ready.credential, &mut headers, &mut path).unwrap();
    headers["authorization"].to_str().unwrap().to_owned()
}

async fn token(credentials: &Credentials, service: &Service) -> String {
    let ready = credentials.ready(service).await.unwrap().unwrap();
    authorization(&ready)
}

fn received_client(server: &TokenServer, number: usize) -> Option<(String, String)> {
    server.received()[number].client.clone()
}

async fn refused(credentials: &Credentials, service: &Service) -> CredentialUnavailable {
    credentials.ready(service).await.unwrap_err()
}

/// Hands out `access-N` for refresh token `refresh-N` and makes `refresh-N+1` the next.
fn rotating(lifetime: u64) -> impl FnMut(&Received) -> TokenResponse + Send + 'static {
    let mut current = 1;
    move |received| {
        if received.form.get("refresh_token") != Some(&format!("refresh-{current}")) {
            return TokenResponse::new(400, r#"{"error":"invalid_grant"}"#);
        }
        let body = json!({
            "access_token": format!("access-{current}"), "token_type": "Bearer",
            "expires_in": lifetime, "refresh_token": format!("refresh-{}", current + 1),
        });
        current += 1;
        TokenResponse::new(200, body.to_string())
    }
}

/// Hands out `access-N` in turn.
fn counting(lifetime: u64) -> impl FnMut(&Received) -> TokenResponse + Send + 'static {
    let mut count = 0;
    move |_| {
        count += 1;
        TokenResponse::token(&format!("access-{count}"), lifetime)
    }
}

#[tokio::test]
async fn a_token_is_asked_for_as_rfc_6749_says_and_kept_until_it_ends() {
    let setup = Setup::new().await;
    let server = TokenServer::start(counting(3600)).await;
    let service = oauth_service(&setup, &server, json!({"scope": "read write"})).await;
    let credentials = setup.credentials(loopback());
    assert_eq!(token(&credentials, &service).await, "Bearer access-1");
    assert_eq!(token(&credentials, &service).await, "Bearer access-1");

    let received = server.received();
    assert_eq!(received.len(), 1);
    assert_eq!(received[0].method, "POST");
    assert_eq!(received[0].path_and_query, "/oauth/token?tenant=a%2fb");
    assert_eq!(
        received[0].content_type,
        "application/x-www-form-urlencoded"
    );
    let client = ("client&1".to_owned(), "s3cret/+:ü".to_owned());
    assert_eq!(received[0].client, Some(client));
    assert_eq!(received[0].form["grant_type"], "client_credentials");
    assert_eq!(received[0].form["scope"], "read write");
    assert_eq!(received[0].form.len(), 2);

    setup.clock.advance(Duration::from_secs(3600 - 61));
    assert_eq!(token(&credentials, &service).await, "Bearer access-1");
    setup.clock.advance(Duration::from_secs(1));
    assert_eq!(token(&credentials, &service).await, "Bearer access-2");
    assert_eq!(server.received().len(), 2);
}

#[tokio::test]
async fn a_short_lived_token_is_renewed_after_nine_tenths_of_its_life() {
    let setup = Setup::new().await;
    let server = TokenServer::start(counting(50)).await;
    let service = oauth_service(&setup, &server, json!({})).await;
    let credentials = setup.credentials(loopback());
    assert_eq!(token(&credentials, &service).await, "Bearer access-1");
    setup.clock.advance(Duration::from_secs(44));
    assert_eq!(token(&credentials, &service).await, "Bearer access-1");
    setup.clock.advance(Duration::from_secs(1));
    assert_eq!(token(&credentials, &service).await, "Bearer access-2");
}

#[tokio::test]
async fn a_token_that_ends_is_renewed_before_a_request_needs_it() {
    let setup = Setup::new().await;
    let server = TokenServer::start(counting(3600)).await;
    let service = oauth_service(&setup, &server, json!({})).await;
    let credentials = setup.credentials(loopback());
    let services = [Arc::new(&service)];
    let renew = async || credentials.renew_due(&services, setup.clock.now()).await;

    renew().await;
    assert_eq!(
        server.received().len(),
        0,
        "a new credential waits for a request"
    );
    setup.clock.advance(Duration::from_mins(5));
    renew().await;
    renew().await;
    assert_eq!(
        server.received().len(),
        1,
        "nobody asked for it in five minutes"
    );
    setup.clock.advance(Duration::from_mins(58));
    renew().await;
    assert_eq!(server.received().len(), 1);
    setup.clock.advance(Duration::from_mins(1));
    credentials
        .renew_due(&services, setup.clock.now().before(Duration::from_mins(1)))
        .await;
    assert_eq!(server.received().len(), 1, "it was not due a minute ago");
    renew().await;
    assert_eq!(server.received().len(), 2);
    assert_eq!(token(&credentials, &service).await, "Bearer access-2");
    assert_eq!(server.received().len(), 2);
}

#[tokio::test]
async fn a_refresh_token_that_died_is_reported_once_before_a_request_needs_it() {
    let setup = Setup::new().await;
    let server =
        TokenServer::start(|_| TokenResponse::new(400, r#"{"error":"invalid_grant"}"#)).await;
    let service = oauth_service(&setup, &server, json!({"refresh_token": "dead"})).await;
    let credentials = setup.credentials(loopback());
    let services = [Arc::new(&service)];
    for _ in 0..60 {
        setup.clock.advance(Duration::from_mins(1));
        credentials.renew_due(&services, setup.clock.now()).await;
    }
    let attempts = server.received().len();
    assert!(
        (8..=24).contains(&attempts),
        "{attempts} requests in an hour"
    );
    let failed = credentials.failed_renewal(&service).unwrap();
    assert!(failed.reason.contains("invalid_grant"), "{}", failed.reason);
    let filter = AuditFilter {
        events: vec![Event::CredentialFailing],
        ..AuditFilter::default()
    };
    let entries = setup
        .store
        .audit_list(setup.editor.workspace, &filter, None, 10)
        .await
        .unwrap();
    assert_eq!(entries.items.len(), 1);
}

#[tokio::test]
async fn a_client_that_may_not_use_basic_authenticates_in_the_body_once() {
    let setup = Setup::new().await;
    let server = TokenServer::start(|received| match received.client {
        Some(_) => TokenResponse::new(401, r#"{"error":"invalid_client"}"#),
        None => TokenResponse::token("access", 3600),
    })
    .await;
    let service = oauth_service(&setup, &server, json!({})).await;
    let credentials = setup.credentials(loopback());
    assert_eq!(token(&credentials, &service).await, "Bearer access");
    let received = server.received();
    assert_eq!(received.len(), 2);
    assert_eq!(received[1].form["client_id"], "client&1");
    assert_eq!(received[1].form["client_secret"], "s3cret/+:ü");

    server.behave(|_| TokenResponse::new(400, r#"{"error":"invalid_client"}"#));
    setup.clock.advance(Duration::from_secs(4000));
    let refusal = refused(&credentials, &service).await;
    assert!(refusal.is_refused());
    assert!(matches!(
        refusal,
        CredentialUnavailable::Token(TokenError::Refused {
            status: 400,
            code: Some("invalid_client")
        })
    ));
    assert_eq!(server.received().len(), 4);
    // The way that the endpoint accepted before comes first.
    assert_eq!(received_client(&server, 2), None);
    assert!(received_client(&server, 3).is_some());
}

#[tokio::test]
async fn a_refresh_token_that_works_once_is_replaced_and_survives_a_restart() {
    let setup = Setup::new().await;
    let server = TokenServer::start(rotating(100)).await;
    let service = oauth_service(&setup, &server, json!({"refresh_token": "refresh-1"})).await;
    let credentials = setup.credentials(loopback());
    for round in 1..=3 {
        assert_eq!(
            token(&credentials, &service).await,
            format!("Bearer access-{round}")
        );
        setup.clock.advance(Duration::from_secs(100));
    }
    // Another process, which knows what the store knows.
    let restarted = setup.credentials(loopback());
    let stored = service::get(&setup.definitions, setup.editor.workspace, service.id)
        .await
        .unwrap();
    assert_eq!(stored.credential.as_ref().unwrap().version, 4);
    assert_eq!(token(&restarted, &stored).await, "Bearer access-4");
    let sent: Vec<_> = server
        .received()
        .into_iter()
        .map(|received| received.form["grant_type"].clone())
        .collect();
    assert_eq!(sent, ["refresh_token"; 4]);
}

#[tokio::test]
async fn a_replica_that_comes_second_uses_what_the_first_has_stored() {
    let setup = Setup::new().await;
    let server = TokenServer::start(rotating(100)).await;
    let service = oauth_service(&setup, &server, json!({"refresh_token": "refresh-1"})).await;
    let first = setup.credentials(loopback());
    let second = setup.credentials(loopback());
    assert_eq!(token(&first, &service).await, "Bearer access-1");
    // It still holds the service as it was before.
    assert_eq!(token(&second, &service).await, "Bearer access-1");
    assert_eq!(server.received().len(), 1);

    setup.clock.advance(Duration::from_secs(100));
    let (one, other) = tokio::join!(token(&first, &service), token(&second, &service));
    assert_eq!(
        (one.as_str(), other.as_str()),
        ("Bearer access-2", "Bearer access-2")
    );
}

#[tokio::test]
async fn fifty_requests_share_one_fetch_and_what_came_of_it() {
    let setup = Setup::new().await;
    let server = TokenServer::start(|_| {
        TokenResponse::token("shared", 3600).slow(Duration::from_millis(300))
    })
    .await;
    let service = oauth_service(&setup, &server, json!({})).await;
    let credentials = setup.credentials(loopback());
    let fifty = (0..50).map(|_| token(&credentials, &service));
    let tokens = futures_util::future::join_all(fifty).await;
    assert_eq!(tokens, vec!["Bearer shared"; 50]);
    assert_eq!(server.received().len(), 1);

    setup.clock.advance(Duration::from_secs(4000));
    server.behave(|_| TokenResponse::new(500, "broken").slow(Duration::from_millis(300)));
    let fifty = (0..50).map(|_| refused(&credentials, &service));
    for refusal in futures_util::future::join_all(fifty).await {
        assert!(matches!(
            refusal,
            CredentialUnavailable::Token(TokenError::Refused {
                status: 500,
                code: None
            })
        ));
    }
    assert_eq!(server.received().len(), 2);
}

#[tokio::test]
async fn an_endpoint_that_fails_or_babbles_gives_no_token_and_changes_nothing() {
    let setup = Setup::new().await;
    let server = TokenServer::start(|_| TokenResponse::new(200, "")).await;
    let service = oauth_service(&setup, &server, json!({})).await;
    let credentials = setup.credentials(loopback());
    let too_long = format!(
        r#"{{"access_token":"a","padding":"{}"}}"#,
        "x".repeat(64 * 1024)
    );
    for (status, body) in [
        (200, ""),
        (200, "canary <html>"),
        (200, r#"{"token_type":"bearer"}"#),
        (200, r#"{"access_token":"canary\u0000"}"#),
        (200, too_long.as_str()),
        (302, r#"{"access_token":"canary"}"#),
        (403, r#"{"error":"canary"}"#),
        (500, "canary"),
    ] {
        // Longer than any pause after a failure.
        setup.clock.advance(Duration::from_hours(1));
        let body = body.to_owned();
        server.behave(move |_| TokenResponse::new(status, body.clone()));
        let refusal = refused(&credentials, &service).await;
        assert!(
            matches!(refusal, CredentialUnavailable::Token(_)),
            "{refusal}"
        );
        assert!(!refusal.is_own_failure());
        let told = format!("{refusal} {refusal:?}");
        assert!(
            !told.contains("canary") && !told.contains("s3cret"),
            "{told}"
        );
    }
    let stored = service::get(&setup.definitions, setup.editor.workspace, service.id)
        .await
        .unwrap();
    assert_eq!(stored.credential, service.credential);
    setup.clock.advance(Duration::from_hours(1));
    server.behave(|_| TokenResponse::token("at last", 3600));
    assert_eq!(token(&credentials, &service).await, "Bearer at last");
}

#[tokio::test]
async fn a_token_that_still_works_is_used_while_it_cannot_be_renewed() {
    let setup = Setup::new().await;
    let server = TokenServer::start(counting(3600)).await;
    let service = oauth_service(&setup, &server, json!({})).await;
    let credentials = setup.credentials(loopback());
    assert_eq!(token(&credentials, &service).await, "Bearer access-1");
    server.behave(|_| TokenResponse::new(503, ""));
    setup.clock.advance(Duration::from_secs(3599));
    assert_eq!(token(&credentials, &service).await, "Bearer access-1");
    setup.clock.advance(Duration::from_secs(1));
    let refusal = refused(&credentials, &service).await;
    assert!(
        matches!(refusal, CredentialUnavailable::Token(_)),
        "{refusal}"
    );
}

#[tokio::test]
async fn a_token_that_the_upstream_refused_is_renewed_once_for_all() {
    let setup = Setup::new().await;
    let server = TokenServer::start(counting(3600)).await;
    let service = oauth_service(&setup, &server, json!({})).await;
    let credentials = setup.credentials(loopback());
    let ready = credentials.ready(&service).await.unwrap().unwrap();
    let renew = || credentials.renew_after_401(&service, ready.version);
    let (one, other) = tokio::join!(renew(), renew());
    let third = renew().await;
    for renewed in [one, other, third] {
        assert_eq!(authorization(&renewed.unwrap().unwrap()), "Bearer access-2");
    }
    assert_eq!(server.received().len(), 2);
}

#[tokio::test]
async fn a_caller_who_gives_up_loses_no_token() {
    let setup = Setup::new().await;
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let mut rotate = rotating(3600);
    let server = TokenServer::start(move |received| {
        count.fetch_add(1, Ordering::SeqCst);
        rotate(received).slow(Duration::from_millis(100))
    })
    .await;
    let service = oauth_service(&setup, &server, json!({"refresh_token": "refresh-1"})).await;
    let credentials = setup.credentials(loopback());
    let mut steps = 1;
    while asked.load(Ordering::SeqCst) == 0 {
        drop(dropped_after(steps, credentials.ready(&service)).await);
        tokio::time::sleep(Duration::from_millis(10)).await;
        steps += 1;
    }
    assert_eq!(token(&credentials, &service).await, "Bearer access-1");
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_credential_set_during_a_renewal_wins_over_the_fetched_token() {
    let setup = Setup::new().await;
    let server = TokenServer::start(|received| {
        let client = received.client.as_ref().map(|(name, _)| name.clone());
        TokenResponse::token(&format!("for-{}", client.unwrap()), 3600)
            .slow(Duration::from_millis(300))
    })
    .await;
    let service = oauth_service(&setup, &server, json!({})).await;
    let credentials = setup.credentials(loopback());
    let replaced = async {
        while server.received().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let new = fields(json!({
            "token_url": server.url(), "client_id": "other", "client_secret": "s",
        }));
        service::set_credentials(&setup.definitions, setup.editor, service.id, new)
            .await
            .unwrap()
    };
    let (fetched, replaced) = tokio::join!(token(&credentials, &service), replaced);
    assert_eq!(fetched, "Bearer for-other");
    assert_eq!(replaced.credential.as_ref().unwrap().version, 2);
    assert_eq!(token(&credentials, &replaced).await, "Bearer for-other");
    assert_eq!(server.received().len(), 2);
}

#[tokio::test]
async fn a_token_endpoint_is_subject_to_the_address_rules() {
    let setup = Setup::new().await;
    let server = TokenServer::start(counting(3600)).await;
    let url = format!("http://id.example.test:{}/token", server.address.port());
    let service = oauth_service(&setup, &server, json!({"token_url": url})).await;
    let closed = setup.credentials(Vec::new());
    let refusal = refused(&closed, &service).await;
    assert!(
        matches!(
            refusal,
            CredentialUnavailable::Token(TokenError::NoResponse(_))
        ),
        "{refusal}"
    );
    assert!(server.received().is_empty());
    let open = setup.credentials(loopback());
    assert_eq!(token(&open, &service).await, "Bearer access-1");
}

#[tokio::test]
async fn a_credential_that_does_not_fit_its_service_is_not_used() {
    let setup = Setup::new().await;
    let credentials = setup.credentials(loopback());
    let bearer = fields(json!({
        "name": "one", "baseUrl": "https://one.example.com", "authType": "bearer",
        "credentials": {"token": "t"},
    }));
    let service = service::create(&setup.definitions, setup.editor, bearer)
        .await
        .unwrap();
    assert_eq!(token(&credentials, &service).await, "Bearer t");

    let mut without = service.clone();
    without.credential = None;
    assert!(matches!(
        refused(&credentials, &without).await,
        CredentialUnavailable::Missing
    ));
    let mut other_type = service.clone();
    other_type.auth_type = gaiterguard_domain::service::AuthType::Query;
    assert!(matches!(
        refused(&credentials, &other_type).await,
        CredentialUnavailable::WrongType
    ));
    // Moved to another service by someone with write access to the database.
    let mut moved = service.clone();
    moved.id = gaiterguard_domain::id::ServiceId(service.id.0 + 1);
    assert!(matches!(
        refused(&credentials, &moved).await,
        CredentialUnavailable::Sealed(_)
    ));
    let mut none = service;
    none.auth_type = gaiterguard_domain::service::AuthType::None;
    assert!(credentials.ready(&none).await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_the_store_cannot_take_yet_is_neither_used_nor_lost() {
    let setup = Setup::new().await;
    let (asked, mut was_asked) = tokio::sync::mpsc::unbounded_channel();
    let mut rotate = rotating(3600);
    let server = TokenServer::start(move |received| {
        asked.send(()).unwrap();
        rotate(received).slow(Duration::from_millis(200))
    })
    .await;
    let service = oauth_service(&setup, &server, json!({"refresh_token": "refresh-1"})).await;
    let credentials = setup.credentials(loopback());
    // Someone else holds the database's lock for longer than a writer waits for it.
    let other = open(&setup.dir.path().join("gaiterguard.db"));
    let held_for = Duration::from_secs(6);
    let holding = async {
        was_asked.recv().await.unwrap();
        let new = ServiceFields {
            name: "never".to_owned(),
            base_url: service.base_url.clone(),
            auth_type: AuthType::None,
            description: None,
            intent_required: false,
            web_socket: false,
            timeouts: Timeouts::default(),
        };
        let at = setup.clock.now();
        let hold = |_| {
            tokio::task::block_in_place(|| std::thread::sleep(held_for));
            Err(Abandoned)
        };
        let editor = setup.editor;
        let entry = |_| -> NewAuditEntry { unreachable!("nothing was made") };
        let refused = other
            .service_create(editor.workspace, &new, at, hold, entry)
            .await;
        assert!(matches!(refused, Err(StoreError::Abandoned)), "{refused:?}");
    };
    let started = std::time::Instant::now();
    let (token, ()) = tokio::join!(token(&credentials, &service), holding);
    assert_eq!(token, "Bearer access-1");
    assert!(
        started.elapsed() >= held_for,
        "it was used before it was stored"
    );
    let stored = service::get(&setup.definitions, setup.editor.workspace, service.id)
        .await
        .unwrap();
    assert_eq!(stored.credential.unwrap().version, 2);
    assert_eq!(server.received().len(), 1);
}
