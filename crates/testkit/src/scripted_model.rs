//! A server with the `OpenAI` chat API on a real socket, whose replies a test scripts. It checks every
//! call as strictly as the strictest server of this kind.

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Map, Value, json};

use crate::echo_upstream::EchoUpstream;
use crate::received::Received;
use crate::reply::Reply;

/// The API key that the server requires.
pub const MODEL_KEY: &str = "model-key/of+the~operator?5f21";

/// The name of its only model.
pub const MODEL_NAME: &str = "scripted-1";

/// Which question a call asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The effects of the request, and how it compares with the intent.
    Assessment,
    /// The effects of the request alone.
    Description,
    /// How it compares with the intent alone.
    Comparison,
    /// A condition for a rule in plain words.
    Condition,
    /// Whether the model responds.
    Readiness,
}

/// A question that the server received.
#[derive(Clone, Debug)]
pub struct AskedModel {
    /// Which question it is.
    pub step: Step,
    /// The instructions to the model.
    pub system: String,
    /// The request and everything else to be assessed.
    pub user: String,
    /// Whether the question is repeated because the first reply was useless.
    pub is_repair: bool,
    /// The body of the call.
    pub body: Value,
}

impl AskedModel {
    /// Returns the text inside the fence with this label.
    pub fn fenced(&self, label: &str) -> Option<&str> {
        let begin = format!("BEGIN {label} ");
        let at = self.user.find(&begin)? + begin.len();
        let (mark, rest) = self.user[at..].split_once('\n')?;
        rest.split_once(&format!("\nEND {label} {mark}\n"))
            .map(|(text, _)| text)
    }

    /// Returns the labels of the rules that the schema of the reply lists.
    fn rules(&self) -> Vec<String> {
        let schema = &self.body["response_format"]["json_schema"]["schema"];
        let comparison = &schema["properties"]["comparison"];
        let comparison = if comparison.is_null() {
            schema
        } else {
            comparison
        };
        let rules = &comparison["properties"]["rules"]["properties"];
        rules
            .as_object()
            .map(|rules| rules.keys().cloned().collect())
            .unwrap_or_default()
    }
}

type Script = Arc<dyn Fn(&AskedModel) -> Reply + Send + Sync>;

#[derive(Default)]
struct State {
    asked: Vec<AskedModel>,
    faults: Vec<String>,
    script: Option<Script>,
}

/// The server. Dropping it panics if a call was malformed.
pub struct ScriptedModel {
    server: EchoUpstream,
    state: Arc<Mutex<State>>,
}

impl ScriptedModel {
    /// Starts a server that finds every request harmless and exactly what was asked for.
    pub async fn start() -> Self {
        let server = EchoUpstream::start().await;
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        server.on_request("/v1/chat/completions", move |received| {
            response(&shared, received)
        });
        Self { server, state }
    }

    /// Returns the value for `LLM_BASE_URL`.
    pub fn base_url(&self) -> String {
        format!("{}/v1", self.server.url())
    }

    /// Replies to every later question with the result of `script`.
    pub fn script(&self, script: impl Fn(&AskedModel) -> Reply + Send + Sync + 'static) {
        self.lock().script = Some(Arc::new(script));
    }

    /// Replies to every later question with `reply`.
    pub fn always(&self, reply: Reply) {
        self.script(move |_| reply.clone());
    }

    /// Replies to every later question about a request with these members in place of the harmless ones.
    pub fn judges(&self, description: Value, comparison: Value) {
        self.script(move |asked| says(&reply_with(asked, &description, &comparison)));
    }

    /// Returns all questions that it has received.
    pub fn asked(&self) -> Vec<AskedModel> {
        self.lock().asked.clone()
    }

    /// Returns how often it was called.
    pub fn calls(&self) -> usize {
        self.server.heads()
    }

    /// Returns all requests that it received, byte for byte.
    pub fn received(&self) -> Vec<Received> {
        self.server.received()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for ScriptedModel {
    fn drop(&mut self) {
        let faults = std::mem::take(&mut self.lock().faults);
        assert!(
            faults.is_empty() || std::thread::panicking(),
            "calls of the model were malformed: {faults:#?}"
        );
    }
}

/// Returns a chat completion with this text.
pub fn says_text(text: &str) -> Reply {
    Reply::json(json!({
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": MODEL_NAME,
        "choices": [{
            "index": 0, "finish_reason": "stop",
            "message": {"role": "assistant", "content": text, "refusal": null},
        }],
        "usage": {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110},
    }))
}

/// Returns a chat completion with this JSON.
pub fn says(response: &Value) -> Reply {
    says_text(&response.to_string())
}

/// Returns the description of an ordinary, small change.
pub fn harmless_description() -> Value {
    json!({
        "effects": ["writes"], "reversibility": "easily", "extent": "one_or_few",
        "audience": "nobody_new", "sensitivity": "ordinary", "environment": "not_said",
        "documented": "no_documentation", "addresses_reviewer": "no", "review": "not_needed",
    })
}

/// Returns the comparison that finds nothing wrong and no rule that applies.
pub fn exact_comparison(asked: &AskedModel) -> Value {
    let mut comparison = json!({
        "notes": "the same", "relation": "exactly", "differences": [], "manipulation": "none",
    });
    let rules: Map<String, Value> = asked
        .rules()
        .into_iter()
        .map(|label| (label, json!("no")))
        .collect();
    if !rules.is_empty() {
        comparison["rules"] = Value::Object(rules);
    }
    comparison
}

/// Returns the reply that finds nothing wrong with a request.
pub fn harmless_reply(asked: &AskedModel) -> Value {
    reply_with(asked, &json!({}), &json!({}))
}

/// Returns [`harmless_reply`] with these members in place of the harmless ones.
pub fn reply_with(asked: &AskedModel, description: &Value, comparison: &Value) -> Value {
    let description = merged(harmless_description(), description);
    if asked.step == Step::Description {
        return description;
    }
    let comparison = merged(exact_comparison(asked), comparison);
    if asked.step == Step::Comparison {
        return comparison;
    }
    json!({"description": description, "comparison": comparison})
}

/// Returns `value` with the members of `other` in place of its own.
pub fn merged(mut value: Value, other: &Value) -> Value {
    for (name, member) in other.as_object().into_iter().flatten() {
        value[name] = member.clone();
    }
    value
}

fn response(state: &Mutex<State>, received: &Received) -> Reply {
    let asked = match read(received) {
        Ok(asked) => asked,
        Err(fault) => {
            let reply = refusal(&fault);
            state
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .faults
                .push(fault);
            return reply;
        }
    };
    let script = {
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        state.asked.push(asked.clone());
        state.script.clone()
    };
    match script {
        Some(script) => script(&asked),
        None => match asked.step {
            Step::Assessment | Step::Description | Step::Comparison => {
                says(&harmless_reply(&asked))
            }
            Step::Condition => says(&json!({"possible": "no", "condition": "", "examples": []})),
            Step::Readiness => says(&json!({"ready": "yes"})),
        },
    }
}

/// Returns the refusal of a call in the form of `OpenAI`.
pub fn refusal(message: &str) -> Reply {
    Reply::status(400)
        .header("Content-Type", "application/json")
        .body(json!({"error": {"message": message, "type": "invalid_request_error"}}).to_string())
}

fn read(received: &Received) -> Result<AskedModel, String> {
    let require = |is_right: bool, fault: &str| is_right.then_some(()).ok_or(fault.to_owned());
    require(received.method == "POST", "the method is not POST")?;
    require(received.target == "/v1/chat/completions", "the target")?;
    require(
        received.header("authorization") == Some(&format!("Bearer {MODEL_KEY}")),
        "the key is missing or another",
    )?;
    require(
        received.header("content-type") == Some("application/json"),
        "the content type",
    )?;
    require(received.header_count("agent-key") == 0, "an agent's header")?;
    let body: Value = serde_json::from_slice(&received.body).map_err(|e| e.to_string())?;
    let members = body.as_object().ok_or("the body is not an object")?;
    for name in members.keys() {
        let known = [
            "model",
            "messages",
            "response_format",
            "temperature",
            "max_tokens",
            "max_completion_tokens",
        ];
        require(known.contains(&name.as_str()), &format!("unknown {name}"))?;
    }
    require(body["model"] == MODEL_NAME, "the model")?;
    let messages = body["messages"].as_array().ok_or("no messages")?;
    let roles: Vec<&str> = messages.iter().filter_map(|m| m["role"].as_str()).collect();
    let is_repair = match roles[..] {
        ["system", "user"] => false,
        ["system", "user", "assistant", "user"] => true,
        _ => return Err(format!("the roles are {roles:?}")),
    };
    let content = |index: usize| messages[index]["content"].as_str().ok_or("no content");
    let (system, user) = (content(0)?.to_owned(), content(1)?.to_owned());
    let format = &body["response_format"];
    let step = match format["type"].as_str() {
        Some("json_schema") => {
            let named = &format["json_schema"];
            require(named["strict"] == true, "the schema is not strict")?;
            check_schema(&named["schema"])?;
            step_of(named["name"].as_str().unwrap_or_default())?
        }
        Some("json_object") | None => {
            require(
                system.contains("JSON") && system.contains("\"additionalProperties\":false"),
                "the prompt does not hold the schema",
            )?;
            step_of(if system.contains("\"condition\"") {
                "condition"
            } else if system.contains("\"comparison\"") {
                "assessment"
            } else if system.contains("\"relation\"") {
                "comparison"
            } else {
                "description"
            })?
        }
        Some(other) => return Err(format!("the response format is {other}")),
    };
    require(
        step != Step::Description || !user.contains("BEGIN intent"),
        "the description is asked for with the intent",
    )?;
    require(
        step == Step::Readiness || system.contains("never an instruction to you"),
        "the prompt does not say what fences are",
    )?;
    Ok(AskedModel {
        step,
        system,
        user,
        is_repair,
        body,
    })
}

fn step_of(name: &str) -> Result<Step, String> {
    match name {
        "assessment" => Ok(Step::Assessment),
        "description" => Ok(Step::Description),
        "comparison" => Ok(Step::Comparison),
        "condition" => Ok(Step::Condition),
        "readiness" => Ok(Step::Readiness),
        other => Err(format!("the schema is called {other}")),
    }
}

/// Checks the rules of strict schemas: every object is closed and requires all of its members.
fn check_schema(schema: &Value) -> Result<(), String> {
    match schema["type"].as_str() {
        Some("object") => {
            let members = schema["properties"].as_object().ok_or("no properties")?;
            let required: Vec<&str> = schema["required"]
                .as_array()
                .ok_or("nothing is required")?
                .iter()
                .filter_map(Value::as_str)
                .collect();
            let names: Vec<&str> = members.keys().map(String::as_str).collect();
            if schema["additionalProperties"] != false || required != names {
                return Err(format!("an object is open: {schema}"));
            }
            members.values().try_for_each(check_schema)
        }
        Some("array") => check_schema(&schema["items"]),
        Some("string") => match &schema["enum"] {
            Value::Null => Ok(()),
            Value::Array(words) if words.iter().all(Value::is_string) && !words.is_empty() => {
                Ok(())
            }
            other => Err(format!("an enumeration is {other}")),
        },
        other => Err(format!("a type is {other:?}")),
    }
}
