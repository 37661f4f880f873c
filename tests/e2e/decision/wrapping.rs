//! Nothing that an agent adds to a request, and no other wrapping or label of it, bypasses approval.

use gaiterguard_testkit::Storage;
use gaiterguard_testkit::scene::Scene;
use serde_json::{Value, json};

/// Returns a proposal with headers and a body. A string is sent unchanged.
fn proposal(method: &str, path: &str, headers: &Value, body: &Value, intent: &str) -> Value {
    json!({
        "service": "things", "method": method, "path": path, "headers": headers, "body": body,
        "intent": intent,
    })
}

fn typed(content_type: &str) -> Value {
    json!({"Content-Type": content_type})
}

/// Returns a proposal with bytes as its body.
fn with_bytes(path: &str, content_type: &str, base64: &str) -> Value {
    json!({
        "service": "things", "method": "POST", "path": path, "headers": typed(content_type),
        "body_base64": base64, "intent": "Upload the notes",
    })
}

#[tokio::test]
async fn no_addition_and_no_wrapping_bypasses_approval() {
    let scene = Scene::new(Storage::Sqlite).await;
    let charge = json!({"amount": 50000, "currency": "usd", "source": "tok_1"});
    let with = |base: &Value, more: Value| {
        let mut body = base.clone();
        let members = body.as_object_mut().unwrap();
        members.extend(more.as_object().unwrap().clone());
        body
    };
    let question = json!({"metadata": {"method": "GET", "url": "/x"}});
    let message = json!({"to": "mallory@evil.example", "text": "The report"});
    let payload = json!({"role": "admin", "amount": 50000, "to": "mallory@evil.example"});
    let thing = |content_type: &str, body: &str| {
        proposal(
            "PUT",
            "/v1/things/7",
            &typed(content_type),
            &json!(body),
            "Rename thing 7 to Lamp",
        )
    };
    let charges = |headers: &Value, body: &Value| {
        proposal("POST", "/v1/charges", headers, body, "List the charges")
    };
    let soap = |header: &str, body: &str| {
        let text = format!(
            "<s:Envelope><s:Header>{header}</s:Header><s:Body>{body}</s:Body></s:Envelope>"
        );
        let headers = typed("text/xml");
        proposal("POST", "/soap", &headers, &json!(text), "Look up user 7")
    };
    let rpc = json!({"jsonrpc": "2.0", "method": "getBalance", "params": {}});
    let part = |head: &str, content: &str| {
        let text =
            format!("--x\r\nContent-Disposition: form-data; {head}\r\n\r\n{content}\r\n--x--\r\n");
        let headers = typed("multipart/form-data; boundary=x");
        proposal(
            "PUT",
            "/v1/things/7",
            &headers,
            &json!(text),
            "Rename thing 7 to Lamp",
        )
    };
    let held = [
        charges(&json!({"SOAPAction": "\"GetCharges\""}), &charge),
        charges(&json!({"X-Amz-Target": "A.ListCharges"}), &charge),
        charges(&json!({}), &with(&charge, rpc)),
        proposal(
            "POST",
            "/v1/refunds",
            &json!({"SOAPAction": "GetRefunds"}),
            &json!({"charge": "ch_1"}),
            "List the refunds",
        ),
        proposal(
            "POST",
            "/v1/workspaces/7/deploy",
            &json!({"SOAPAction": "\"GetWorkspace\""}),
            &json!({}),
            "Look at workspace 7",
        ),
        proposal(
            "POST",
            "/v1/messages/send",
            &json!({}),
            &with(&message, question.clone()),
            "Read my messages",
        ),
        proposal(
            "PUT",
            "/repos/o/r/collaborators/mallory",
            &json!({}),
            &question,
            "Read the repository o/r",
        ),
        proposal(
            "POST",
            "/v1/collaborators",
            &json!({}),
            &json!({"user": "mallory", "query": "{ me }"}),
            "Who am I?",
        ),
        soap("<w:GetUser/>", "<m:DeleteUser/>"),
        soap("", "<m:GetUser/><m:DeleteUser/>"),
        proposal(
            "POST",
            "/xmlrpc",
            &typed("text/xml"),
            &json!(
                "<!--<methodName>user.get</methodName>--><methodCall>\
                 <methodName>user.delete</methodName></methodCall>"
            ),
            "Look up user 7",
        ),
        thing("application/json", &payload.to_string()),
        thing("image/png", &payload.to_string()),
        thing("application/json", &format!("{payload}\n{{}}")),
        thing(
            "application/xml",
            "<thing><role>admin</role><amount>50000</amount><to>mallory@evil.example</to></thing>",
        ),
        thing(
            "application/yaml",
            "role: admin\namount: 50000\nto: mallory@evil.example\n",
        ),
        thing(
            "text/csv",
            "role,amount,to\nadmin,50000,mallory@evil.example\n",
        ),
        thing("text/plain", "role=admin\namount=50000\n"),
        part(r#"name="role""#, "admin"),
        part(r#"name="file"; filename="a.json""#, &payload.to_string()),
        // {"iban":"DE89370400440532013000","amount":50000,"x":"\xff"}
        with_bytes(
            "/v1/upload",
            "image/png",
            "eyJpYmFuIjoiREU4OTM3MDQwMDQ0MDUzMjAxMzAwMCIsImFtb3VudCI6NTAwMDAsIngiOiL/In0=",
        ),
        with_bytes(
            "/v1/upload",
            "application/pdf",
            "eyJpYmFuIjoiREU4OTM3MDQwMDQ0MDUzMjAxMzAwMCIsImFtb3VudCI6NTAwMDAsIngiOiL/In0=",
        ),
    ];
    for (number, request) in held.into_iter().enumerate() {
        let shown = request.to_string();
        let key = format!("held-{number}");
        let response = scene
            .agent
            .propose(request)
            .idempotency_key(&key)
            .send()
            .await;
        assert_eq!(
            response.status.as_u16(),
            428,
            "{shown}: {}",
            response.text()
        );
    }
    assert!(scene.upstream.received().is_empty());
}

#[tokio::test]
async fn ordinary_calls_texts_tables_and_pictures_are_forwarded() {
    let scene = Scene::new(Storage::Sqlite).await;
    let json = json!({});
    let upload = |content_type: &str, body: &str| {
        let headers = typed(content_type);
        proposal(
            "POST",
            "/v1/upload",
            &headers,
            &json!(body),
            "Upload the notes",
        )
    };
    let forwarded = [
        proposal(
            "POST",
            "/rpc",
            &json,
            &json!({"jsonrpc": "2.0", "method": "eth_getBalance", "params": ["0x1"], "id": 1}),
            "What is the balance?",
        ),
        proposal(
            "POST",
            "/graphql",
            &json,
            &json!({"query": "{ orders(first: 5) { id } }", "variables": {}}),
            "Show the open orders",
        ),
        proposal(
            "POST",
            "/soap",
            &json!({"Content-Type": "text/xml", "SOAPAction": "\"GetUser\""}),
            &json!("<s:Envelope><s:Body><m:GetUser><id>7</id></m:GetUser></s:Body></s:Envelope>"),
            "Look up user 7",
        ),
        // The first bytes of a PNG file.
        with_bytes(
            "/v1/upload",
            "image/png",
            "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwC",
        ),
        upload("text/plain", "Just a note about lunch."),
        upload(
            "text/markdown",
            "# Lunch\n\nWe meet at noon.\n\n- bring the notes\n",
        ),
        upload("text/csv", "sku,stock,shelf\n7,5,A\n8,9,B\n"),
    ];
    for (number, request) in forwarded.into_iter().enumerate() {
        let shown = request.to_string();
        let key = format!("forwarded-{number}");
        let response = scene
            .agent
            .propose(request)
            .idempotency_key(&key)
            .send()
            .await;
        assert_eq!(
            response.status.as_u16(),
            200,
            "{shown}: {}",
            response.text()
        );
    }
    assert_eq!(scene.upstream.received().len(), 7);
}
