//! A language model that stops responding is reported once, and again when it responds.

use std::time::Duration;

use gaiterguard_testkit::scene::{Scene, asking, request};
use gaiterguard_testkit::{EchoUpstream, Reply, ScriptedModel, eventually, harmless_reply, says};
use serde_json::{Value, json};

/// How long an outage may take to be noticed, and a recovery, which the circuit breaker delays.
const NOTICED_MAX: Duration = Duration::from_mins(2);

fn rename(number: u32) -> Value {
    let mut request = request("PATCH", &format!("/records/{number}"));
    request["body"] = json!({"title": "Groceries"});
    request["intent"] = json!(format!("Tidy up note {number}"));
    request
}

#[tokio::test]
async fn an_outage_is_recorded_once_shown_and_notified_until_the_model_responds() {
    let model = ScriptedModel::start().await;
    let scene = Scene::on(asking(&model)).await;
    let receiver = EchoUpstream::start().await;
    let url = format!("{}/hook", receiver.url());
    let channel = json!({
        "kind": "webhook", "name": "hook", "settings": {"url": url},
        "filter": {"events": ["llm.failing"]},
    });
    let call = scene.human.post("/channels").json(channel);
    call.send().await.expect_status(201);
    assert_eq!(
        scene.human.read("/inbox").await["llm_failing_since"],
        Value::Null
    );
    model.always(Reply::status(500));
    for number in 0..8 {
        scene.dry_run(&rename(number)).await;
    }
    let since = eventually("the outage is noticed", NOTICED_MAX, || async {
        let since = scene.human.read("/inbox").await["llm_failing_since"].clone();
        since.is_string().then_some(since)
    })
    .await;
    let message = eventually("the channel is notified", NOTICED_MAX, || async {
        let messages = receiver.received_at("/hook");
        let message = messages.first().filter(|message| message.complete)?;
        Some(serde_json::from_slice::<Value>(&message.body).unwrap())
    })
    .await;
    assert_eq!(message["type"], "llm.failing");
    assert!(
        message["data"]["language_model"]["model"].is_string(),
        "{message}"
    );
    // More failures add nothing.
    for number in 10..14 {
        scene.dry_run(&rename(number)).await;
    }
    assert_eq!(scene.human.read("/inbox").await["llm_failing_since"], since);
    model.script(|asked| says(&harmless_reply(asked)));
    let mut number = 100;
    eventually("the recovery is noticed", NOTICED_MAX, || {
        number += 1;
        let (scene, request) = (&scene, rename(number));
        async move {
            scene.dry_run(&request).await;
            let since = scene.human.read("/inbox").await["llm_failing_since"].clone();
            since.is_null().then_some(())
        }
    })
    .await;
    let events = async |event: &str| {
        let path = format!("/audit?event={event}");
        let list = scene.human.read(&path).await;
        list["items"].as_array().unwrap().len()
    };
    assert_eq!(
        (events("llm.failing").await, events("llm.recovered").await),
        (1, 1)
    );
    assert_eq!(receiver.received_at("/hook").len(), 1);
}
