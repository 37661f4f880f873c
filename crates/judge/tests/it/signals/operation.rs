//! The effect of the request.

use super::pair::pairs;
use crate::support::Case;

pairs! {
    a_delete_is_held_where_a_read_passes:
        "reads",
        |method| Case::new(method, "/orders/7", "Look up order 7"),
        without "DELETE", with "GET";
    a_change_is_held_where_a_read_passes:
        "changes",
        |method| Case::new(method, "/orders/7", "How much is order 7?"),
        holds "PUT", passes "GET";
    a_mutation_is_held_where_a_query_passes:
        "asks",
        |body| Case::new("POST", "/graphql", "List the issues").json(body),
        without r#"{"query":"mutation { deleteIssue(id: 1) { id } }"}"#,
        with r#"{"query":"{ issues { id } }"}"#;
    deleting_is_held_where_renaming_passes:
        "deletes",
        |path| Case::new("POST", path, "Rename user 7 to Ann").json(r#"{"name":"Ann"}"#),
        holds "/users/7/delete", passes "/users/7/rename";
    charging_is_held_where_noting_passes:
        "pays",
        |path| Case::new("POST", path, "Note that customer 7 prefers mail")
            .json(r#"{"text":"prefers mail"}"#),
        holds "/customers/7/charges", passes "/customers/7/notes";
    making_a_key_is_held_where_making_a_label_passes:
        "changes_access",
        |path| Case::new("POST", path, "Add a label to user 7").json(r#"{"name":"label"}"#),
        holds "/users/7/api_keys", passes "/users/7/labels";
    deploying_is_held_where_opening_an_issue_passes:
        "runs_code",
        |path| Case::new("POST", path, "Open an issue that the lamp is broken in o/r")
            .json(r#"{"title":"The lamp is broken"}"#),
        holds "/repos/o/r/deployments", passes "/repos/o/r/issues";
    sharing_is_held_where_renaming_passes:
        "shares_outside",
        |path| Case::new("POST", path, "Rename document 7 to Plan").json(r#"{"title":"Plan"}"#),
        holds "/documents/7/share", passes "/documents/7/title";
    a_read_whose_path_deletes_is_held:
        "safe_method_deletes",
        |path| Case::new("GET", path, "Look up message 7"),
        holds "/chat.delete?id=7", passes "/chat.get?id=7";
    editing_what_can_be_sent_is_held_where_editing_a_note_passes:
        "changes_message",
        |path| Case::new("PATCH", path, "Set the color of the lamp to red")
            .json(r#"{"text":"The office closes on Friday at 9","url":"http://x.example/y"}"#),
        holds "/messages/7", passes "/notes/7";
    editing_what_costs_is_held_where_editing_a_project_passes:
        "changes_costly",
        |path| Case::new("PATCH", path, "Rename project 7").json(r#"{"plan":"gold"}"#),
        holds "/subscriptions/7", passes "/projects/7";
    closing_is_held_where_labeling_passes:
        "may_have_effect",
        |path| Case::new("POST", path, "Add a label to order 7").json(r#"{"name":"label"}"#),
        holds "/orders/7/close", passes "/orders/7/labels";
    an_item_of_a_payment_is_held_where_an_item_of_a_cart_passes:
        "beneath_effect",
        |path| Case::new("POST", path, "Add an item").json(r#"{"x":1}"#),
        holds "/payments/7/items", passes "/carts/7/items";
}
