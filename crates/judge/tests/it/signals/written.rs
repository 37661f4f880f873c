//! The encoding of the request.

use serde_json::json;

use super::pair::pairs;
use crate::support::Case;

/// A task with this body.
fn describing(body: &str) -> Case {
    Case::new("PATCH", "/tasks/7", "Describe task 7").json(body)
}

/// An object in a text, in an object in a text, and so on.
fn wrapped(times: usize) -> String {
    (0..times).fold(r#"{"a":1}"#.to_owned(), |text, _| {
        json!({"a": text}).to_string()
    })
}

pairs! {
    a_body_that_breaks_off_is_held:
        "unreadable", describing,
        holds r#"{"note":"x""#, passes r#"{"note":"x"}"#;
    an_archive_is_held_where_a_text_passes:
        "opaque",
        |body: &[u8]| Case::new("PUT", "/files/7", "Replace file 7").body("application/zip", body),
        holds b"PK\x03\x04\xff", passes b"a text";
    a_picture_is_held_where_an_empty_body_passes:
        "media",
        |body: &[u8]| Case::new("PUT", "/users/7", "Replace the portrait of the user")
            .body("image/png", body),
        holds b"\x89PNG", passes b"";
    a_read_with_a_body_is_held_where_one_without_passes:
        "body_on_safe_method",
        |body| Case::new("GET", "/patients/7/floor-plan", "Open the file").body("", body),
        holds r#"{"note":"x"}"#, passes "";
    a_read_that_asks_to_be_a_delete_is_held:
        "method_override",
        |path| Case::new("GET", path, "Look at task 7"),
        holds "/tasks/7?_method=DELETE", passes "/tasks/7?_method=GET";
    a_method_of_another_protocol_is_held:
        "uncommon_method",
        |method| Case::new(method, "/tasks/7", "Look at task 7"),
        holds "PROPFIND", passes "GET";
    a_header_that_names_another_path_is_held:
        "path_override",
        |name| Case::new("GET", "/tasks/7", "Look at task 7").header(name, "/admin"),
        holds "x-original-url", passes "x-request-id";
    a_name_with_two_values_is_held:
        "duplicate_name", describing,
        holds r#"{"note":"x","note":"y"}"#, passes r#"{"note":"x","note":"x"}"#;
    forcing_twice_is_held_where_not_forcing_passes:
        "repeated_name",
        |body| Case::new("PUT", "/files/7", "Rename file 7").json(body),
        holds r#"{"force":true,"force":true}"#, passes r#"{"force":false}"#;
    a_text_that_changes_its_direction_is_held:
        "hidden_characters", describing,
        holds "{\"note\":\"a\u{202e}b\"}", passes r#"{"note":"ab"}"#;
    texts_wrapped_too_deep_are_held:
        "wrapped_too_deep", |times| describing(&wrapped(times)),
        holds 5, passes 2;
}
