//! The command: asks the gateway, prepares the folder and the variables, and starts the program.

use std::io::Write as _;
use std::process::ExitCode;

use gaiterguard_client::AgentClient;
use gaiterguard_console as console;

use crate::arguments::RunArguments;
use crate::bundle::Bundle;
use crate::check;
use crate::child;
use crate::folder::RunFolder;
use crate::gateway::Gateway;
use crate::inherited::Inherited;
use crate::no_proxy;
use crate::shell;
use crate::signals::Signals;
use crate::variables::Variables;

/// Exit code if the program was not started because of the gateway or a setting, as of `env` and `timeout`.
/// The codes below are often the program's own.
const EXIT_NOT_STARTED: u8 = 125;

/// Starts the program, waits for it to end, and returns its exit code.
pub fn run(arguments: &RunArguments) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return console::fail(error, EXIT_NOT_STARTED),
    };
    match runtime.block_on(run_in_folder(arguments)) {
        Ok(code) => ExitCode::from(code),
        Err(message) => console::fail(message, EXIT_NOT_STARTED),
    }
}

async fn run_in_folder(arguments: &RunArguments) -> Result<u8, String> {
    let inherited = Inherited::read();
    let client = AgentClient::read(arguments.key_file.as_deref())?;
    let key = client.key.to_str().map_err(|error| error.to_string())?;
    // From here on a signal cannot end the process before it has removed the folder.
    let mut signals = Signals::listen().map_err(|error| format!("signals: {error}"))?;
    let gateway = tokio::select! {
        gateway = Gateway::ask(&client) => gateway?,
        signal = signals.next() => return Ok(child::exit_code_of_signal(signal.as_raw())),
    };
    let bundle = Bundle::collect(gateway.authority, &inherited)?;
    for line in &bundle.unreadable {
        console::note(format_args!("{line}; these roots are left out"));
    }
    for host in no_proxy::exempted(&inherited, &gateway.hosts) {
        console::note(format_args!(
            "NO_PROXY exempts {host}: requests to this host do not pass the gateway"
        ));
    }
    let folder = RunFolder::create(&bundle, &inherited)
        .map_err(|error| format!("cannot create a temporary folder: {error}"))?;
    let proxy_url = gateway.proxy.url(&arguments.user_name(), key);
    let variables = Variables::of(&proxy_url, &folder.files(), &gateway.hosts, &inherited);
    if arguments.check {
        return tokio::select! {
            checked = check::run(&variables) => checked,
            signal = signals.next() => Ok(child::exit_code_of_signal(signal.as_raw())),
        };
    }
    if arguments.prints_variables {
        print(&shell::commands(&variables, &inherited))?;
        console::note(format_args!(
            "remove the folder {} when the shell no longer needs it",
            folder.files().folder.display()
        ));
        folder.keep();
        return Ok(0);
    }
    match child::start(&arguments.command, &variables) {
        Ok(program) => child::wait(program, &mut signals)
            .await
            .map_err(|error| format!("cannot wait for the program: {error}")),
        Err(not_started) => {
            console::note(not_started.message);
            Ok(not_started.exit_code)
        }
    }
}

fn print(text: &[u8]) -> Result<(), String> {
    let mut out = std::io::stdout().lock();
    out.write_all(text)
        .and_then(|()| out.flush())
        .map_err(|error| format!("standard output: {error}"))
}
