//! How far a request reaches is in its headline: everything, several things, or a switch that widens it.

use gaiterguard_domain::effect::Effect;
use http::Method;
use serde_json::{Value, json};

use crate::{operation, summary};

fn text(effect: Effect, method: &Method, target: &str, body: &Value) -> String {
    let body = match body {
        Value::Null => String::new(),
        body => body.to_string(),
    };
    summary(effect, method, target, body.as_bytes(), None).text()
}

#[test]
fn a_selection_without_a_condition_is_for_all() {
    for (target, body, expected) in [
        (
            "/v1/sensors/delete",
            json!({"filter": {}}),
            "Delete all sensors · filter none (selects all)",
        ),
        (
            "/v1/sensors/update",
            json!({"where": "1=1", "set": {"muted": true}}),
            "Update all sensors · where 1=1 (selects all) · muted true",
        ),
        (
            "/readings/_delete_by_query",
            json!({"query": {"match_all": {}}}),
            "Delete all readings · match all none (selects all)",
        ),
        (
            "/v1/sensors/delete",
            json!({"ids": "*"}),
            "Delete all sensors · ids * (selects all)",
        ),
        (
            "/v1/sensors/delete",
            json!({"filter": {"room": "b2"}}),
            "Delete sensor · room b2",
        ),
    ] {
        let found = text(Effect::Delete, &Method::POST, target, &body);
        assert_eq!(found, expected, "{body}");
    }
    // A search for everything does nothing to it.
    let found = text(
        Effect::Read,
        &Method::POST,
        "/v1/sensors/search",
        &json!({"filter": {}}),
    );
    assert_eq!(found, "Search sensors");
}

#[test]
fn a_collection_that_the_documents_call_all_is_named_once() {
    for (documented, expected) in [
        ("Remove all things", "Remove all things"),
        ("Delete every reading", "Delete all readings"),
        ("Remove things", "Remove all things"),
    ] {
        let operation = operation("/things", documented, &[]);
        let method = Method::DELETE;
        let found = summary(Effect::Delete, &method, "/things", b"", Some(&operation));
        assert_eq!(found.text(), expected);
    }
}

#[test]
fn a_collection_is_deleted_as_a_whole() {
    for (target, expected) in [
        ("/wards/w-12/beds", "Delete all beds · ward w-12"),
        ("/drafts/d-12/items", "Delete all items of draft d-12"),
        ("/wards/w-12/lock", "Delete lock · ward w-12"),
        ("/wards/w-12/beds/3", "Delete bed 3 in ward w-12"),
    ] {
        let expected = expected.replace(" in ward w-12", " in w-12");
        let found = text(Effect::Delete, &Method::DELETE, target, &Value::Null);
        assert_eq!(found, expected, "{target}");
    }
}

#[test]
fn a_list_is_named_up_to_five_with_its_shared_beginning_once() {
    let keys: Vec<String> = (1..=7)
        .map(|one| format!("scans/2024/p{one}.tif"))
        .collect();
    let found = text(
        Effect::Delete,
        &Method::POST,
        "/archives/north/files/delete",
        &json!({"keys": keys}),
    );
    assert_eq!(
        found,
        "Delete 7 files · archive north · keys in scans/2024/: p1.tif, p2.tif, p3.tif, p4.tif, p5.tif and 2 more"
    );
    let found = text(
        Effect::Create,
        &Method::POST,
        "/gift-cards/bulk",
        &json!({"cards": [{"for": "ann", "value": 30}, {"for": "bob", "value": 30}]}),
    );
    assert_eq!(
        found,
        "Bulk create 2 gift cards · cards value 60 in total (2 × 30) · for ann, bob"
    );
}

#[test]
fn a_switch_that_decides_is_in_the_headline_in_any_spelling() {
    for (method, target, body, expected) in [
        (
            Method::DELETE,
            "/buckets/b-12?force=1",
            Value::Null,
            "Delete bucket b-12 · force 1",
        ),
        (
            Method::POST,
            "/maps/m-12/visibility",
            json!({"notify_all": true}),
            "Set visibility · map m-12 · notify all true",
        ),
        (
            Method::POST,
            "/imports/i-12/start",
            json!({"dryRun": false}),
            "Start import i-12 · dry run false",
        ),
        (
            Method::POST,
            "/meetings/m-12/cancel",
            json!({"notify_all": true, "note": "Snow"}),
            "Cancel meeting m-12 · notify all true · note “Snow”",
        ),
        (
            Method::PATCH,
            "/tenants/t-12/settings",
            json!({"mfa_required": false}),
            "Turn off mfa required in settings of tenant t-12",
        ),
    ] {
        let found = text(Effect::Delete, &method, target, &body);
        assert_eq!(found, expected, "{target}");
    }
}

#[test]
fn an_empty_list_that_takes_something_away_is_shown() {
    for (effect, method, target, body, expected) in [
        (
            Effect::Access,
            Method::PUT,
            "/rosters/r-12/guards",
            json!({"guards": []}),
            "Change guards · roster r-12 · guards none",
        ),
        (
            Effect::ShareOutside,
            Method::POST,
            "/alerts",
            json!({"recipients": [], "text": "Fire drill"}),
            "Create alert to none: “Fire drill”",
        ),
        (
            Effect::Change,
            Method::PATCH,
            "/keys/k-12",
            json!({"expires_at": null}),
            "Change key k-12 · expires at no expiry",
        ),
        (
            Effect::Create,
            Method::POST,
            "/albums",
            json!({"name": "Sea", "labels": []}),
            "Create album · name Sea",
        ),
    ] {
        assert_eq!(text(effect, &method, target, &body), expected, "{target}");
    }
}
