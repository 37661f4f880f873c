//! The second process of a confined program: it moves to a network of its own, starts the program there, and passes
//! the program's connections on to a socket of the first process.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use gaiterguard_console as console;
use tokio::net::{TcpListener, UnixStream};

use super::{PROXY_PORT, namespace, unix_sockets};
use crate::child;
use crate::command::{ACCEPT_PAUSE, EXIT_NOT_STARTED};
use crate::signals::Signals;

/// Start a program in a network that contains nothing but the proxy. `gaiterguard run --confine` starts this
/// command.
#[derive(Debug, Args)]
pub struct ConfinedArguments {
    /// Socket that leads to the proxy.
    socket: PathBuf,
    /// The command and its arguments.
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    command: Vec<OsString>,
}

/// Starts the program with the environment of this process, waits for it to end, and returns its exit code.
pub fn run(arguments: &ConfinedArguments) -> ExitCode {
    // Before the runtime exists, because a process with several threads cannot have another user namespace.
    let entered = namespace::enter(&unix_sockets::of_other_programs(&arguments.socket));
    let confined = entered.and_then(|()| {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| error.to_string())?
            .block_on(run_confined(arguments))
    });
    match confined {
        Ok(code) => ExitCode::from(code),
        Err(message) => console::fail(message, EXIT_NOT_STARTED),
    }
}

async fn run_confined(arguments: &ConfinedArguments) -> Result<u8, String> {
    let mut signals = Signals::listen().map_err(|error| format!("signals: {error}"))?;
    let listener = TcpListener::bind(PROXY_PORT).await;
    let listener = listener.map_err(|error| format!("the proxy's port: {error}"))?;
    namespace::give_up_rights()?;
    let program = match child::start(&arguments.command, |_| ()) {
        Ok(program) => program,
        Err(not_started) => {
            console::note(not_started.message);
            return Ok(not_started.exit_code);
        }
    };
    tokio::select! {
        code = child::wait(program, &mut signals) => {
            code.map_err(|error| format!("cannot wait for the program: {error}"))
        }
        never = serve(listener, &arguments.socket) => match never {},
    }
}

/// Passes connections on to the socket.
async fn serve(listener: TcpListener, socket: &Path) -> std::convert::Infallible {
    loop {
        let Ok((mut client, _)) = listener.accept().await else {
            // The program has used up the descriptors; some of them will be closed.
            tokio::time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        let socket = socket.to_owned();
        tokio::spawn(async move {
            if let Ok(mut outside) = UnixStream::connect(socket).await {
                // A failure is one of the program's connection.
                let _ = tokio::io::copy_bidirectional(&mut client, &mut outside).await;
            }
        });
    }
}
