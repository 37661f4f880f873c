//! Values that count as created by the agent.

use super::*;

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
