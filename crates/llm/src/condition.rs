//! Proposing a CEL condition for a plain-language rule. A proposal has no effect until an operator saves it
//! as a rule.

use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::json;
use tokio::time::Instant;

use crate::conceal::conceal;
use crate::error::LlmError;
use crate::fence::{Fence, READING};
use crate::llm::Llm;
use crate::material::documentation;
use crate::model_client::Prompt;
use crate::word::{explain, object, one, read, words};

/// The longest condition that is accepted from the model, in bytes. Rules accept no longer one.
const CONDITION_BYTES_MAX: usize = 4 * 1024;

/// How many examples are accepted from the model. The prompt asks for four.
const EXAMPLES_MAX: usize = 8;

/// The longest part of an example, in bytes. The operator reads examples next to the condition; a longer one shows
/// nothing that a short one cannot.
const EXAMPLE_BYTES_MAX: usize = 4 * 1024;

/// The most tokens of a proposal: a condition and four small requests.
const RESPONSE_TOKENS_MAX: u32 = 1500;

words! {
    /// How much of a rule a condition covers.
    CoverageWord {
        Whole = "yes": "the condition says all that the rule says",
        Part = "partly": "the condition says the part that can be told from a request; the rest needs judgement",
        None = "no": "nothing of the rule can be told from the fields of a request",
    }
}

words! {
    /// Whether the rule applies to an example.
    Expected {
        Yes = "yes": "the rule is about such a request",
        No = "no": "it is not",
    }
}

/// A plain-language rule for which a condition is wanted.
#[derive(Clone, Copy, Debug)]
pub struct WordedRule<'a> {
    /// The text of the rule.
    pub text: &'a str,
    /// The service that it is limited to, if any.
    pub service_name: Option<&'a str>,
    /// The operations of that service and their fields, from its documents.
    pub documentation: &'a [&'a str],
}

/// How much of a rule a proposed condition covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coverage {
    /// All of it.
    Whole,
    /// The part that depends on the fields of a request.
    Part,
}

/// A request that the model invented to show the effect of a condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExampleRequest {
    /// The method.
    pub method: String,
    /// The path with its query.
    pub path: String,
    /// The body as text; empty if there is none.
    pub body: String,
    /// Whether the model expects the rule to apply to it.
    pub should_match: bool,
}

/// The condition that the model proposes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProposedCondition {
    /// The condition in CEL, which has passed the caller's check.
    pub condition: String,
    /// How much of the rule it covers.
    pub coverage: Coverage,
    /// Requests that show its effect.
    pub examples: Vec<ExampleRequest>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ConditionResponse {
    possible: CoverageWord,
    condition: String,
    examples: Vec<Example>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Example {
    method: String,
    path: String,
    body: String,
    expected: Expected,
}

impl Llm {
    /// Asks for a condition that covers a plain-language rule. `check` returns what is wrong with a
    /// condition; the model is shown that once. `None` if the rule does not depend on the fields of a
    /// request.
    pub async fn compile_rule(
        &self,
        rule: WordedRule<'_>,
        check: impl Fn(&str) -> Result<(), String>,
    ) -> Result<Option<ProposedCondition>, LlmError> {
        let deadline = Instant::now() + self.timeout;
        let prompt = prompt(rule);
        self.client
            .ask(&prompt, deadline, |response| proposal(response, &check))
            .await
    }
}

fn proposal(
    response: &str,
    check: impl Fn(&str) -> Result<(), String>,
) -> Result<Option<ProposedCondition>, String> {
    let response: ConditionResponse = read(response)?;
    let coverage = match response.possible {
        CoverageWord::Whole => Coverage::Whole,
        CoverageWord::Part => Coverage::Part,
        CoverageWord::None => return Ok(None),
    };
    let condition = response.condition.trim().to_owned();
    if condition.len() > CONDITION_BYTES_MAX {
        return Err("`condition` is too long".to_owned());
    }
    check(&condition).map_err(|error| format!("`condition` is not valid: {error}"))?;
    let examples = response
        .examples
        .into_iter()
        .filter(|example| {
            [&example.method, &example.path, &example.body]
                .iter()
                .all(|part| part.len() <= EXAMPLE_BYTES_MAX)
        })
        .take(EXAMPLES_MAX)
        .map(|example| ExampleRequest {
            method: example.method,
            path: example.path,
            body: example.body,
            should_match: example.expected == Expected::Yes,
        })
        .collect();
    Ok(Some(ProposedCondition {
        condition,
        coverage,
        examples,
    }))
}

fn prompt(rule: WordedRule<'_>) -> Prompt {
    let fence = Fence::new();
    let mut user = String::new();
    if let Some(name) = rule.service_name {
        fence.put(&mut user, "service", &conceal(name));
    }
    let documentation = documentation(rule.documentation);
    if !documentation.is_empty() {
        fence.put_visible(&mut user, "documentation", &documentation);
    }
    fence.put(&mut user, "rule", &conceal(rule.text));
    user.push_str("Write this rule as a condition. Answer with the JSON object alone.");
    let example = object([
        ("method".to_owned(), json!({"type": "string"})),
        ("path".to_owned(), json!({"type": "string"})),
        ("body".to_owned(), json!({"type": "string"})),
        ("expected".to_owned(), one::<Expected>()),
    ]);
    Prompt {
        system: &SYSTEM,
        user,
        schema_name: "condition",
        schema: object([
            ("possible".to_owned(), one::<CoverageWord>()),
            ("condition".to_owned(), json!({"type": "string"})),
            (
                "examples".to_owned(),
                json!({"type": "array", "items": example}),
            ),
        ]),
        response_tokens_max: RESPONSE_TOKENS_MAX,
    }
}

static SYSTEM: LazyLock<String> = LazyLock::new(|| {
    let mut system = format!(
        "You turn an operator's rule in words, for a gateway in front of APIs, into a condition in \
         the Common Expression Language that is true exactly for the requests that the rule speaks \
         of. What happens to them (denying, holding, allowing) is set elsewhere and is no part of \
         the condition. {READING}\n\n{LANGUAGE}\n\nAnswer with one JSON object with these fields:\n"
    );
    explain::<CoverageWord>(
        &mut system,
        "possible",
        "whether the rule can be told from a request's fields, exactly one of",
    );
    system.push_str(
        "\n`condition`: the condition; empty if `possible` is no\n`examples`: a list of two \
         requests that the rule is about and two that it is not, close to its limit, each with \
         `method`, `path` (with the query), `body` (as text, empty for none) and",
    );
    explain::<Expected>(&mut system, "expected", "whether the rule is about it");
    system
});

const LANGUAGE: &str = r#"Variables: request.method, request.under("/v1/charges") (true for that path and everything below it by whole segments, in any spelling), request.path (a text without the query), request.host, request.query (a map of texts), request.headers (a map of texts, names in lower case), request.body (a map read from JSON, a form or multipart, null without a body; the fields of forms are texts, and their bracketed names are nested), request.size (bytes); service.id, service.name; agent.id, agent.name; intent; operation.id, operation.summary, operation.tags (a list), operation.deprecated, operation.effect (deletes, pays, changes_access, runs_code, shares_outside, changes, creates or reads; operation is null when no document matches); now.
Operators: == != < <= > >= && || ! in + - * / % and c ? a : b. Functions: request.under("/path"), has(request.body.field), size(x), int(x), double(x), string(x), money(amount, currency), text.startsWith(t), text.endsWith(t), text.contains(t), text.matches("RE2 pattern"), list.exists(item, test), list.all(item, test). No nested exists or all.
Values of different kinds are never compared: write double(request.body.amount) > 10000 where a form or a text may hold the number. Match paths with request.under(), never with request.path == or startsWith, which other spellings of the path pass. A field that is missing makes a condition undecidable, so test with has() for a field that may be missing. A body that cannot be read makes whatever looks into it undecidable, has() included; what is undecidable counts as matched where the rule denies or requires approval, and as not matched where it allows. Mind the unit that the documentation gives for an amount, such as cents. Example: service.name == "stripe" && request.method == "POST" && request.under("/v1/charges") && double(request.body.amount) > 10000"#;
