//! The extent of the request.

use serde_json::{Value, json};

use super::pair::pairs;
use crate::support::{Case, has};

/// Numbered identifiers.
fn ids(count: usize) -> Value {
    (0..count)
        .map(|number| json!(format!("a{number}")))
        .collect()
}

/// A batch of calls in JSON-RPC.
fn calls(methods: &[&str]) -> Value {
    let calls = methods.iter().enumerate().map(
        |(id, method)| json!({"jsonrpc": "2.0", "method": method, "params": {"id": 7}, "id": id}),
    );
    calls.collect()
}

pairs! {
    changing_a_dozen_at_once_is_held_where_changing_one_passes:
        "bulk",
        |count| Case::new("PATCH", "/orders/status", "Close the order")
            .json(&json!({"ids": ids(count)}).to_string()),
        holds 12, passes 1;
    deleting_a_collection_is_held_where_deleting_an_item_passes:
        "bulk_delete",
        |path| Case::new("DELETE", path, "Delete my draft"),
        holds "/drafts", passes "/drafts/7";
    a_bulk_endpoint_is_held_where_a_single_one_passes:
        "bulk_path",
        |path| Case::new("PUT", path, "Close the ticket").json(r#"{"state":"closed"}"#),
        holds "/tickets/bulk", passes "/tickets/status";
    changing_all_users_is_held_where_changing_one_passes:
        "no_single_thing",
        |path| Case::new("PUT", path, "Set the nickname of user 7 to Ann")
            .json(r#"{"nickname":"Ann","active":true}"#),
        holds "/users", passes "/users/7/nickname";
    replacing_a_list_is_held_where_adding_to_it_passes:
        "replaces",
        |path| Case::new("PUT", path, "Add the ferry song to my road trip playlist as well")
            .json(r#"{"uris":["t1"]}"#),
        holds "/playlists/8812/tracks", passes "/playlists/8812/tracks/t1";
    a_second_change_in_a_batch_is_held_where_one_passes:
        "batch",
        |methods| Case::new("POST", "/rpc", "Publish note 7").json(&calls(methods).to_string()),
        holds &["note.publish", "user.update"][..], passes &["note.publish"][..];
    more_calls_than_can_be_assessed_are_held:
        "too_many_calls",
        |count| Case::new("POST", "/rpc", "Look the users up")
            .json(&calls(&vec!["user.get"; count]).to_string()),
        holds 300, passes 3;
    more_values_than_can_be_compared_are_held:
        "too_many_values",
        |count| Case::new("POST", "/orders/search", "Find the orders")
            .json(&json!({"ids": ids(count)}).to_string()),
        holds 33_000, passes 1;
}

#[test]
fn a_put_to_a_collection_may_replace_it() {
    let put = |path, body| {
        Case::new(
            "PUT",
            path,
            "Add the ferry song to my road trip playlist as well",
        )
        .json(body)
    };
    let replaces = put("/playlists/8812/tracks", r#"{"uris":["t1"]}"#).judge();
    let adds = put("/playlists/8812/tracks/t1", r#"{"position":9}"#).judge();
    assert!(has(&replaces, "replaces") && !has(&adds, "replaces"));
    assert!(replaces.verdict.score > adds.verdict.score);
}
