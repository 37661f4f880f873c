//! Whether a message is the very one that its intent asks for.

use gaiterguard_domain::effect::Effect;
use gaiterguard_text::words::of_text;

use crate::field::{Fields, Found};
use crate::finding::Finding;
use crate::integrity::{self, Behavior};
use crate::intent::IntentWords;
use crate::route::Route;
use crate::visitor::is_email;

/// How much of each text of a message has to appear in the intent, word for word. The rest is left
/// for greetings and polite phrases, which an intent does not repeat.
const QUOTED_SHARE: f64 = 0.6;

/// The fewest letters of a word that is looked for in the intent. Most shorter ones are articles
/// and prepositions.
const WORD_LETTERS_MIN: usize = 4;

/// Removes the floor of a message that the intent explains in full.
pub(crate) fn relieve(findings: &mut [Finding]) {
    for finding in findings {
        if finding.kind.effect == Some(Effect::ShareOutside) {
            finding.floor = 0.0;
        }
    }
}

/// Whether the intent asks to send, quotes every text and names everyone and everything else that is
/// in the request. This holds for all values or for none, so nothing that is added to a request can
/// explain what was unexplained without it.
pub(crate) fn is_explained(behavior: &Behavior<'_>, intent_words: &IntentWords<'_>) -> bool {
    let fields = behavior.fields;
    // A segment without a word before it is an API version.
    let mut places = behavior
        .route
        .identifiers()
        .filter(|(before, _)| *before != 0);
    let is_named =
        |found: &Found<'_>| found.is_whole && integrity::is_named(found.value, intent_words);
    // Many a host may have a mailbox of the same name, so an address is named in full.
    let names_recipient = |found: &Found<'_>| {
        found.is_whole
            && (!is_email(found.value) && is_named(found) || intent_words.names(found.value))
    };
    behavior.effects.is_only(Effect::ShareOutside)
        && intent_words.asks_for(Effect::ShareOutside)
        && says_something_new(behavior.route)
        && places.all(|(_, text)| intent_words.names(text))
        && brings_nothing(fields)
        && integrity::links(behavior, intent_words).is_none()
        && fields.addresses.iter().all(is_named)
        && fields.recipients.iter().all(names_recipient)
        && fields
            .contents
            .iter()
            .all(|found| is_quoted(found, intent_words))
        && others(fields).all(|found| found.is_whole && intent_words.names(found.value))
}

/// Whether the path takes a message as it is written, rather than passing on something that is kept
/// elsewhere and was not looked at.
fn says_something_new(route: &Route<'_>) -> bool {
    const PASSED_ON: [&str; 24] = [
        "announce",
        "blast",
        "broadcast",
        "campaign",
        "campaigns",
        "draft",
        "drafts",
        "export",
        "forward",
        "hook",
        "hooks",
        "link",
        "newsletter",
        "permalink",
        "publish",
        "resend",
        "share",
        "shared",
        "sharelink",
        "shares",
        "sharing",
        "template",
        "templates",
        "webhook",
    ];
    !route.words().any(|word| {
        PASSED_ON
            .iter()
            .any(|known| word.eq_ignore_ascii_case(known))
    })
}

fn brings_nothing(fields: &Fields<'_>) -> bool {
    fields.findings.is_empty()
        && fields.calls.is_empty()
        && !fields.has_unknown
        && fields.accounts.is_empty()
        && fields.attendees.is_empty()
        && fields.secrets.is_empty()
        && fields.commands.is_empty()
        && fields.payments.is_empty()
        && fields.access.is_empty()
}

/// The values that are neither texts nor recipients.
fn others<'f, 'k>(fields: &'f Fields<'k>) -> impl Iterator<Item = &'f Found<'k>> {
    [
        &fields.identifiers,
        &fields.owners,
        &fields.actions,
        &fields.amounts,
        &fields.quantities,
        &fields.dates,
    ]
    .into_iter()
    .flatten()
}

/// Whether most words of a text appear in the intent, and every number of four digits or more.
fn is_quoted(found: &Found<'_>, intent_words: &IntentWords<'_>) -> bool {
    let (mut words, mut known) = (0u32, 0u32);
    for word in of_text(found.value) {
        let is_known = intent_words.has_word(word);
        if word.len() >= WORD_LETTERS_MIN {
            words += 1;
            known += u32::from(is_known);
            if !is_known && word.bytes().all(|byte| byte.is_ascii_digit()) {
                return false;
            }
        }
    }
    found.is_whole && f64::from(known) >= QUOTED_SHARE * f64::from(words)
}
