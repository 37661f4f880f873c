//! The command: asks the gateway, prepares the folder and the variables, and starts the program.

use std::ffi::OsString;
use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use gaiterguard_client::AgentClient;
use gaiterguard_console as console;
use tokio::net::TcpListener;

use crate::arguments::RunArguments;
use crate::bundle::Bundle;
use crate::check;
use crate::child;
use crate::folder::RunFolder;
use crate::gateway::Gateway;
use crate::inherited::Inherited;
use crate::no_proxy;
use crate::own_user;
use crate::relay::Relay;
use crate::shell;
use crate::signals::Signals;
use crate::variables::{Variables, Way};

/// Exit code if the program was not started because of the gateway or a setting, as of `env` and `timeout`.
/// The codes below are often the program's own.
pub(crate) const EXIT_NOT_STARTED: u8 = 125;

/// How long to wait before connections are accepted again, if the process has too many open files.
pub(crate) const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

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
    if arguments.confine && !cfg!(target_os = "linux") {
        return Err("--confine needs the network namespaces of Linux".to_owned());
    }
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
    let folder = RunFolder::create(&bundle, &inherited)
        .map_err(|error| format!("cannot create a temporary folder: {error}"))?;
    let user_name = arguments.user_name();
    let relay = Relay::new(&gateway.proxy, &user_name, key, &bundle.all)?;
    let (way, command) = if arguments.confine {
        confined(relay, &folder, &arguments.command)?
    } else {
        for host in no_proxy::exempted(&inherited, &gateway.hosts) {
            console::note(format_args!(
                "NO_PROXY exempts {host}: requests to this host do not go through the gateway"
            ));
        }
        // A shell has its variables longer than this process exists.
        let has_relay = !arguments.prints_variables && own_user::is_known();
        let relay = if has_relay {
            listen(relay).await?
        } else {
            None
        };
        let way = Way {
            proxy_url: gateway.proxy.url(&user_name, key),
            relay,
            no_proxy: no_proxy::value(&inherited),
        };
        (way, arguments.command.clone())
    };
    let variables = Variables::of(&way, &folder.files(), &gateway.hosts, &inherited);
    if arguments.check {
        let files = folder.files();
        return tokio::select! {
            checked = check::run(&variables, &files) => checked,
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
    match child::start(&command, |command| variables.apply(command)) {
        Ok(program) => child::wait(program, &mut signals)
            .await
            .map_err(|error| format!("cannot wait for the program: {error}")),
        Err(not_started) => {
            console::note(not_started.message);
            Ok(not_started.exit_code)
        }
    }
}

/// Serves the relay on the loopback interface, for connections of this user alone, because it adds the agent key.
async fn listen(relay: Arc<Relay>) -> Result<Option<SocketAddr>, String> {
    let failed = |error| format!("cannot listen on the loopback interface: {error}");
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
    let listener = listener.map_err(failed)?;
    let server = listener.local_addr().map_err(failed)?;
    tokio::spawn(async move {
        loop {
            let Ok((client, address)) = listener.accept().await else {
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            };
            if own_user::has_opened(address, server) {
                let relay = Arc::clone(&relay);
                // A failure is one of the program's connection.
                tokio::spawn(async move { relay.carry(client).await.ok() });
            }
        }
    });
    Ok(Some(server))
}

/// Serves the relay at a socket in the folder, and returns how a confined program reaches it, and the command that
/// starts the program. The program does not get the agent key.
#[cfg(target_os = "linux")]
fn confined(
    relay: Arc<Relay>,
    folder: &RunFolder,
    command: &[OsString],
) -> Result<(Way, Vec<OsString>), String> {
    let socket = folder.proxy_socket();
    let listener = tokio::net::UnixListener::bind(&socket);
    let listener = listener.map_err(|error| format!("{}: {error}", socket.display()))?;
    tokio::spawn(async move {
        loop {
            let Ok((client, _)) = listener.accept().await else {
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            };
            let relay = Arc::clone(&relay);
            // A failure is one of the program's connection.
            tokio::spawn(async move { relay.carry(client).await.ok() });
        }
    });
    let proxy = crate::confine::PROXY_PORT;
    let way = Way {
        proxy_url: format!("http://{proxy}"),
        relay: Some(proxy.into()),
        no_proxy: no_proxy::of_this_machine(),
    };
    Ok((way, crate::confine::command(&socket, command)))
}

#[cfg(not(target_os = "linux"))]
fn confined(_: Arc<Relay>, _: &RunFolder, _: &[OsString]) -> Result<(Way, Vec<OsString>), String> {
    unreachable!("the command has ended before")
}

fn print(text: &[u8]) -> Result<(), String> {
    let mut out = std::io::stdout().lock();
    out.write_all(text)
        .and_then(|()| out.flush())
        .map_err(|error| format!("standard output: {error}"))
}
