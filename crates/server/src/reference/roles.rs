//! The page of roles: which role may call which endpoint.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use gaiterguard_domain::workspace::{Permission, Role};
use serde_json::Value;

use super::check_page;

const INTRODUCTION: &str = "# Roles and endpoints

<!-- Generated from the routes and crates/domain/src/workspace.rs: run `make reference`. -->

Every endpoint for humans requires one permission, and every role has a fixed set of permissions.
[People and roles](../guide/people.md) explains the roles. The OpenAPI document names the permission of an operation as
`x-permission`. A member without the permission gets 403 `not_permitted`.

";

const NOTES: &str = "
An `approver` may be limited to services and effects. A ruling on an action outside these limits gets 403
`not_permitted`; reading is not limited.

\\* `PUT /kill-switch` with `\"active\": false` requires the permission `define`.

\\*\\* Only an owner creates a channel whose messages have buttons that approve and deny, or changes the settings of one.
";

#[test]
fn the_page_of_roles_is_current() {
    let mut page = INTRODUCTION.to_owned();
    page.push_str("| permission | meaning |");
    for role in Role::ALL {
        write!(page, " {} |", role.as_str()).unwrap();
    }
    page.push_str("\n|---|---|---|---|---|---|\n");
    for permission in Permission::ALL {
        let word = permission.as_str();
        writeln!(
            page,
            "| `{word}` | {} |{}",
            permission.meaning(),
            marks(permission)
        )
        .unwrap();
    }
    page.push_str("\n| method | path | permission |");
    for role in Role::ALL {
        write!(page, " {} |", role.as_str()).unwrap();
    }
    page.push_str("\n|---|---|---|---|---|---|---|\n");
    for ((path, method), permission) in demanded() {
        let note = match (path.as_str(), method.as_str()) {
            ("/kill-switch", "PUT") => " \\*",
            ("/channels", "POST") | ("/channels/{id}", "PUT") => " \\*\\*",
            _ => "",
        };
        let (word, marks) = (permission.as_str(), marks(permission));
        writeln!(page, "| {method} | `{path}` | `{word}`{note} |{marks}").unwrap();
    }
    page.push_str(NOTES);
    check_page("roles.md", &page);
}

#[test]
fn every_route_that_takes_an_access_token_has_a_permission() {
    for (path, item) in document()["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let security = operation["security"]
                .as_array()
                .cloned()
                .unwrap_or_default();
            let takes_token = security
                .iter()
                .any(|scheme| scheme.get("session").is_some());
            // An invitation is accepted with or without a session, which needs no role.
            let is_optional = path == "/auth/invitations/accept";
            assert_eq!(
                operation.get("x-permission").is_some(),
                takes_token && !is_optional,
                "{method} {path}"
            );
        }
    }
}

/// Returns the cells of a row: which roles have a permission.
fn marks(permission: Permission) -> String {
    let cells = Role::ALL.map(|role| {
        if role.may(permission) {
            " yes |"
        } else {
            " – |"
        }
    });
    cells.concat()
}

/// Returns the permission of every route that requires one, by its path and method.
fn demanded() -> BTreeMap<(String, String), Permission> {
    let mut demanded = BTreeMap::new();
    for (path, item) in document()["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            if let Some(permission) = operation.get("x-permission") {
                let permission = serde_json::from_value(permission.clone()).unwrap();
                demanded.insert((path.clone(), method.to_ascii_uppercase()), permission);
            }
        }
    }
    demanded
}

fn document() -> Value {
    serde_json::from_slice(&crate::routes::document()).unwrap()
}
