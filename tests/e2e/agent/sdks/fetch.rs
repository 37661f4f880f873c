//! The fetch of Node.js, which writes URLs as the URL standard says.

use serde_json::json;

use super::SdkScene;

#[tokio::test]
async fn the_marks_that_fetch_leaves_in_a_url_arrive_byte_for_byte() {
    let scene = SdkScene::new("things", "", "the-real-one").await;
    let everything = json!({"name": "Everything", "effect": "allow", "enabled": true});
    scene.human.create_rule(everything).await;
    // The path and the query that a program writes, and what fetch makes of them.
    let targets = [
        (
            "/api/now/table/incident?sysparm_query=active=true^priority=1",
            "/api/now/table/incident?sysparm_query=active=true^priority=1",
        ),
        ("/rows?x=`id`", "/rows?x=`id`"),
        ("/rows?filter[a]={1|2}^3", "/rows?filter[a]={1|2}^3"),
        ("/a|b/[c]?x=~", "/a|b/[c]?x=~"),
        ("/a`b?x=\"<y>\"", "/a%60b?x=%22%3Cy%3E%22"),
    ];
    let base_url = scene.base_url();
    let urls = targets.map(|(written, _)| format!("{base_url}{written}"));
    let urls = json!(urls).to_string();
    let variables = [
        ("URLS", urls.as_str()),
        ("AGENT_KEY", scene.agent.key.as_str()),
    ];
    let results = scene.run("fetch.mjs", &variables).await;
    for result in results.as_array().unwrap() {
        assert_eq!(result["status"], 200, "{results}");
    }
    let received = scene.upstream.received().into_iter();
    let received: Vec<String> = received.map(|request| request.target).collect();
    assert_eq!(received, targets.map(|(_, sent)| sent));
    scene.assert_credential_replaced_key();
}
