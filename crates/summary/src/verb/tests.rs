use super::*;

fn verb(effect: Effect, method: &Method, path: &str, summary: Option<&str>) -> String {
    let operation = summary.map(|summary| Operation {
        summary: Some(summary.to_owned()),
        template: path.to_owned(),
        ..Operation::default()
    });
    let target = Target::of(path, "", method, operation.as_ref());
    let Phrase { verb, noun, .. } = of(effect, method, operation.as_ref(), &target, Form::Whole);
    noun.map_or(verb.clone(), |noun| format!("{verb} {noun}"))
}

#[test]
fn an_identity_or_a_switch_that_destroys_is_graver_than_a_new_object() {
    for (path, destroys, expected) in [
        ("/projects/p1/service_accounts", false, Effect::Access),
        ("/projects/p1/notes", false, Effect::Create),
        ("/runs", true, Effect::Delete),
    ] {
        let target = Target::of(path, "", &Method::POST, None);
        let phrase = of(Effect::Create, &Method::POST, None, &target, Form::Fields);
        let effect = refined(Effect::Create, &Method::POST, &phrase, None, destroys);
        assert_eq!(effect, expected, "{path}");
    }
}

#[test]
fn the_document_names_the_act_unless_it_hides_a_grave_one() {
    for (effect, path, summary, expected) in [
        (Effect::Create, "/issues", "Create an issue", "Create issue"),
        (
            Effect::ShareOutside,
            "/chat.postMessage",
            "Sends a message to a channel.",
            "Send message",
        ),
        (
            Effect::Delete,
            "/contents/{path}",
            "Delete a file in the given path",
            "Delete file",
        ),
        (Effect::Pay, "/payouts", "Create a payout", "Pay out"),
        (
            Effect::Pay,
            "/charges/{id}/refund",
            "Refunds a charge",
            "Refund charge",
        ),
        (Effect::Change, "/copies", "Copies the files", "Copy files"),
        (
            Effect::Delete,
            "/things",
            "Remove all things",
            "Remove all things",
        ),
        (
            Effect::Delete,
            "/models/{model}",
            "Delete a fine-tuned model. You must have the Owner role.",
            "Delete fine-tuned model",
        ),
    ] {
        let found = verb(effect, &Method::POST, path, Some(summary));
        assert_eq!(found, expected, "{summary}");
    }
}

#[test]
fn without_a_document_the_path_names_the_act() {
    for (effect, method, path, expected) in [
        (Effect::Pay, Method::POST, "/v1/refunds", "Refund"),
        (
            Effect::Delete,
            Method::POST,
            "/orders/or_12345/cancel",
            "Cancel order",
        ),
        (
            Effect::Delete,
            Method::DELETE,
            "/customers/cus_12345",
            "Delete customer",
        ),
        (
            Effect::Code,
            Method::POST,
            "/pulls/7/merge",
            "Merge pull request",
        ),
        (
            Effect::Create,
            Method::POST,
            "/price-categories",
            "Create price category",
        ),
        (Effect::Change, Method::PUT, "/settings", "Replace settings"),
        (Effect::Pay, Method::POST, "/transfer/create", "Transfer"),
        (
            Effect::Change,
            Method::POST,
            "/messages/batchModify",
            "Bulk modify message",
        ),
        (
            Effect::ShareOutside,
            Method::POST,
            "/api/chat.postMessage",
            "Post message",
        ),
        (
            Effect::Change,
            Method::POST,
            "/instances/vm-1/setLabels",
            "Set labels",
        ),
    ] {
        assert_eq!(verb(effect, &method, path, None), expected, "{path}");
    }
}
