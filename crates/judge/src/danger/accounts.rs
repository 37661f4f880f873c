//! Bank accounts other than those that are known, and amounts without a limit.

use gaiterguard_domain::effect::Effect;

use super::scene::{Scene, Value, last_part, squeezed};
use crate::field::LeafKind;
use crate::finding::{Finding, shown};
use crate::signal;

/// Words in the names of values for bank accounts.
const BANK: &[&str] = &["iban", "routing", "sortcode"];

/// Words in the names of accounts that money leaves.
const PAYER: &[&str] = list![
    dbtr debtor debit source sender payer from origin funding
];

/// The fewest characters of the end of an account number that an intent gives.
const END_MIN: usize = 3;

/// Returns whether a text is an IBAN with the right check digits (ISO 13616).
pub(super) fn is_iban(text: &str) -> bool {
    let compact: String = text.chars().filter(|c| *c != ' ').collect();
    let bytes = compact.as_bytes();
    let has_form = (15..=34).contains(&bytes.len())
        && bytes[..2].iter().all(u8::is_ascii_uppercase)
        && bytes[2..4].iter().all(u8::is_ascii_digit)
        && bytes
            .iter()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    has_form
        && bytes[4..]
            .iter()
            .chain(&bytes[..4])
            .fold(0u32, |rest, byte| {
                if byte.is_ascii_digit() {
                    (rest * 10 + u32::from(byte - b'0')) % 97
                } else {
                    (rest * 100 + u32::from(byte - b'A') + 10) % 97
                }
            })
            == 1
}

fn is_account(value: &Value<'_>) -> bool {
    let text = value.leaf.found.value;
    let is_named = value.is_named(BANK)
        || value.is_named(&["account", "acct"])
            && value.is_named(&["number", "no", "iban", "bank"]);
    // Only the form decides where the name says so; an IBAN elsewhere has to be one.
    let has_form = text.len() >= 15
        && text.as_bytes()[..2].iter().all(u8::is_ascii_uppercase)
        && text.as_bytes()[2..4].iter().all(u8::is_ascii_digit)
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == ' ');
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    value.leaf.kind != LeafKind::Null
        && value.name.last().is_none_or(|last| last != "id")
        && (is_iban(text) || value.is_named(&["iban"]) && has_form || is_named && digits >= 5)
}

/// Returns the account of a payment that fits none of those that the intent gives in short, as in `SE…7466`.
pub(super) fn fits_no_account(scene: &Scene<'_>) -> Option<Finding> {
    let given: Vec<(String, String, String)> = scene
        .compared
        .intent
        .split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '(' | ')'))
        .filter_map(|token| {
            let token = token.trim_end_matches('.');
            let (start, end) = ["…", "...", "***", "••••"]
                .iter()
                .find_map(|mark| token.split_once(mark))?;
            let (start, end) = (squeezed(start), squeezed(end));
            let has_digits = end.bytes().filter(u8::is_ascii_digit).count() >= END_MIN;
            let named = format!("{}…{}", shown(&start.to_uppercase()), shown(&end));
            has_digits.then_some((start, end, named))
        })
        .collect();
    if given.is_empty() {
        return None;
    }
    let value = scene.values.iter().find(|value| {
        let own = squeezed(value.leaf.found.value);
        is_account(value)
            && !value.is_in(PAYER)
            && !scene.intent_squeezed.contains(&own)
            && !given.iter().any(|(start, end, _)| {
                own.starts_with(start.as_str()) && own.ends_with(end.as_str())
            })
    });
    // In a document without places, the first account is the one that pays.
    let value = value.filter(|value| {
        let mut accounts = scene.values.iter().filter(|one| is_account(one));
        let is_first = accounts
            .next()
            .is_some_and(|first| std::ptr::eq(first, *value));
        let has_place = !value.leaf.found.evidence.is_empty();
        has_place || !is_first || accounts.next().is_none()
    });
    let value = value.or_else(|| {
        let mut accounts = scene.values.iter().filter(|one| is_account(one)).skip(1);
        accounts.find(|value| {
            let own = squeezed(value.leaf.found.value);
            !scene.intent_squeezed.contains(&own)
                && !given.iter().any(|(start, end, _)| {
                    own.starts_with(start.as_str()) && own.ends_with(end.as_str())
                })
        })
    })?;
    let listed: Vec<&str> = given
        .iter()
        .map(|(_, _, named)| named.as_str())
        .take(3)
        .collect();
    Some(value.danger(format!(
        "The account “{}” is not among those that the intent names ({}).",
        shown(value.leaf.found.value),
        listed.join(", ")
    )))
}

/// Returns the account of a payee whose account was another one before.
pub(super) fn was_another(scene: &Scene<'_>) -> Option<Finding> {
    /// A look-up in the history opens what was seen.
    const LOOKED_UP_MAX: usize = 8;
    let history = scene
        .compared
        .history
        .filter(|history| !history.is_empty())?;
    let accounts = scene
        .values
        .iter()
        .enumerate()
        .filter(|(_, value)| is_account(value));
    accounts.take(LOOKED_UP_MAX).find_map(|(at, value)| {
        let own = value.leaf.found.value;
        if history.kind(own).is_some() || scene.intent_squeezed.contains(&squeezed(own)) {
            return None;
        }
        // The name of the payee is next to the account.
        let name = scene.values[at.saturating_sub(4)..]
            .iter()
            .take(8)
            .filter(|one| {
                one.name.last().is_some_and(|last| {
                    matches!(
                        last.as_str(),
                        "name" | "nm" | "holder" | "payee" | "beneficiary"
                    )
                })
            })
            .min_by_key(|one| {
                let other = scene
                    .values
                    .iter()
                    .position(|known| std::ptr::eq(known, *one));
                other.unwrap_or_default().abs_diff(at)
            })?;
        let seen = history.sighting(name.leaf.found.value)?;
        let earlier = seen
            .piece
            .split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '"'))
            .find(|word| is_iban(word) && squeezed(word) != squeezed(own))?;
        Some(value.danger(format!(
            "The account of “{}” is “{}”, but it was “{}” before.",
            shown(name.leaf.found.value),
            shown(own),
            shown(earlier)
        )))
    })
}

/// Returns a bank account that is stored rather than paid, and that the intent does not mention.
pub(super) fn is_stored(scene: &Scene<'_>) -> Option<Finding> {
    // An account next to an amount is paid, or pays.
    let is_payment = scene.values.iter().any(|value| {
        value.is_named(&["amount", "amt", "amounts", "instdamt", "total", "sum"])
            && value.text.bytes().any(|byte| byte.is_ascii_digit())
    });
    if is_payment || matches!(scene.effect, Effect::Pay | Effect::Read | Effect::Delete) {
        return None;
    }
    let value = scene.values.iter().find(|value| {
        let own = squeezed(value.leaf.found.value);
        let is_short = own.len() >= 8
            && own
                .get(own.len() - 4..)
                .is_some_and(|end| scene.intent_squeezed.contains(end));
        is_account(value) && !scene.intent_squeezed.contains(&own) && !is_short
    })?;
    Some(value.danger(format!(
        "It sets the bank account “{}”, which the intent does not mention.",
        shown(value.leaf.found.value)
    )))
}

/// The greatest numbers of 64 and of 256 bits, which interfaces take for no limit.
const GREATEST: &[&str] = &[
    "115792089237316195423570985008687907853269984665640564039457584007913129639935",
    "18446744073709551615",
    "9223372036854775807",
];

/// How many of the last hexadecimal digits are all `f` in a number without a limit.
const HEX_DIGITS_MIN: usize = 24;

/// Returns an amount or an allowance without a limit.
pub(super) fn is_unlimited(scene: &Scene<'_>) -> Option<Finding> {
    if !scene.changes() || scene.says(&["unlimit", "infinit", "max"]) {
        return None;
    }
    let value = scene.values.iter().find(|value| {
        let hex = value.text.strip_prefix("0x").unwrap_or_default();
        let ends_full = hex.len() > HEX_DIGITS_MIN
            && hex.bytes().all(|byte| byte.is_ascii_hexdigit())
            && hex.bytes().rev().take_while(|byte| *byte == b'f').count() >= HEX_DIGITS_MIN;
        value.leaf.found.is_whole && (ends_full || GREATEST.contains(&&*value.text))
    })?;
    Some(value.danger(format!(
        "“{}” gives an amount without a limit (the greatest number there is), which the intent does not ask for.",
        shown(last_part(value.leaf.found.name))
    )))
}

/// A share in percent other than the one that the intent says.
pub(super) fn another_share(scene: &Scene<'_>) -> Option<Finding> {
    let asked = percents_in(scene.compared.intent);
    if asked.is_empty() || !scene.changes() {
        return None;
    }
    let value = scene.values.iter().find(|value| {
        let is_share = value.is_named(list![
            percent percentage pct discount rate off share fraction ratio commission
        ]) && !value.is_named(&["id", "code", "type", "tax", "vat"]);
        let number = value.text.trim_end_matches('%').trim().parse::<f64>().ok();
        let is_small = |number: &f64| *number > 0.0 && *number <= 100.0;
        let is_given = |number: f64| {
            let near = |one: f64, other: f64| (one - other).abs() < 1e-6;
            asked.iter().any(|one| {
                near(*one, number) || near(*one / 100.0, number) || near(100.0 - *one, number)
            }) || scene.compared.given().holds(number)
        };
        is_share
            && number
                .filter(is_small)
                .is_some_and(|number| !is_given(number))
    })?;
    let asked: Vec<String> = asked.iter().map(|one| format!("{one}%")).collect();
    Some(value.danger(format!(
        "{}, but the intent says {}.",
        value.shown(),
        asked.join(" or ")
    )))
}

fn percents_in(text: &str) -> Vec<f64> {
    let words = ["%", "percent", "per cent"];
    let mut found = Vec::new();
    for (at, _) in text.char_indices().filter(|(_, c)| c.is_ascii_digit()) {
        let before = text[..at].chars().next_back();
        if before.is_some_and(|c| c.is_ascii_digit() || c == '.' || c == ',') {
            continue;
        }
        let rest = &text[at..];
        let end = rest
            .find(|c: char| !(c.is_ascii_digit() || c == '.' || c == ','))
            .unwrap_or(rest.len());
        let (number, after) = rest.split_at(end);
        let after = after.trim_start();
        if words.iter().any(|word| after.starts_with(word))
            && let Ok(number) = number.replace(',', ".").parse()
        {
            found.push(number);
        }
    }
    found
}

/// Words for a secret, with the part of the sentence after it that gives it.
const LABELS: &[&str] = &[
    "password",
    "pass word",
    "passphrase",
    "passcode",
    "passwort",
    "kennwort",
    "mot de passe",
    "contraseña",
    "pwd",
    "api key",
    "api-key",
    "secret key",
    "access token",
    "recovery code",
    "pin code",
];

/// Words after a label that give no secret.
const NO_SECRET: &[&str] = list![
    your the in on sent here not no valid required needed reset
];

/// Shorter texts are values of fields and not texts for people.
const TEXT_BYTES_MIN: usize = 24;

/// The fewest characters of a secret.
const SECRET_CHARS_MIN: usize = 4;

/// Returns a secret in a text that somebody reads. Its label is quoted, and not the secret.
pub(super) fn spoken_secret(scene: &Scene<'_>) -> Option<Finding> {
    if !scene.changes() {
        return None;
    }
    let own = scene.compared.leaves().map(|leaf| &leaf.found);
    own.chain(&scene.compared.fields.contents)
        .find_map(|found| {
            if found.value.len() < TEXT_BYTES_MIN || !found.value.contains(' ') {
                return None;
            }
            let text = found.value.to_lowercase();
            let label = LABELS.iter().find(|label| {
                text.match_indices(*label)
                    .any(|(at, _)| gives_secret(&text[at + label.len()..]))
            })?;
            Some(Finding::new(
                signal::DANGER,
                found.evidence,
                format!("The text contains a secret (“{label}”)."),
            ))
        })
}

fn gives_secret(after: &str) -> bool {
    let after = after.trim_start();
    let Some(rest) = [": ", ":", "=", "->", "→", "is ", "ist ", "est "]
        .iter()
        .find_map(|sign| after.strip_prefix(sign))
    else {
        return false;
    };
    let word = rest
        .trim_start()
        .trim_start_matches(['"', '\'', '“', '„', '`']);
    let word = word.split_whitespace().next().unwrap_or_default();
    let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
    word.chars().count() >= SECRET_CHARS_MIN && !NO_SECRET.contains(&bare)
}
