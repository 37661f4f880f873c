//! Nothing that is secret can be found where it must not be: in the database's files, in audit
//! entries, or in what is printed for debugging.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use gaiterguard_definitions::{agent, document, service};
use gaiterguard_domain::id::ServiceId;
use secrecy::ExposeSecret as _;
use serde_json::json;

use crate::setup::{SECRET, Setup, all_bytes, fields, loopback};
use crate::token_server::{TokenResponse, TokenServer};

const CANARIES: [&str; 9] = [
    "canary-bearer-token-1",
    "canary-password-2",
    "canary-header-value-3",
    "canary-query-value-4",
    "canary-client-secret-5",
    "canary-refresh-token-6",
    "canary-access-token-7",
    "canary-rotated-refresh-8",
    "canary-document-9",
];

#[tokio::test]
async fn no_secret_is_stored_or_printed_in_the_clear() {
    let setup = Setup::new().await;
    let (definitions, editor) = (&setup.definitions, setup.editor);
    let server = TokenServer::start(|_| {
        TokenResponse::new(
            200,
            r#"{"access_token":"canary-access-token-7","expires_in":100,
                "refresh_token":"canary-rotated-refresh-8"}"#,
        )
    })
    .await;
    let credentials = setup.credentials(loopback());
    let mut printed = Vec::new();
    for (name, auth_type, given) in [
        ("a", "bearer", json!({"token": CANARIES[0]})),
        (
            "b",
            "basic",
            json!({"username": "user", "password": CANARIES[1]}),
        ),
        ("c", "api_key", json!({"X-Key": CANARIES[2]})),
        ("d", "query", json!({"param": "key", "value": CANARIES[3]})),
        (
            "e",
            "oauth2",
            json!({
                "token_url": server.url(), "client_id": "client",
                "client_secret": CANARIES[4], "refresh_token": CANARIES[5],
            }),
        ),
    ] {
        let new = fields(json!({
            "name": name, "baseUrl": "https://api.example.com", "authType": auth_type,
            "credentials": given,
        }));
        let made = service::create(definitions, editor, new).await.unwrap();
        let ready = credentials.ready(&made).await.unwrap().unwrap();
        let place = ready.credential.place();
        printed.push(format!("{made:?} {ready:?} {place:?}"));
    }
    assert_eq!(server.received().len(), 1);
    let services = service::list(definitions, editor.workspace).await.unwrap();
    let ids: Vec<i64> = services
        .iter()
        .map(|service| service.as_intact().unwrap().id.0)
        .collect();
    let new = fields(json!({"name": "bot", "serviceIds": ids}));
    let keyed = agent::create(definitions, editor, new).await.unwrap();
    let new = fields(json!({"type": "markdown", "content": CANARIES[8]}));
    let made = document::create(definitions, editor, ServiceId(ids[0]), new)
        .await
        .unwrap();
    let content = document::content(definitions, editor.workspace, made.id)
        .await
        .unwrap();
    assert_eq!(**content, *CANARIES[8].as_bytes());
    printed.push(format!("{keyed:?} {services:?} {:?}", setup.sealing));
    let printed = printed.concat();

    let agent_key = keyed.key.expose_secret().to_owned();
    let mut secrets: Vec<String> = CANARIES.iter().map(|canary| (*canary).to_owned()).collect();
    secrets.extend([agent_key, SECRET.to_owned()]);
    secrets.push(STANDARD_NO_PAD.encode(format!("user:{}", CANARIES[1])));
    setup.store.close().await;
    let stored = all_bytes(setup.dir.path().to_owned());
    // Proves that the search covers the stored data.
    assert!(memchr::memmem::find(&stored, b"https://api.example.com").is_some());
    for secret in secrets {
        assert!(!printed.contains(&secret), "{secret} is printed");
        let found = memchr::memmem::find(&stored, secret.as_bytes());
        assert!(found.is_none(), "{secret} is stored in the clear");
    }
}
