//! Findings for fields that are switched on or off.

use gaiterguard_domain::effect::Effect;
use gaiterguard_text::words::of_name;

use crate::finding::{Finding, shown};
use crate::signal::{self, Shown};

/// Returns the finding for a field with this name and this boolean value. The caller fills in the
/// evidence.
pub(crate) fn set(name: &str, value: bool) -> Option<Finding> {
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
            format!("“{shown}” is {value}, which makes it public."),
        )
    } else if value && has(&["admin", "superuser", "root", "owner", "staff", "privileged"]) {
        Finding::new(
            signal::GRANTS_ADMIN,
            "",
            format!("“{shown}” is {value}, which grants full rights."),
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
            format!("“{shown}” is {value}, which deletes or cancels something."),
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
            format!("“{shown}” is {value}, which widens the effect of the request."),
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
            format!("“{shown}” is {value}, which disables a safeguard."),
        )
    } else {
        return None;
    };
    Some(finding)
}
