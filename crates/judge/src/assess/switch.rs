//! What it means that something is switched on or off.

use super::effect::Effect;
use super::finding::{Finding, shown};
use super::signal::{self, Shown};
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
        Finding::new(
            signal::MAKES_PUBLIC,
            "",
            format!("“{shown}” is {value}: that opens it to everyone."),
        )
    } else if value && has(&["admin", "superuser", "root", "owner", "staff", "privileged"]) {
        Finding::new(
            signal::GRANTS_ADMIN,
            "",
            format!("“{shown}” is {value}: that gives full power."),
        )
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
        Finding::effect(
            Effect::Delete,
            Shown::ByField,
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
        Finding::new(
            signal::SWEEPING,
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
        Finding::new(
            signal::WEAKENS_SECURITY,
            "",
            format!("“{shown}” is {value}: that takes a safeguard away."),
        )
    } else {
        return None;
    };
    Some(finding)
}
