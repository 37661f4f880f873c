//! Parses a client's message as far as the bridge needs it.

use http::HeaderValue;
use serde_json::{Value, json};

/// Member in which a request names its protocol version.
const VERSION_OF_REQUEST: &str = "io.modelcontextprotocol/protocolVersion";

/// JSON-RPC error codes (section 5.1) for text that is not JSON, for JSON that is not a message, and
/// for errors in transit.
const PARSE_ERROR: i32 = -32700;
const INVALID_REQUEST: i32 = -32600;
const INTERNAL_ERROR: i32 = -32603;

/// A message, which is forwarded verbatim.
pub(super) struct Message {
    line: Vec<u8>,
    read: Value,
}

impl Message {
    /// Parses a line. The error is the response to a line that is not a message. Batches are not
    /// messages: the newer revisions of the protocol do not have them.
    pub(super) fn read(line: Vec<u8>) -> Result<Self, String> {
        let refused = |code, message| failed(&Value::Null, code, message, &Value::Null);
        match serde_json::from_slice::<Value>(&line) {
            Ok(read) if read.is_object() => Ok(Self { line, read }),
            Ok(_) => Err(refused(INVALID_REQUEST, "the line is not a JSON object")),
            Err(_) => Err(refused(PARSE_ERROR, "the line is not JSON")),
        }
    }

    /// Returns the line.
    pub(super) fn line(&self) -> &[u8] {
        &self.line
    }

    /// Returns the request's id as raw JSON; `None` for notifications.
    pub(super) fn id(&self) -> Option<String> {
        let is_request = self.read.get("method").is_some();
        let id = self.read.get("id").filter(|id| !id.is_null());
        id.filter(|_| is_request).map(Value::to_string)
    }

    /// Returns the id of the request that this message cancels, if it does.
    pub(super) fn cancelled(&self) -> Option<String> {
        (self.method() == "notifications/cancelled")
            .then(|| self.read["params"]["requestId"].to_string())
    }

    /// Returns the headers that the streamable HTTP transport requires with the agreed protocol
    /// version.
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

    /// Returns the protocol version in the response, if this message negotiated one.
    pub(super) fn agreed_version(&self, response: &Value) -> Option<String> {
        let version = response["result"]["protocolVersion"].as_str();
        version
            .filter(|_| self.method() == "initialize")
            .map(str::to_owned)
    }

    /// Returns the protocol version that the request names.
    fn version(&self) -> Option<&str> {
        self.read["params"]["_meta"][VERSION_OF_REQUEST].as_str()
    }

    fn method(&self) -> &str {
        self.read["method"].as_str().unwrap_or_default()
    }
}

/// Returns the response to a request that failed: for a tool call a result with `isError`, which
/// the model can read, and a protocol error otherwise.
pub(super) fn failure_response(message: &Message, problem: &Value) -> String {
    let id = &message.read["id"];
    if message.method() == "tools/call" {
        let mut result = json!({
            "content": [{ "type": "text", "text": problem.to_string() }],
            "structuredContent": problem,
            "isError": true,
        });
        // Since the revision in which requests name their version, results name their kind.
        if message.version().is_some() {
            result["resultType"] = json!("complete");
        }
        return json!({ "jsonrpc": "2.0", "id": id, "result": result }).to_string();
    }
    let word = |member: &str| problem[member].as_str().unwrap_or_default();
    let text = format!("{}: {}", word("code"), word("detail"));
    failed(id, INTERNAL_ERROR, &text, problem)
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
        Message::read(value.to_string().into_bytes()).ok().unwrap()
    }

    #[test]
    fn only_requests_get_responses() {
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
    fn a_failed_tool_call_is_reported_to_the_model() {
        let problem = json!({"code": "gateway_unreachable", "detail": "no"});
        let call = message(&json!({"id": 7, "method": "tools/call", "params": {}}));
        let text: Value = serde_json::from_str(&failure_response(&call, &problem)).unwrap();
        assert_eq!(
            (&text["id"], &text["result"]["isError"]),
            (&json!(7), &json!(true))
        );
        let list = message(&json!({"id": 7, "method": "tools/list"}));
        let text: Value = serde_json::from_str(&failure_response(&list, &problem)).unwrap();
        assert_eq!(text["error"]["message"], "gateway_unreachable: no");
    }

    #[test]
    fn a_line_that_is_not_a_message_gets_an_error() {
        for (line, code) in [
            (&b"{"[..], "-32700"),
            (b"{\"id\": \"\xff\"}", "-32700"),
            (b"[{\"id\": 1, \"method\": \"ping\"}]", "-32600"),
            (b"1", "-32600"),
        ] {
            let text = Message::read(line.to_vec()).err().unwrap();
            assert!(text.contains(code), "{text}");
        }
    }
}
