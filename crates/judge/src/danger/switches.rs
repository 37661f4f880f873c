//! Protections that are switched off.

use super::scene::{Scene, Value, has_any, words_of};
use crate::field::LeafKind;
use crate::finding::Finding;
use crate::origin::is_identifier;
use crate::signal;

/// Words for what protects.
const PROTECTION: &[&str] = list![
    alarm alarms alert alerts alerting antivirus approval approvals audit auth authentication backup
    backups captcha checksum encrypt encrypted encryption fa firewall fraud guard guards interlock
    interlocks integrity malware mfa moderation monitoring otp passcode protect protected protection
    ratelimit reviews safeguard safety sprinkler sprinklers watchdog estop scan scanning secure
    security signature ssl sso throttle throttling tls totp validate validation verification verify
    versioning waf
];

/// Words in the names of values that switch what is around them.
const SWITCH: &[&str] = list![
    active enabled enable enforce enforced enforcement mode required requirement state status value
    block on
];

/// Values that switch something off.
const OFF: &[&str] = list![
    disabled disable off none suspended inactive bypass bypassed permissive never unprotected
    disarmed unarmed overridden override
];

/// Values of a state that switch off whatever has it.
const STATE_OFF: &[&str] = &["disabled", "disable", "suspended", "muted", "deactivated"];

/// Words in the names of switches that leave something out if they are on.
const LEAVES_OUT: &[&str] = list![
    bypass disable disabled ignore insecure mute muted skip suppress unsafe unverified no
];

/// Beginnings of words of an intent that asks for something to be off.
const ASKS_FOR_OFF: &[&str] = list![
    archiv block bypass cancel clos deactivat disabl end ignor lift lock mut off pause paus remov
    retir revok silenc skip stop suspend switch terminat disarm overrid unlock turn unenforc without
    withdraw drop delet
];

/// Words of an intent that wants something not to happen.
const DENIES: &[&str] = &["cannot", "can't", "never", "avoid", "against"];

/// Words in the names of switches for what is ordinarily left out: nobody loses anything by it.
const ORDINARY: &[&str] = list![
    notification notifications preview previews sound sounds cache link links web format formatting
    reply email emails duplicates empty existing conflicts whitespace case null nulls blank inbox
];

/// Returns a protection that is switched off.
pub(super) fn protection_off(scene: &Scene<'_>) -> Option<Finding> {
    if !scene.changes() || asks_for_off(scene) {
        return None;
    }
    scene.values.iter().find_map(|value| {
        if value.is_prose() || is_choice(scene, value) {
            return None;
        }
        let is_off = value.says_no() || OFF.contains(&&*value.text);
        let is_named = value.is_named(PROTECTION);
        let around = || {
            value.is_named(SWITCH)
                && (has_protection(&value.path) || is_about_protection(scene, value))
                || value.says_no() && has_protection(&last_words(scene))
        };
        let skips = value.says_yes() && value.is_named(LEAVES_OUT) && is_named;
        (is_off && !value.is_named(LEAVES_OUT) && (is_named || around()) || skips).then(|| {
            value.finding(
                signal::DANGER_PROTECTION,
                format!(
                    "It switches off a protection: {}, which the intent does not ask for.",
                    value.shown()
                ),
            )
        })
    })
}

/// Returns a state that is switched off, whatever has it, or a part that is left out.
pub(super) fn switched_off(scene: &Scene<'_>) -> Option<Finding> {
    if !scene.changes() || asks_for_off(scene) {
        return None;
    }
    scene.values.iter().find_map(|value| {
        if value.is_prose() || is_choice(scene, value) {
            return None;
        }
        let is_state = STATE_OFF.contains(&&*value.text) && value.is_named(SWITCH);
        let leaves_out = value.says_yes()
            && value.is_named(LEAVES_OUT)
            && !value.is_named(ORDINARY)
            && !scene.mentions(&value.name);
        (is_state || leaves_out).then(|| {
            value.danger(format!(
                "{}, which the intent does not ask for.",
                value.shown()
            ))
        })
    })
}

/// Words in the names of switches that say nothing about what they switch.
const OF_SWITCHES: &[&str] = list![
    auto enable enabled has is mode only required run the use with type include included send set
    new add
];

/// Returns a switch that is off, although the intent mentions what it switches.
pub(super) fn mentioned_off(scene: &Scene<'_>) -> Option<Finding> {
    const ASKS: &[&str] = &[
        "no", "not", "never", "without", "off", "only", "except", "don't", "but",
    ];
    const BEGINNINGS: &[&str] = list![
        disabl deactivat remov skip stop exclud hid un
    ];
    /// The ending of a word is not compared: `anonymize` and `anonymized`.
    const ENDING: usize = 2;
    if !scene.changes() || scene.has(ASKS) || scene.says(BEGINNINGS) {
        return None;
    }
    let value = scene.values.iter().find(|value| {
        let own = value.name.iter().filter(|word| word.len() > 2);
        let mut own = own
            .filter(|word| !OF_SWITCHES.contains(&word.as_str()))
            .peekable();
        let is_said = |word: &String| {
            let stem = &word[..word.floor_char_boundary((word.len() - ENDING).max(3))];
            scene.says(&[stem])
        };
        value.says_no()
            && !value.is_named(LEAVES_OUT)
            && !is_choice(scene, value)
            && own.peek().is_some()
            && own.all(is_said)
    })?;
    Some(value.danger(format!("{}, but the intent mentions it.", value.shown())))
}

/// Whether the path or a short value next to a switch says that it is that of a protection.
fn is_about_protection(scene: &Scene<'_>, value: &Value<'_>) -> bool {
    has_protection(&route_words(scene))
        || scene.siblings(value).any(|one| {
            one.leaf.kind == LeafKind::Text
                && one.text.len() <= 60
                && has_any(&words_of(one.leaf.found.value), PROTECTION)
        })
}

fn route_words(scene: &Scene<'_>) -> Vec<String> {
    let words = scene.compared.route.own_words();
    words.flat_map(words_of).collect()
}

/// Whether the path says that the request is about a protection.
pub(super) fn guards(scene: &Scene<'_>) -> bool {
    has_protection(&route_words(scene))
}

/// The words of the end of the path: of what the request acts on, rather than of a collection around it.
fn last_words(scene: &Scene<'_>) -> Vec<String> {
    // After the name of a collection, as in `/actions/change_protection`, an action looks like the name of an object.
    let route = scene.compared.route;
    let last = route.texts().last().filter(|text| !is_identifier(text));
    last.or_else(|| route.own_words().last())
        .map(words_of)
        .unwrap_or_default()
}

/// Whether the intent asks for something to be off: `cannot be deleted` asks for the opposite.
fn asks_for_off(scene: &Scene<'_>) -> bool {
    let denies = scene.has(DENIES) || scene.says(&["protect", "prevent", "secur", "accident"]);
    scene.says(ASKS_FOR_OFF) && !denies
}

fn has_protection(path: &[String]) -> bool {
    has_any(path, PROTECTION)
}

/// Whether a value is one of several in a list, such as the choices of a field.
fn is_choice(scene: &Scene<'_>, value: &Value<'_>) -> bool {
    let evidence = value.leaf.found.evidence;
    let is_item = evidence
        .rsplit('/')
        .next()
        .is_some_and(|last| !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit()));
    is_item && scene.siblings(value).nth(1).is_some()
}
