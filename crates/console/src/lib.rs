//! The terminal of a command: everything on standard output, everything on standard error except the
//! log, and secrets from standard input.

pub mod secret_line;

use std::fmt::Display;
use std::io::{self, Write};
use std::process::ExitCode;

/// Exit code for invalid settings, the same as clap's for an invalid command line.
pub const EXIT_SETTINGS: u8 = 2;

/// Writes a line to standard output. Ignores a closed pipe.
pub fn say(line: impl Display) {
    let _ = writeln!(io::stdout().lock(), "{line}");
}

/// Writes a line to standard error and returns the exit code.
pub fn fail(line: impl Display, exit_code: u8) -> ExitCode {
    note(line);
    ExitCode::from(exit_code)
}

/// Writes a line to standard error.
pub fn note(line: impl Display) {
    let _ = writeln!(io::stderr().lock(), "gaiterguard: {line}");
}

/// Writes a prompt to standard error, without a line break.
pub fn prompt(text: impl Display) {
    let mut stderr = io::stderr().lock();
    let _ = write!(stderr, "{text}");
    let _ = stderr.flush();
}
