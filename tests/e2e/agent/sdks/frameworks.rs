//! Agent frameworks with the gateway's MCP tools: what they call is held, approved and executed, and every model
//! provider's SDK accepts the tools.

use std::collections::BTreeMap;

use gaiterguard_testkit::{Agent, EchoUpstream, Human, Storage, TestGateway};
use serde_json::{Value, json};

use super::run;
use super::scripted_model::{delete_note_by_mcp, serve};
use crate::wild::mcp_clients::check as check_schema;

const TOOLS: [&str; 6] = [
    "list_services",
    "search_operations",
    "proxy_request",
    "dry_run",
    "action_status",
    "execute_action",
];

/// The calls of a model that follows the script.
const CALLS: [&str; 3] = ["proxy_request", "action_status", "execute_action"];

/// A gateway in front of notes and of a model that deletes one of them.
struct NotesScene {
    gateway: TestGateway,
    notes: EchoUpstream,
    model: EchoUpstream,
    human: Human,
    agent: Agent,
}

impl NotesScene {
    async fn new() -> Self {
        let gateway = TestGateway::start(Storage::Sqlite).await;
        let (notes, model) = (EchoUpstream::start().await, EchoUpstream::start().await);
        serve(&model, delete_note_by_mcp);
        let human = Human::register(&gateway).await;
        let own = human
            .create_bearer_service("notes", &notes.url(), "the-token-of-notes")
            .await;
        let base_url = format!("{}/v1", model.url());
        let asked = human
            .create_bearer_service("openai", &base_url, "sk-the-real-one")
            .await;
        let agent = human.create_agent("assistant", &[&own, &asked]).await;
        human
            .create_rule(json!({
                "name": "The model may be asked", "effect": "allow", "enabled": true,
                "condition": "request.path == '/v1/chat/completions'",
            }))
            .await;
        human
            .create_rule(json!({
                "name": "Removals require approval", "effect": "require_approval", "enabled": true,
                "condition": "request.method == 'DELETE'",
            }))
            .await;
        Self {
            gateway,
            notes,
            model,
            human,
            agent,
        }
    }

    /// Runs a program of `tests/clients` and approves the removal that it proposes.
    async fn results_of(&self, program: &str) -> Value {
        let url = self.gateway.url();
        let variables = [
            ("GATEWAY", url.as_str()),
            ("AGENT_KEY", self.agent.key.as_str()),
        ];
        let (results, removal) = tokio::join!(run(&self.gateway, program, &variables), async {
            let removal = self.human.next_pending("/notes/2").await;
            assert!(self.notes.received().is_empty());
            self.human.decide_next("/notes/2", "approve", "fine").await;
            removal
        });
        assert_eq!(removal["intent"], "Delete note 2, because Ann was called");
        let removed = self.notes.only();
        assert_eq!(
            (removed.method.as_str(), removed.path()),
            ("DELETE", "/notes/2")
        );
        assert_eq!(
            removed.header("authorization"),
            Some("Bearer the-token-of-notes")
        );
        for request in self.model.received().iter().chain([&removed]) {
            let all = format!("{:?} {}", request.headers, request.text());
            assert!(!all.contains(&self.agent.key), "{all}");
        }
        results
    }
}

#[tokio::test]
async fn an_agent_of_the_openai_agents_sdk_waits_for_approval_by_mcp() {
    let scene = NotesScene::new().await;
    let results = scene.results_of("openai_agents.py").await;
    assert_eq!(results["output"], "Note 2 is deleted: 200");
    assert_eq!(results["calls"], json!(CALLS));
    let strict: BTreeMap<String, bool> = serde_json::from_value(results["strict"].clone()).unwrap();
    assert_eq!(strict.len(), TOOLS.len());
    // The tools with a request take any header and body, which strict mode cannot express.
    let loose = strict.iter().filter(|(_, strict)| !**strict);
    let loose: Vec<_> = loose.map(|(name, _)| name.as_str()).collect();
    assert_eq!(loose, ["dry_run", "proxy_request"]);
}

#[tokio::test]
async fn the_sdks_of_model_providers_accept_every_tool() {
    let scene = NotesScene::new().await;
    let results = scene.results_of("model_providers.mjs").await;
    assert_eq!(results["pieces"], json!(["Note 2 is deleted: 200"]));
    assert_eq!(results["calls"], json!(CALLS));
    assert_eq!(results["warnings"], json!([]));

    let chat: Value = serde_json::from_slice(&scene.model.received()[0].body).unwrap();
    let chat = chat["tools"].as_array().unwrap().iter();
    let functions: Vec<Value> = chat.map(|tool| tool["function"].clone()).collect();
    check_functions(&functions, "parameters");
    for (place, schema) in [
        ("/aiSdkOpenai", "parameters"),
        ("/aiSdkGoogle/0/functionDeclarations", "parameters"),
        ("/google/0/functionDeclarations", "parametersJsonSchema"),
        ("/anthropic", "input_schema"),
    ] {
        let functions = results.pointer(place).and_then(Value::as_array);
        check_functions(functions.unwrap(), schema);
    }
    // The SDK ran a tool and gave its result to the model.
    assert_eq!(results["anthropicSaid"], "fine");
    let ran = results["anthropicRan"].to_string();
    assert!(
        ran.contains("tool_result") && ran.contains("notes"),
        "{ran}"
    );
    assert!(!ran.contains("\"is_error\":true"), "{ran}");
}

/// Checks the declarations of functions against the rules that all providers have for names, descriptions and
/// schemas, and that no parameter was lost on the way.
fn check_functions(functions: &[Value], schema: &str) {
    let names: Vec<_> = functions.iter().map(|tool| &tool["name"]).collect();
    assert_eq!(json!(names), json!(TOOLS));
    for tool in functions {
        let description = tool["description"].as_str().unwrap();
        // OpenAI's limit is 1024 characters.
        assert!((1..=1024).contains(&description.chars().count()), "{tool}");
        // A function without parameters may have no schema.
        let Some(parameters) = tool.get(schema) else {
            assert_eq!(tool["name"], "list_services");
            continue;
        };
        let kind = parameters["type"].as_str().unwrap();
        assert!(kind.eq_ignore_ascii_case("object"), "{tool}");
        for keyword in ["oneOf", "anyOf", "allOf", "enum", "not"] {
            assert_eq!(parameters.get(keyword), None, "{tool}");
        }
        check_schema(parameters, tool["name"].as_str().unwrap());
    }
    let proposal = functions
        .iter()
        .find(|tool| tool["name"] == "proxy_request");
    let proposed = proposal.unwrap()[schema]["properties"].as_object().unwrap();
    for parameter in ["service", "method", "path", "headers", "body", "intent"] {
        assert!(proposed.contains_key(parameter), "{proposed:?}");
    }
}
