//! Things that end although nobody asked for it, and requests that reach more than they seem to.

use gaiterguard_domain::effect::Effect;

use super::scene::{Scene, Value, last_part, words_of};
use super::switches;
use crate::field::LeafKind;
use crate::finding::{Finding, shown};
use crate::requested_effects::Wish;
use crate::signal;

/// Beginnings of words of an intent that asks for something to end.
const ASKS_TO_END: &[&str] = list![
    archiv ban block cancel clean clear clos deactivat delet demot detach disabl disconnect discard
    dismiss drop eject empt end eras evict expel expir kick leav off prun purg reject remov renew
    replac reset retir revok rotat shut stop suspend terminat trash truncat unassign uninstall
    unlink unpublish unsubscrib untag void wip withdraw rid move swap undo roll take free unfollow
    unstar unlike unlock unban unmute unshare unpin unmark unwatch unregister log sign forget releas
    lift return declin refus abort kill hang expung dissolv tear down out without lose evacuat merg
];

/// Words of English, in which the words above are.
const ENGLISH: &[&str] = list![
    a and for from in of on our that the their to with
];

/// Returns something that is deleted although the intent does not ask for it.
pub(super) fn ends_unasked(scene: &Scene<'_>) -> Option<Finding> {
    let asks = scene.says(ASKS_TO_END) || scene.compared.asked.has(Wish::Delete);
    if asks || !scene.has(ENGLISH) {
        return None;
    }
    // One item of a list that is marked as deleted.
    let marked = scene.values.iter().find(|value| {
        let is_mark = value.says_yes()
            && value.is_named(&["deleted", "delete", "destroy", "remove"])
            && value.name.len() <= 2
            // A right to delete deletes nothing, and a protection is from it.
            && !value.is_in(&["permission", "permissions", "right", "rights", "can", "allow", "role", "scope", "scopes", "protection", "events", "notify", "on", "after"])
            && !switches::guards(scene);
        let is_verb = matches!(&*value.text, "delete" | "remove" | "destroy")
            && value.is_named(&["op", "operation", "action", "method", "changetype", "verb"]);
        is_mark || is_verb
    });
    if let Some(value) = marked {
        return Some(value.danger(format!(
            "It deletes something ({}), which the intent does not ask for.",
            value.shown()
        )));
    }
    let is_delete =
        scene.effect == Effect::Delete && *scene.compared.request.method == http::Method::DELETE;
    is_delete.then(|| {
        let sentence = "It deletes something, which the intent does not ask for.";
        Finding::new(signal::DANGER, "method", sentence)
    })
}

/// Words in the names of switches that make a request do more.
const WIDENS: &[&str] = list![
    all bypass cascade everything force forced hard overwrite permanent permanently purge recurse
    recursive recursively unsafe wipe override overridden
];

/// Returns a switch that makes the request do more than the intent says.
pub(super) fn widens(scene: &Scene<'_>) -> Option<Finding> {
    if !scene.changes() {
        return None;
    }
    let value = scene.values.iter().find(|value| {
        let is_said = || {
            value
                .name
                .iter()
                .filter(|word| word.len() > 2)
                .any(|word| scene.says(&[&word[..word.len().min(5)]]))
        };
        let is_replaced = value.is_named(&["overwrite"])
            && scene.says(&[
                "updat", "replac", "chang", "sav", "stor", "upload", "correct", "edit", "set",
            ]);
        value.says_yes()
            && value.is_named(WIDENS)
            && !value.is_named(&["no", "not", "allow", "day", "days", "show", "select"])
            && !is_replaced
            && !is_said()
    })?;
    Some(value.danger(format!(
        "{}, which the intent does not mention.",
        value.shown()
    )))
}

/// Beginnings of values in a query that exclude what comes after them.
const EXCLUDES: &[&str] = &["neq.", "not.", "ne:", "neq:", "not:", "!=", "<>", "!"];

/// Words of an intent that excludes something.
const SAYS_EXCEPT: &[&str] = list![
    except but other others not without excluding besides apart rest unless
];

/// Returns a filter that selects everything except what the intent names.
pub(super) fn selects_the_others(scene: &Scene<'_>) -> Option<Finding> {
    if !scene.changes() || scene.has(SAYS_EXCEPT) {
        return None;
    }
    scene.values.iter().find_map(|value| {
        let text = value.leaf.found.value.trim();
        let by_name = value.is_named(&["ne", "neq", "nin", "exclude", "excluding", "except"])
            || value.leaf.found.name.ends_with('!');
        let named = EXCLUDES
            .iter()
            .find_map(|start| text.strip_prefix(start))
            .or_else(|| by_name.then_some(text))?;
        let named = named
            .trim_start_matches("eq.")
            .trim_matches(['(', ')', '"', '\'', ' ']);
        let is_named = named.len() > 1 && scene.compared.intent_words.names(named);
        is_named.then(|| {
            value.danger(format!(
                "It applies to everything except “{}”, which is what the intent names.",
                shown(named)
            ))
        })
    })
}

/// Returns a list that is empty, where the intent names some of what it would hold.
pub(super) fn empty_list(scene: &Scene<'_>) -> Option<Finding> {
    if !scene.changes()
        || scene.says(&[
            "all", "every", "whole", "entire", "clear", "empt", "remov", "none", "delet", "without",
        ])
    {
        return None;
    }
    let lists = scene.compared.fields.empty_lists.iter();
    let list = lists.filter(|list| !list.name.is_empty()).find(|list| {
        let words = words_of(list.name);
        let selects = words.iter().any(|word| SELECTED.contains(&word.as_str()));
        selects && scene.mentions(&words)
    })?;
    Some(Finding::new(
        signal::DANGER,
        list.evidence,
        format!(
            "“{}” is empty, which often means all, but the intent names some.",
            shown(last_part(list.name))
        ),
    ))
}

/// Words in the names of lists that select what a request is about.
const SELECTED: &[&str] = list![
    zones sites doors areas rooms hosts devices sensors ids filters targets users regions groups
    segments machines lines cameras scopes branches tables floors gates sections meters valves pumps
    units
];

/// Returns the call of a batch that is about something else than the others and than the intent.
pub(super) fn odd_call(scene: &Scene<'_>) -> Option<Finding> {
    let calls = &scene.compared.fields.calls;
    // A header that repeats the name of the call in the body is not a second one.
    let are_apart = calls
        .iter()
        .all(|call| call.method.is_some() || call.evidence.starts_with('/'));
    if calls.len() < 2 || !are_apart {
        return None;
    }
    let words = |name: &str| -> Vec<String> {
        // Without the query and the keys of the object.
        let path = name.split(['?', '(']).next().unwrap_or(name);
        let path = path.split_once(' ').map_or(path, |(_, path)| path);
        words_of(path)
            .into_iter()
            .filter(|word| word.len() > 2)
            .collect()
    };
    let all: Vec<Vec<String>> = calls.iter().map(|call| words(call.name)).collect();
    let at = (0..calls.len()).find(|at| {
        let own = &all[*at];
        let is_alone = all
            .iter()
            .enumerate()
            .all(|(other, words)| other == *at || words != own);
        let is_said = own.iter().any(|word| {
            // A word that the others have as well does not set it apart.
            let is_common = all
                .iter()
                .enumerate()
                .any(|(other, words)| other != *at && words.contains(word));
            !is_common && scene.compared.intent_words.has_word(word)
        });
        let changes = !crate::call::only_asks(&calls[*at]);
        is_alone && changes && !own.is_empty() && !is_said
    })?;
    // Where all are different, none is odd.
    let own = &all[at];
    let others: Vec<&Vec<String>> = all
        .iter()
        .enumerate()
        .filter(|(other, _)| *other != at)
        .map(|(_, words)| words)
        .collect();
    let have_company = others.len() == 1
        || others
            .iter()
            .any(|one| others.iter().filter(|other| *other == one).count() > 1);
    let others_are_said = others.iter().any(|words| {
        words
            .iter()
            .any(|word| !own.contains(word) && scene.compared.intent_words.has_word(word))
    });
    (have_company && (others_are_said || others.len() > 1)).then(|| {
        let name = calls[at].name;
        let path = name.split(['?', '(']).next().unwrap_or(name);
        Finding::new(
            signal::DANGER,
            calls[at].evidence,
            format!(
                "One of its {} requests is for “{}”, which the intent does not mention.",
                calls.len(),
                shown(path.rsplit('/').next().unwrap_or(path))
            ),
        )
    })
}

/// Words in paths for what gives access to anyone who has it.
const GIVEN: &[&str] = list![
    share shares link links sharing invite invites invitations
];

/// Words in the names of values that say who gets access.
const WITH: &[&str] = list![
    with user users email emails recipient recipients to grantee group groups member members
    principal principals team invitee invitees person audience domain collaborator collaborators
    address addresses who contact account assignee password sharewith
];

/// Returns a share that names nobody, although the intent does: anyone who has the link can open it.
pub(super) fn shares_with_nobody(scene: &Scene<'_>) -> Option<Finding> {
    let route: Vec<String> = scene
        .compared
        .route
        .own_words()
        .flat_map(words_of)
        .collect();
    let is_share = route
        .last()
        .is_some_and(|last| GIVEN.contains(&last.as_str()))
        && *scene.compared.request.method == http::Method::POST;
    let says_link = scene.says(&["public", "anyone", "everyone", "link", "url", "anybody"]);
    let asks = scene.says(&["shar", "give", "let", "send", "grant", "access", "invit"]);
    let names_who = scene.values.iter().any(|value| {
        value.is_in(WITH) && !value.text.is_empty() && value.leaf.kind != LeafKind::Null
            || value.leaf.found.value.contains('@')
    });
    let with = scene.intent.windows(2).any(|pair| pair[0] == "with");
    let value = scene.values.first()?;
    (is_share && asks && with && !says_link && !names_who && route.len() > 1).then(|| {
        let at = scene
            .values
            .iter()
            .find(|value| value.is_named(&["type", "kind", "scope", "sharetype"]) || value.name.join("") == "sharetype")
            .unwrap_or(value);
        let what = if std::ptr::eq(at, value) && !at.is_named(&["type"]) {
            String::new()
        } else {
            format!(" ({})", at.shown())
        };
        at.finding(
            signal::DANGER_ACCESS,
            format!("It shares something without naming anyone{what}, so anyone who has the link may open it."),
        )
    })
}

/// Whether an intent says until which day or time: `until Friday`, but not `until she has read it`.
fn until_when(scene: &Scene<'_>) -> bool {
    let after = scene.intent.iter().skip_while(|word| *word != "until");
    after.skip(1).take(4).any(|word| {
        word.starts_with(|c: char| c.is_ascii_digit())
            || WHEN.iter().any(|start| word.starts_with(start))
    })
}

/// Beginnings of words for a day or a time.
const WHEN: &[&str] = list![
    monday tuesday wednesday thursday friday saturday sunday januar februar march april may june july
    august septemb octob novemb decemb end tomorrow tonight noon midnight next
];

/// Returns access that does not end, where the intent names a time.
pub(super) fn endless(scene: &Scene<'_>, names_time: bool) -> Option<Finding> {
    const ACCESS: &[&str] = list![
        key keys token tokens grant grants share shares link links access permission permissions
        credential credentials invite invites pass passes badge badges codes roles members
    ];
    const ENDS: &[&str] = list![
        end ends until expires expiry expiration expire expiring ttl duration lifetime valid to
        hours days minutes seconds date period deadline timeout window validity expiredate
        expirydate
    ];
    let is_bounded = scene.says(&["temporar", "expir"])
        || scene.has(&["until"]) && until_when(scene)
        || scene.intent_text.contains(" for the day")
        || scene.intent.windows(3).any(|words| {
            words[0] == "for"
                && words[1].bytes().all(|byte| byte.is_ascii_digit())
                && matches!(
                    words[2].as_str(),
                    "day"
                        | "days"
                        | "hour"
                        | "hours"
                        | "week"
                        | "weeks"
                        | "minutes"
                        | "month"
                        | "months"
                )
        });
    let route: Vec<String> = scene
        .compared
        .route
        .own_words()
        .flat_map(words_of)
        .collect();
    let gives = route
        .last()
        .is_some_and(|last| ACCESS.contains(&last.as_str()));
    let method = scene.compared.request.method;
    let creates = *method == http::Method::POST || *method == http::Method::PUT;
    let has_end = scene.values.iter().any(|value: &Value<'_>| {
        let is_end = value.is_in(ENDS)
            || value
                .name
                .iter()
                .any(|word| word.contains("expir") || word.contains("until"));
        is_end && value.leaf.kind != LeafKind::Null && !value.text.is_empty()
    });
    (is_bounded && names_time && gives && creates && !has_end && !scene.values.is_empty()).then(
        || {
            Finding::new(
                signal::DANGER_ACCESS,
                "path",
                "The access has no end, but the intent names a time.",
            )
        },
    )
}
