//! The hosts that are not reached through the proxy: `NO_PROXY`.

use std::ffi::{OsStr, OsString};

use crate::inherited::Inherited;

/// The hosts of this machine. The gateway refuses IP addresses as targets, so a local server would be out of
/// reach. The IPv6 address has no brackets, which httpx cannot parse.
const LOOPBACK: &str = "localhost,127.0.0.1,::1";

/// Returns the value of `NO_PROXY` for a program that can reach no host of the caller's without the proxy.
pub(crate) fn of_this_machine() -> OsString {
    OsString::from(LOOPBACK)
}

/// Returns the value of `NO_PROXY`: the hosts of this machine and those that the caller has exempted.
pub(crate) fn value(inherited: &Inherited) -> OsString {
    let mut value = OsString::from(LOOPBACK);
    let own = of_caller(inherited);
    for (index, entry) in own.iter().enumerate() {
        // Both spellings usually have the same value.
        if !own[..index].contains(entry) {
            value.push(",");
            value.push(entry);
        }
    }
    value
}

/// Returns which of the hosts the caller has exempted.
pub(crate) fn exempted<'a>(inherited: &Inherited, hosts: &'a [String]) -> Vec<&'a str> {
    let own = of_caller(inherited);
    let entries: Vec<_> = own
        .iter()
        .filter_map(|value| value.to_str())
        .flat_map(|value| value.split([',', ' ']))
        .filter(|entry| !entry.is_empty())
        .collect();
    let is_exempted = |host: &&String| entries.iter().any(|entry| matches(entry, host));
    hosts
        .iter()
        .filter(is_exempted)
        .map(String::as_str)
        .collect()
}

fn of_caller(inherited: &Inherited) -> Vec<&OsStr> {
    let names = ["NO_PROXY", "no_proxy"];
    names
        .iter()
        .filter_map(|name| inherited.get(name))
        .collect()
}

/// Whether some client leaves out a host because of this entry. curl and Go include subdomains of a plain name.
fn matches(entry: &str, host: &str) -> bool {
    let name = entry.split_once(':').map_or(entry, |(name, _)| name);
    let name = name.trim_start_matches('*').trim_start_matches('.');
    let (name, host) = (name.to_ascii_lowercase(), host.to_ascii_lowercase());
    match host.strip_suffix(&name) {
        Some(rest) => entry.starts_with('*') || rest.is_empty() || rest.ends_with('.'),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_callers_entries_follow_those_of_this_machine() {
        assert_eq!(value(&Inherited::default()), LOOPBACK);
        let both = Inherited::from([("NO_PROXY", "a.example"), ("no_proxy", "a.example")]);
        assert_eq!(value(&both), "localhost,127.0.0.1,::1,a.example");
        let two = Inherited::from([("NO_PROXY", "a.example"), ("no_proxy", ".b.example")]);
        assert_eq!(value(&two), "localhost,127.0.0.1,::1,a.example,.b.example");
    }

    #[test]
    fn an_entry_exempts_the_name_and_the_names_below_it() {
        for (entry, is_exempted) in [
            ("api.github.com", true),
            ("github.com", true),
            (".GitHub.com", true),
            ("*.github.com:443", true),
            ("*", true),
            ("hub.com", false),
            ("example.com", false),
        ] {
            let inherited = Inherited::from([("no_proxy", entry)]);
            let hosts = ["api.github.com".to_owned()];
            assert_eq!(
                !exempted(&inherited, &hosts).is_empty(),
                is_exempted,
                "{entry}"
            );
        }
    }
}
