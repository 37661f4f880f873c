//! What it means that something is switched on or off.

use super::finding::{Finding, shown};
use super::words::of_name;

/// What is to be said of a field of this name that is true or false; where it stands is left open.
pub(super) fn set(name: &str, value: bool) -> Option<Finding> {
    let has = |words: &[&str]| {
        of_name(name).any(|word| words.iter().any(|known| word.eq_ignore_ascii_case(known)))
    };
    let shown = shown(name);
    let finding = if value && has(&["public", "external", "anonymous", "anyone"])
        || !value && has(&["private"])
    {
        Finding::holding(
            "makes_public",
            0.7,
            "",
            format!("“{shown}” is {value}: that opens it to everyone."),
        )
        .certain()
    } else if value && has(&["admin", "superuser", "root", "owner", "staff", "privileged"]) {
        Finding::holding(
            "grants_admin",
            0.75,
            "",
            format!("“{shown}” is {value}: that gives full power."),
        )
        .certain()
    } else if value
        && has(&[
            "cancel",
            "cancelled",
            "canceled",
            "delete",
            "deleted",
            "remove",
            "terminate",
            "disabled",
            "revoked",
            "suspended",
        ])
    {
        Finding::holding(
            "deletes",
            0.65,
            "",
            format!("“{shown}” is {value}: that ends or removes something."),
        )
    } else if value
        && has(&[
            "force",
            "recursive",
            "purge",
            "permanent",
            "hard",
            "cascade",
            "all",
            "everyone",
            "everything",
            "bypass",
            "override",
        ])
    {
        Finding::hint(
            "sweeping",
            0.3,
            "",
            format!("“{shown}” is {value}: that goes further than usual."),
        )
    } else if !value
        && has(&[
            "mfa",
            "verify",
            "verification",
            "secure",
            "encryption",
            "encrypted",
            "audit",
            "require",
            "required",
            "protected",
            "protection",
            "ssl",
            "tls",
            "authentication",
        ])
    {
        Finding::hint(
            "weakens_security",
            0.35,
            "",
            format!("“{shown}” is {value}: that takes a safeguard away."),
        )
    } else {
        return None;
    };
    Some(finding)
}
