//! One message of a client, as far as a bridge has to understand it.

use http::HeaderValue;
use serde_json::{Value, json};

/// Where a request names the version of the protocol that it is written in.
const VERSION_OF_REQUEST: &str = "io.modelcontextprotocol/protocolVersion";

/// The codes of JSON-RPC (section 5.1) for what is no JSON, and for what failed on the way.
const PARSE_ERROR: i32 = -32700;
const INTERNAL_ERROR: i32 = -32603;

/// A message, which goes on as it was written.
pub(super) struct Message {
    line: String,
    read: Value,
}

impl Message {
    /// Reads a line; one that is no JSON gets the answer that is returned.
    pub(super) fn read(line: String) -> Result<Self, String> {
        match serde_json::from_str(&line) {
            Ok(read) => Ok(Self { line, read }),
            Err(_) => Err(failed(
                &Value::Null,
                PARSE_ERROR,
                "the line is no JSON",
                &Value::Null,
            )),
        }
    }

    /// The line.
    pub(super) fn line(&self) -> &str {
        &self.line
    }

    /// The id of a request, as its JSON; what is none has none.
    pub(super) fn id(&self) -> Option<String> {
        let is_request = self.read.get("method").is_some();
        let id = self.read.get("id").filter(|id| !id.is_null());
        id.filter(|_| is_request).map(Value::to_string)
    }

    /// The id of the request that the client does not wait for any more, if this says so.
    pub(super) fn cancelled(&self) -> Option<String> {
        (self.method() == "notifications/cancelled")
            .then(|| self.read["params"]["requestId"].to_string())
    }

    /// What the streamable HTTP transport says in headers too, given the version that was agreed on.
    pub(super) fn headers(&self, agreed: Option<&str>) -> Vec<(&'static str, HeaderValue)> {
        let params = &self.read["params"];
        let version = self.version().or(agreed);
        let headers = [
            ("MCP-Protocol-Version", version),
            ("Mcp-Method", Some(self.method())),
            ("Mcp-Name", params["name"].as_str()),
        ];
        headers
            .into_iter()
            .filter_map(|(name, value)| Some((name, HeaderValue::from_str(value?).ok()?)))
            .collect()
    }

    /// The version that an answer agrees to, if this asked for one.
    pub(super) fn agreed_version(&self, answer: &Value) -> Option<String> {
        let version = answer["result"]["protocolVersion"].as_str();
        version
            .filter(|_| self.method() == "initialize")
            .map(str::to_owned)
    }

    /// The version that a request says it is written in.
    fn version(&self) -> Option<&str> {
        self.read["params"]["_meta"][VERSION_OF_REQUEST].as_str()
    }

    fn method(&self) -> &str {
        self.read["method"].as_str().unwrap_or_default()
    }
}

/// The answer to a request that the gateway did not take: of a tool a result that says so, which a model
/// gets to see, and of all else an error of the protocol.
pub(super) fn unanswered(message: &Message, problem: &Value) -> String {
    let id = &message.read["id"];
    if message.method() == "tools/call" {
        let mut result = json!({
            "content": [{ "type": "text", "text": problem.to_string() }],
            "structuredContent": problem,
            "isError": true,
        });
        // The revision in which requests name their version has results name their kind.
        if message.version().is_some() {
            result["resultType"] = json!("complete");
        }
        return json!({ "jsonrpc": "2.0", "id": id, "result": result }).to_string();
    }
    let word = |member: &str| problem[member].as_str().unwrap_or_default();
    let told = format!("{}: {}", word("code"), word("detail"));
    failed(id, INTERNAL_ERROR, &told, problem)
}

fn failed(id: &Value, code: i32, message: &str, data: &Value) -> String {
    let mut error = json!({ "code": code, "message": message });
    if !data.is_null() {
        error["data"] = data.clone();
    }
    json!({ "jsonrpc": "2.0", "id": id, "error": error }).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(value: &Value) -> Message {
        Message::read(value.to_string()).ok().unwrap()
    }

    #[test]
    fn only_requests_are_answered() {
        let id = |value: &Value| message(value).id();
        assert_eq!(
            id(&json!({"id": 1, "method": "ping"})).as_deref(),
            Some("1")
        );
        assert_eq!(
            id(&json!({"id": "a", "method": "ping"})).as_deref(),
            Some("\"a\"")
        );
        assert_eq!(id(&json!({"method": "notifications/initialized"})), None);
        assert_eq!(id(&json!({"id": 1, "result": {}})), None);
        let cancelled = json!({"method": "notifications/cancelled", "params": {"requestId": 1}});
        assert_eq!(message(&cancelled).cancelled().as_deref(), Some("1"));
    }

    #[test]
    fn headers_say_what_the_message_says() {
        let call =
            message(&json!({"id": 1, "method": "tools/call", "params": {"name": "dry_run"}}));
        let headers = call.headers(Some("2025-11-25"));
        let expected = [
            ("MCP-Protocol-Version", "2025-11-25"),
            ("Mcp-Method", "tools/call"),
            ("Mcp-Name", "dry_run"),
        ];
        assert_eq!(
            headers,
            expected.map(|(name, value)| (name, HeaderValue::from_static(value)))
        );
        let meta = json!({ VERSION_OF_REQUEST: "2026-07-28" });
        let later = message(&json!({"id": 1, "method": "tools/list", "params": {"_meta": meta}}));
        assert_eq!(later.headers(Some("2025-11-25"))[0].1, "2026-07-28");
    }

    #[test]
    fn a_tool_that_was_not_reached_is_told_to_the_model() {
        let problem = json!({"code": "gateway_unreachable", "detail": "no"});
        let call = message(&json!({"id": 7, "method": "tools/call", "params": {}}));
        let told: Value = serde_json::from_str(&unanswered(&call, &problem)).unwrap();
        assert_eq!(
            (&told["id"], &told["result"]["isError"]),
            (&json!(7), &json!(true))
        );
        let list = message(&json!({"id": 7, "method": "tools/list"}));
        let told: Value = serde_json::from_str(&unanswered(&list, &problem)).unwrap();
        assert_eq!(told["error"]["message"], "gateway_unreachable: no");
    }

    #[test]
    fn a_line_that_is_no_json_is_told_so() {
        let told = Message::read("{".to_owned()).err().unwrap();
        assert!(told.contains("-32700"));
    }
}
