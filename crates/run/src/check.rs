//! Sends one request with each runtime on the machine, to the host at which the proxy itself responds.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use gaiterguard_console as console;
use tokio::process::Command;
use tokio::time::timeout;

use crate::folder::Files;
use crate::java;
use crate::variables::Variables;

/// The URL at which the proxy itself responds. Without the proxy, nothing does.
const URL: &str = "https://check.gaiterguard.invalid/";

/// How long one runtime may take. A large one starts slowly on a busy machine.
const PROBE_LIMIT: Duration = Duration::from_secs(30);

/// The program of Java, the source that it runs, and the argument that stands for its file.
const JAVA: &str = "java";
const JAVA_PROGRAM: &str = include_str!("../assets/Check.java");
const JAVA_FILE: &str = "Check.java";

/// The exit code of a probe whose library is not installed: `EX_UNAVAILABLE` of sysexits.h, which no runtime uses
/// for errors of its own.
const EXIT_NOT_INSTALLED: i32 = 69;

/// The longest part of an error that is printed, in characters. Stack traces begin or end with what matters, and
/// each runtime gets one line of a list.
const ERROR_CHARS_MAX: usize = 300;

/// A runtime, or a library of one.
struct Probe {
    name: &'static str,
    program: &'static str,
    arguments: &'static [&'static str],
    /// Texts in the error output that show that the runtime is older than the probe, or installed in part only.
    incomplete: &'static [&'static str],
    /// A text in the error output that shows that the request arrived, of a program that fails because the URL is
    /// not one of its servers.
    arrived: Option<&'static str>,
}

const fn probe(
    name: &'static str,
    program: &'static str,
    arguments: &'static [&'static str],
) -> Probe {
    Probe {
        name,
        program,
        arguments,
        incomplete: &[],
        arrived: None,
    }
}

/// Imports a library, or ends with [`EXIT_NOT_INSTALLED`].
macro_rules! python {
    ($module:literal, $code:literal) => {
        &[
            "-c",
            concat!(
                "import sys\ntry:\n import ",
                $module,
                "\nexcept ImportError:\n sys.exit(69)\n",
                "url = sys.argv[1]\n",
                $code
            ),
            URL,
        ]
    };
}

const PROBES: &[Probe] = &[
    probe(
        "curl",
        "curl",
        &[
            "--fail",
            "--silent",
            "--show-error",
            "--output",
            "/dev/null",
            URL,
        ],
    ),
    probe(
        "wget",
        "wget",
        &["--quiet", "--tries=1", "--output-document=/dev/null", URL],
    ),
    Probe {
        arrived: Some("not found"),
        ..probe(
            "git",
            "git",
            &["ls-remote", "https://check.gaiterguard.invalid/repository"],
        )
    },
    probe(
        "Python: urllib",
        "python3",
        python!("urllib.request", "urllib.request.urlopen(url).read()"),
    ),
    probe(
        "Python: requests",
        "python3",
        python!("requests", "requests.get(url).raise_for_status()"),
    ),
    probe(
        "Python: httpx",
        "python3",
        python!("httpx", "httpx.get(url).raise_for_status()"),
    ),
    probe(
        "Python: aiohttp, with trust_env=True",
        "python3",
        python!(
            "aiohttp, asyncio",
            "async def main():\n async with aiohttp.ClientSession(trust_env=True) as session:\n  \
             async with session.get(url) as response:\n   response.raise_for_status()\nasyncio.run(main())"
        ),
    ),
    probe(
        "Node.js: fetch",
        "node",
        &[
            "-e",
            "fetch(process.argv[1]).then((r) => process.exit(r.ok ? 0 : 1))",
            URL,
        ],
    ),
    probe(
        "Node.js: https",
        "node",
        &[
            "-e",
            "require('https').get(process.argv[1], (r) => process.exit(r.statusCode === 200 ? 0 : 1))",
            URL,
        ],
    ),
    probe(
        "Deno",
        "deno",
        &["eval", "await (await fetch(Deno.args[0])).text()", URL],
    ),
    probe(
        "Bun",
        "bun",
        &[
            "-e",
            "await (await fetch('https://check.gaiterguard.invalid/')).text()",
        ],
    ),
    probe(
        "Ruby",
        "ruby",
        &[
            "-rnet/http",
            "-e",
            "exit Net::HTTP.get_response(URI(ARGV[0])).is_a?(Net::HTTPSuccess)",
            URL,
        ],
    ),
    Probe {
        incomplete: &["jdk.compiler", "Could not find or load main class"],
        ..probe(
            "Java: HttpClient, HttpURLConnection (JDK 11 or newer)",
            JAVA,
            &[JAVA_FILE, URL],
        )
    },
    probe(
        "PHP",
        "php",
        &[
            "-r",
            "exit(curl_exec(curl_init($argv[1])) === false ? 1 : 0);",
            URL,
        ],
    ),
];

/// Prints a verdict for each runtime. The exit code is 1 if one of them does not reach the proxy.
pub(crate) async fn run(variables: &Variables, files: &Files) -> Result<u8, String> {
    let folder = &files.folder;
    let java_file = folder.join(JAVA_FILE);
    std::fs::write(&java_file, JAVA_PROGRAM)
        .map_err(|error| format!("{}: {error}", java_file.display()))?;
    let mut has_failed = false;
    let has_java = variables.has(java::VARIABLE);
    for probe in PROBES
        .iter()
        .filter(|probe| has_java || probe.program != JAVA)
    {
        let verdict = match timeout(PROBE_LIMIT, probe.send(variables, &java_file)).await {
            Ok(Some(Ok(()))) => "ok".to_owned(),
            Ok(None) => "not installed".to_owned(),
            Ok(Some(Err(reason))) => {
                has_failed = true;
                format!("FAILED: {reason}")
            }
            Err(_) => {
                has_failed = true;
                format!(
                    "FAILED: no response within {} seconds",
                    PROBE_LIMIT.as_secs()
                )
            }
        };
        console::say(format_args!("{}: {verdict}", probe.name));
    }
    if !has_java {
        console::say(
            "Java: not set up, because this system does not name the users of connections",
        );
    }
    Ok(u8::from(has_failed))
}

impl Probe {
    /// Sends the request. `None` if the runtime or the library is not installed.
    async fn send(&self, variables: &Variables, java_file: &Path) -> Option<Result<(), String>> {
        let mut command = Command::new(self.program);
        variables.apply(&mut command);
        let arguments = self.arguments.iter().map(|argument| match *argument {
            JAVA_FILE => java_file.as_os_str(),
            argument => OsStr::new(argument),
        });
        let output = command
            .args(arguments)
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output()
            .await;
        match output {
            Ok(output) if self.is_not_installed(&output) => None,
            Ok(output) => Some(self.verdict(&output)),
            Err(_) => None,
        }
    }

    fn is_not_installed(&self, output: &Output) -> bool {
        let error = String::from_utf8_lossy(&output.stderr);
        output.status.code() == Some(EXIT_NOT_INSTALLED)
            || self.incomplete.iter().any(|text| error.contains(text))
    }

    fn verdict(&self, output: &Output) -> Result<(), String> {
        let error = String::from_utf8_lossy(&output.stderr);
        let has_arrived = self.arrived.is_some_and(|text| error.contains(text));
        if output.status.success() || has_arrived {
            return Ok(());
        }
        let line = reason(&error).map_or_else(|| output.status.to_string(), str::to_owned);
        Err(line.chars().take(ERROR_CHARS_MAX).collect())
    }
}

/// Returns the line of an error output that says the reason: the last one of a traceback, the first one that names
/// an error, or else the first one.
fn reason(errors: &str) -> Option<&str> {
    let mut lines = errors.lines().filter(|line| !line.trim().is_empty());
    let first = lines.clone().next()?;
    if first.starts_with("Traceback") {
        return lines.next_back();
    }
    let is_error = |line: &&str| line.contains("error") || line.contains("Error");
    Some(lines.find(is_error).unwrap_or(first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_is_one_line() {
        let curl = "curl: (60) SSL certificate problem\nMore details here: https://curl.se\n\nTo learn more\n";
        assert_eq!(reason(curl), Some("curl: (60) SSL certificate problem"));
        let python = "Traceback (most recent call last):\n  File \"error.py\"\nurllib.error.URLError: refused\n";
        assert_eq!(reason(python), Some("urllib.error.URLError: refused"));
        let node = "node:internal/process:105\n    throw\n\nError: self-signed certificate\n    at TLSSocket\n";
        assert_eq!(reason(node), Some("Error: self-signed certificate"));
        assert_eq!(reason("\n"), None);
    }
}
