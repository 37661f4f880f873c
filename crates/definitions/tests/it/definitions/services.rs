//! Services, as an operator defines them.

use super::*;

#[tokio::test]
async fn a_service_is_kept_as_it_was_registered() {
    let setup = Setup::new().await;
    let (definitions, editor) = (&setup.definitions, setup.editor);
    let made = created(
        &setup,
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

    let none = created(&setup, "open", "none", json!({})).await;
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
    let setup = Setup::new().await;
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
        let error = service::create(&setup.definitions, setup.editor, fields(new))
            .await
            .unwrap_err();
        assert_eq!(invalid_fields(error), expected, "{field}: {value}");
    }
    let all = fields(json!({
        "authType": "basic", "credentials": {"username": "a:b", "more": 1}, "description": 1,
    }));
    let error = service::create(&setup.definitions, setup.editor, all)
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
        service::list(&setup.definitions, setup.editor.workspace)
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn names_of_services_are_unique_in_their_workspace_alone() {
    let setup = Setup::new().await;
    created(&setup, "one", "none", json!(null)).await;
    let two = created(&setup, "two", "none", json!(null)).await;
    let again: service::NewService = fields(json!({
        "name": "one", "baseUrl": "https://b.example.com", "authType": "none",
    }));
    let taken = service::create(&setup.definitions, setup.editor, again.clone()).await;
    assert!(
        matches!(taken, Err(DefinitionError::NameTaken)),
        "{taken:?}"
    );
    let renamed = fields(json!({"name": "one"}));
    let taken = service::update(&setup.definitions, setup.editor, two.id, renamed).await;
    assert!(
        matches!(taken, Err(DefinitionError::NameTaken)),
        "{taken:?}"
    );
    let stranger = setup.stranger().await;
    assert!(
        service::create(&setup.definitions, stranger, again)
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn a_change_keeps_what_it_does_not_name_and_another_type_drops_the_credential() {
    let setup = Setup::new().await;
    let (definitions, editor) = (&setup.definitions, setup.editor);
    let made = created(&setup, "one", "bearer", json!({"token": "t"})).await;
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
