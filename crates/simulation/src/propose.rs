//! Proposes a condition for a rule in plain words: the model writes it, the compiler checks it, and example
//! requests show its effect.

use gaiterguard_authority::{Authority, Definitions};
use gaiterguard_definitions::definition_store::DefinitionError;
use gaiterguard_definitions::rule::check;
use gaiterguard_domain::field::{FieldError, KEY_NOT_STORED};
use gaiterguard_domain::id::{AgentId, ServiceId, WorkspaceId};
use gaiterguard_domain::redact;
use gaiterguard_domain::text::TEXT_CHARS_MAX;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_llm::{Coverage, ExampleRequest, Llm, LlmError, WordedRule, excerpt};
use gaiterguard_request::{Arena, Node, Reading};
use gaiterguard_rules::{Content, Facts, Program, Query, RequestPath};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue};

/// The service of an example, if the rule is not for one service.
const NO_SERVICE: (ServiceId, &str) = (ServiceId(0), "");

/// Reasons why no condition is proposed.
#[derive(Debug, thiserror::Error)]
pub enum ProposeError {
    /// The text or the service is invalid.
    #[error(transparent)]
    Definition(#[from] DefinitionError),
    /// No language model is configured.
    #[error("no language model is configured: set LLM_BASE_URL, or write the condition yourself")]
    NoModel,
    /// The model returned nothing that can be used.
    #[error("{0}")]
    Model(#[from] LlmError),
}

/// A proposed condition.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposal {
    /// The condition; `None` if no part of the rule can be decided from a request.
    pub condition: Option<String>,
    /// How much of the rule the condition expresses.
    pub coverage: Option<Coverage>,
    /// The results of the condition on example requests.
    pub examples: Vec<TriedExample>,
}

/// An example request and the result of the condition on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TriedExample {
    /// The request.
    pub request: ExampleRequest,
    /// Whether the condition is true, or why it cannot be evaluated.
    pub outcome: Result<bool, String>,
}

/// Asks the language model for a condition with the meaning of a rule in plain words, for a service or
/// for all of them. The examples are evaluated at `now`.
///
/// # Errors
///
/// If the text or the service is invalid, or there is no language model, or it fails.
pub async fn propose(
    authority: &Authority,
    llm: Option<&Llm>,
    workspace: WorkspaceId,
    text: &str,
    service: Option<ServiceId>,
    now: Timestamp,
) -> Result<Proposal, ProposeError> {
    let definitions = authority.definitions(workspace);
    let (text, service) = read(text, service, definitions.as_deref())?;
    let llm = llm.ok_or(ProposeError::NoModel)?;
    let catalog = service.and_then(|(id, _)| definitions.as_deref()?.catalog(id));
    let excerpts = catalog.map_or_else(Vec::new, |catalog| excerpt::of_rule(catalog, text));
    let documentation: Vec<&str> = excerpts.iter().map(String::as_str).collect();
    let rule = WordedRule {
        text,
        service_name: service.map(|(_, name)| name),
        documentation: &documentation,
    };
    let proposed = llm
        .compile_rule(rule, |condition| {
            check(condition).map_err(|error| error.to_string())
        })
        .await?;
    let Some(proposed) = proposed else {
        return Ok(Proposal {
            condition: None,
            coverage: None,
            examples: Vec::new(),
        });
    };
    // It was compiled by the check above.
    let program = Program::compile(&proposed.condition).map_err(|_| LlmError::Nonsense)?;
    let service = service.unwrap_or(NO_SERVICE);
    Ok(Proposal {
        coverage: Some(proposed.coverage),
        examples: proposed
            .examples
            .into_iter()
            .map(|request| TriedExample {
                outcome: attempt(&program, &request, service, now),
                request,
            })
            .collect(),
        condition: Some(proposed.condition),
    })
}

type NamedService<'a> = (ServiceId, &'a str);

fn read<'a>(
    text: &'a str,
    service: Option<ServiceId>,
    definitions: Option<&'a Definitions>,
) -> Result<(&'a str, Option<NamedService<'a>>), DefinitionError> {
    let text = text.trim();
    let mut errors = Vec::new();
    if text.is_empty() || text.chars().count() > TEXT_CHARS_MAX {
        let message = format!("must be 1 to {TEXT_CHARS_MAX} characters long");
        errors.push(FieldError::new("text", message));
    }
    if redact::holds_agent_key(text.as_bytes()) {
        errors.push(FieldError::new("text", KEY_NOT_STORED));
    }
    let known = service.and_then(|id| definitions?.service(id));
    if service.is_some() && known.is_none() {
        errors.push(FieldError::new(
            "service_id",
            "must be the ID of a service of this workspace",
        ));
    }
    if errors.is_empty() {
        Ok((
            text,
            known.map(|service| (service.id, service.name.as_str())),
        ))
    } else {
        Err(DefinitionError::Invalid(errors))
    }
}

/// Evaluates the condition on an example.
fn attempt(
    program: &Program,
    example: &ExampleRequest,
    service: NamedService<'_>,
    now: Timestamp,
) -> Result<bool, String> {
    let (path, query) = match example.path.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (example.path.as_str(), None),
    };
    let method = example.method.to_ascii_uppercase();
    let bytes = example.body.as_bytes();
    let arena = Arena::default();
    let query = Query::parse(query);
    let media_type = match Node::parse_json(bytes, &arena) {
        Ok(_) => "application/json",
        Err(_) => "application/x-www-form-urlencoded",
    };
    let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(media_type))]);
    program
        .evaluate(&Facts {
            method: &method,
            path: &RequestPath::of(path),
            host: "",
            query: &query,
            headers: Some(&headers),
            content: Some(Content {
                body: Reading::of(&headers, bytes, &arena),
                size: bytes.len() as u64,
            }),
            service,
            agent: (AgentId(0), ""),
            intent: "",
            operation: None,
            operation_effect: None,
            now,
        })
        .map_err(|failure| program.explain(failure))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example(method: &str, path: &str, body: &str) -> ExampleRequest {
        ExampleRequest {
            method: method.to_owned(),
            path: path.to_owned(),
            body: body.to_owned(),
            should_match: true,
        }
    }

    #[test]
    fn an_example_is_tried_as_a_request_would_be() {
        let condition = "request.method == \"POST\" && request.path == \"/v1/charges\" && \
            int(request.body.amount) > 10000 && request.query.expand == \"x\"";
        let program = Program::compile(condition).unwrap();
        let tried = |method, path, body| {
            attempt(
                &program,
                &example(method, path, body),
                NO_SERVICE,
                Timestamp(0),
            )
        };
        let path = "/v1/charges?expand=x";
        assert_eq!(tried("post", path, "{\"amount\": 10001}"), Ok(true));
        assert_eq!(tried("POST", path, "amount=10001"), Ok(true));
        assert_eq!(tried("POST", path, "amount=10000"), Ok(false));
        assert_eq!(tried("GET", "/v1/charges", ""), Ok(false));
        assert!(tried("POST", path, "").is_err());
    }
}
