//! Output for the user of a command. Everything on standard output, and everything on standard
//! error except the log, is written here.

use std::fmt::Display;
use std::io::{self, Write};
use std::process::ExitCode;

/// Exit code for invalid settings, the same as clap's for an invalid command line.
pub(crate) const EXIT_SETTINGS: u8 = 2;

/// Writes a line to standard output. Ignores a closed pipe.
pub(crate) fn say(line: impl Display) {
    let _ = writeln!(io::stdout().lock(), "{line}");
}

/// Writes a line to standard error and returns the exit code.
pub(crate) fn fail(line: impl Display, exit_code: u8) -> ExitCode {
    note(line);
    ExitCode::from(exit_code)
}

/// Writes a line to standard error.
pub(crate) fn note(line: impl Display) {
    let _ = writeln!(io::stderr().lock(), "gaiterguard: {line}");
}

/// Writes a prompt to standard error, without a line break.
pub(crate) fn prompt(text: impl Display) {
    let mut stderr = io::stderr().lock();
    let _ = write!(stderr, "{text}");
    let _ = stderr.flush();
}
