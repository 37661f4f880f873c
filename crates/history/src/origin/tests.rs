use gaiterguard_request::{Arena, Request};
use http::{HeaderMap, Method};
use serde_json::{Value, json};

use super::*;
use crate::Seen;

/// It names one id and one address.
const INTENT: &str = "Write to customer cus_8888 (or bob@north.example)";

/// A history in which the agent was shown a list of channels and one customer.
fn seen() -> Seen {
    let channels = json!({"channels": [
        {"id": "C024BE91L", "name": "general", "access_token": "canary-token"},
        {"id": "C07F5KQ2M", "name": "random", "accesskey": "canary-key"},
    ]});
    let customer = json!({"id": "cus_4411", "name": "Ana Diaz", "email": "ana@north.example"});
    Seen::from_calls([
        ("GET", "/conversations.list", 200, channels.to_string()),
        ("GET", "/customers/cus_4411", 200, customer.to_string()),
        (
            "POST",
            "/notes",
            201,
            json!({"id": "note_71", "title": "Draft"}).to_string(),
        ),
    ])
}

fn of(method: &Method, path: &str, body: &Value, seen: &Seen) -> Vec<Origin> {
    let headers = HeaderMap::new();
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    let (path, query) = path
        .split_once('?')
        .map_or((path, None), |(path, query)| (path, Some(query)));
    let arena = Arena::default();
    let request = Request {
        method,
        host: "api.example",
        path,
        query,
        headers: &headers,
        body: body.as_bytes(),
    };
    origins(&Opened::open(request, &arena), INTENT, seen, 12)
}

#[test]
fn values_are_listed_with_where_they_were_seen() {
    let body = json!({"channel": "C024BE91L", "customer": "cus_4411", "text": "Hello, all of you"});
    let found = of(&Method::POST, "/v1/chat.postMessage", &body, &seen());
    let told: Vec<_> = found
        .iter()
        .map(|found| {
            let sighting = found.sighting.as_ref().unwrap();
            (
                &*found.location,
                &*found.value,
                sighting.source(),
                &*sighting.piece,
            )
        })
        .collect();
    assert_eq!(told[0].0, "body/channel");
    assert_eq!(told[0].1, "C024BE91L");
    assert_eq!(told[0].2, "in the response to GET /conversations.list");
    assert!(told[0].3.contains("name: general"), "{told:?}");
    assert_eq!(told[1].0, "body/customer");
    assert_eq!(told.len(), 2, "{told:?}");
}

#[test]
fn targets_and_recipients_that_were_never_seen_are_named() {
    let body =
        json!({"to": "mallory@elsewhere.example", "jsonrpc": "2.0", "id": 5, "limit": 999_999});
    let found = of(
        &Method::POST,
        "/v2/2025-01/tenants/t-77/customers/cus_9999/mail?request_id=abcd1234",
        &body,
        &seen(),
    );
    let unseen: Vec<_> = found
        .iter()
        .filter(|found| found.sighting.is_none())
        .map(|found| (&*found.location, &*found.value))
        .collect();
    assert_eq!(
        unseen,
        [
            ("path", "cus_9999"),
            ("body/to", "mallory@elsewhere.example")
        ]
    );
    let named = json!({"customer": "cus_8888", "to": "bob@north.example"});
    let found = of(&Method::POST, "/x", &named, &seen());
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].value, "bob@north.example");
    let nothing = Seen::from_calls(std::iter::empty::<(&str, &str, u16, &str)>());
    assert!(of(&Method::POST, "/customers/cus_9999", &body, &nothing).is_empty());
}

#[test]
fn the_place_of_what_was_shown_is_not_unknown() {
    let alert = json!({"alerts": [{"id": "alert-81", "name": "Disk full"}]});
    let seen = Seen::from_calls([("GET", "/groups/g-4411/alerts", 200, alert.to_string())]);
    let body = json!({"alert_id": "alert-81", "notify_user": "false"});
    let found = of(&Method::POST, "/groups/g-4411/silences", &body, &seen);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].value, "alert-81");
    let found = of(&Method::POST, "/groups/g-5522/silences", &body, &seen);
    assert_eq!(found[1].value, "g-5522");
    assert_eq!(found[1].sighting, None);
}

#[test]
fn what_the_agent_made_is_its_own() {
    let found = of(&Method::DELETE, "/notes/note_71", &Value::Null, &seen());
    let sighting = found[0].sighting.as_ref().unwrap();
    assert_eq!(
        sighting.source(),
        "came back from the agent's own request: POST /notes"
    );
    assert_eq!(found.len(), 1, "{found:?}");
}

#[test]
fn no_secret_is_listed_and_no_more_than_can_be_read() {
    let body =
        json!({"token": "cus_4411", "secretkey": "C024BE91L", "note": "sk_live_51MtJUT2eZvKYlo2C"});
    assert!(of(&Method::POST, "/x", &body, &seen()).is_empty());
    let many: Vec<String> = (0..40).map(|number| format!("C{number:08}")).collect();
    let body = json!({"channel": "C07F5KQ2M", "members": many, "user": "cus_4411"});
    let found = of(&Method::POST, "/x", &body, &seen());
    assert_eq!(found.len(), 2 + UNSEEN_MAX);
    let told = format!("{found:?}");
    assert!(!told.contains("canary"), "{told}");
}
