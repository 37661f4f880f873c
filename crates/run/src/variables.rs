//! The variables of the program.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::net::SocketAddr;
use std::path::Path;

use tokio::process::Command;

use crate::folder::Files;
use crate::inherited::Inherited;
use crate::{java, placeholder};

/// Variables with the URL of the proxy. Some clients read only one case: curl ignores `HTTP_PROXY`.
const PROXY: [&str; 9] = [
    "HTTP_PROXY",
    "http_proxy",
    "HTTPS_PROXY",
    "https_proxy",
    "ALL_PROXY",
    "all_proxy",
    "CARGO_HTTP_PROXY",
    "npm_config_proxy",
    "npm_config_https_proxy",
];

/// Variables with a file that replaces a program's roots.
const REPLACED_ROOTS: [&str; 9] = [
    // OpenSSL, and with it Ruby, PHP and most programs in C; Go; httpx and aiohttp; uv; rustls-native-certs.
    "SSL_CERT_FILE",
    "CURL_CA_BUNDLE",
    "GIT_SSL_CAINFO",
    "REQUESTS_CA_BUNDLE",
    "PIP_CERT",
    "CARGO_HTTP_CAINFO",
    "npm_config_cafile",
    "AWS_CA_BUNDLE",
    "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH",
];

/// Variables with a file that adds to a program's roots. Bun reads the one of Node.js.
const ADDED_ROOTS: [&str; 2] = ["NODE_EXTRA_CA_CERTS", "DENO_CERT"];

/// Variables that the program must not have: the agent key, and spellings that npm treats as equal to those
/// that are set.
const REMOVED: [&str; 4] = [
    "GAITERGUARD_AGENT_KEY",
    "NPM_CONFIG_CAFILE",
    "NPM_CONFIG_PROXY",
    "NPM_CONFIG_HTTPS_PROXY",
];

/// How the program reaches the proxy.
pub(crate) struct Way {
    /// The URL of the proxy, with what it asks for.
    pub(crate) proxy_url: String,
    /// Where programs find the proxy that cannot use the URL. `None` where that is not possible.
    pub(crate) relay: Option<SocketAddr>,
    /// The hosts that are reached without the proxy.
    pub(crate) no_proxy: OsString,
}

/// Changes to the environment of the program.
#[derive(Debug)]
pub(crate) struct Variables(BTreeMap<&'static str, Option<OsString>>);

impl Variables {
    /// Returns the changes for a program that uses the proxy in this way and may call these hosts through the
    /// gateway's services.
    pub(crate) fn of(way: &Way, files: &Files, hosts: &[String], inherited: &Inherited) -> Self {
        let mut variables = BTreeMap::new();
        let mut set = |name, value: &OsStr| variables.insert(name, Some(value.to_owned()));
        for name in PROXY {
            set(name, OsStr::new(&way.proxy_url));
        }
        set("NO_PROXY", &way.no_proxy);
        set("no_proxy", &way.no_proxy);
        for name in REPLACED_ROOTS {
            set(name, files.all.as_os_str());
        }
        for name in ADDED_ROOTS {
            set(name, files.added.as_os_str());
        }
        set("NODE_USE_ENV_PROXY", OsStr::new("1"));
        set("NODE_OPTIONS", &node_options(&files.preload, inherited));
        if inherited.get("DENO_TLS_CA_STORE").is_none() {
            set("DENO_TLS_CA_STORE", OsStr::new("mozilla,system"));
        }
        if let Some(relay) = way.relay {
            let options = java::options(relay, &files.trust_store, &way.no_proxy, inherited);
            set(java::VARIABLE, &options);
        }
        set("WGETRC", files.wgetrc.as_os_str());
        set("GAITERGUARD_RUN_FOLDER", files.folder.as_os_str());
        for (name, value) in placeholder::of_hosts(hosts) {
            variables.insert(name, value.map(OsString::from));
        }
        for name in REMOVED {
            variables.insert(name, None);
        }
        Self(variables)
    }

    /// Whether a variable is set.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(Option::is_some)
    }

    /// Changes the environment of a command.
    pub(crate) fn apply(&self, command: &mut Command) {
        for (name, value) in self.iter() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
    }

    /// Returns each variable with its value, or `None` for a variable to remove.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'static str, Option<&OsStr>)> {
        let variables = self.0.iter();
        variables.map(|(name, value)| (*name, value.as_deref()))
    }
}

/// Returns the caller's options for Node.js and one that loads the module. Node.js splits the value at spaces,
/// except within double quotes.
fn node_options(preload: &Path, inherited: &Inherited) -> OsString {
    let mut options = OsString::new();
    if let Some(own) = inherited.get("NODE_OPTIONS") {
        options.push(own);
        options.push(" ");
    }
    let path = preload.to_string_lossy();
    let path = path.replace('\\', "\\\\").replace('"', "\\\"");
    options.push(format!("--require \"{path}\""));
    options
}

#[cfg(test)]
impl<const N: usize> From<[(&'static str, Option<&str>); N]> for Variables {
    fn from(variables: [(&'static str, Option<&str>); N]) -> Self {
        let variables = variables.into_iter();
        Self(
            variables
                .map(|(name, value)| (name, value.map(OsString::from)))
                .collect(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::OWN_ROOTS;
    use crate::no_proxy;

    const URL: &str = "http://curl:agt_0f@127.0.0.1:3001";

    fn files() -> Files {
        Files {
            folder: "/run".into(),
            added: "/run/added.pem".into(),
            all: "/run/bundle.pem".into(),
            trust_store: "/run/truststore.p12".into(),
            preload: "/run/preload.cjs".into(),
            wgetrc: "/run/wgetrc".into(),
        }
    }

    fn variables(hosts: &[&str], inherited: &Inherited) -> BTreeMap<&'static str, Option<String>> {
        let hosts: Vec<_> = hosts.iter().map(ToString::to_string).collect();
        let way = Way {
            proxy_url: URL.to_owned(),
            relay: Some("127.0.0.1:4000".parse().unwrap()),
            no_proxy: no_proxy::value(inherited),
        };
        let variables = Variables::of(&way, &files(), &hosts, inherited);
        let text = |value: &OsStr| value.to_str().unwrap().to_owned();
        variables
            .iter()
            .map(|(name, value)| (name, value.map(text)))
            .collect()
    }

    #[test]
    fn the_proxy_is_set_in_both_cases() {
        let variables = variables(&[], &Inherited::from([("https_proxy", "http://other")]));
        for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"] {
            assert!(variables[name].is_some(), "{name}");
            assert_eq!(
                variables[name],
                variables[name.to_ascii_lowercase().as_str()]
            );
        }
        assert_eq!(variables["https_proxy"].as_deref(), Some(URL));
    }

    #[test]
    fn the_authority_alone_only_adds_to_the_roots_of_a_program() {
        let variables = variables(&[], &Inherited::default());
        let names = |file: &str| {
            let is_file = |value: &Option<String>| value.as_deref() == Some(file);
            let all = variables.iter();
            all.filter_map(|(name, value)| is_file(value).then_some(*name))
                .collect::<Vec<_>>()
        };
        let mut replaced = REPLACED_ROOTS.to_vec();
        replaced.sort_unstable();
        assert_eq!(names("/run/bundle.pem"), replaced);
        assert_eq!(
            names("/run/added.pem"),
            ["DENO_CERT", "NODE_EXTRA_CA_CERTS"]
        );
        assert_eq!(names("/run/ca.pem"), [""; 0]);
    }

    #[test]
    fn the_roots_of_every_variable_that_is_overwritten_are_read() {
        for name in REPLACED_ROOTS.iter().chain(&ADDED_ROOTS) {
            assert!(OWN_ROOTS.contains(name), "{name}");
        }
    }

    #[test]
    fn a_key_of_a_service_of_the_agent_is_replaced_and_others_are_kept() {
        let inherited = Inherited::from([
            ("OPENAI_API_KEY", "sk-real"),
            ("GH_TOKEN", "ghp_real"),
            ("GAITERGUARD_AGENT_KEY", "agt_0f"),
        ]);
        let variables = variables(&["api.openai.com"], &inherited);
        let openai = variables["OPENAI_API_KEY"].as_deref().unwrap();
        assert!(!openai.contains("real"), "{openai}");
        assert!(!variables.contains_key("GH_TOKEN"));
        assert_eq!(variables["GAITERGUARD_AGENT_KEY"], None);
    }

    #[test]
    fn the_callers_options_of_node_and_deno_are_kept() {
        let inherited = Inherited::from([
            ("NODE_OPTIONS", "--max-old-space-size=64"),
            ("DENO_TLS_CA_STORE", "system"),
        ]);
        let variables = variables(&[], &inherited);
        assert_eq!(
            variables["NODE_OPTIONS"].as_deref(),
            Some("--max-old-space-size=64 --require \"/run/preload.cjs\"")
        );
        assert!(!variables.contains_key("DENO_TLS_CA_STORE"));
        let spaces = node_options(Path::new("/a b/\"c\""), &Inherited::default());
        assert_eq!(spaces, "--require \"/a b/\\\"c\\\"\"");
    }
}
