//! The short names of values, as a headline has them.

use crate::filter;
use crate::member::is_identifier;
use crate::words::{is_in, spaced, words};

/// Names of ISO 20022 that few people can read, with their words.
const SPELLED: &[(&str, &str)] = &[
    ("ctrl sum", "control sum"),
    ("reqd exctn dt", "execution date"),
    ("reqd exctn dt dt", "execution date"),
];

/// Whether a name says nothing about a value without the name around it.
fn is_general(name: &str) -> bool {
    const GENERAL: &str = "address amount code dt email emailaddress fullname id key name name1 names number phone reference text type value";
    is_in(GENERAL, &spaced(name).replace(' ', ""))
}

/// Returns the last of the dotted names of a value, and the one before it if it says nothing alone. A negation around it
/// is kept.
pub(crate) fn short_name(names: &str) -> String {
    const NEGATIONS: &str = "except exclude excluded mustnot ne not notequals notin unless";
    let own = own_short_name(names);
    let own = SPELLED
        .iter()
        .find(|(short, _)| *short == own)
        .map_or(own, |(_, whole)| (*whole).to_owned());
    let is_negation = |name: &str| {
        let bare = name.trim_start_matches(['$', '_']);
        is_in(NEGATIONS, &spaced(bare).replace(' ', ""))
    };
    let is_negated = names.rsplit('.').skip(1).any(is_negation);
    if is_negated && !own.starts_with("not ") {
        return format!("not {own}");
    }
    own
}

fn own_short_name(names: &str) -> String {
    // Names of the format, around every value of it.
    let is_wrapper = |name: &&str| {
        is_in(
            "attributes data input node params properties sys variables",
            name,
        )
    };
    let mut outer = names.rsplit('.');
    let own = outer.next().unwrap_or_default();
    // `status._in` is a comparison of a column.
    if let (Some(sign), Some(column)) = (filter::operator(own), outer.clone().next()) {
        return format!("{} {sign}", spaced(column));
    }
    let is_alone = own.chars().nth(1).is_none()
        || is_identifier(own)
        || own.bytes().all(|byte| byte.is_ascii_digit())
        || is_general(own);
    // In `forwardTo.address.emailAddress`, only the first says what it is.
    let says_something = |name: &&str| !is_wrapper(name) && !is_general(name);
    match outer.find(says_something).filter(|_| is_alone) {
        // In `account.id`, the word before says all.
        Some(outer) if own == "id" => spaced(outer),
        Some(outer) if is_identifier(own) => format!("{} {own}", spaced(outer)),
        // In `grossAmount.amount`, the word before says it, too.
        Some(outer) if words(outer).last() == words(own).last() && words(own).nth(1).is_none() => {
            spaced(outer)
        }
        Some(outer) => format!("{} {}", spaced(outer), spaced(own)),
        None => spaced(own),
    }
}
