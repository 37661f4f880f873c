//! Words for whoever started a command. All of standard output and of standard error outside the log
//! is written here.

use std::fmt::Display;
use std::io::{self, Write};
use std::process::ExitCode;

/// The exit code of a start that the settings do not allow, as of a misspelt command line.
pub(crate) const EXIT_SETTINGS: u8 = 2;

/// Writes a line to standard output. A reader that is gone is no failure of ours.
pub(crate) fn say(line: impl Display) {
    let _ = writeln!(io::stdout().lock(), "{line}");
}

/// Writes a line to standard error, and answers the exit code to end with.
pub(crate) fn fail(line: impl Display, exit_code: u8) -> ExitCode {
    note(line);
    ExitCode::from(exit_code)
}

/// Writes a line to standard error.
pub(crate) fn note(line: impl Display) {
    let _ = writeln!(io::stderr().lock(), "gaiterguard: {line}");
}

/// Writes to standard error what a human at the terminal is to answer, without an end of the line.
pub(crate) fn prompt(text: impl Display) {
    let mut stderr = io::stderr().lock();
    let _ = write!(stderr, "{text}");
    let _ = stderr.flush();
}
