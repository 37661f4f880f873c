//! A person joins a workspace with a link that works once, for one address.

use gaiterguard_testkit::{
    DirectDatabase, Human, Response, Storage, TestGateway, on_both_databases,
};
use serde_json::{Value, json};

on_both_databases!(
    an_invited_person_joins_with_a_session_and_a_role,
    an_invitation_works_once_in_time_and_only_for_its_address,
    a_person_acts_in_several_workspaces,
    a_former_member_can_be_invited_again,
    all_errors_of_an_invitation_are_reported_together,
);

async fn accept(gateway: &TestGateway, body: Value) -> Response {
    let call = gateway.dashboard().post("/auth/invitations/accept");
    call.json(body).send().await
}

async fn accept_as(person: &Human, token: &str) -> Response {
    let call = person.post("/auth/invitations/accept");
    call.json(json!({"token": token})).send().await
}

async fn an_invited_person_joins_with_a_session_and_a_role(storage: Storage) {
    let gateway = TestGateway::start(storage).await;
    let owner = Human::register(&gateway).await;
    let body =
        json!({"email": "Ann@example.com", "role": "approver", "effects": ["pays", "deletes"]});
    let token = owner.invite(body).await;
    let listed = owner.read("/members/invitations").await["items"][0].clone();
    assert_eq!(listed["email"], "Ann@example.com");
    assert_eq!(listed["effects"], json!(["deletes", "pays"]));
    assert_eq!(listed["invitedBy"], owner.email);

    let preview = gateway.dashboard().post("/auth/invitations/preview");
    let preview = preview.json(json!({"token": token})).send().await;
    let preview = preview.expect_status(200).json();
    assert_eq!(preview["email"], "Ann@example.com");
    assert_eq!(preview["role"], "approver");
    assert_eq!(preview["hasAccount"], false);

    let weak = accept(&gateway, json!({"token": token, "password": "password"})).await;
    weak.expect_problem(400, "validation_failed");
    let missing = accept(&gateway, json!({"token": token})).await;
    missing.expect_problem(400, "validation_failed");
    let body = json!({"token": token, "password": "a long enough password"});
    let joined = accept(&gateway, body.clone())
        .await
        .expect_status(201)
        .json();
    assert_eq!(joined["user"]["email"], "Ann@example.com");
    let bearer = joined["accessToken"].as_str().unwrap();
    let me = gateway
        .dashboard()
        .get("/auth/me")
        .bearer(bearer)
        .send()
        .await;
    let me = me.expect_status(200).json();
    assert_eq!(me["role"], "approver");
    assert_eq!(
        me["permissions"],
        json!(["account", "read", "decide", "stop"])
    );
    assert_eq!(me["effects"], json!(["deletes", "pays"]));
    assert_eq!(me["workspaces"][0]["owner"], owner.email);
    // The account is a whole one: the person can sign in again.
    Human::log_in(&gateway, "ann@example.com", "a long enough password").await;
    accept(&gateway, body)
        .await
        .expect_problem(410, "invitation_invalid");
    assert_eq!(owner.read("/members/invitations").await["items"], json!([]));
    let members = owner.read("/members").await["items"].clone();
    assert_eq!(members.as_array().unwrap().len(), 2);
    assert_eq!(members[1]["email"], "Ann@example.com");

    let audit = owner.read("/audit?limit=200").await.to_string();
    assert!(
        audit.contains("member.invited") && audit.contains("member.joined"),
        "{audit}"
    );
    let digits = token.strip_prefix("gi_").unwrap();
    assert!(!audit.contains(digits) && !gateway.logs().contains(digits));
}

async fn an_invitation_works_once_in_time_and_only_for_its_address(storage: Storage) {
    let gateway = TestGateway::builder(storage)
        .setting("REGISTRATION", "open")
        .start()
        .await;
    let owner = Human::register(&gateway).await;
    let other = Human::register_as(&gateway, "other@example.com").await;
    let invite = async |email: &str| {
        owner
            .invite(json!({"email": email, "role": "viewer"}))
            .await
    };
    let token = invite("ann@example.com").await;
    let refused = accept_as(&other, &token)
        .await
        .expect_problem(403, "invitation_invalid");
    assert!(!refused.text().contains("ann@"), "{}", refused.text());
    let unknown = format!("gi_{}", "0".repeat(64));
    for odd in ["", "gi_", &unknown, &token.to_uppercase()] {
        accept_as(&other, odd)
            .await
            .expect_problem(410, "invitation_invalid");
        let body = json!({"token": odd, "password": "a long enough password"});
        accept(&gateway, body)
            .await
            .expect_problem(410, "invitation_invalid");
    }
    let call = other.post("/auth/invitations/accept");
    let both = call.json(json!({"token": token, "password": "a long enough password"}));
    both.send().await.expect_problem(400, "validation_failed");

    // An account is not replaced by a password in an invitation.
    let theirs = invite("OTHER@example.com").await;
    let body = json!({"token": theirs, "password": "a long enough password"});
    accept(&gateway, body)
        .await
        .expect_problem(409, "email_taken");
    accept_as(&other, &theirs).await.expect_status(201);
    let again = json!({"email": "other@example.com", "role": "owner"});
    let again = owner.post("/members/invitations").json(again).send().await;
    again.expect_problem(409, "already_member");

    // A newer invitation replaces the older one; a revoked one is refused.
    let newer = invite("ann@example.com").await;
    let body = |token: &str| json!({"token": token, "password": "a long enough password"});
    accept(&gateway, body(&token))
        .await
        .expect_problem(410, "invitation_invalid");
    let id = owner.read("/members/invitations").await["items"][0]["id"].to_string();
    let path = format!("/members/invitations/{id}");
    owner.delete(&path).send().await.expect_status(200);
    owner
        .delete(&path)
        .send()
        .await
        .expect_problem(404, "not_found");
    accept(&gateway, body(&newer))
        .await
        .expect_problem(410, "invitation_invalid");

    let late = invite("ann@example.com").await;
    let mut database = DirectDatabase::open(&gateway).await;
    database.change("UPDATE invitations SET expires_at = 1 WHERE revoked_at IS NULL AND accepted_at IS NULL").await;
    accept(&gateway, body(&late))
        .await
        .expect_problem(410, "invitation_invalid");
    assert_eq!(owner.read("/members/invitations").await["items"], json!([]));
}

async fn a_person_acts_in_several_workspaces(storage: Storage) {
    let gateway = TestGateway::builder(storage)
        .setting("REGISTRATION", "open")
        .start()
        .await;
    let owner = Human::register(&gateway).await;
    let ann = Human::register_as(&gateway, "ann@example.com").await;
    owner
        .create_service("theirs", "https://example.com", "none", Value::Null)
        .await;
    ann.create_service("mine", "https://example.com", "none", Value::Null)
        .await;
    let token = owner
        .invite(json!({"email": "ann@example.com", "role": "operator"}))
        .await;
    let joined = accept_as(&ann, &token).await.expect_status(201).json();
    assert_eq!(joined.get("refreshToken"), None);
    // The session has moved, so the earlier access token no longer works.
    ann.get("/services").send().await.expect_status(401);
    let there = ann.with_access_token(joined["accessToken"].as_str().unwrap());
    assert_eq!(there.read("/services").await[0]["name"], "theirs");
    let me = there.read("/auth/me").await;
    assert_eq!(me["role"], "operator");
    let workspaces = me["workspaces"].as_array().unwrap();
    let roles: Vec<_> = workspaces
        .iter()
        .map(|one| (&one["owner"], &one["role"]))
        .collect();
    assert_eq!(
        roles,
        [
            (&json!("ann@example.com"), &json!("owner")),
            (&json!(owner.email), &json!("operator")),
        ]
    );

    let switch = async |person: &Human, id: &Value| {
        person
            .post("/auth/workspace")
            .json(json!({"workspaceId": id}))
            .send()
            .await
    };
    let back = switch(&there, &workspaces[0]["id"])
        .await
        .expect_status(200)
        .json();
    let here = ann.with_access_token(back["accessToken"].as_str().unwrap());
    assert_eq!(here.read("/services").await[0]["name"], "mine");
    assert_eq!(here.read("/auth/me").await["role"], "owner");
    // The refresh token continues, in the workspace of the session.
    let refresh = gateway.dashboard().post("/auth/refresh");
    let refreshed = refresh
        .json(json!({"refreshToken": ann.refresh_token}))
        .send()
        .await;
    let bearer = refreshed.expect_status(200).json()["accessToken"]
        .as_str()
        .unwrap()
        .to_owned();
    let refreshed = ann.with_access_token(&bearer);
    assert_eq!(refreshed.read("/services").await[0]["name"], "mine");
    let stranger = switch(&owner, &workspaces[0]["id"]).await;
    stranger.expect_problem(404, "not_found");
    switch(&owner, &json!("1"))
        .await
        .expect_problem(400, "validation_failed");
    let audit = here.read("/audit?limit=200").await.to_string();
    assert!(audit.contains("session.workspace_changed"), "{audit}");
}

async fn a_former_member_can_be_invited_again(storage: Storage) {
    let gateway = TestGateway::start(storage).await;
    let owner = Human::register(&gateway).await;
    let ann = owner
        .add_member(&gateway, "ann@example.com", "viewer", json!({}))
        .await;
    let id = ann.read("/auth/me").await["id"].to_string();
    owner
        .delete(&format!("/members/{id}"))
        .send()
        .await
        .expect_status(200);
    let login = gateway.dashboard().post("/auth/login");
    let login = login.json(json!({"email": ann.email, "password": ann.password}));
    login
        .send()
        .await
        .expect_problem(401, "invalid_credentials");
    let token = owner
        .invite(json!({"email": ann.email, "role": "operator"}))
        .await;
    let body = json!({"token": token, "password": "another long password"});
    accept(&gateway, body).await.expect_status(201);
    let ann = Human::log_in(&gateway, &ann.email, "another long password").await;
    let me = ann.read("/auth/me").await;
    assert_eq!(
        (me["id"].to_string(), &me["role"]),
        (id, &json!("operator"))
    );
}

async fn all_errors_of_an_invitation_are_reported_together(storage: Storage) {
    let gateway = TestGateway::start(storage).await;
    let owner = Human::register(&gateway).await;
    let invite = async |body: Value| {
        let refused = owner.post("/members/invitations").json(body).send().await;
        let problem = refused.expect_problem(400, "validation_failed").json();
        let errors = problem["errors"].as_array().unwrap().clone();
        let fields = errors
            .iter()
            .map(|error| error["field"].as_str().unwrap().to_owned());
        (
            fields.collect::<Vec<_>>(),
            problem["detail"].as_str().unwrap().to_owned(),
        )
    };
    let (fields, _) =
        invite(json!({"email": "nobody", "role": "king", "services": [], "effects": ["x"]})).await;
    assert_eq!(fields, ["email", "role", "services", "effects"]);
    let (fields, detail) =
        invite(json!({"email": "a@b.c", "role": "viewer", "services": [1], "effects": ["pays"]}))
            .await;
    assert_eq!(fields, ["services", "effects", "services"]);
    assert!(detail.contains("only an approver"), "{detail}");
    let (fields, detail) =
        invite(json!({"email": "a@b.c", "role": "approver", "services": [77]})).await;
    assert_eq!(fields, ["services"]);
    assert!(detail.contains("77"), "{detail}");
    let (fields, _) = invite(json!({"email": "a@b.c", "role": "viewer", "admin": true})).await;
    assert_eq!(fields, ["admin"]);
    let (fields, _) = invite(json!({})).await;
    assert_eq!(fields, ["email", "role"]);
}
