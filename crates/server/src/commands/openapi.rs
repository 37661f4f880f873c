//! `gaiterguard openapi`: prints the OpenAPI document.

use std::io::Write;
use std::process::ExitCode;

use gaiterguard_console as console;

use crate::routes;

/// Writes the document to standard output. Ignores a closed pipe.
pub(crate) fn run() -> ExitCode {
    match std::io::stdout().write_all(&routes::document()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => console::fail(error, 1),
    }
}
