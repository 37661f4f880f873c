//! Who gets something is not who sends it, and what is attached is not the text.

use gaiterguard_domain::effect::Effect;
use gaiterguard_summary::FactKind;
use http::Method;

use crate::summary;

const ENCODED: &str =
    "UEsDBBQACAgIAHdGS0oAAAAAAAAAAAAAAAALAAAAX3JlbHMvLnJlbHOtksFOwzAMhu97iij3Nd1ACKGmu";

#[test]
fn a_sender_is_not_a_recipient_and_copies_are_named_as_such() {
    for (effect, target, body, expected) in [
        (
            Effect::ShareOutside,
            "/v3/mail/send",
            r#"{"to":["ann@a.example"],"from":{"email":"shop@a.example"},"reply_to":"help@a.example",
                "bcc":["leak@evil.example"],"text":"Hello"}"#,
            "Send mail to ann@a.example · bcc leak@evil.example · reply to help@a.example: “Hello”",
        ),
        (
            Effect::ShareOutside,
            "/messages",
            "sender=shop%40a.example&recipient=ann%40a.example&cc=boss%40a.example&body=Hello",
            "Send message to ann@a.example · cc boss@a.example: “Hello”",
        ),
        (
            Effect::ShareOutside,
            "/mail/messages",
            "<Mail><From><Email>shop@a.example</Email></From><To><Email>ann@a.example</Email></To>\
             <Bcc><Email>leak@evil.example</Email></Bcc></Mail>",
            "Send message to ann@a.example · bcc leak@evil.example · from email shop@a.example",
        ),
        (
            Effect::Pay,
            "/transfers",
            r#"{"source_account":"A1","sender":"A1","recipient":"B2","amount":"5.00","currency":"EUR"}"#,
            "Transfer €5.00 to B2 from A1",
        ),
    ] {
        let found = summary(effect, &Method::POST, target, body.as_bytes(), None);
        assert_eq!(found.text(), expected, "{target}");
    }
}

#[test]
fn what_is_attached_is_named_and_its_data_is_not_quoted() {
    for (target, body) in [
        (
            "/v3/mail/send",
            format!(
                r#"{{"to":"ann@a.example","text":"See below","attachments":[
                    {{"filename":"plan.xlsx","content":"{ENCODED}"}}]}}"#
            ),
        ),
        (
            "/faxes/send",
            format!(
                r#"{{"to":"ann@a.example","message":"See below","attachment":{{"name":"plan.xlsx","data":"{ENCODED}"}}}}"#
            ),
        ),
        (
            "/mail/messages",
            format!(
                "<Mail><To>ann@a.example</To><Text>See below</Text><Attachment><FileName>plan.xlsx</FileName>\
                 <Content>{ENCODED}</Content></Attachment></Mail>"
            ),
        ),
    ] {
        let found = summary(
            Effect::ShareOutside,
            &Method::POST,
            target,
            body.as_bytes(),
            None,
        );
        let text = found.text();
        assert!(
            text.contains("plan.xlsx") && text.ends_with(": “See below”"),
            "{text}"
        );
        assert!(!format!("{found:?}").contains(&ENCODED[..40]), "{found:?}");
    }
}

#[test]
fn only_the_one_who_gets_something_is_a_recipient() {
    for (body, name, expected) in [
        (
            r#"{"recipient_type":"EMAIL","receiver":"a@a.example"}"#,
            "recipient_type",
            FactKind::Other,
        ),
        (
            r#"{"grantee":"eve","right":"export"}"#,
            "grantee",
            FactKind::Recipient,
        ),
        (
            r#"{"target":"ACCEPT","port":22}"#,
            "target",
            FactKind::Object,
        ),
        (
            r#"{"from":{"email":"a@a.example"},"text":"x"}"#,
            "from.email",
            FactKind::Other,
        ),
        (
            r#"{"appliesTo":"ALL","code":"VIP"}"#,
            "appliesTo",
            FactKind::Object,
        ),
        (
            r#"{"target_c":30,"at":"06:00"}"#,
            "target_c",
            FactKind::Quantity,
        ),
        (
            r#"{"channel":"MPESA","amount":5}"#,
            "channel",
            FactKind::Other,
        ),
        (
            r#"{"topic":"plant/boiler/3","payload":"on"}"#,
            "topic",
            FactKind::Object,
        ),
    ] {
        let found = summary(
            Effect::Access,
            &Method::POST,
            "/grants",
            body.as_bytes(),
            None,
        );
        let fact = found.facts.iter().find(|fact| fact.name == name);
        assert_eq!(fact.map(|fact| fact.kind), Some(expected), "{body}");
    }
}

#[test]
fn the_session_of_a_soap_header_is_not_shown() {
    let body = "<E:Envelope xmlns:E=\"e\"><E:Header><S><sessionId>hunter2</sessionId></S></E:Header>\
        <E:Body><delete><ids>a-12</ids></delete></E:Body></E:Envelope>";
    let found = summary(
        Effect::Delete,
        &Method::POST,
        "/soap/u",
        body.as_bytes(),
        None,
    );
    assert!(!format!("{found:?}").contains("hunter2"), "{found:?}");
    assert!(found.text().starts_with("Run delete"), "{}", found.text());
}

#[test]
fn without_recipients_the_target_is_the_object_with_the_values_of_the_headline() {
    let deploy = |body: &str| {
        let effect = Effect::Code;
        summary(
            effect,
            &Method::POST,
            "/v1/projects/web/deployments",
            body.as_bytes(),
            None,
        )
        .recipients
    };
    let staging = deploy(r#"{"environment": "staging", "ref": "v1.4.2"}"#);
    assert!(staging.is_some());
    assert_eq!(
        staging,
        deploy(r#"{"ref": "v1.4.2", "environment": "staging"}"#)
    );
    assert_ne!(
        staging,
        deploy(r#"{"environment": "production", "ref": "v1.4.2"}"#)
    );
    let role = |role: &str| {
        let body = format!(r#"{{"role": "{role}"}}"#);
        let effect = Effect::Access;
        summary(
            effect,
            &Method::PUT,
            "/v1/users/205/role",
            body.as_bytes(),
            None,
        )
        .recipients
    };
    assert!(role("viewer").is_some());
    assert_ne!(role("viewer"), role("owner"));
}
