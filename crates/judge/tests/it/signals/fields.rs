//! The settings in the fields of the request.

use super::pair::{THRESHOLD, pairs};
use crate::support::{Case, has};

pairs! {
    publishing_an_album_is_held_where_keeping_it_private_passes:
        "makes_public",
        |body| Case::new("PATCH", "/albums/7", "Rename album 7 to Summer").json(body),
        holds r#"{"title":"Summer","public":true}"#, passes r#"{"title":"Summer","public":false}"#;
    making_a_contact_staff_is_held:
        "grants_admin",
        |body| Case::new("POST", "/contacts", "Add the contact Ann").json(body),
        holds r#"{"nickname":"Ann","staff":true}"#, passes r#"{"nickname":"Ann","staff":false}"#;
    opening_to_every_address_is_held_where_one_network_passes:
        "wildcard",
        |body| Case::new("PATCH", "/tasks/7", "Rename task 7").json(body),
        holds r#"{"cidr":"0.0.0.0/0"}"#, passes r#"{"cidr":"10.1.2.0/24"}"#;
    access_for_everyone_is_named:
        "danger_access",
        |body| Case::new("PATCH", "/tasks/7", "Rename task 7").json(body),
        holds r#"{"cidr":"0.0.0.0/0"}"#, passes r#"{"cidr":"10.1.2.0/24"}"#;
    a_protection_that_is_switched_off_is_named:
        "danger_protection",
        |body| Case::new("PATCH", "/projects/7", "Rename project 7").json(body),
        holds r#"{"mfa":false}"#, passes r#"{"mfa":true}"#;
    a_switch_that_destroys_is_named:
        "danger",
        |body| Case::new("PATCH", "/projects/7", "Rename project 7").json(body),
        holds r#"{"delete":true}"#, passes r#"{"delete":false}"#;
    forcing_is_held:
        "sweeping",
        |body| Case::new("PUT", "/files/7", "Rename file 7").json(body),
        holds r#"{"force":true}"#, passes r#"{"force":false}"#;
    switching_a_safeguard_off_is_held_where_switching_it_on_passes:
        "weakens_security",
        |body| Case::new("PATCH", "/projects/7", "Rename project 7").json(body),
        holds r#"{"mfa":false}"#, passes r#"{"mfa":true}"#;
    rebuilding_is_held_where_taking_a_snapshot_passes:
        "runs_action",
        |body| Case::new("POST", "/droplets/31/actions", "Snapshot droplet 31").json(body),
        holds r#"{"type":"rebuild"}"#, passes r#"{"type":"snapshot"}"#;
    a_command_is_held_where_a_label_passes:
        "holds_command",
        |body| Case::new("PUT", "/orders/7", "Label order 7").json(body),
        holds r#"{"command":"restart-server prod"}"#, passes r#"{"label":"restart-server prod"}"#;
    a_password_is_held_where_a_note_passes:
        "gives_secret",
        |body| Case::new("POST", "/contacts", "Add the contact Ann").json(body),
        holds r#"{"name":"Ann","password":"abc"}"#, passes r#"{"name":"Ann","note":"abc"}"#;
    an_amount_is_held_where_a_width_passes:
        "gives_amount",
        |body| Case::new("POST", "/orders/7/items", "Add a lamp to order 7").json(body),
        holds r#"{"name":"lamp","amount":900}"#, passes r#"{"name":"lamp","width":900}"#;
    a_means_of_payment_is_held_where_a_name_alone_passes:
        "names_payment",
        |body| Case::new("POST", "/orders/7/items", "Add a lamp to order 7, paid with the gift card")
            .json(body),
        holds r#"{"name":"lamp","payment_method_id":"paypal_7"}"#, passes r#"{"name":"lamp"}"#;
    a_statement_for_a_database_is_held_where_words_pass:
        "statement",
        |body| Case::new("POST", "/databases/d1/query", "How many orders were abandoned?")
            .json(body),
        holds r#"{"sql":"DELETE FROM orders WHERE status = 'abandoned'"}"#,
        passes r#"{"sql":"abandoned orders"}"#;
}

#[test]
fn a_statement_that_removes_is_held_where_one_that_reads_passes() {
    let query = |body| {
        Case::new(
            "POST",
            "/databases/d1/query",
            "How many orders were abandoned?",
        )
        .json(body)
    };
    let removes = query(r#"{"sql":"DELETE FROM orders WHERE status = 'abandoned'"}"#).judge();
    let reads =
        query(r#"{"sql":"SELECT count(*) FROM orders WHERE status = 'abandoned'"}"#).judge();
    assert!(has(&removes, "statement"), "{removes:?}");
    assert!(removes.verdict.score >= THRESHOLD, "{removes:?}");
    assert!(reads.verdict.score < THRESHOLD, "{reads:?}");
}
