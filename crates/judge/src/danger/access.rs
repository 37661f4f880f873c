//! Access for everyone.

use gaiterguard_domain::effect::Effect;

use super::people;
use super::scene::{Scene, Value};
use crate::finding::Finding;
use crate::signal;

/// Values that mean everyone wherever they are.
const EVERYONE: &[&str] = &[
    "allusers",
    "all_users",
    "everyone",
    "everybody",
    "internet",
    "0.0.0.0/0",
    "::/0",
    "0.0.0.0-255.255.255.255",
    "anyone",
    "anyone_with_link",
    "anyone_with_the_link",
    "anyonewithlink",
    "anyone with the link",
    "anonymous",
    "public-read",
    "public-read-write",
    "public_read",
    "world",
    "worldreadable",
    "world_readable",
    "http://acs.amazonaws.com/groups/global/allusers",
];

/// Values that mean anyone with an account.
const SIGNED_IN: &[&str] = &[
    "allauthenticatedusers",
    "authenticated-read",
    "authenticated_users",
    "authenticated users",
    "system:authenticated",
    "http://acs.amazonaws.com/groups/global/authenticatedusers",
];

/// Values that mean everyone where they say who: elsewhere they select or describe something.
const WHERE_IT_SAYS_WHO: &[&str] = &[
    "*",
    "all",
    "any",
    "public",
    "0.0.0.0",
    "::",
    "system:unauthenticated",
];

/// Words in the names of values that say who.
const WHO: &[&str] = list![
    access acl allow allowed audience cidr cidrs from grant grantee grantees group groups ingress ip
    ips member members origin origins permission permissions prefix principal principals privacy
    range ranges reader readers share shared sharing source sources subject subjects user users
    viewer viewers visibility visible who whitelist allowlist trusted
];

/// Words in the names of values that say something else.
const NOT_WHO: &[&str] = list![
    dest destination egress field fields header headers method methods outbound port ports target
    type format accept
];

/// Words of values and names that take access away.
const TAKES: &[&str] = list![
    block deny denied drop exclude excluded reject remove revoke prohibit
];

/// Returns what opens something to everyone.
pub(super) fn opens(scene: &Scene<'_>) -> Option<Finding> {
    if !scene.changes()
        || scene.effect == Effect::Delete
        || scene.says(list![
            public everyone everybody anyone anybody world internet anonymous publish anywhere
        ])
    {
        return None;
    }
    scene.values.iter().find_map(|value| {
        // A message to all opens nothing.
        let is_message = scene.effect == Effect::ShareOutside && people::reaches_all(value);
        let reach = if value.is_prose() || value.is_in(TAKES) || is_message {
            return None;
        } else if EVERYONE.contains(&&*value.text)
            || is_who(value) && WHERE_IT_SAYS_WHO.contains(&&*value.text)
        {
            "everyone"
        } else if SIGNED_IN.contains(&&*value.text) {
            "anyone with an account"
        } else {
            return None;
        };
        // A rule that denies is one for everyone, too.
        let is_denied = scene.siblings(value).any(|one| TAKES.contains(&&*one.text));
        (!is_denied).then(|| {
            value.finding(
                signal::DANGER_ACCESS,
                format!("It opens access to {reach}: {}.", value.shown()),
            )
        })
    })
}

fn is_who(value: &Value<'_>) -> bool {
    // A kind such as `audience` may be the parent of the value.
    value.is_in(WHO) && !value.is_named(NOT_WHO)
}
