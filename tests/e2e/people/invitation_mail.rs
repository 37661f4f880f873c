//! Invitations are sent by email where a mail server is set, and the person who invites learns whether they were.

use gaiterguard_testkit::{
    Human, PythonUpstream, ReservedPort, Storage, TestGateway, on_both_databases,
};
use serde_json::{Value, json};

on_both_databases!(
    an_invitation_is_mailed_and_its_link_accepts_it,
    without_a_mail_server_only_the_link_is_returned,
);

async fn an_invitation_is_mailed_and_its_link_accepts_it(storage: Storage) {
    let smtp = ReservedPort::take();
    let port = smtp.number().to_string();
    let settings = [("SMTP_PORT", port.as_str())];
    let server = PythonUpstream::start("mail_server.py", &settings).await;
    let gateway = TestGateway::builder(storage)
        .setting("SMTP_URL", format!("smtp://127.0.0.1:{port}"))
        .setting("MAIL_FROM", "GaiterGuard <gate@example.com>")
        .start()
        .await;
    let owner = Human::register(&gateway).await;
    let invite = async |email: &str| {
        let invitation = json!({"email": email, "role": "viewer"});
        let call = owner.post("/members/invitations").json(invitation);
        call.send().await.expect_status(201).json()
    };
    let invited = invite("ann@example.com").await;
    assert_eq!(
        (&invited["mailed"], &invited["mail_error"]),
        (&json!(true), &Value::Null)
    );
    let mails = server.client().get("/mails").send().await.json();
    assert_eq!(mails.as_array().unwrap().len(), 1);
    assert_eq!(mails[0]["to"], json!(["ann@example.com"]));
    assert_eq!(mails[0]["from"], "gate@example.com");
    let text = mails[0]["text"].as_str().unwrap();
    assert!(text.starts_with("human@example.com invites you"), "{text}");
    let link = invited["link"].as_str().unwrap();
    assert!(text.contains(link), "{text}");
    let (_, token) = link.split_once("token=").unwrap();
    let accept = gateway.dashboard().post("/auth/invitations/accept");
    let body = json!({"token": token, "password": "another correct horse battery"});
    accept.json(body).send().await.expect_status(201);
    assert!(!gateway.logs().contains(token));

    // An address that the mail server does not know: the invitation exists, and the response says what is wrong.
    let bounced = invite("nobody@example.com").await;
    assert_eq!(bounced["mailed"], false);
    let error = bounced["mail_error"].as_str().unwrap();
    assert!(
        error.contains("refused the address") && error.contains("550"),
        "{error}"
    );
    assert!(bounced["link"].as_str().unwrap().contains("token=gi_"));
    drop(server);
    let unreachable = invite("bob@example.com").await;
    assert_eq!(unreachable["mailed"], false);
    assert!(
        unreachable["mail_error"]
            .as_str()
            .unwrap()
            .contains("could not be reached")
    );
}

async fn without_a_mail_server_only_the_link_is_returned(storage: Storage) {
    let gateway = TestGateway::start(storage).await;
    let owner = Human::register(&gateway).await;
    let invitation = json!({"email": "ann@example.com", "role": "viewer"});
    let call = owner.post("/members/invitations").json(invitation);
    let invited = call.send().await.expect_status(201).json();
    assert_eq!(
        (&invited["mailed"], &invited["mail_error"]),
        (&Value::Null, &Value::Null)
    );
}
