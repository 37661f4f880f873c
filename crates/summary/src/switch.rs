//! Switches that decide what a request does: a trial, a wider reach, a protection that is switched off.

use crate::words::{is_in, spaced};

/// Words of switches that make the request do more, or that skip what would stop it.
const WIDENING: &str = "bypass cascade charge confirm confirmed delete deliver destroy everyone everything force \
    forced hard ignore immediate immediately insecure irreversible live notify override overwrite ownership \
    permanent permanently private prune public publish purge recurse recursive refund skip unsafe wipe";

/// Words of switches that protect, so that one that is off removes a protection.
const PROTECTING: &str = "anonymize anonymized anonymous encrypt encrypted encryption enforce enforced internal mfa once private protect protected \
    protection require required restrict restricted secure signed sso validate verified verify";

/// Words of switches that give a right to more than reading: `can_push`.
const RIGHTS: &str = "admin administer approve create delete download edit grant impersonate invite manage merge pay \
    push reshare share update upload write";

/// Names of switches for a trial that also have other values, such as the text of a preview.
const SHORT_TRIALS: &str = "preview sandbox test";

/// Whether a value says that the request is only tried, planned, or prepared. That is what the agent
/// asks for, and the upstream may ignore it.
pub(crate) fn is_trial(name: &str, last: &str, text: &str) -> bool {
    let text = text.trim().to_ascii_lowercase();
    let is_off = is_in("false 0 no none off", &text) || text.is_empty();
    is_trial_name(name) && !is_off
        || is_in(SHORT_TRIALS, name) && is_in("true 1 yes on", &text)
        || is_in("mode stage state status", last)
            && is_in("draft scheduled test preview sandbox", &text)
}

/// Whether the dotted name of a value is that of a switch for a trial.
pub(crate) fn is_trial_name(name: &str) -> bool {
    const SWITCHES: &[&str] = &[
        "check only",
        "draft",
        "dry run",
        "dryrun",
        "is draft",
        "noop",
        "plan only",
        "preview only",
        "simulate",
        "test mode",
        "testmode",
        "validate only",
        "validation only",
        "what if",
        "whatif",
    ];
    let own = spaced(name.rsplit('.').next().unwrap_or_default());
    SWITCHES.contains(&&*own)
}

/// Whether a value is a switch that decides who sees an object, whether it is only tried, or that makes the
/// request do far more.
pub(crate) fn is_deciding_switch(name: &str, text: &str) -> bool {
    let any_in = |list: &str| name.split(' ').any(|word| is_in(list, word));
    let is_right = name.split_once(' ').is_some_and(|(first, rest)| {
        is_in("allow allows can may", first) && rest.split(' ').any(|word| is_in(RIGHTS, word))
    });
    match text.trim().to_ascii_lowercase().as_str() {
        // Forms and queries have no truth values.
        "true" | "1" | "yes" | "on" => any_in(WIDENING) || is_right || name.ends_with(" all"),
        "false" | "0" | "no" | "off" => {
            any_in(PROTECTING) || is_trial_name(name) || is_in(SHORT_TRIALS, name)
        }
        _ => false,
    }
}
