//! Who can see or reach something once the request is carried out, if that is everyone.

use crate::codes;
use crate::value::Value;
use crate::words::{is_in, spaced, words};

/// Shown for an object that everyone sees, and for an address that everyone reaches.
const ANYONE: &str = "visible to anyone";
const OUTSIDE: &str = "visible outside the team";
const EVERYONE_INSIDE: &str = "for everyone in the organization";
const ANY_ADDRESS: &str = "reachable from any address";

/// Words in the names of values that say who sees something.
const NAMES: &str = "access acl anyone audience entity exposure grantee level link listing member members permission \
    permissions principal principals privacy public role scope share shared sharing type viewers visibility visible \
    who";

/// Values that stand for everyone, if the name says that somebody sees something.
const PUBLIC: &str = "anonymous anyone anyonewithlink anyonewiththelink blob container everyone internet open public \
    publicread publicreadwrite world";

/// Values that stand for everyone whatever the name says.
const ALWAYS_PUBLIC: &str = "allauthenticatedusers allusers anyonewithlink anyonewiththelink publicread \
    publicreadwrite";

/// Values that stand for everyone in an organization.
const INSIDE: &str =
    "allprincipals anyoneinorganization domainwithlink everyoneintenant organizationwide";

/// Words of switches that open something to everyone if they are on, and those that close it.
const OPENS: &str = "ispublic public publicaccess publiclyaccessible publiclyvisible publicread anonymousaccess \
    allowanonymous guestaccess listed searchable";
const CLOSES: &str = "blockpublicaccess blockpublicacls blockpublicpolicy ignorepublicacls internalonly isprivate private \
    restrictpublicbuckets requirelogin requiresignin unlisted";

/// Words in the names of values that say where traffic goes to, not where it comes from.
const OUTBOUND: &str = "dest destination destinations dst egress outbound to";

/// Returns who sees or reaches something by a value, in words; `None` if it is not everyone, or if the value does not
/// say.
pub(crate) fn of(value: &Value) -> Option<&'static str> {
    if value.is_cut() || value.location.starts_with("query/") {
        return None;
    }
    let name = compact(value.name());
    let text = value.text.trim();
    match text.to_ascii_lowercase().as_str() {
        "true" if is_in(OPENS, &name) => return Some(ANYONE),
        "false" if is_in(CLOSES, &name) => return Some(ANYONE),
        "false" if is_in("internal isinternal isinternalnote internalnote", &name) => {
            return Some(OUTSIDE);
        }
        "true" | "false" => return None,
        "any" | "internet" | "*" if is_source(value) => return Some(ANY_ADDRESS),
        "all" if is_group_of_right(value) => return Some(ANYONE),
        "0.0.0.0/0" | "::/0" | "0.0.0.0-255.255.255.255" => {
            let is_outbound = value
                .names
                .iter()
                .flat_map(|name| words(name))
                .any(|word| is_in(OUTBOUND, &word));
            return (!is_outbound).then_some(ANY_ADDRESS);
        }
        _ => {}
    }
    // `"shareType": 3`, where the document says that 3 is a public link.
    let label = codes::shown(value);
    let opens = |label: &String| label.contains("(public") || label.contains("(anyone");
    if label.as_ref().is_some_and(opens) && words(value.name()).any(|word| is_in(NAMES, &word)) {
        return Some(ANYONE);
    }
    // Identifiers of groups have a prefix or a path: `group:allUsers`, `acs.amazonaws.com/groups/global/AllUsers`.
    let last = text.rsplit(['/', ':', '=']).next().unwrap_or_default();
    let (whole, last) = (compact(text), compact(last));
    let is_one = |list: &str| is_in(list, &whole) || is_in(list, &last);
    let says_who = || {
        value
            .names
            .iter()
            .rev()
            .take(2)
            .flat_map(|name| words(name))
            .any(|word| is_in(NAMES, &word))
    };
    if is_one(INSIDE) {
        Some(EVERYONE_INSIDE)
    } else if is_one(ALWAYS_PUBLIC) || is_in(PUBLIC, &whole) && says_who() {
        Some(ANYONE)
    } else {
        None
    }
}

/// Whether a value says from which addresses something is reached: `sourceAddressPrefix`.
fn is_source(value: &Value) -> bool {
    let words: Vec<String> = words(value.name()).collect();
    let has = |list: &str| words.iter().any(|word| is_in(list, word));
    has("source src ingress")
        && has("address addresses cidr ip prefix prefixes range")
        && !has("port ports")
}

/// Whether a value is the group that gets a right: `LaunchPermission.Add.1.Group`.
fn is_group_of_right(value: &Value) -> bool {
    let all: Vec<String> = value.names.iter().flat_map(|name| words(name)).collect();
    all.last().is_some_and(|last| last == "group")
        && all
            .iter()
            .any(|word| is_in("acl grant permission share", word))
}

/// Returns a name or a value without separators, in lower case: `public-read` as `publicread`.
fn compact(text: &str) -> String {
    spaced(text)
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .collect()
}
