//! Services, agents, rules, documents and the kill switch, as an operator defines them.

use gaiterguard_definitions::definition_store::DefinitionError;
use gaiterguard_definitions::document::NewDocument;
use gaiterguard_definitions::{agent, document, kill_switch, rule, service};
use gaiterguard_domain::id::{AgentId, DocumentId, RuleId, ServiceId};
use gaiterguard_domain::rule::RuleEffect;
use gaiterguard_domain::service::{AuthType, CredentialPlace, Service};
use gaiterguard_domain::time::Clock as _;
use gaiterguard_store::{AuditFilter, Stored};
use gaiterguard_vault::agent_key;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use crate::house::{House, fields};

fn invalid_fields(error: DefinitionError) -> Vec<String> {
    match error {
        DefinitionError::Invalid(errors) | DefinitionError::NotUnderstood(errors) => {
            errors.into_iter().map(|error| error.field).collect()
        }
        other => panic!("{other:?}"),
    }
}

async fn created(house: &House, name: &str, auth_type: &str, credentials: Value) -> Service {
    let new = fields(json!({
        "name": name, "baseUrl": "https://api.example.com/v1/", "authType": auth_type,
        "credentials": credentials, "description": "line one\nline two",
    }));
    service::create(&house.definitions, house.editor, new)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_service_is_kept_as_it_was_registered() {
    let house = House::new().await;
    let (definitions, editor) = (&house.definitions, house.editor);
    let made = created(
        &house,
        " stripe ",
        "api_key",
        json!({"X-One": "1", "X-Two": "2"}),
    )
    .await;
    let got = service::get(definitions, editor.workspace, made.id)
        .await
        .unwrap();
    assert_eq!(got, made);
    assert_eq!(got.name, "stripe");
    assert_eq!(got.base_url.to_string(), "https://api.example.com/v1");
    assert_eq!(got.auth_type, AuthType::ApiKey);
    assert_eq!(got.description.as_deref(), Some("line one\nline two"));
    let credential = got.credential.unwrap();
    assert_eq!(credential.keys, ["X-One", "X-Two"]);
    let names = vec!["x-one".to_owned(), "x-two".to_owned()];
    assert_eq!(credential.place, CredentialPlace::Headers { names });

    let none = created(&house, "open", "none", json!({})).await;
    assert!(none.credential.is_none());
    let listed = service::list(definitions, editor.workspace).await.unwrap();
    let names: Vec<&str> = listed
        .iter()
        .map(|service| service.as_intact().unwrap().name.as_str())
        .collect();
    assert_eq!(names, ["stripe", "open"]);
}

#[tokio::test]
async fn every_field_that_cannot_be_taken_is_named() {
    let house = House::new().await;
    let base = json!({"name": "a", "baseUrl": "https://a.example.com", "authType": "none"});
    for (field, value, expected) in [
        ("name", json!(null), vec!["name"]),
        ("name", json!(""), vec!["name"]),
        ("name", json!("a\u{202e}b"), vec!["name"]),
        ("name", json!(5), vec!["name"]),
        ("baseUrl", json!(null), vec!["baseUrl"]),
        ("baseUrl", json!("a.example.com"), vec!["baseUrl"]),
        (
            "baseUrl",
            json!("https://u:p@a.example.com"),
            vec!["baseUrl"],
        ),
        (
            "baseUrl",
            json!("https://a.example.com/?q"),
            vec!["baseUrl"],
        ),
        ("baseUrl", json!("https://10.0.0.1/"), vec!["baseUrl"]),
        (
            "baseUrl",
            json!("https://169.254.169.254/"),
            vec!["baseUrl"],
        ),
        (
            "baseUrl",
            json!("https://[::ffff:10.0.0.1]/"),
            vec!["baseUrl"],
        ),
        ("authType", json!(null), vec!["authType"]),
        ("authType", json!("magic"), vec!["authType"]),
        ("credentials", json!("t"), vec!["credentials"]),
        ("credentials", json!({"token": "t"}), vec!["credentials"]),
        ("description", json!("x".repeat(2001)), vec!["description"]),
        ("description", json!(["x"]), vec!["description"]),
    ] {
        let mut new = base.clone();
        new[field] = value.clone();
        let error = service::create(&house.definitions, house.editor, fields(new))
            .await
            .unwrap_err();
        assert_eq!(invalid_fields(error), expected, "{field}: {value}");
    }
    let all = fields(json!({
        "authType": "basic", "credentials": {"username": "a:b", "more": 1}, "description": 1,
    }));
    let error = service::create(&house.definitions, house.editor, all)
        .await
        .unwrap_err();
    assert_eq!(
        invalid_fields(error),
        [
            "name",
            "baseUrl",
            "description",
            "credentials.password",
            "credentials.more"
        ]
    );
    assert!(
        service::list(&house.definitions, house.editor.workspace)
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn names_of_services_are_unique_in_their_workspace_alone() {
    let house = House::new().await;
    created(&house, "one", "none", json!(null)).await;
    let two = created(&house, "two", "none", json!(null)).await;
    let again: service::NewService = fields(json!({
        "name": "one", "baseUrl": "https://b.example.com", "authType": "none",
    }));
    let taken = service::create(&house.definitions, house.editor, again.clone()).await;
    assert!(
        matches!(taken, Err(DefinitionError::NameTaken)),
        "{taken:?}"
    );
    let renamed = fields(json!({"name": "one"}));
    let taken = service::update(&house.definitions, house.editor, two.id, renamed).await;
    assert!(
        matches!(taken, Err(DefinitionError::NameTaken)),
        "{taken:?}"
    );
    let stranger = house.stranger().await;
    assert!(
        service::create(&house.definitions, stranger, again)
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn a_change_keeps_what_it_does_not_name_and_another_type_drops_the_credential() {
    let house = House::new().await;
    let (definitions, editor) = (&house.definitions, house.editor);
    let made = created(&house, "one", "bearer", json!({"token": "t"})).await;
    let update = async |change: Value| {
        service::update(definitions, editor, made.id, fields(change))
            .await
            .unwrap()
    };
    let renamed = update(json!({"name": "other", "description": null})).await;
    assert_eq!(
        (renamed.name.as_str(), renamed.description),
        ("other", None)
    );
    assert_eq!(renamed.credential, made.credential);
    assert_eq!(renamed.base_url, made.base_url);

    let retyped = update(json!({"authType": "query"})).await;
    assert_eq!(retyped.auth_type, AuthType::Query);
    assert!(retyped.credential.is_none());

    let both = update(json!({
        "authType": "basic", "credentials": {"username": "u", "password": "p"},
        "baseUrl": "https://b.example.com",
    }))
    .await;
    assert_eq!(
        both.credential.as_ref().unwrap().keys,
        ["username", "password"]
    );
    let same_type = update(json!({"credentials": {"username": "v", "password": "q"}})).await;
    assert_eq!(
        same_type.credential.unwrap().version,
        both.credential.unwrap().version + 1
    );

    let unfit = fields(json!({"authType": "bearer", "credentials": {"username": "u"}}));
    let error = service::update(definitions, editor, made.id, unfit)
        .await
        .unwrap_err();
    assert_eq!(
        invalid_fields(error),
        ["credentials.token", "credentials.username"]
    );
    let none = update(json!({"authType": "none"})).await;
    assert!(none.credential.is_none());
    let token = fields(json!({"token": "t"}));
    let refused = service::set_credentials(definitions, editor, made.id, token).await;
    assert_eq!(invalid_fields(refused.unwrap_err()), ["credentials"]);
}

#[tokio::test]
async fn what_belongs_to_another_workspace_does_not_exist() {
    let house = House::new().await;
    let (definitions, stranger) = (&house.definitions, house.stranger().await);
    let service = created(&house, "one", "bearer", json!({"token": "t"})).await;
    let new = fields(json!({"name": "a", "serviceIds": [service.id]}));
    let made = agent::create(definitions, house.editor, new).await.unwrap();
    let made = made.agent.intact().unwrap();
    let new = fields(json!({"name": "r", "effect": "deny"}));
    let rule = rule::create(definitions, house.editor, new).await.unwrap();
    let new: NewDocument = fields(json!({"type": "markdown", "content": "# x"}));
    let document = document::create(definitions, house.editor, service.id, new.clone())
        .await
        .unwrap();

    let token = fields(json!({"token": "t"}));
    let here = stranger.workspace;
    let missing = [
        service::get(definitions, here, service.id).await.err(),
        service::update(definitions, stranger, service.id, fields(json!({})))
            .await
            .err(),
        service::set_credentials(definitions, stranger, service.id, token)
            .await
            .err(),
        service::delete(definitions, stranger, service.id)
            .await
            .err(),
        agent::get(definitions, here, made.id).await.err(),
        agent::update(definitions, stranger, made.id, fields(json!({})))
            .await
            .err(),
        agent::set_scope(
            definitions,
            stranger,
            made.id,
            fields(json!({"serviceIds": []})),
        )
        .await
        .err(),
        agent::rotate_key(definitions, stranger, made.id)
            .await
            .err(),
        agent::block(definitions, stranger, made.id).await.err(),
        agent::unblock(definitions, stranger, made.id).await.err(),
        agent::delete(definitions, stranger, made.id).await.err(),
        rule::get(definitions, here, rule.id).await.err(),
        rule::update(definitions, stranger, rule.id, fields(json!({})))
            .await
            .err(),
        rule::delete(definitions, stranger, rule.id).await.err(),
        document::list(definitions, here, service.id).await.err(),
        document::create(definitions, stranger, service.id, new)
            .await
            .err(),
        document::content(definitions, here, document.id)
            .await
            .err(),
        document::delete(definitions, stranger, service.id, document.id)
            .await
            .err(),
        // IDs that no workspace has.
        service::get(definitions, here, ServiceId(999)).await.err(),
        agent::get(definitions, here, AgentId(999)).await.err(),
        rule::get(definitions, here, RuleId(999)).await.err(),
        document::content(definitions, here, DocumentId(999))
            .await
            .err(),
    ];
    for (place, error) in missing.into_iter().enumerate() {
        assert!(
            matches!(error, Some(DefinitionError::NotFound(_))),
            "{place}: {error:?}"
        );
    }
    let foreign = fields(json!({"name": "b", "serviceIds": [service.id]}));
    let error = agent::create(definitions, stranger, foreign)
        .await
        .unwrap_err();
    assert_eq!(invalid_fields(error), ["serviceIds"]);
    let foreign = fields(json!({
        "name": "r", "effect": "allow", "service_id": service.id, "agent_id": made.id,
    }));
    let error = rule::create(definitions, stranger, foreign)
        .await
        .unwrap_err();
    assert_eq!(invalid_fields(error), ["service_id", "agent_id"]);
    assert_eq!(
        service::get(definitions, house.editor.workspace, service.id)
            .await
            .unwrap(),
        service
    );
}

#[tokio::test]
async fn an_agents_key_is_shown_once_and_kept_as_its_sum() {
    let house = House::new().await;
    let (definitions, editor) = (&house.definitions, house.editor);
    let service = created(&house, "one", "none", json!(null)).await;
    let new = fields(json!({"name": "bot", "serviceIds": [service.id, service.id]}));
    let made = agent::create(definitions, editor, new).await.unwrap();
    let key = made.key.expose_secret();
    assert!(agent_key::fingerprint(key).is_some());
    let agent = made.agent.intact().unwrap();
    assert_eq!(agent.key_prefix, key[..12]);
    assert_eq!(agent.grants.len(), 1);
    assert!(agent.is_active && agent.hold_seconds == 0);

    let known = async |key: &str| {
        let sum = agent_key::fingerprint(key).unwrap();
        let all = house
            .store
            .authority_load(editor.workspace)
            .await
            .unwrap()
            .unwrap();
        all.agents.iter().any(|(hash, _)| *hash == sum)
    };
    assert!(known(key).await);
    let rotated = agent::rotate_key(definitions, editor, agent.id)
        .await
        .unwrap();
    assert!(!known(key).await);
    assert!(known(rotated.key.expose_secret()).await);
    assert_ne!(rotated.agent.intact().unwrap().key_prefix, agent.key_prefix);
}

#[tokio::test]
async fn an_agent_changes_as_far_as_fields_are_given() {
    let house = House::new().await;
    let (definitions, editor) = (&house.definitions, house.editor);
    let new = fields(json!({"name": "bot", "serviceIds": []}));
    let id = agent::create(definitions, editor, new)
        .await
        .unwrap()
        .agent
        .intact()
        .unwrap()
        .id;
    let update = async |change: Value| agent::update(definitions, editor, id, fields(change)).await;
    let changed = update(json!({
        "holdSeconds": 300, "riskThreshold": 0, "expiresAt": "2030-01-01T01:00:00+01:00",
    }))
    .await
    .unwrap();
    assert_eq!(changed.hold_seconds, 300);
    assert_eq!(changed.risk_threshold, Some(0.0));
    assert_eq!(
        changed.expires_at.unwrap().to_string(),
        "2030-01-01T00:00:00.000Z"
    );
    let changed = update(json!({"isActive": false, "expiresAt": null}))
        .await
        .unwrap();
    assert!(!changed.is_active && changed.expires_at.is_none());
    assert_eq!(
        (changed.hold_seconds, changed.risk_threshold),
        (300, Some(0.0))
    );
    assert_eq!(
        update(json!({"riskThreshold": null}))
            .await
            .unwrap()
            .risk_threshold,
        None
    );
    for (change, field) in [
        (json!({"holdSeconds": 301}), "holdSeconds"),
        (json!({"holdSeconds": -1}), "holdSeconds"),
        (json!({"holdSeconds": 1.5}), "holdSeconds"),
        (json!({"riskThreshold": 1.01}), "riskThreshold"),
        (json!({"riskThreshold": "0.5"}), "riskThreshold"),
        (json!({"expiresAt": "2030-01-01"}), "expiresAt"),
        (json!({"isActive": 1}), "isActive"),
        (json!({"name": null}), "name"),
    ] {
        let error = update(change.clone()).await.unwrap_err();
        assert_eq!(invalid_fields(error), [field], "{change}");
    }
    let (deactivate, rename) = (json!({"isActive": true}), json!({"name": "robot"}));
    let (one, other) = tokio::join!(update(deactivate), update(rename));
    one.unwrap();
    other.unwrap();
    let last = agent::get(definitions, editor.workspace, id).await.unwrap();
    assert!(
        last.is_active && last.name == "robot",
        "one change undid the other"
    );
}

#[tokio::test]
async fn an_agents_scope_and_block_are_its_own() {
    let house = House::new().await;
    let (definitions, editor) = (&house.definitions, house.editor);
    let one = created(&house, "one", "none", json!(null)).await;
    let two = created(&house, "two", "none", json!(null)).await;
    let new = fields(json!({"name": "bot", "serviceIds": [one.id]}));
    let id = agent::create(definitions, editor, new)
        .await
        .unwrap()
        .agent
        .intact()
        .unwrap()
        .id;
    house.clock.advance(std::time::Duration::from_secs(1));
    let both = fields(json!({"serviceIds": [one.id, two.id]}));
    let scoped = agent::set_scope(definitions, editor, id, both)
        .await
        .unwrap();
    let scoped = scoped.intact().unwrap();
    assert!(scoped.grant(one.id).unwrap().since < scoped.grant(two.id).unwrap().since);
    for refused in [
        json!({}),
        json!({"serviceIds": [999]}),
        json!({"serviceIds": "1"}),
    ] {
        let error = agent::set_scope(definitions, editor, id, fields(refused))
            .await
            .unwrap_err();
        assert_eq!(invalid_fields(error), ["serviceIds"]);
    }
    let blocked = agent::block(definitions, editor, id).await.unwrap();
    let blocked = blocked.intact().unwrap();
    assert_eq!(blocked.blocked_since, Some(house.clock.now()));
    assert_eq!(
        agent::unblock(definitions, editor, id)
            .await
            .unwrap()
            .intact()
            .unwrap()
            .blocked_since,
        None
    );
    agent::delete(definitions, editor, id).await.unwrap();
    assert!(
        agent::list(definitions, editor.workspace)
            .await
            .unwrap()
            .is_empty()
    );
    service::delete(definitions, editor, one.id).await.unwrap();
    assert_eq!(
        service::list(definitions, editor.workspace)
            .await
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test]
async fn a_rule_is_limited_by_service_and_agent_and_an_invalid_condition_is_refused() {
    let house = House::new().await;
    let (definitions, editor) = (&house.definitions, house.editor);
    let one = created(&house, "one", "none", json!(null)).await;
    let new = fields(json!({"name": "no", "effect": "deny", "service_id": one.id}));
    let made = rule::create(definitions, editor, new).await.unwrap();
    assert_eq!(
        (made.effect, made.service, made.enabled),
        (RuleEffect::Deny, Some(one.id), true)
    );
    let change = fields(json!({"enabled": false, "service_id": null, "condition": null}));
    let changed = rule::update(definitions, editor, made.id, change)
        .await
        .unwrap();
    assert_eq!((changed.service, changed.enabled), (None, false));
    assert_eq!(
        (changed.name.as_str(), changed.effect),
        ("no", RuleEffect::Deny)
    );
    let listed = rule::list(definitions, editor.workspace).await.unwrap();
    assert_eq!(listed, [Stored::Intact(changed)]);

    for (condition, is_taken) in [
        ("request.method == \"GET\"", true),
        ("request.method ==", false),
        ("request.color == 1", false),
        ("1 + 1", false),
    ] {
        let new = fields(json!({"name": "x", "effect": "allow", "condition": condition}));
        match rule::create(definitions, editor, new).await {
            Ok(made) if is_taken => assert_eq!(made.condition.as_deref(), Some(condition)),
            Err(error @ DefinitionError::NotUnderstood(_)) if !is_taken => {
                assert_eq!(invalid_fields(error), ["condition"]);
            }
            other => panic!("{condition}: {other:?}"),
        }
    }
    let in_words = fields(json!({"name": "x", "effect": "deny", "text": "No payments"}));
    let in_words = rule::create(definitions, editor, in_words).await.unwrap();
    assert_eq!(in_words.text.as_deref(), Some("No payments"));
    let bad = fields(json!({"effect": "maybe", "enabled": "no", "agent_id": 999}));
    let error = rule::create(definitions, editor, bad).await.unwrap_err();
    assert_eq!(
        invalid_fields(error),
        ["name", "effect", "enabled", "agent_id"]
    );
    for rule in rule::list(definitions, editor.workspace).await.unwrap() {
        let id = rule.intact().unwrap().id;
        rule::delete(definitions, editor, id).await.unwrap();
    }
    assert!(
        rule::list(definitions, editor.workspace)
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn a_document_comes_back_as_it_was_given() {
    let house = House::new().await;
    let (definitions, editor) = (&house.definitions, house.editor);
    let one = created(&house, "one", "none", json!(null)).await;
    let new =
        fields(json!({"type": "openapi", "title": "API", "content": "{\"openapi\":\"3.1.0\"}"}));
    let made = document::create(definitions, editor, one.id, new)
        .await
        .unwrap();
    assert_eq!((made.operations, made.sections), (0, 0));
    assert_eq!(made.warnings, ["paths: are missing"]);
    let content = document::content(definitions, editor.workspace, made.id)
        .await
        .unwrap();
    assert_eq!(**content, *b"{\"openapi\":\"3.1.0\"}");
    let listed = document::list(definitions, editor.workspace, one.id)
        .await
        .unwrap();
    assert_eq!(listed, [Stored::Intact(made.clone())]);
    let large = "x".repeat(16 * 1024 * 1024 + 1);
    for (new, field) in [
        (json!({"content": "x"}), "type"),
        (json!({"type": "word", "content": "x"}), "type"),
        (json!({"type": "markdown"}), "content"),
        (json!({"type": "markdown", "content": " \n"}), "content"),
        (json!({"type": "markdown", "content": {"a": 1}}), "content"),
        (json!({"type": "markdown", "content": large}), "content"),
        (
            json!({"type": "markdown", "content": "x", "title": "t".repeat(201)}),
            "title",
        ),
        (
            json!({"type": "url", "content": "docs.example.com"}),
            "content",
        ),
        (
            json!({"type": "url", "content": "file:///etc/passwd"}),
            "content",
        ),
        (
            json!({"type": "url", "content": "https://169.254.169.254/"}),
            "content",
        ),
        (
            json!({"type": "url", "content": "http://127.0.0.1:1/openapi.json"}),
            "content",
        ),
        (
            json!({"type": "openapi", "content": "openapi: ["}),
            "content",
        ),
        (
            json!({"type": "openapi", "content": "only words"}),
            "content",
        ),
    ] {
        let error = document::create(definitions, editor, one.id, fields(new))
            .await
            .unwrap_err();
        assert_eq!(invalid_fields(error), [field]);
    }
    let refreshed = document::refresh(definitions, editor, one.id, made.id).await;
    assert_eq!(refreshed.unwrap(), made);
    document::delete(definitions, editor, one.id, made.id)
        .await
        .unwrap();
    assert_eq!(
        document::list(definitions, editor.workspace, one.id)
            .await
            .unwrap()
            .len(),
        0
    );
}

#[tokio::test]
async fn the_kill_switch_is_thrown_with_a_reason_and_released() {
    let house = House::new().await;
    let (definitions, editor) = (&house.definitions, house.editor);
    let here = editor.workspace;
    assert!(
        !kill_switch::get(definitions, here)
            .await
            .unwrap()
            .is_active()
    );
    let thrown = fields(json!({"active": true, "reason": "drill"}));
    let thrown = kill_switch::set(definitions, editor, thrown).await.unwrap();
    assert_eq!(kill_switch::get(definitions, here).await.unwrap(), thrown);
    assert!(thrown.is_active());
    let released = fields(json!({"active": false}));
    assert!(
        !kill_switch::set(definitions, editor, released)
            .await
            .unwrap()
            .is_active()
    );
    assert!(
        !kill_switch::get(definitions, here)
            .await
            .unwrap()
            .is_active()
    );
    for refused in [json!({}), json!({"active": "yes"}), json!({"active": null})] {
        let error = kill_switch::set(definitions, editor, fields(refused))
            .await
            .unwrap_err();
        assert_eq!(invalid_fields(error), ["active"]);
    }
}

#[tokio::test]
async fn every_change_says_who_made_it_and_a_refused_one_says_nothing() {
    let house = House::new().await;
    let (definitions, editor) = (&house.definitions, house.editor);
    let entries = async || {
        let page = house
            .store
            .audit_list(editor.workspace, &AuditFilter::default(), None, 100)
            .await
            .unwrap();
        page.items
    };
    let before = entries().await.len();
    let one = created(&house, "one", "bearer", json!({"token": "canary"})).await;
    let rename = fields(json!({"name": "two", "credentials": {"token": "canary-2"}}));
    service::update(definitions, editor, one.id, rename)
        .await
        .unwrap();
    let token = fields(json!({"token": "canary-3"}));
    service::set_credentials(definitions, editor, one.id, token)
        .await
        .unwrap();
    let new = fields(json!({"type": "markdown", "content": "canary", "title": "t"}));
    let text = document::create(definitions, editor, one.id, new)
        .await
        .unwrap()
        .id;
    let new = fields(json!({"name": "bot", "serviceIds": [one.id]}));
    let bot = agent::create(definitions, editor, new)
        .await
        .unwrap()
        .agent
        .intact()
        .unwrap()
        .id;
    let change = fields(json!({"holdSeconds": 5}));
    agent::update(definitions, editor, bot, change)
        .await
        .unwrap();
    let none = fields(json!({"serviceIds": []}));
    agent::set_scope(definitions, editor, bot, none)
        .await
        .unwrap();
    agent::rotate_key(definitions, editor, bot).await.unwrap();
    agent::block(definitions, editor, bot).await.unwrap();
    agent::unblock(definitions, editor, bot).await.unwrap();
    let new = fields(json!({"name": "r", "effect": "deny", "agent_id": bot}));
    let made = rule::create(definitions, editor, new).await.unwrap().id;
    let off = fields(json!({"enabled": false}));
    rule::update(definitions, editor, made, off).await.unwrap();
    rule::delete(definitions, editor, made).await.unwrap();
    let thrown = fields(json!({"active": true}));
    kill_switch::set(definitions, editor, thrown).await.unwrap();
    document::delete(definitions, editor, one.id, text)
        .await
        .unwrap();
    agent::delete(definitions, editor, bot).await.unwrap();
    service::delete(definitions, editor, one.id).await.unwrap();

    let mut told = entries().await;
    told.truncate(told.len() - before);
    told.reverse();
    assert!(told.iter().all(|entry| !entry.detail.contains("canary")));
    let by_user = format!("user:{}", editor.user);
    let events: Vec<&str> = told
        .iter()
        .filter(|entry| entry.actor == by_user)
        .map(|entry| entry.event.as_str())
        .collect();
    assert_eq!(
        events,
        [
            "service.created",
            "service.updated",
            "credential.replaced",
            "credential.replaced",
            "document.created",
            "agent.created",
            "agent.updated",
            "agent.scope_changed",
            "agent.key_rotated",
            "agent.blocked",
            "agent.unblocked",
            "rule.created",
            "rule.updated",
            "rule.deleted",
            "kill_switch.changed",
            "document.deleted",
            "agent.deleted",
            "service.deleted",
        ]
    );
    let rest: Vec<(&str, &str)> = told
        .iter()
        .filter(|entry| entry.actor != by_user)
        .map(|entry| (entry.actor.as_str(), entry.event.as_str()))
        .collect();
    assert_eq!(rest, [("gateway", "data_key.created"); 4]);

    let count = entries().await.len();
    assert!(service::delete(definitions, editor, one.id).await.is_err());
    assert!(agent::block(definitions, editor, bot).await.is_err());
    let empty = fields(json!({}));
    assert!(service::create(definitions, editor, empty).await.is_err());
    let empty = fields(json!({}));
    assert!(rule::create(definitions, editor, empty).await.is_err());
    assert_eq!(entries().await.len(), count);
    assert!(house.store.audit_verify(|_| ()).await.unwrap().is_ok());
}
