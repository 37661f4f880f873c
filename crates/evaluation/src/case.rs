//! A labeled request.

use bytes::Bytes;
use gaiterguard_domain::request::{CanonicalRequest, is_safe};
use gaiterguard_domain::target::{BaseUrl, Target, TargetRefused};
use gaiterguard_history::Seen;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

/// The kinds of a request that follows an instruction planted in something the agent read.
const ATTACKS: [&str; 2] = ["injection", "injected"];

/// One line of a file. Members that are not listed are for its readers.
#[derive(Debug, Deserialize)]
struct Line {
    id: Option<String>,
    service: Option<String>,
    base_url: String,
    method: String,
    path: String,
    headers: Option<Map<String, Value>>,
    body: Option<Box<RawValue>>,
    intent: String,
    lang: Option<String>,
    #[serde(default)]
    before: Vec<CallLine>,
    label: Label,
    kind: Option<String>,
    why: Option<String>,
    twin: Option<String>,
    #[serde(default)]
    hard: bool,
}

/// A member of `before`.
#[derive(Debug, Deserialize)]
struct CallLine {
    method: String,
    path: String,
    status: u16,
    body: Option<Box<RawValue>>,
}

/// The right decision for a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Label {
    /// Forward it.
    Benign,
    /// Hold it: it does what its intent says, but a person should look first.
    Risky,
    /// Hold it: it does something other than its intent says, or more.
    IntentMismatch,
}

impl Label {
    /// Every label, in the order of the report.
    pub(crate) const ALL: [Self; 3] = [Self::Benign, Self::Risky, Self::IntentMismatch];

    /// Returns the label in words.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Benign => "benign",
            Self::Risky => "risky",
            Self::IntentMismatch => "intent mismatch",
        }
    }

    /// Whether holding the request is right.
    pub(crate) fn deserves_hold(self) -> bool {
        self != Self::Benign
    }
}

/// A request as it would be sent, and the right decision for it.
#[derive(Debug)]
pub(crate) struct Case {
    /// Its id; `None` if the line has no id, so that no other case can refer to it.
    pub(crate) id: Option<String>,
    pub(crate) request: CanonicalRequest,
    pub(crate) service_name: String,
    pub(crate) intent: String,
    /// The language of the intent.
    pub(crate) language: Option<String>,
    /// Earlier calls of the agent in the same run, oldest first.
    pub(crate) before: Vec<EarlierCall>,
    pub(crate) label: Label,
    /// Identifier of the reason for the label, in lowercase with underscores.
    pub(crate) kind: Option<String>,
    /// The reason for the label, in a sentence.
    pub(crate) why: Option<String>,
    /// The id of the case that differs in one value and has another label.
    pub(crate) twin: Option<String>,
    /// Whether the request departs from its intent in values alone.
    pub(crate) is_hard: bool,
}

/// A call that the agent made earlier, with its response.
#[derive(Debug)]
pub(crate) struct EarlierCall {
    pub(crate) method: Method,
    pub(crate) target: Target,
    pub(crate) status: StatusCode,
    /// Body of the response; empty if there was none.
    pub(crate) body: Bytes,
}

/// The reason why a line cannot be evaluated.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LineError {
    #[error("not a labeled request: {0}")]
    Json(String),
    #[error("`{0}` must be an HTTP method")]
    Method(String),
    #[error("`base_url` is not valid: {0}")]
    BaseUrl(TargetRefused),
    #[error("`{0}` is not valid: {1}")]
    Path(String, TargetRefused),
    #[error("the header `{0}` must have a valid name and a string as its value")]
    Header(String),
    #[error("`{0}` must be an HTTP status from 100 to 599")]
    Status(String),
}

impl Case {
    /// Reads a line.
    pub(crate) fn read(line: &str) -> Result<Self, LineError> {
        let line = parse(line)?;
        let base_url = BaseUrl::parse(&line.base_url).map_err(LineError::BaseUrl)?;
        let in_path = |refused| LineError::Path("path".to_owned(), refused);
        let target = base_url.join(&line.path).map_err(in_path)?;
        let mut headers = headers(line.headers.unwrap_or_default())?;
        let body = match body(line.body.as_deref()) {
            Body::Text(text) => text,
            Body::Json(json) => {
                let json_type = HeaderValue::from_static("application/json");
                headers.entry(CONTENT_TYPE).or_insert(json_type);
                json
            }
        };
        let before = line.before.into_iter().enumerate();
        let before = before
            .map(|(index, call)| EarlierCall::read(&call, index, &base_url))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            id: line.id,
            request: CanonicalRequest {
                method: method(&line.method, "method")?,
                target,
                headers,
                body,
            },
            service_name: line.service.unwrap_or_else(|| "service".to_owned()),
            intent: line.intent,
            language: line.lang,
            before,
            label: line.label,
            kind: line.kind.as_deref().map(normalized_kind),
            why: line.why,
            twin: line.twin,
            is_hard: line.hard,
        })
    }

    /// Returns what the agent was shown, as if the earlier calls had passed through the gateway.
    pub(crate) fn seen(&self) -> Seen {
        Seen::from_calls(self.before.iter().map(|call| {
            let path = call.target.path_and_query();
            (call.method.as_str(), path, call.status.as_u16(), &call.body)
        }))
    }

    /// Whether the method is one that may change something.
    pub(crate) fn is_write(&self) -> bool {
        !is_safe(&self.request.method)
    }

    /// Whether the request follows an instruction planted in something the agent read.
    pub(crate) fn is_attack(&self) -> bool {
        let kind = self.kind.as_deref();
        kind.is_some_and(|kind| ATTACKS.contains(&kind))
    }
}

impl EarlierCall {
    fn read(line: &CallLine, index: usize, base_url: &BaseUrl) -> Result<Self, LineError> {
        let member = |name: &str| format!("before[{index}].{name}");
        let in_path = |refused| LineError::Path(member("path"), refused);
        let status = StatusCode::from_u16(line.status).ok();
        let status = status.filter(|status| status.as_u16() < 600);
        let (Body::Text(body) | Body::Json(body)) = body(line.body.as_deref());
        Ok(Self {
            method: method(&line.method, &member("method"))?,
            target: base_url.join(&line.path).map_err(in_path)?,
            status: status.ok_or_else(|| LineError::Status(member("status")))?,
            body,
        })
    }
}

/// Body to send.
enum Body {
    /// A string, sent as is; empty if the member is `null` or missing.
    Text(Bytes),
    /// Any other value, sent as the JSON of the file, byte for byte.
    Json(Bytes),
}

fn body(raw: Option<&RawValue>) -> Body {
    match raw.map(RawValue::get) {
        None | Some("null") => Body::Text(Bytes::new()),
        Some(json) => match serde_json::from_str::<String>(json) {
            Ok(text) => Body::Text(text.into()),
            Err(_) => Body::Json(json.to_owned().into()),
        },
    }
}

/// Parses a line. An error names the invalid member.
fn parse(line: &str) -> Result<Line, LineError> {
    let mut deserializer = serde_json::Deserializer::from_str(line);
    let parsed = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        let why = json_error(&error.into_inner());
        LineError::Json(match path.as_str() {
            // An error of the line as a whole, or of a member whose name is not known yet.
            "." | "?" => why,
            path => format!("`{path}`: {why}"),
        })
    })?;
    let end = deserializer.end();
    end.map_err(|why| LineError::Json(json_error(&why)))?;
    Ok(parsed)
}

/// Describes an error without its line, which is always the first: each line is parsed by itself.
fn json_error(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let column = error.column();
    let place = format!(" at line {} column {column}", error.line());
    match text.strip_suffix(&place) {
        Some(reason) => format!("{reason} at column {column}"),
        None => text,
    }
}

fn method(text: &str, member: &str) -> Result<Method, LineError> {
    Method::from_bytes(text.as_bytes()).map_err(|_| LineError::Method(member.to_owned()))
}

fn headers(members: Map<String, Value>) -> Result<HeaderMap, LineError> {
    let mut headers = HeaderMap::new();
    for (name, value) in members {
        let refused = || LineError::Header(name.clone());
        let value = value.as_str().ok_or_else(refused)?;
        let value = HeaderValue::from_str(value).map_err(|_| refused())?;
        headers.append(HeaderName::try_from(&name).map_err(|_| refused())?, value);
    }
    Ok(headers)
}

/// Returns a kind as the report writes it: people spell `wrong_action` as `wrong-action` too.
fn normalized_kind(kind: &str) -> String {
    kind.trim().to_lowercase().replace(['-', ' '], "_")
}
