//! Every endpoint for humans honors the roles, exactly as the table in the book says.

use std::collections::BTreeMap;

use gaiterguard_testkit::{Human, Storage, TestGateway};
use http::Method;
use serde_json::json;

const ROLES: [&str; 4] = ["owner", "operator", "approver", "viewer"];

/// Calls that end sessions. They come last, the one that ends the caller's own at the very end.
const ENDING: [(&str, &str); 2] = [("DELETE", "/auth/sessions"), ("POST", "/auth/logout")];

/// Whether each role may call a route.
type Allowed = BTreeMap<(String, String), [bool; 4]>;

/// Reads the table of routes in the book.
fn documented() -> Allowed {
    let page = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../docs/src/reference/roles.md"
    );
    let page = std::fs::read_to_string(page).unwrap();
    let (_, table) = page.split_once("| method | path |").unwrap();
    let rows = table
        .lines()
        .skip(2)
        .take_while(|line| line.starts_with('|'));
    rows.map(|row| {
        let cells: Vec<_> = row.trim_matches('|').split('|').map(str::trim).collect();
        let path = cells[1].trim_matches('`').to_owned();
        let roles = std::array::from_fn(|index| cells[3 + index] == "yes");
        ((cells[0].to_owned(), path), roles)
    })
    .collect()
}

/// Returns every route of the served document that takes an access token.
async fn routes(gateway: &TestGateway) -> Vec<(String, String)> {
    let document = gateway.client().get("/openapi.json").send().await;
    let document = document.expect_status(200).json();
    let mut routes = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let takes_token = operation["security"] == json!([{"session": []}]);
            if takes_token {
                routes.push((method.to_ascii_uppercase(), path.clone()));
            }
        }
    }
    routes
}

/// Replaces the parameters of a path by ids that nothing has.
fn filled(path: &str) -> String {
    path.replace("{action_id}", "0192aaaa-bbbb-7ccc-8ddd-eeeeffff0000")
        .replace("{id}", "999999")
        .replace("{docId}", "999999")
        .replace("{user_id}", "999999")
}

/// Returns whether a person may call a route. Refused is 403 `not_permitted` and nothing else.
async fn may(person: &Human, method: &str, path: &str) -> bool {
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    let mut call = person.call(method.clone(), &filled(path));
    if method != Method::GET && method != Method::DELETE {
        call = call.json(json!({}));
    }
    if path == "/events" {
        return call.open().await.status == 200;
    }
    let response = call.send().await;
    assert_ne!(response.status, 401, "{method} {path}: {}", response.text());
    assert!(
        response.status.as_u16() < 500,
        "{method} {path}: {}",
        response.text()
    );
    if response.status != 403 {
        return true;
    }
    let problem = response.json();
    assert_eq!(
        problem["code"], "not_permitted",
        "{method} {path}: {problem}"
    );
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.starts_with("only owners"), "{detail}");
    false
}

#[tokio::test]
async fn every_endpoint_honors_every_role_as_the_book_says() {
    let gateway = TestGateway::start(Storage::Sqlite).await;
    let owner = Human::register(&gateway).await;
    let mut people = vec![owner.clone()];
    for role in &ROLES[1..] {
        let email = format!("{role}@example.com");
        people.push(owner.add_member(&gateway, &email, role, json!({})).await);
    }
    let mut routes = routes(&gateway).await;
    assert!(routes.len() > 60, "{}", routes.len());
    routes.sort_by_key(|(method, path)| {
        let ending = ENDING.iter().position(|end| *end == (method, path));
        ending.map_or(0, |index| index + 1)
    });
    let mut measured = Allowed::new();
    for (method, path) in &routes {
        let mut allowed = [false; 4];
        for (index, person) in people.iter().enumerate() {
            allowed[index] = may(person, method, path).await;
        }
        measured.insert((method.clone(), path.clone()), allowed);
    }
    assert_eq!(measured, documented());
}

#[tokio::test]
async fn every_endpoint_for_humans_refuses_a_call_without_a_session() {
    let gateway = TestGateway::start(Storage::Sqlite).await;
    for (method, path) in routes(&gateway).await {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let call = gateway.dashboard().call(method.clone(), &filled(&path));
        let response = call.json(json!({})).send().await;
        assert_eq!(response.status, 401, "{method} {path}: {}", response.text());
    }
}
