//! HTTP libraries that send header values in Latin-1, with intents in languages other than English.

use serde_json::json;

use super::SdkScene;

#[tokio::test]
async fn an_intent_in_latin_1_reaches_the_human_as_its_words() {
    let scene = SdkScene::new("things", "", "the-real-one").await;
    let words = "Rückerstattung für Müller";
    for client in ["intent.py", "intent.mjs"] {
        let url = format!("{}/{client}", scene.base_url());
        let variables = [
            ("URL", url.as_str()),
            ("AGENT_KEY", scene.agent.key.as_str()),
            ("INTENT", words),
        ];
        let result = scene.run(client, &variables).await;
        assert_eq!(result["status"], 428, "{client}: {result}");
        let pending = scene.human.pending().await;
        let held = pending
            .iter()
            .find(|action| action["action_id"] == result["id"]);
        assert_eq!(held.unwrap()["intent"], json!(words), "{client}");
    }
    assert!(scene.upstream.received().is_empty());
}
