//! The service's documents.

use super::pair::pairs;
use crate::support::Case;

pairs! {
    an_operation_that_no_document_lists_is_held:
        "undocumented",
        |is_listed| {
            let case = Case::new("POST", "/customers/7", "Set the email of Ann")
                .json(r#"{"email":"ann@north.example"}"#);
            if is_listed { case.documented("Change it", &[]) } else { case.undocumented() }
        },
        holds false, passes true;
    a_field_that_no_document_lists_is_held:
        "undocumented_field",
        |body| Case::new("POST", "/orders/7/items", "Add a lamp item to order 7")
            .json(body)
            .documented("Change it", &["name"]),
        holds r#"{"name":"lamp","amount":9}"#, passes r#"{"name":"lamp"}"#;
}
