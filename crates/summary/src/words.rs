//! English words in names and paths.

/// Verbs of API documents and paths.
const VERBS: &str = "accept activate add announce approve archive assign attach ban block book buy calculate \
    cancel capture change charge check clear close complete compose confirm copy create deactivate delete \
    deploy detach disable dispatch dispute download duplicate edit enable estimate evaluate execute \
    export expunge finalize finish fork forward generate get give grant hangup ignore import \
    install invite issue join kick launch leave link list lock make mark merge modify move \
    open order overwrite pause pay pin place post preview publish purchase purge push reassign \
    reboot redeliver refund register reject release remove rename reopen reorder replace \
    reply rerun reserve reset resize restart restore resume retrieve retry revoke roll \
    rollback rotate run save scale schedule search send set share simulate snooze start stop submit \
    subscribe suspend sync terminate transfer transition trigger unarchive unassign unblock \
    unlink unlock unpin unsubscribe update upgrade upload upsert validate verify void withdraw write";

/// Words before a verb that applies to many things.
pub(crate) const SEVERAL: &[&str] = &["batch", "bulk", "mass", "multi"];

/// Whether a word is in a list of words.
pub(crate) fn is_in(list: &str, word: &str) -> bool {
    list.split_ascii_whitespace().any(|one| one == word)
}

/// Whether a word is a verb in its plain form.
pub(crate) fn is_verb(word: &str) -> bool {
    is_in(VERBS, word)
}

/// Whether a segment is or begins with a verb.
pub(crate) fn begins_with_verb(segment: &str) -> bool {
    let words = spaced(segment);
    words
        .split(' ')
        .next()
        .is_some_and(|first| SEVERAL.contains(&first) || is_verb(first))
}

/// Whether a word is the third person of a verb.
fn is_third_person(word: &str, verb: &str) -> bool {
    let stem = |ending| word.strip_suffix(ending);
    stem("s") == Some(verb)
        || stem("es") == Some(verb)
        || stem("ies")
            .zip(verb.strip_suffix('y'))
            .is_some_and(|(word, verb)| word == verb)
}

/// Returns the verb that a word is, in any of its forms.
pub(crate) fn verb_of(word: &str) -> Option<&'static str> {
    VERBS
        .split_ascii_whitespace()
        .find(|verb| word == *verb || is_third_person(word, verb))
}

/// Whether a word says nothing about what a path is for.
pub(crate) fn is_general(word: &str) -> bool {
    const GENERAL: &[&str] = &[
        "admin", "api", "apis", "client", "json", "rest", "rpc", "service", "services", "v",
    ];
    GENERAL.iter().any(|one| word.eq_ignore_ascii_case(one)) || is_version(word)
}

/// Whether a segment is the version of an API: `v1`, `2.0`, `2025-04`. A longer number is an identifier.
pub(crate) fn is_version(text: &str) -> bool {
    let is_number = |part: &str, digits_max: usize| {
        (1..=digits_max).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    if let Some(number) = text.strip_prefix(['v', 'V']) {
        return number.split('.').all(|part| is_number(part, 4));
    }
    match text.split_once('-') {
        Some((year, rest)) => {
            year.len() == 4 && is_number(year, 4) && rest.split('-').all(|part| is_number(part, 2))
        }
        None => text.split('.').all(|part| is_number(part, 2)),
    }
}

/// Splits a name in any of the usual spellings into words.
pub(crate) fn words(name: &str) -> impl Iterator<Item = String> {
    spaced(name)
        .split(' ')
        .map(str::to_owned)
        .collect::<Vec<_>>()
        .into_iter()
}

/// Writes a name as words: `paymentIntents` and `payment_intents` as `payment intents`.
pub(crate) fn spaced(name: &str) -> String {
    let mut spaced = String::with_capacity(name.len() + 4);
    let mut was_lower = false;
    for c in name.chars() {
        if matches!(c, '_' | '-' | '.' | ' ') {
            if !spaced.ends_with(' ') {
                spaced.push(' ');
            }
            was_lower = false;
            continue;
        }
        if c.is_ascii_uppercase() && was_lower {
            spaced.push(' ');
        }
        was_lower = c.is_ascii_lowercase() || c.is_ascii_digit();
        spaced.push(c.to_ascii_lowercase());
    }
    spaced.trim().to_owned()
}

/// Returns a noun, given in the singular, in the plural.
pub(crate) fn plural(noun: &str) -> String {
    if let Some(stem) = noun.strip_suffix('y')
        && !stem.ends_with(['a', 'e', 'i', 'o', 'u'])
    {
        return format!("{stem}ies");
    }
    match noun {
        _ if ["s", "x", "ch", "sh"]
            .iter()
            .any(|ending| noun.ends_with(ending)) =>
        {
            format!("{noun}es")
        }
        _ => format!("{noun}s"),
    }
}

/// Returns a noun with its last word in the singular.
pub(crate) fn singular(noun: &str) -> String {
    const UNCHANGED: &[&str] = &["ss", "us", "is", "news", "sms", "dns", "https", "series"];
    if noun.len() < 4 || UNCHANGED.iter().any(|ending| noun.ends_with(ending)) {
        return noun.to_owned();
    }
    if let Some(stem) = noun.strip_suffix("ies") {
        return format!("{stem}y");
    }
    for ending in ["sses", "ches", "shes", "xes"] {
        if noun.ends_with(ending) {
            return noun[..noun.len() - 2].to_owned();
        }
    }
    noun.strip_suffix('s').unwrap_or(noun).to_owned()
}
