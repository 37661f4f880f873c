//! Ranks the operations that a request may call by the harm they could do.

use crate::operation::Operation;

/// Words that suggest harm, the worst first.
const WORDS: [(u8, &[&str]); 4] = [
    (
        4,
        &[
            "delete",
            "remove",
            "destroy",
            "purge",
            "erase",
            "wipe",
            "drop",
            "terminate",
            "revoke",
            "cancel",
            "deactivate",
            "archive",
            "reset",
            "uninstall",
            "unlink",
            "detach",
        ],
    ),
    (
        4,
        &[
            "pay",
            "payment",
            "charge",
            "transfer",
            "payout",
            "refund",
            "purchase",
            "buy",
            "withdraw",
            "invoice",
            "capture",
            "subscribe",
        ],
    ),
    (
        3,
        &[
            "grant",
            "permission",
            "role",
            "admin",
            "token",
            "key",
            "secret",
            "password",
            "credential",
            "acl",
            "policy",
            "owner",
            "access",
            "share",
            "publish",
            "invite",
            "public",
            "execute",
            "run",
            "deploy",
            "eval",
        ],
    ),
    (
        2,
        &[
            "create", "update", "add", "set", "put", "write", "send", "post", "upload", "import",
        ],
    ),
];

/// The harm that an operation may do, compared with others of the same method.
pub(super) fn danger(operation: &Operation) -> u8 {
    let method = match operation.method.as_str() {
        "GET" | "HEAD" | "OPTIONS" | "TRACE" => 0,
        "DELETE" => 20,
        _ => 10,
    };
    let summary = operation.summary.as_deref().unwrap_or_default();
    let worst = [operation.id.as_str(), operation.template.as_str(), summary]
        .into_iter()
        .flat_map(super::words::of)
        .filter_map(|word| {
            WORDS
                .iter()
                .find(|(_, words)| words.contains(&word.as_str()))
                .map(|(weight, _)| *weight)
        })
        .max()
        .unwrap_or(0);
    method + worst
}
