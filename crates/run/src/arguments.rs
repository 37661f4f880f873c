//! The arguments of `gaiterguard run`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::Args;

/// Maximum length of a label, in characters. Logs show it in one line.
const LABEL_CHARS_MAX: usize = 64;

/// The longest time that a held call stays open, in seconds.
const WAIT_SECONDS_MAX: u64 = 300;

/// Start a program behind the gateway's forward proxy.
///
/// Sets the variables that make HTTP clients use the proxy and trust its certificates, for this program and the
/// programs that it starts. Ends with the program's exit code: 128 + N if signal N ended it, 127 if the command
/// does not exist, 126 if it cannot be executed, 125 if the gateway or a variable prevented the start.
#[derive(Debug, Args)]
pub struct RunArguments {
    /// Label that the gateway shows with the requests of the program. Defaults to the name of the command.
    #[arg(long, value_parser = label)]
    label: Option<String>,
    /// How long a held request of the program waits for a human, up to 5m. Defaults to the agent's setting.
    #[arg(long, value_name = "TIME", value_parser = wait)]
    wait: Option<u64>,
    /// Send one harmless request with every runtime that is found on this machine, to the proxy itself, and print
    /// whether it arrived.
    #[arg(long, conflicts_with_all = ["command", "prints_variables"])]
    pub(crate) check: bool,
    /// Print the variables for a shell instead of starting a program, for `eval "$(…)"`. The folder of the
    /// certificates is kept.
    #[arg(long = "env", conflicts_with = "command")]
    pub(crate) prints_variables: bool,
    /// Start the program in a network of its own, in which it reaches the proxy and nothing else (Linux). Ends with
    /// exit code 125 where the kernel does not allow that.
    #[arg(long, conflicts_with_all = ["check", "prints_variables"])]
    pub(crate) confine: bool,
    /// File that contains the agent key. Replaces `GAITERGUARD_AGENT_KEY`.
    #[arg(long, value_name = "FILE")]
    pub(crate) key_file: Option<PathBuf>,
    /// The command and its arguments.
    #[arg(required_unless_present_any = ["prints_variables", "check"], trailing_var_arg = true)]
    pub(crate) command: Vec<OsString>,
}

impl RunArguments {
    /// Returns the user name at the proxy: the label, and how long held requests wait.
    pub(crate) fn user_name(&self) -> String {
        let label = self.label();
        match self.wait {
            Some(seconds) => format!("{label};wait={seconds}"),
            None => label,
        }
    }

    /// Returns the label: the one that was given, or the file name of the command.
    fn label(&self) -> String {
        let of_command = || {
            let name = Path::new(self.command.first()?).file_name()?;
            let name = name.to_string_lossy();
            let kept = name.chars().filter(|one| is_allowed(*one));
            Some(kept.take(LABEL_CHARS_MAX).collect::<String>())
        };
        let label = self.label.clone().or_else(of_command);
        label
            .filter(|label| !label.is_empty())
            .unwrap_or_else(|| "shell".to_owned())
    }
}

/// Parses a time such as `5m` or `90s`. Returns seconds.
fn wait(text: &str) -> Result<u64, &'static str> {
    const EXPECTED: &str = "must be a time such as 90s or 5m, up to 5m";
    let (digits, unit) = match text.strip_suffix('m') {
        Some(minutes) => (minutes, 60),
        None => (text.strip_suffix('s').unwrap_or(text), 1),
    };
    let seconds = digits
        .parse::<u64>()
        .ok()
        .and_then(|count| count.checked_mul(unit));
    seconds
        .filter(|seconds| *seconds <= WAIT_SECONDS_MAX)
        .ok_or(EXPECTED)
}

fn label(text: &str) -> Result<String, &'static str> {
    let is_label = (1..=LABEL_CHARS_MAX).contains(&text.chars().count());
    if is_label && text.chars().all(is_allowed) {
        Ok(text.to_owned())
    } else {
        Err("must have 1 to 64 characters, without colons and control characters")
    }
}

/// Whether the character can be part of a label. A colon ends the user name of a `Basic` credential
/// (RFC 7617).
fn is_allowed(character: char) -> bool {
    character != ':' && !character.is_control()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_command(command: &str) -> String {
        let arguments = RunArguments {
            label: None,
            wait: None,
            check: false,
            prints_variables: false,
            confine: false,
            key_file: None,
            command: vec![command.into()],
        };
        arguments.label()
    }

    #[test]
    fn the_label_is_the_file_name_of_the_command() {
        assert_eq!(of_command("/usr/bin/curl"), "curl");
        assert_eq!(of_command("./my agent"), "my agent");
        assert_eq!(of_command("a:b\n"), "ab");
        assert_eq!(of_command(".."), "shell");
    }

    #[test]
    fn a_time_is_in_minutes_or_seconds_and_at_most_five_minutes() {
        assert_eq!(
            ["5m", "90s", "90", "0"].map(wait),
            [Ok(300), Ok(90), Ok(90), Ok(0)]
        );
        for invalid in ["", "m", "6m", "301", "-1", "1h", "1.5m"] {
            assert!(wait(invalid).is_err(), "{invalid:?}");
        }
    }

    #[test]
    fn a_label_without_a_single_reading_is_refused() {
        assert_eq!(label("nightly résumé"), Ok("nightly résumé".to_owned()));
        for invalid in ["", "a:b", "a\nb", &"x".repeat(65)] {
            assert!(label(invalid).is_err(), "{invalid:?}");
        }
    }
}
