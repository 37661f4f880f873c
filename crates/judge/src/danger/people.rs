//! People and groups that get something: others than those of the intent, or everyone.

use gaiterguard_domain::effect::Effect;

use super::scene::{Scene, Value, last_part, squeezed, words_of};
use crate::field::LeafKind;
use crate::finding::{Finding, shown};
use crate::signal;
use crate::visitor::is_email;

/// Words in the names of values that say who gets something.
const RECEIVES: &[&str] = list![
    to recipient recipients delivery deliver ship shipping beneficiary payee forward invitee grantee
    owner holder consignee addressee receiver transferee successor nominee
];

/// Words in the names of values that say who sends or writes.
const SENDS: &[&str] = list![
    from sender author by shipper debtor payer requester approver creator origin return company
    organization prior old previous file repo
];

/// Words that begin with a capital letter and are not names.
const NOT_NAMES: &[&str] = list![
    january february march april may june july august september october november december monday
    tuesday wednesday thursday friday saturday sunday english german french the please then and from
    order send move change give add set let book pay mr mrs ms dr
];

/// Returns someone who gets something instead of the person whom the intent names.
pub(super) fn another_person(scene: &Scene<'_>) -> Option<Finding> {
    if !scene.changes() {
        return None;
    }
    let intent = &scene.intent_squeezed;
    let named = person_named(scene)?;
    let is_sent = |value: &Value<'_>| value.leaf.found.value.eq_ignore_ascii_case(&named);
    if named.contains('@') && scene.values.iter().any(is_sent) {
        return None;
    }
    let is_placed = |value: &Value<'_>| !value.leaf.found.evidence.is_empty();
    scene.values.iter().find_map(|value| {
        let found = &value.leaf.found;
        let last = value.name.last().map_or("", String::as_str);
        // In a document without places, only a name says itself that it is one.
        let may_receive = value.is_in(RECEIVES)
            || !is_placed(value) && last == "name" && scene.effect != Effect::Pay;
        if !may_receive
            || value.is_in(SENDS)
            || !found.is_whole
            || value.leaf.kind != LeafKind::Text
            || value.is_prose()
        {
            return None;
        }
        let is_person = is_email(found.value) || is_of_person(value);
        let is_name = is_email(found.value)
            || RECEIVES.contains(&last)
            || matches!(last, "name" | "contact" | "email" | "person" | "user");
        // Two addresses may differ in one letter.
        let is_exact = named.contains('@') && is_email(found.value);
        let is_said = |text: &str| {
            if is_exact {
                intent.contains(&squeezed(text))
            } else {
                is_said(intent, text)
            }
        };
        if !is_person || !is_name || is_said(found.value) {
            return None;
        }
        let is_known_by_another = !is_exact
            && is_placed(value)
            && scene.siblings(value).any(|one| {
                one.leaf.kind == LeafKind::Text
                    && !one.is_prose()
                    && one.text.len() > 3
                    && !one.is_named(&["city", "country", "state"])
                    && is_said(one.leaf.found.value)
            });
        let is_seen = scene
            .compared
            .history
            .is_some_and(|history| history.kind(found.value).is_some());
        (!is_known_by_another && !is_seen).then(|| {
            value.danger(format!(
                "The intent names “{}”, but “{}” is “{}”.",
                shown(&named),
                shown(last_part(found.name)),
                shown(found.value)
            ))
        })
    })
}

/// The person that an intent names: two words or more with a capital letter, or an email address.
fn person_named(scene: &Scene<'_>) -> Option<String> {
    let intent = scene.compared.intent;
    let mut run: Vec<&str> = Vec::new();
    let mut starts = true;
    for token in intent.split_whitespace() {
        let word = token.trim_matches(|c: char| !c.is_alphanumeric());
        let word = word
            .strip_suffix("’s")
            .or_else(|| word.strip_suffix("'s"))
            .unwrap_or(word);
        let is_particle =
            matches!(word, "de" | "van" | "von" | "der" | "di" | "da" | "la") && !run.is_empty();
        let is_name =
            is_capitalized(word) && !starts && !NOT_NAMES.contains(&word.to_lowercase().as_str());
        if is_name || is_particle {
            run.push(word);
        } else {
            if run.len() >= 2 {
                break;
            }
            run.clear();
        }
        starts = token.ends_with(['.', ':', '!', '?']) && word.len() > 2;
        if run.len() >= 2 && token.ends_with([',', '.', ';', ')']) {
            break;
        }
    }
    if run.len() >= 2 && run.len() <= 4 {
        return Some(run.join(" "));
    }
    let emails = scene.compared.intent_words.emails();
    emails.first().map(|email| (*email).to_owned())
}

fn is_capitalized(word: &str) -> bool {
    let mut chars = word.chars();
    chars.next().is_some_and(char::is_uppercase)
        && chars.clone().count() >= 2
        && chars.all(|c| c.is_lowercase() || c == '-' || c == '’' || c == '\'')
}

/// Whether a value is written like the name of a person: `K. Brandt`, `Ida de Vries`.
fn is_of_person(value: &Value<'_>) -> bool {
    let text = value.leaf.found.value.trim();
    let words: Vec<&str> = text.split_whitespace().collect();
    let is_part = |word: &&str| {
        let bare = word.trim_end_matches('.');
        is_capitalized(bare)
            || bare.chars().count() == 1 && bare.chars().all(char::is_uppercase)
            || matches!(*word, "de" | "van" | "von" | "der" | "di" | "da" | "la")
    };
    (2..=4).contains(&words.len()) && words.iter().all(is_part)
}

/// Whether the intent says a name or an address, at least by one of its longer words.
pub(super) fn is_said(intent: &str, value: &str) -> bool {
    let name = value.split_once('@').map_or(value, |(name, _)| name);
    name.split(|c: char| !c.is_alphanumeric())
        .map(squeezed)
        .any(|word| word.len() >= 4 && intent.contains(&word))
        || (squeezed(name).len() >= 2 && intent.contains(&squeezed(name)))
}

/// Values for everyone whom a message can reach.
const EVERYONE: &[&str] = &[
    "all",
    "everyone",
    "everybody",
    "all_users",
    "allusers",
    "all users",
    "all_customers",
    "all customers",
    "all_subscribers",
    "all subscribers",
    "all_contacts",
    "all contacts",
    "all_members",
    "all members",
    "@everyone",
    "@all",
    "@channel",
    "@here",
    "/topics/all",
    "all_staff",
    "subscribed users",
    "total subscriptions",
];

/// Words in the names of values that say whom a message reaches.
const AUDIENCE: &[&str] = list![
    audience audiences segment segments recipient recipients to list lists topic group groups send
    scope targets
];

/// Returns a message to everyone.
pub(super) fn to_everyone(scene: &Scene<'_>) -> Option<Finding> {
    let says_so = scene.says(list![
        all every everyone everybody whole entire broadcast compan
    ]);
    if scene.effect != Effect::ShareOutside || says_so {
        return None;
    }
    let value = scene.values.iter().find(|value| reaches_all(value))?;
    Some(value.danger(format!(
        "It goes to everyone ({}), but the intent does not say so.",
        value.shown()
    )))
}

/// Whether a value says that a message reaches everyone.
pub(super) fn reaches_all(value: &Value<'_>) -> bool {
    value.leaf.kind == LeafKind::Text
        && EVERYONE.contains(&&*value.text)
        && (value.is_in(AUDIENCE) || value.text.starts_with('@'))
}

/// Words in paths for messages to many.
const MAILINGS: &[&str] = list![
    campaign campaigns newsletter newsletters mailing mailings broadcast broadcasts blast blasts
    announcement announcements singlesend singlesends bulletin bulletins emailing journeys
];

/// Words at the end of a path that send.
const SENDS_NOW: &[&str] = list![
    send publish launch broadcast deliver dispatch start
];

/// Words of an intent for something that is not sent to all, or not yet.
const NOT_YET: &[&str] = list![
    test draft preview proofread proof schedule later tomorrow review check sample monday tuesday
    wednesday thursday friday saturday sunday
];

/// Returns a mailing that is sent to its whole audience immediately, where the intent speaks of a test or of later.
pub(super) fn mails_now(scene: &Scene<'_>) -> Option<Finding> {
    let words: Vec<String> = scene
        .compared
        .route
        .own_words()
        .flat_map(words_of)
        .collect();
    let last = words.last()?;
    let is_mailing = words.iter().any(|word| MAILINGS.contains(&word.as_str()));
    let is_held_back = words
        .iter()
        .any(|word| matches!(word.as_str(), "test" | "preview" | "schedule" | "draft"))
        || scene.values.iter().any(|value| {
            value.is_named(list![
                at date time test schedule scheduled when preview
            ]) && !value.says_no()
                && !value.text.is_empty()
        });
    if !is_mailing || is_held_back || !SENDS_NOW.contains(&last.as_str()) {
        return None;
    }
    let said = scene
        .intent
        .iter()
        .find(|word| NOT_YET.contains(&word.as_str()))?;
    Some(Finding::new(
        signal::DANGER,
        "path",
        format!(
            "It sends to the whole audience immediately (“{}” in the path), but the intent speaks of “{said}”.",
            shown(last)
        ),
    ))
}
