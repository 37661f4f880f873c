use std::sync::Arc;

use http::HeaderMap;
use http::header::{CONTENT_TYPE, LOCATION};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::SightingKind::{Approved, Created, Shown};

const NOW: u64 = 1_780_000_000;

fn seen() -> Seen {
    limited(Limits::default())
}

fn limited(limits: Limits) -> Seen {
    Seen::new(HashKey::new([7; 16]), Arc::new(Unsealed), limits)
}

/// A call whose response is JSON.
struct Call<'c> {
    method: &'c str,
    path: &'c str,
    request: Value,
    is_approved: bool,
    status: u16,
    location: Option<&'c str>,
    response: Value,
}

fn call<'c>(method: &'c str, path: &'c str, request: Value, response: Value) -> Call<'c> {
    Call {
        method,
        path,
        request,
        is_approved: false,
        status: 200,
        location: None,
        response,
    }
}

fn get(path: &str, response: Value) -> Call<'_> {
    call("GET", path, Value::Null, response)
}

impl Call<'_> {
    fn into(self, seen: &mut Seen) {
        self.at(seen, NOW);
    }

    fn at(self, seen: &mut Seen, now: u64) {
        self.record(seen, now);
    }

    fn record(self, seen: &mut Seen, now: u64) -> Vec<Noted> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, "application/json".parse().unwrap());
        let request_headers = headers.clone();
        if let Some(location) = self.location {
            headers.insert(LOCATION, location.parse().unwrap());
        }
        let request = match &self.request {
            Value::Null => String::new(),
            value => value.to_string(),
        };
        let response = self.response.to_string();
        let exchange = Exchange {
            method: self.method,
            path: self.path,
            request_headers: &request_headers,
            request_body: Some(request.as_bytes()),
            is_approved: self.is_approved,
            status: self.status,
            headers: &headers,
            body: response.as_bytes(),
        };
        seen.record(&exchange, now)
    }
}

fn text(seen: &mut Seen, content_type: &str, body: &str) {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, content_type.parse().unwrap());
    let exchange = Exchange {
        method: "GET",
        path: "/export",
        request_headers: &HeaderMap::new(),
        request_body: Some(b""),
        is_approved: false,
        status: 200,
        headers: &headers,
        body: body.as_bytes(),
    };
    seen.record(&exchange, NOW);
}

fn kind(seen: &Seen, value: &str) -> Option<SightingKind> {
    seen.sighting(value).map(|sighting| sighting.kind)
}

#[track_caller]
fn piece(seen: &Seen, value: &str, parts: &[&str]) {
    let piece = seen.sighting(value).expect(value).piece;
    for part in parts {
        assert!(piece.contains(part), "{value}: {piece}");
    }
    assert!(piece.chars().count() <= 300);
}

fn channels() -> Value {
    json!({"ok": true, "channels": [
        {"id": "C024BE91L", "name": "general", "is_private": false, "created": 1_449_252_889,
         "topic": {"value": "Company news", "creator": "U1"}, "num_members": 23},
        {"id": "C03RANDOM", "name": "random", "is_private": false, "created": 1_449_252_890},
    ], "response_metadata": {"next_cursor": "dGVhbTpDMDYxRkE1UEI="}})
}

#[test]
fn a_channel_is_known_by_its_name_and_by_the_others_in_the_list() {
    let mut seen = seen();
    get("/conversations.list?limit=100", channels()).into(&mut seen);
    let sighting = seen.at(NOW + 120).sighting("C024BE91L").unwrap();
    assert_eq!(sighting.kind, Shown);
    assert_eq!(sighting.call, "GET /conversations.list");
    assert_eq!(sighting.age, 120);
    assert!(sighting.piece.starts_with("name: general, id: C024BE91L"));
    assert_eq!(sighting.siblings.len(), 1);
    assert!(sighting.siblings[0].contains("name: random"));
    for spelled in [" c024be91l ", "#general", "channels/C024BE91L"] {
        assert_eq!(kind(&seen, spelled), Some(Shown), "{spelled}");
    }
    for never in ["C0OTHER", "true", "", "#", "general/C0OTHER"] {
        assert_eq!(seen.sighting(never), None, "{never}");
    }
}

#[test]
fn an_issue_is_known_by_what_its_fields_say() {
    let mut seen = seen();
    get(
        "/rest/api/3/search",
        json!({"startAt": 0, "total": 2, "issues": [
            {"id": "10042", "key": "WEB-17", "self": "https://x.example/rest/api/3/issue/10042",
             "fields": {"summary": "Login page is blank", "status": {"name": "Open", "id": "3"},
                "assignee": {"accountId": "5b10ac8d82e05b22cc7d4ef5", "displayName": "Mia Krause",
                    "emailAddress": "mia@x.example"}}},
            {"id": "10043", "key": "WEB-18", "fields": {"summary": "Typo on the start page"}},
        ]}),
    )
    .into(&mut seen);
    piece(
        &seen,
        "WEB-17",
        &["summary: Login page is blank", "key: WEB-17"],
    );
    piece(
        &seen,
        "https://x.example/rest/api/3/issue/10042",
        &["Login page"],
    );
    piece(&seen, "Login page is blank", &["WEB-17"]);
    let sighting = seen.sighting("10042").unwrap();
    assert!(sighting.siblings[0].contains("Typo on the start page"));
    // A person within an issue is an object of its own, and the other issues are not its siblings.
    let person = seen.sighting("5b10ac8d82e05b22cc7d4ef5").unwrap();
    assert!(
        person.piece.starts_with("displayName: Mia Krause"),
        "{}",
        person.piece
    );
    assert_eq!(person.siblings, Vec::<String>::new());
    assert_eq!(kind(&seen, "MIA@x.example"), Some(Shown));
}

#[test]
fn amounts_and_customers_of_a_list_are_found() {
    let mut seen = seen();
    get(
        "/v1/charges?limit=2",
        json!({"object": "list", "url": "/v1/charges", "data": [
            {"id": "ch_3Pq", "amount": 129_900, "currency": "eur", "customer": "cus_NffrFeUfNV2Hib",
             "billing_details": {"email": "ana@shop.example", "phone": "+34 600-000-001"},
             "receipt_url": "https://pay.example/receipts/payment/rcpt_77A", "created": 1_679_090_539},
            {"id": "ch_3Pr", "amount": 500, "currency": "eur", "customer": "cus_other"},
        ]}),
    )
    .into(&mut seen);
    piece(
        &seen,
        "ch_3Pq",
        &["amount: 129900", "billing_details.email: ana@shop.example"],
    );
    piece(&seen, "129900.00", &["id: ch_3Pq"]);
    piece(&seen, "ana@shop.example", &["id: ch_3Pq"]);
    for found in [
        "cus_NffrFeUfNV2Hib",
        "+34600000001",
        "rcpt_77A",
        "/v1/charges/ch_3Pr",
    ] {
        assert_eq!(kind(&seen, found), Some(Shown), "{found}");
    }
}

#[test]
fn a_query_of_graphql_shows_and_its_mutation_creates() {
    let mut seen = seen();
    let edges = json!([
        {"cursor": "a", "node": {"id": "iss-1", "identifier": "ENG-4", "title": "Flaky deploy"}},
        {"cursor": "b", "node": {"id": "iss-2", "identifier": "ENG-5", "title": "Dark mode"}},
    ]);
    let read = json!({"query": "query($id: ID!) { issues(filter: $id) { edges { node { id } } } }",
        "variables": {"id": "iss-1"}});
    let shown = json!({"data": {"issues": {"edges": edges}}});
    call("POST", "/graphql", read, shown).into(&mut seen);
    let sighting = seen.sighting("iss-2").unwrap();
    assert_eq!(sighting.kind, Shown);
    assert!(sighting.piece.starts_with("title: Dark mode"));
    assert!(
        sighting.siblings[0].contains("Flaky deploy"),
        "{:?}",
        sighting.siblings
    );
    assert_eq!(
        kind(&seen, "iss-1"),
        Some(Shown),
        "an object with more than its id confirms it"
    );

    let change = json!({"query": "mutation { issueCreate(input: {}) { issue { id } } }"});
    let made = json!({"data": {"issueCreate": {"success": true,
        "issue": {"id": "iss-9", "title": "New one", "team": {"id": "team-1"}}}}});
    call("POST", "/graphql", change, made).into(&mut seen);
    assert_eq!(kind(&seen, "iss-9"), Some(Created));
    assert_eq!(kind(&seen, "team-1"), Some(Shown));
    let change = json!({"query": "mutation { issueUpdate(id: 1) { issue { id } } }"});
    let changed = json!({"data": {"issueUpdate": {"issue": {"id": "iss-77", "title": "Old"}}}});
    call("POST", "/graphql", change, changed).into(&mut seen);
    assert_eq!(kind(&seen, "iss-77"), Some(Shown));
}

#[test]
fn patients_of_a_bundle_are_known_by_their_names() {
    let mut seen = seen();
    let patient = |id: &str, family: &str| {
        json!({"fullUrl": format!("https://ehr.example/Patient/{id}"), "resource": {
            "resourceType": "Patient", "id": id, "birthDate": "1974-12-25",
            "name": [{"use": "official", "family": family, "given": ["Peter", "James"]}],
            "managingOrganization": {"reference": "Organization/org-5"}}})
    };
    let entries = json!([patient("pat-1", "Chalmers"), patient("pat-2", "Windsor")]);
    get(
        "/Patient?_count=2",
        json!({"resourceType": "Bundle", "entry": entries}),
    )
    .into(&mut seen);
    let sighting = seen.sighting("Patient/pat-1").unwrap();
    assert!(sighting.piece.contains("Chalmers"), "{}", sighting.piece);
    assert!(
        sighting.siblings[0].contains("Windsor"),
        "{:?}",
        sighting.siblings
    );
    assert_eq!(kind(&seen, "org-5"), Some(Shown));
    assert_eq!(kind(&seen, "Chalmers"), Some(Shown));
}

#[test]
fn embedded_things_and_the_headers_of_mails_are_found() {
    let mut seen = seen();
    get(
        "/orders",
        json!({"_embedded": {"orders": [
            {"orderNumber": "A-100", "total": "30.00",
             "_links": {"self": {"href": "https://shop.example/orders/523"}}}]}}),
    )
    .into(&mut seen);
    piece(&seen, "A-100", &["total: 30.00"]);
    assert_eq!(kind(&seen, "523"), Some(Shown));
    let headers = json!([
        {"name": "Subject", "value": "Invoice 88"},
        {"name": "From", "value": "\"Lee, Kim\" <kim@supplier.example>"},
    ]);
    let mail = json!({"id": "18c5f0", "snippet": "Hi", "payload": {"headers": headers}});
    get("/gmail/v1/users/me/messages/18c5f0", mail).into(&mut seen);
    piece(&seen, "18c5f0", &["Subject: Invoice 88"]);
    assert_eq!(kind(&seen, "kim@supplier.example"), Some(Shown));
}

#[test]
fn things_under_their_ids_and_rows_under_their_names_are_found() {
    let mut seen = seen();
    let users = json!({"users": {"U_7": {"name": "Ida"}, "U_8": {"name": "Jon"}}});
    get("/users", users).into(&mut seen);
    let sighting = seen.sighting("U_7").unwrap();
    assert_eq!(sighting.piece, "name: Ida, id: U_7");
    assert_eq!(sighting.siblings, ["name: Jon, id: U_8"]);
    let rows = json!({"values": [["Name", "E-mail"], ["Ola", "ola@x.example"]]});
    get("/v4/spreadsheets/s/values/A1", rows).into(&mut seen);
    assert_eq!(
        seen.sighting("ola@x.example").unwrap().piece,
        "Name: Ola, E-mail: ola@x.example"
    );
}

#[test]
fn other_formats_are_read_too() {
    let mut seen = seen();
    text(
        &mut seen,
        "text/csv",
        "id,email\n41,eve@x.example\n42,max@x.example\n",
    );
    piece(&seen, "max@x.example", &["id: 42"]);
    let listing = "<List><Contents><Key>a/report-1.pdf</Key><Size>4711</Size></Contents>\
        <Contents><Key>b.pdf</Key><Size>2</Size></Contents></List>";
    text(&mut seen, "application/xml", listing);
    let sighting = seen.sighting("a/report-1.pdf").unwrap();
    assert!(sighting.piece.contains("Size: 4711") && sighting.siblings[0].contains("b.pdf"));
    text(
        &mut seen,
        "application/x-ndjson",
        "{\"id\":\"n-1\",\"name\":\"x\"}\n{\"id\":\"n-2\"}\n",
    );
    piece(&seen, "n-1", &["name: x"]);
    text(
        &mut seen,
        "text/event-stream",
        "data: {\"id\":\"ev-1\",\"title\":\"Go\"}\n\n",
    );
    piece(&seen, "ev-1", &["title: Go"]);
    text(
        &mut seen,
        "application/yaml",
        "name: web\nreplicas: 12\nimage: repo/web@v7\n",
    );
    piece(&seen, "repo/web@v7", &["name: web"]);
    text(
        &mut seen,
        "text/plain",
        "refs/heads/fix-login\nrefs/heads/main\n",
    );
    assert_eq!(kind(&seen, "fix-login"), Some(Shown));
    text(&mut seen, "image/png", "\u{89}PNG secret-looking-pixels");
    assert_eq!(kind(&seen, "secret-looking-pixels"), None);
}

#[test]
fn secrets_and_long_words_are_not_kept() {
    let mut seen = seen();
    let long = "A1b2".repeat(60);
    let response = json!({"id": "app-1", "name": "billing", "client_secret": "hunter2",
        "apiKey": "k-123456", "access_token": "t-123456", "note": "ghp_16C7e42F292c6912E7710c838347",
        "credentials": {"user": "root-user"}, "blob": long, "db_password": "swordfish-1",
        "items": [["Name", "Password"], ["root", "row-secret"]]});
    get("/apps/app-1", response).into(&mut seen);
    for secret in [
        "hunter2",
        "k-123456",
        "t-123456",
        "ghp_16C7e42F292c6912E7710c838347",
        "root-user",
        "swordfish-1",
        "row-secret",
        &long,
    ] {
        assert_eq!(seen.sighting(secret), None, "{secret}");
    }
    let shown = seen.sighting("app-1").unwrap();
    let shown = format!("{shown:?} {:?}", seen.sighting("root").unwrap());
    for secret in [
        "hunter2",
        "k-123456",
        "t-123456",
        "ghp_",
        "root-user",
        "swordfish",
        "row-secret",
    ] {
        assert!(!shown.contains(secret), "{shown}");
    }
    assert!(!format!("{seen:?}").contains("billing"));
}

#[test]
fn only_what_a_request_made_is_the_agents_own() {
    let mut seen = seen();
    get("/users", json!([{"id": 7, "name": "Ann"}])).into(&mut seen);
    let mut made = call(
        "POST",
        "/repos/a/b/issues/42/comments",
        json!({"body": "Done", "parent": "c-1"}),
        json!({"id": 99_123, "issue_id": 42, "body": "Done", "user": {"id": 55},
            "author_id": 7, "parent": "c-1", "url": "https://x.example/repos/a/b/comments/99123"}),
    );
    made.status = 201;
    made.into(&mut seen);
    for own in [
        "99123",
        "/repos/a/b/comments/99123",
        "https://x.example/repos/a/b/comments/99123",
    ] {
        assert_eq!(kind(&seen, own), Some(Created), "{own}");
    }
    assert_eq!(kind(&seen, "7"), Some(Shown));
    assert_eq!(kind(&seen, "55"), Some(Shown));
    for sent in ["42", "c-1", "Done"] {
        assert_eq!(seen.sighting(sent), None, "{sent}");
    }
    piece(&seen, "99123", &["id: 99123"]);
    get(
        "/repos/a/b/comments",
        json!([{"id": 99_123, "body": "Done"}]),
    )
    .into(&mut seen);
    assert_eq!(
        kind(&seen, "99123"),
        Some(Created),
        "a read does not make it someone else's"
    );
}

#[test]
fn what_was_there_before_is_not_created() {
    let mut seen = seen();
    get("/channels", json!([{"id": "D1", "name": "direct"}])).into(&mut seen);
    let id = |id: &str| json!({"id": id, "title": "x"});
    for (path, request, response) in [
        ("/conversations", json!({"users": "U1"}), id("D1")),
        ("/v1/customers/cus_1", json!({"name": "Jo"}), id("cus_1")),
        ("/users/lookup", json!({"email": "a@x.example"}), id("u-3")),
        ("/api/getCustomer", json!({"q": "Jo"}), id("u-4")),
        (
            "/sessions",
            json!({"login": "jo"}),
            json!({"user_id": "u-5", "ok": true}),
        ),
        (
            "/jobs",
            json!({"n": 1}),
            json!({"status": "queued", "user": {"id": "u-6"}}),
        ),
        (
            "/orgs",
            json!({"n": 1}),
            json!({"id": "o-1", "created_at": "2020-01-01T00:00:00Z"}),
        ),
        (
            "/search",
            json!({"n": 1}),
            json!({"results": [id("r-1"), id("r-2")]}),
        ),
    ] {
        call("POST", path, request, response).into(&mut seen);
    }
    for other in ["D1", "cus_1", "u-3", "u-4", "u-5", "u-6", "o-1", "r-1"] {
        assert_ne!(kind(&seen, other), Some(Created), "{other}");
    }
    let mut failed = call("POST", "/notes", json!({"n": 1}), id("n-1"));
    failed.status = 409;
    failed.into(&mut seen);
    assert_eq!(seen.sighting("n-1"), None);
}

#[test]
fn what_wraps_a_new_thing_is_taken_off() {
    for (path, response, own) in [
        (
            "/tasks",
            json!({"data": {"gid": "1206614920144187", "name": "T"}}),
            "1206614920144187",
        ),
        (
            "/draft_orders.json",
            json!({"draft_order": {"id": 114_397, "name": "#D214"}}),
            "114397",
        ),
        (
            "/chat.postMessage",
            json!({"ok": true, "channel": "C9", "ts": "1762851604.118329",
            "message": {"bot_id": "B0"}}),
            "1762851604.118329",
        ),
        (
            "/catalog/object",
            json!({"catalog_object": {"type": "ITEM", "id": "3KQZ"}}),
            "3KQZ",
        ),
        (
            "/messages",
            json!({"message_id": "m-1", "thread_id": "t-1"}),
            "m-1",
        ),
        (
            "/runs",
            json!({"data": {"id": "run-1", "attributes": {"status": "pending"}}}),
            "run-1",
        ),
        (
            "/files/content",
            json!({"entries": [{"type": "file", "id": "138812"}]}),
            "138812",
        ),
        (
            "/clusters/dev/search/indexes",
            json!({"indexID": "6849b7", "status": "PENDING"}),
            "6849b7",
        ),
        (
            "/drafts",
            json!({"id": "r-82", "message": {"id": "18ca"}}),
            "r-82",
        ),
    ] {
        let mut seen = seen();
        let mut made = call("POST", path, json!({"n": 1}), response);
        made.status = if path == "/clusters/dev/search/indexes" {
            201
        } else {
            200
        };
        made.into(&mut seen);
        assert_eq!(kind(&seen, own), Some(Created), "{path}");
        for other in ["C9", "B0", "t-1", "18ca"] {
            assert_ne!(kind(&seen, other), Some(Created), "{path}: {other}");
        }
    }
}

#[test]
fn a_name_that_the_agent_chose_is_its_own_in_its_place_alone() {
    let mut seen = seen();
    let named = json!({"name": "main", "color": "red"});
    let mut label = call("POST", "/repos/a/b/labels", named.clone(), named);
    label.status = 201;
    label.into(&mut seen);
    assert_eq!(kind(&seen, "/repos/a/b/labels/main"), Some(Created));
    for other in ["main", "/repos/a/b/branches/main", "/repos/a/c/labels/main"] {
        assert_eq!(seen.sighting(other), None, "{other}");
    }
    let mut put = call(
        "PUT",
        "/buckets/tmp-1",
        json!({"region": "eu"}),
        Value::Null,
    );
    put.status = 201;
    put.into(&mut seen);
    assert_eq!(kind(&seen, "/buckets/tmp-1?force=1"), Some(Created));
    assert_eq!(seen.sighting("tmp-1"), None);
    let mut at = call("POST", "/queue", json!({"n": 1}), Value::Null);
    (at.status, at.location) = (201, Some("https://x.example/v1/queue/jobs/j-55"));
    at.into(&mut seen);
    assert_eq!(kind(&seen, "j-55"), Some(Created));
}

#[test]
fn a_request_that_a_human_approved_is_evidence_once_it_is_carried_out() {
    let mut seen = seen();
    let request = json!({"to": "new@partner.example", "subject": "Offer"});
    let mut failed = call("POST", "/send", request.clone(), json!({}));
    (failed.is_approved, failed.status) = (true, 500);
    failed.into(&mut seen);
    assert_eq!(seen.sighting("new@partner.example"), None);
    call("POST", "/drafts", request.clone(), json!({})).into(&mut seen);
    assert_eq!(seen.sighting("new@partner.example"), None);
    let mut sent = call("POST", "/send", request, json!({"id": "msg-5"}));
    sent.is_approved = true;
    sent.into(&mut seen);
    let sighting = seen.sighting("new@partner.example").unwrap();
    assert_eq!(
        (sighting.kind, sighting.call.as_str()),
        (Approved, "POST /send")
    );
    assert!(sighting.piece.contains("subject: Offer"));
    assert_eq!(kind(&seen, "msg-5"), Some(Created));
}

#[test]
fn an_agent_cannot_plant_a_value_and_read_it_back() {
    let mut seen = seen();
    let card = json!({"name": "The Boss", "email": "evil@x.example", "note": "pay <acct-666> now"});
    call("POST", "/contacts", card.clone(), card.clone()).into(&mut seen);
    get(
        "/contacts",
        json!([{"id": "k-1", "name": "The Boss", "email": "evil@x.example",
        "note": "pay <acct-666> now", "account": "acct-666"}]),
    )
    .into(&mut seen);
    for planted in ["evil@x.example", "The Boss", "acct-666"] {
        assert_eq!(seen.sighting(planted), None, "{planted}");
    }
    assert_eq!(kind(&seen, "k-1"), Some(Shown));
    // An echo of a search is not a sighting, a hit is.
    let echo = json!({"query": "evil2@x.example", "total": 0, "status": "ok", "results": []});
    get("/search?q=evil2%40x.example", echo).into(&mut seen);
    assert_eq!(seen.sighting("evil2@x.example"), None);
    let hit = json!([{"id": "u-1", "name": "Ann", "email": "ann@x.example"}]);
    get("/users?email=ann%40x.example", hit).into(&mut seen);
    assert_eq!(kind(&seen, "ann@x.example"), Some(Shown));
    let one = json!({"ok": true, "channel": {"id": "C5", "name": "ops"}});
    get("/conversations.info?channel=C5", one).into(&mut seen);
    assert_eq!(kind(&seen, "C5"), Some(Shown));
    let missing = json!({"error": "evil3@x.example"});
    get("/users/evil3@x.example", missing).into(&mut seen);
    assert_eq!(seen.sighting("evil3@x.example"), None);
}

#[test]
fn an_id_that_the_intent_gave_is_seen_once_the_service_shows_it() {
    let mut seen = seen();
    let post = json!({"channel": "C024BE91L", "text": "hi"});
    call("POST", "/chat.postMessage", post, json!({"ok": true})).into(&mut seen);
    assert_eq!(seen.sighting("C024BE91L"), None);
    get("/conversations.list", channels()).into(&mut seen);
    piece(&seen, "C024BE91L", &["name: general"]);
}

#[test]
fn a_part_of_an_object_is_distinguished_from_the_others() {
    let mut seen = seen();
    let pull = json!({"number": 511, "state": "closed", "title": "Fix a typo",
        "head": {"ref": "fix/typo"}, "base": {"ref": "main"}});
    get("/repos/a/b/pulls/511", pull).into(&mut seen);
    piece(
        &seen,
        "fix/typo",
        &["head.ref: fix/typo", "title: Fix a typo", "number: 511"],
    );
    piece(&seen, "main", &["base.ref: main"]);
}

#[test]
fn what_may_have_been_sent_unread_is_not_evidence() {
    let mut seen = seen();
    seen.note_unread(NOW);
    get(
        "/contacts",
        json!([{"id": "k-1", "name": "Boss", "email": "evil@x.example"}]),
    )
    .into(&mut seen);
    assert_eq!(seen.sighting("evil@x.example"), None);
    assert_eq!(kind(&seen, "k-1"), Some(Shown));
}

#[test]
fn what_had_to_be_forgotten_cannot_be_read_back() {
    let card = json!({"id": "k-1", "name": "Boss", "email": "evil@x.example"});
    let mut full = limited(Limits {
        values_max: 10,
        ..Limits::default()
    });
    call("POST", "/contacts", card.clone(), json!({})).into(&mut full);
    let words: Vec<String> = (0..20).map(|at| format!("word-{at}")).collect();
    call("POST", "/contacts", json!(words), json!({})).into(&mut full);
    let mut forgotten = seen();
    call("POST", "/contacts", card.clone(), json!({})).into(&mut forgotten);
    forgotten.forget(NOW);
    assert!(forgotten.is_empty());
    for mut seen in [full, forgotten] {
        get("/contacts", json!([card])).into(&mut seen);
        assert_eq!(seen.sighting("evil@x.example"), None);
        assert_eq!(kind(&seen, "k-1"), Some(Shown));
    }
}

#[test]
fn the_end_of_a_long_request_cannot_be_planted() {
    let mut seen = seen();
    let long = format!("{}evil@x.example", "word ".repeat(BODY_BYTES_MAX / 4));
    call("POST", "/notes", json!({"text": long}), json!({"ok": true})).into(&mut seen);
    get(
        "/contacts",
        json!([{"id": "k-1", "name": "Boss", "email": "evil@x.example"}]),
    )
    .into(&mut seen);
    assert_eq!(seen.sighting("evil@x.example"), None);
}

#[test]
fn other_processes_know_what_passed_and_what_was_planted() {
    let (mut seen, other) = (seen(), seen());
    let mut noted = Vec::new();
    let mut add = |call: Call<'_>| noted.extend(call.record(&mut seen, NOW));
    let card = json!({"email": "evil@x.example", "channel": "C024BE91L"});
    add(call(
        "POST",
        "/cards",
        card.clone(),
        json!({"id": "card-1"}),
    ));
    add(get(
        "/cards",
        json!([{"id": "card-1", "email": "evil@x.example", "by": "Ann Lee"}]),
    ));
    add(get("/conversations.list", channels()));
    // As the store merges them where they are not in conflict.
    noted.sort_by_key(|noted| noted.evidence as u8);
    let elsewhere: Elsewhere = noted
        .iter()
        .map(|noted| (noted.hash, noted.evidence, NOW))
        .collect();
    let view = other.at(NOW + 60).with(Some(&elsewhere));
    let kind = |value| view.sighting(value).map(|sighting| sighting.kind);
    assert_eq!(kind("card-1"), Some(Created));
    assert_eq!(kind("ann lee"), Some(Shown));
    assert_eq!(view.sighting("Ann Lee").unwrap().age, 60);
    assert_eq!(
        kind("C024BE91L"),
        Some(Shown),
        "an id that the service shows is its own"
    );
    assert_eq!(kind("evil@x.example"), None);
    let mut fooled = limited(Limits::default());
    get(
        "/cards",
        json!([{"id": "card-1", "email": "evil@x.example"}]),
    )
    .into(&mut fooled);
    assert!(fooled.sighting("evil@x.example").is_some());
    let view = fooled.at(NOW).with(Some(&elsewhere));
    assert_eq!(
        view.sighting("evil@x.example"),
        None,
        "another process knows who sent it"
    );

    let request = r#"{"to": ["Ann Lee <evil@x.example>"], "card": "card-1"}"#;
    let headers = HeaderMap::new();
    let exchange = Exchange {
        method: "POST",
        path: "/send/C024BE91L",
        request_headers: &headers,
        request_body: Some(request.as_bytes()),
        is_approved: false,
        status: 0,
        headers: &headers,
        body: b"",
    };
    let asked = hashes_of_request(&exchange, &HashKey::new([7; 16]));
    let found = noted.iter().filter(|noted| asked.contains(&noted.hash));
    assert!(found.count() >= 4);
}

#[test]
fn an_object_itself_says_more_than_a_reference_to_it() {
    let mut seen = seen();
    get("/conversations.list", channels()).into(&mut seen);
    get(
        "/messages",
        json!([{"id": "m-1", "channel": "C024BE91L", "text": "x"}]),
    )
    .into(&mut seen);
    piece(&seen, "C024BE91L", &["name: general"]);
}

#[test]
fn what_is_old_or_too_much_is_dropped() {
    let mut seen = limited(Limits {
        values_max: 40,
        pieces_bytes_max: 10_000,
        seconds_max: 3_600,
    });
    get("/a", json!({"id": "first-1", "name": "one"})).at(&mut seen, NOW);
    assert!(seen.at(NOW + 3_600).sighting("first-1").is_some());
    assert_eq!(seen.at(NOW + 3_601).sighting("first-1"), None);
    for at in 0..50 {
        let one = json!({"id": format!("id-{at}"), "name": format!("name-{at}")});
        get("/b", one).at(&mut seen, NOW + 10);
    }
    assert_eq!(seen.at(NOW + 10).sighting("first-1"), None);
    assert!(seen.at(NOW + 10).sighting("id-49").is_some());
    assert!(seen.bytes() < 20_000, "{}", seen.bytes());
    seen.expire(NOW + 10_000);
    assert!(seen.is_empty());
}

#[test]
fn a_long_response_is_read_up_to_the_bounds() {
    let mut seen = seen();
    let rows: Vec<Value> = (0..30_000)
        .map(|at| json!({"id": format!("row-{at}"), "name": format!("Row number {at}"), "at": at}))
        .collect();
    get("/rows", json!({ "rows": rows })).into(&mut seen);
    assert!(seen.sighting("row-1").is_some());
    assert_eq!(seen.sighting("row-29999"), None);
    assert_eq!(seen.sighting("row-100").unwrap().siblings.len(), 20);
    assert!(seen.bytes() < 3 << 20);
}

#[test]
fn an_evaluation_makes_a_history_of_what_its_cases_say() {
    let seen = Seen::from_calls([
        (
            "GET",
            "/pulls/511",
            200,
            json!({"number": 511, "head": {"ref": "fix/typo"}}).to_string(),
        ),
        (
            "POST",
            "/rest/api/3/issue",
            201,
            json!({"id": "20311", "key": "WEB-1934"}).to_string(),
        ),
        (
            "POST",
            "/pods",
            201,
            json!({"metadata": {"name": "shell-x7"}}).to_string(),
        ),
    ]);
    assert_eq!(kind(&seen, "511"), Some(Shown));
    assert_eq!(kind(&seen, "fix/typo"), Some(Shown));
    assert_eq!(kind(&seen, "web-1934"), Some(Created));
    assert_eq!(kind(&seen, "/pods/shell-x7"), Some(Created));
    assert_eq!(kind(&seen, "shell-x7"), Some(Shown));
}

/// Values as APIs have them.
fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{3,8}@[a-z]{3,8}\\.example",
        "[A-Z][0-9A-Z]{6,10}",
        "[a-z]{2,6}_[A-Za-z0-9]{6,12}",
        "[1-9][0-9]{2,9}",
        "https://[a-z]{4,8}\\.example/[a-z]{3,6}/[a-z0-9]{5,9}",
        "[A-Z][a-z]{3,8} [A-Z][a-z]{3,8}",
    ]
}

proptest! {
    #[test]
    fn nothing_that_only_a_request_contained_is_ever_found(
        values in prop::collection::vec(value(), 1..6),
        path in "/[a-z]{3,8}",
        is_unsafe in any::<bool>(),
    ) {
        let mut seen = seen();
        let request = json!({"list": values, "note": format!("about {}", values.join(", "))});
        let echo = json!({"request": request, "message": values[0], "all": values});
        let query = format!("{path}?q={}", values.join("%20"));
        if is_unsafe {
            call("POST", &path, request.clone(), echo.clone()).into(&mut seen);
            call("PUT", &query, request, echo.clone()).into(&mut seen);
            get(&path, echo).into(&mut seen);
        } else {
            call("GET", &query, request, echo).into(&mut seen);
        }
        for value in &values {
            prop_assert_eq!(seen.sighting(value), None);
        }
    }

    #[test]
    fn no_body_is_too_odd(body in prop::collection::vec(any::<u8>(), 0..300), kind in 0..4_usize) {
        let kinds = ["application/json", "application/xml", "text/csv", "text/plain"];
        let body = String::from_utf8_lossy(&body).into_owned();
        let mut seen = seen();
        text(&mut seen, kinds[kind], &body);
        seen.sighting(&body);
    }
}
