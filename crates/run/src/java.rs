//! The options of a Java virtual machine.
//!
//! The clients of the JDK take the proxy and the trusted certificates from system properties, and the password of a
//! proxy from code alone. So their proxy is the [`Relay`](crate::relay::Relay), which adds it.

use std::ffi::{OsStr, OsString};
use std::net::SocketAddr;
use std::path::Path;

use crate::inherited::Inherited;

/// The variable that every virtual machine reads. It names it on standard error when it starts.
pub(crate) const VARIABLE: &str = "JAVA_TOOL_OPTIONS";

/// Returns the caller's options and those of the proxy, which apply: the last option with a name does.
pub(crate) fn options(
    proxy: SocketAddr,
    trust_store: &Path,
    no_proxy: &OsStr,
    inherited: &Inherited,
) -> OsString {
    let mut options = OsString::new();
    if let Some(own) = inherited.get(VARIABLE) {
        options.push(own);
        options.push(" ");
    }
    let (host, port) = (proxy.ip(), proxy.port());
    let store = quoted(&trust_store.to_string_lossy());
    let direct = quoted(&non_proxy_hosts(&no_proxy.to_string_lossy()));
    options.push(format!(
        "-Dhttp.proxyHost={host} -Dhttp.proxyPort={port} -Dhttps.proxyHost={host} -Dhttps.proxyPort={port} \
         -Dhttp.nonProxyHosts={direct} -Djavax.net.ssl.trustStore={store} -Djavax.net.ssl.trustStoreType=PKCS12"
    ));
    options
}

/// Returns the hosts of `NO_PROXY` as Java names them: separated by bars, with an asterisk for the names below one.
fn non_proxy_hosts(no_proxy: &str) -> String {
    let entries = no_proxy.split([',', ' ']).filter(|entry| !entry.is_empty());
    let hosts = entries.flat_map(|entry| match entry {
        "127.0.0.1" => vec!["127.*".to_owned()],
        "::1" => vec!["[::1]".to_owned()],
        "*" => vec!["*".to_owned()],
        name => {
            let name = name.trim_start_matches(['*', '.']);
            vec![name.to_owned(), format!("*.{name}")]
        }
    });
    hosts.collect::<Vec<_>>().join("|")
}

/// Returns the text as part of an option. A virtual machine splits its options at white space, except within quotes
/// of either kind, and knows no other escape.
fn quoted(text: &str) -> String {
    text.split_inclusive('\'')
        .map(|part| match part.strip_suffix('\'') {
            Some(part) => format!("'{part}'\"'\""),
            None => format!("'{part}'"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_callers_options_are_kept_and_paths_are_quoted() {
        let inherited = Inherited::from([("JAVA_TOOL_OPTIONS", "-Xmx64m")]);
        let proxy = "127.0.0.1:4000".parse().unwrap();
        let options = options(
            proxy,
            Path::new("/it's a/store"),
            "localhost".as_ref(),
            &inherited,
        );
        assert_eq!(
            options,
            "-Xmx64m -Dhttp.proxyHost=127.0.0.1 -Dhttp.proxyPort=4000 -Dhttps.proxyHost=127.0.0.1 \
             -Dhttps.proxyPort=4000 -Dhttp.nonProxyHosts='localhost|*.localhost' \
             -Djavax.net.ssl.trustStore='/it'\"'\"'s a/store' -Djavax.net.ssl.trustStoreType=PKCS12"
        );
    }

    #[test]
    fn the_hosts_without_the_proxy_are_those_of_the_variable() {
        assert_eq!(
            non_proxy_hosts("localhost,127.0.0.1,::1,.a.example *.b.example,c.example"),
            "localhost|*.localhost|127.*|[::1]|a.example|*.a.example|b.example|*.b.example|c.example|*.c.example"
        );
        assert_eq!(non_proxy_hosts("*"), "*");
    }
}
