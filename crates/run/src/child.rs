//! The program as a child process.

use std::ffi::OsString;
use std::io::{Error, ErrorKind};
use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;

use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};

use crate::signals::{Signals, program_has_it};

/// Exit codes of a shell for a command that does not exist and for one that cannot be executed.
const EXIT_NOT_FOUND: u8 = 127;
const EXIT_NOT_EXECUTABLE: u8 = 126;

/// A program that was not started.
#[derive(Debug)]
pub(crate) struct NotStarted {
    pub(crate) message: String,
    pub(crate) exit_code: u8,
}

/// Starts a program. It inherits everything that `prepare` does not change.
pub(crate) fn start(
    command: &[OsString],
    prepare: impl FnOnce(&mut Command),
) -> Result<Child, NotStarted> {
    let (program, arguments) = command
        .split_first()
        .expect("the command line requires a command");
    let mut command = Command::new(program);
    command.args(arguments);
    prepare(&mut command);
    command.spawn().map_err(|error| NotStarted {
        message: format!("{}: {}", program.to_string_lossy(), reason(&error)),
        exit_code: match error.kind() {
            ErrorKind::NotFound => EXIT_NOT_FOUND,
            _ => EXIT_NOT_EXECUTABLE,
        },
    })
}

/// Forwards signals until the program ends, and returns its exit code.
pub(crate) async fn wait(mut child: Child, signals: &mut Signals) -> Result<u8, Error> {
    loop {
        tokio::select! {
            status = child.wait() => return Ok(exit_code(status?)),
            signal = signals.next() => if !program_has_it(signal) {
                forward(&child, signal);
            }
        }
    }
}

fn forward(child: &Child, signal: Signal) {
    let id = child.id().and_then(|id| i32::try_from(id).ok());
    if let Some(id) = id.and_then(Pid::from_raw) {
        // The program may have ended, or run as another user.
        let _ = kill_process(id, signal);
    }
}

/// Returns the exit code of the program. If a signal ended it, returns the code that a shell would.
fn exit_code(status: ExitStatus) -> u8 {
    match (status.code(), status.signal()) {
        (Some(code), _) => low_byte(code),
        (None, signal) => exit_code_of_signal(signal.unwrap_or_default()),
    }
}

/// Returns the exit code of a shell for a program that a signal has ended.
pub(crate) fn exit_code_of_signal(signal: i32) -> u8 {
    low_byte(128 + signal)
}

fn low_byte(code: i32) -> u8 {
    u8::try_from(code & 0xff).expect("it is within the range of a byte")
}

fn reason(error: &Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => "command not found".to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_has_the_exit_code_of_a_shell() {
        // The status of wait(2): the exit code is in the second byte, a signal in the first.
        assert_eq!(exit_code(ExitStatus::from_raw(0)), 0);
        assert_eq!(exit_code(ExitStatus::from_raw(3 << 8)), 3);
        assert_eq!(exit_code(ExitStatus::from_raw(15)), 143);
    }
}
