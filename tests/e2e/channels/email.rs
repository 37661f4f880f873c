//! Emails arrive at a real mail server, and say what the dashboard shows without letting an agent write markup.

use gaiterguard_testkit::scene::{Scene, request};
use gaiterguard_testkit::{
    EchoUpstream, PythonUpstream, ReservedPort, Storage, TestGateway, eventually, on_both_databases,
};
use serde_json::{Value, json};

use super::{MOMENT, create, ended, path_of};

on_both_databases!(an_email_asks_for_approval_and_opens_the_page,);

async fn an_email_asks_for_approval_and_opens_the_page(storage: Storage) {
    let smtp = ReservedPort::take();
    let port = smtp.number().to_string();
    let server = PythonUpstream::start(
        "mail_server.py",
        &[("SMTP_PORT", port.as_str()), ("FAILURES", "1")],
    )
    .await;
    let builder = TestGateway::builder(storage)
        .setting("SMTP_URL", format!("smtp://127.0.0.1:{port}"))
        .setting("MAIL_FROM", "GaiterGuard <gate@example.com>");
    let scene = Scene::on_allowed(builder, EchoUpstream::start().await).await;
    let settings = json!({"to": ["ann@example.com", "bob@example.com"]});
    let filter = json!({"events": ["action.created"]});
    let mail = json!({"kind": "email", "name": "Team", "settings": settings, "filter": filter});
    let created = create(&scene.human, mail).await;
    assert_eq!(created["signing_key"], json!(null));

    let mut wanted = request("DELETE", "/customers/17");
    let intent = format!(
        "<b>Approve</b> at https://evil.example \u{202e}now {}",
        "x".repeat(1500)
    );
    wanted["intent"] = json!(intent);
    let held = scene.agent.propose_held(wanted, "one").await;
    let mails = eventually("the mail arrives", MOMENT, || async {
        let mails = server.client().get("/mails").send().await.json();
        let count = mails.as_array().unwrap().len();
        (count > 0).then_some(mails)
    })
    .await;
    let mail = &mails[0];
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    assert_eq!(mail["from"], "gate@example.com");
    assert_eq!(mail["to"], json!(["ann@example.com", "bob@example.com"]));
    let subject = text(&mail["headers"]["subject"]);
    assert!(subject.starts_with("Approval needed: Delete"), "{subject}");
    let page = format!("{}/app/?action={}", scene.gateway.url(), held.action_id);
    let (plain, html) = (text(&mail["text"]), text(&mail["html"]));
    for part in [&plain, &html] {
        for said in [
            "assistant",
            "things",
            "DELETE",
            "[U+202E]",
            "https[:]//evil",
            &page,
        ] {
            assert!(part.contains(said), "{said} in {part}");
        }
    }
    assert!(
        html.contains("&lt;b&gt;Approve&lt;/b&gt;") && !html.contains("<b>"),
        "{html}"
    );
    assert_eq!(html.matches("<a ").count(), 1);
    // The mail server refused it at first, and got it again.
    let sent = ended(&scene.human, &path_of(&created), 1).await;
    assert_eq!(sent[0]["state"], "delivered");
    assert!(sent[0]["attempts"].as_u64().unwrap() >= 2, "{sent:?}");
    // Opening the page decides nothing.
    let opened = scene.gateway.client().get("/app/").send().await;
    opened.expect_status(200);
    assert_eq!(scene.human.action(&held).await["status"], "PENDING");
}

#[tokio::test]
async fn a_mail_server_without_a_sender_stops_the_start() {
    let gateway = TestGateway::builder(Storage::Sqlite)
        .setting("SMTP_URL", "smtp://user:the-password@127.0.0.1:25")
        .prepare()
        .await;
    let started = gateway.run(&["serve"], "").await;
    assert!(!started.status.success());
    let error = String::from_utf8_lossy(&started.stderr);
    assert!(error.contains("MAIL_FROM must be set"), "{error}");
    assert!(!error.contains("the-password"), "{error}");
}
