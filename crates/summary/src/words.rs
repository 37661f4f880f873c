//! English words in names and paths.

/// Verbs of API documents and paths.
const VERBS: &str = "\
    abort accept acknowledge activate actuate add adjust administer admit allocate amend annotate announce append apply \
    approve archive assign attach authenticate authorize ban bind block book broadcast build buy \
    calculate calibrate cancel capture change charge check claim clear clone close collect \
    combine compile complete compose compress compute configure confirm connect convert copy \
    create deactivate decline decommission decrypt delay delegate delete deliver demote deny \
    deploy deprecate deprovision destroy detach disable disarm disburse discard discharge disconnect dismiss \
    dispatch dispense dispute distribute donate downgrade download drain drop duplicate edit eject \
    embed enable encrypt enqueue enroll erase escalate estimate evacuate eval evaluate evict exchange \
    exec execute exempt expand expire expel export expose expunge extract fetch finalize finish flush \
    follow fork forward freeze fulfill generate geocode get give grant halt hangup hide hydrate \
    identify ignore impersonate import increase increment ingest initialize initiate inject insert \
    inspect install instantiate interrupt invalidate investigate invite invoke isolate issue \
    join kick kill launch leave link liquidate list locate lock login logout make mark merge migrate \
    mint modify mount move mutate mute nominate notify offboard onboard open order overwrite pause pay pin \
    place post postpone preempt prepare prescribe preview prolong promote propose protect provision prune \
    publish pull purchase purge push quarantine query raise reassign reboot recalculate reclaim \
    recommend reconcile recover recycle redact redeem redeliver reduce refresh refill refund refuse \
    regenerate register reindex reject release relocate remind remit remove rename render renew \
    reopen reorder repair replace replicate reply rerun rescind resend reserve reset resign \
    resize resolve respond restart restore resume retire retract retrieve retry reverse revert \
    revoke roll rollback rotate run save scale schedule seal search seize select sell send set \
    settle share shred shutdown simulate skip snooze solve spawn start stop submit subscribe \
    subtract summarize surrender suspend sync synchronize tear terminate throttle toggle \
    transcode transfer transform transition transmit trash trigger trim truncate unarchive \
    unassign unblock undelete unfreeze uninstall unlink unlock unpin unsubscribe update upgrade \
    upload upsert vacuum validate verify void vote wake wipe withdraw withhold write zip";

/// Verbs that are also nouns: one is what is done only if the path of a POST ends with it after an object,
/// as in `/accounts/a1/credit`.
const NOUN_ACTS: &str = "audit backup commit count credit debit dial escalate extend flag hold lookup probe quote read report request return review sign \
    scan ship swap sweep test trace translate upgrade visit";

/// Words before or after a verb that applies to many things.
pub(crate) const SEVERAL: &[&str] = &["batch", "bulk", "many", "mass", "multi", "multiple"];

/// Whether a word is in a list of words.
pub(crate) fn is_in(list: &str, word: &str) -> bool {
    list.split_ascii_whitespace().any(|one| one == word)
}

/// Whether a word is a verb in its plain form: a known one, one with a prefix such as `rebook` and
/// `unmute`, or one that ends like `anonymize`.
pub(crate) fn is_verb(word: &str) -> bool {
    const PREFIXES: [&str; 4] = ["re", "un", "de", "pre"];
    let is_derived = |prefix: &&str| {
        word.strip_prefix(*prefix)
            .is_some_and(|rest| rest.len() > 2 && is_in(VERBS, rest))
    };
    let ends_like_verb = ["ify", "ize", "yze"]
        .iter()
        .any(|ending| word.strip_suffix(ending).is_some_and(|stem| stem.len() > 3));
    is_in(VERBS, word) || ends_like_verb || PREFIXES.iter().any(is_derived)
}

/// Whether a segment is or begins with a verb.
pub(crate) fn begins_with_verb(segment: &str) -> bool {
    let words = spaced(segment);
    words
        .split(' ')
        .next()
        .is_some_and(|first| SEVERAL.contains(&first) || is_verb(first))
}

/// Returns the verb of a noun for an act: `validate` for `validation`, `credit` for `credit`.
pub(crate) fn act_of_noun(word: &str) -> Option<String> {
    /// Endings of nouns for acts, and those of their verbs.
    const ENDINGS: [(&str, &str); 5] = [
        ("ation", "ate"),
        ("ation", "e"),
        ("ation", ""),
        ("ion", "e"),
        ("ion", ""),
    ];
    if is_in(NOUN_ACTS, word) {
        return Some(word.to_owned());
    }
    ENDINGS.iter().find_map(|(noun, verb)| {
        let stem = word.strip_suffix(noun)?;
        let verb = format!("{stem}{verb}");
        (is_verb(&verb) || is_in(NOUN_ACTS, &verb)).then_some(verb)
    })
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

/// Returns the verb of a past participle: `archive` for `archived`.
pub(crate) fn participle_of(word: &str) -> Option<&'static str> {
    let stem = word.strip_suffix("ed")?;
    let is_of = |verb: &&str| {
        let doubled = verb
            .chars()
            .last()
            .is_some_and(|last| stem == format!("{verb}{last}"));
        stem == *verb
            || verb.strip_suffix('e') == Some(stem)
            || doubled
            || stem
                .strip_suffix('i')
                .is_some_and(|stem| verb.strip_suffix('y') == Some(stem))
    };
    VERBS.split_ascii_whitespace().find(is_of)
}

/// Writes a word with a capital letter.
pub(crate) fn capitalized(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(chars).collect()
    })
}

/// Whether a segment of a path or a value stands for the caller: it names nobody.
pub(crate) fn is_caller(text: &str) -> bool {
    matches!(text, "me" | "@me" | "~" | "-")
}

/// Whether a word says nothing about what a path is for.
pub(crate) fn is_general(word: &str) -> bool {
    const GENERAL: &[&str] = &[
        "admin", "api", "apis", "client", "json", "odata", "rest", "rpc", "service", "services",
        "v",
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

/// Whether a value is an identifier that a machine made, such as `cus_9s6XKz` or a UUID: it says nothing
/// about what it identifies.
pub(crate) fn is_opaque(text: &str) -> bool {
    const LONG: usize = 16;
    let has = |is: fn(&u8) -> bool| text.bytes().any(|byte| is(&byte));
    let is_token = text
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    is_token
        && has(u8::is_ascii_digit)
        && (text.len() >= LONG || text.contains('_') || !has(u8::is_ascii_alphabetic))
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
    if ["dns", "https", "news", "series", "sms"]
        .iter()
        .any(|one| noun.ends_with(one))
    {
        return noun.to_owned();
    }
    if let Some(stem) = noun.strip_suffix('y')
        && !stem.ends_with(['a', 'e', 'i', 'o', 'u'])
    {
        return format!("{stem}ies");
    }
    let takes_es = ["s", "x", "ch", "sh"];
    let is_hissed = takes_es.iter().any(|ending| noun.ends_with(ending));
    format!("{noun}{}", if is_hissed { "es" } else { "s" })
}

/// Returns the noun for one thing in a collection, as people say it: `pull request` for `pulls`.
pub(crate) fn noun_of(collection: &str) -> String {
    /// Nouns that paths shorten or that have an irregular plural, with their full form.
    const SHORTENED: [(&str, &str); 5] = [
        ("env", "environment"),
        ("indice", "index"),
        ("org", "organization"),
        ("pull", "pull request"),
        ("repo", "repository"),
    ];
    let noun = singular(&spaced(collection));
    let full = SHORTENED.iter().find(|(short, _)| *short == noun);
    full.map_or(noun, |(_, full)| (*full).to_owned())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_written_as_words() {
        for (name, expected) in [
            ("paymentIntents", "payment intents"),
            ("payment_intents", "payment intents"),
            ("payment-intents", "payment intents"),
            ("chat.postMessage", "chat post message"),
            ("Messages", "messages"),
            ("customerID", "customer id"),
            ("oauth2Client", "oauth2 client"),
            ("a__b", "a b"),
            ("_id", "id"),
            ("", ""),
        ] {
            assert_eq!(spaced(name), expected, "{name}");
        }
    }

    #[test]
    fn a_noun_loses_its_plural_and_nothing_else() {
        for (noun, expected) in [
            ("charges", "charge"),
            ("payment intents", "payment intent"),
            ("categories", "category"),
            ("branches", "branch"),
            ("boxes", "box"),
            ("addresses", "address"),
            ("pushes", "push"),
            ("databases", "database"),
            ("access", "access"),
            ("status", "status"),
            ("analysis", "analysis"),
            ("dns", "dns"),
            ("series", "series"),
            ("bus", "bus"),
            ("message", "message"),
            ("", ""),
        ] {
            assert_eq!(singular(noun), expected, "{noun}");
        }
    }

    #[test]
    fn a_counted_noun_is_in_the_plural() {
        for (noun, expected) in [
            ("ticket", "tickets"),
            ("category", "categories"),
            ("key", "keys"),
            ("branch", "branches"),
            ("address", "addresses"),
        ] {
            assert_eq!(plural(noun), expected, "{noun}");
            assert_eq!(singular(expected), noun, "{expected}");
        }
    }

    #[test]
    fn a_collection_is_named_by_its_full_noun() {
        for (collection, expected) in [
            ("pulls", "pull request"),
            ("repos", "repository"),
            ("price-categories", "price category"),
            ("pull_requests", "pull request"),
            ("environments", "environment"),
        ] {
            assert_eq!(noun_of(collection), expected, "{collection}");
        }
    }

    #[test]
    fn versions_are_distinguished_from_identifiers() {
        for text in [
            "v1",
            "V2",
            "v19.0",
            "v2024",
            "2",
            "2.0",
            "2025-04",
            "2010-04-01",
        ] {
            assert!(is_version(text), "{text}");
        }
        for text in [
            "", "v", "vm-1", "v1beta", "v12345", "123", "1.234", "2025-", "25-04", "2025-004",
            "version", "1.",
        ] {
            assert!(!is_version(text), "{text}");
        }
    }
}
