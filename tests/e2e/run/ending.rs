//! How `gaiterguard run` ends: with the program's exit code, and without leaving a file.

use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use gaiterguard_testkit::{EchoUpstream, Reply, finish};
use rustix::process::{Pid, Signal, kill_process};

use super::scene::{RunScene, wrapped};

/// Returns the exit code and the standard error.
async fn ended(scene: &RunScene, command: Command) -> (i32, String) {
    let output = finish(command, "").await;
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!errors.contains(&scene.agent.key), "{errors}");
    (output.status.code().unwrap(), errors)
}

#[tokio::test]
async fn the_exit_code_is_that_of_the_program() {
    let gateway = RunScene::new().await;
    let (_, errors) = ended(&gateway, gateway.run(&["--", "true"])).await;
    assert_eq!(errors, "");
    for (script, code) in [
        ("exit 0", 0),
        ("exit 7", 7),
        ("kill -TERM $$", 143),
        ("kill -KILL $$", 137),
    ] {
        assert_eq!(
            ended(&gateway, gateway.run(&["--", "sh", "-c", script]))
                .await
                .0,
            code,
            "{script}"
        );
    }
    let (code, errors) = ended(&gateway, gateway.run(&["no-such-command"])).await;
    assert_eq!(
        (code, errors.as_str()),
        (127, "gaiterguard: no-such-command: command not found\n")
    );
    let (code, errors) = ended(&gateway, gateway.run(&["--", "/etc/hosts"])).await;
    assert_eq!(code, 126);
    assert!(errors.contains("/etc/hosts"), "{errors}");
    assert_eq!(ended(&gateway, gateway.run(&[])).await.0, 2);
}

#[tokio::test]
async fn without_a_gateway_the_program_is_not_started() {
    let gateway = RunScene::new().await;
    let start = || gateway.run(&["--", "sh", "-c", "echo started >&2"]);
    let refused = async |command: Command, reason: &str| {
        let (code, errors) = ended(&gateway, command).await;
        assert_eq!(code, 125, "{errors}");
        assert!(errors.contains(reason), "{errors}");
        assert!(!errors.contains("started"), "{errors}");
    };
    let mut command = start();
    command.env_remove("GAITERGUARD_AGENT_KEY");
    refused(command, "GAITERGUARD_AGENT_KEY").await;
    let mut command = start();
    command.env("GAITERGUARD_AGENT_KEY", "no-key");
    refused(command, "agent key").await;
    let mut command = start();
    command.env("GAITERGUARD_PROXY_URL", "127.0.0.1:3001");
    refused(
        command,
        "GAITERGUARD_PROXY_URL must be an http or https URL",
    )
    .await;
    let mut command = start();
    // Nothing listens on the port of the discard service.
    command.env("GAITERGUARD_PROXY_URL", "http://127.0.0.1:9");
    refused(command, "cannot reach the forward proxy at 127.0.0.1:9").await;
    // Something else than a gateway with a proxy port.
    let other = EchoUpstream::start().await;
    for (reply, reason) in [
        (
            Reply::text(gateway.authority.clone()),
            "set GAITERGUARD_PROXY_URL",
        ),
        (
            Reply::text("no certificate"),
            "/ca.pem is not a certificate authority",
        ),
        (Reply::status(404), "set INTERCEPT_PORT"),
    ] {
        other.on("/ca.pem", reply);
        let mut command = start();
        command.env("GAITERGUARD_URL", other.url());
        refused(command, reason).await;
    }
    assert_eq!(gateway.arrived().await, []);
}

/// Starts a script outside the foreground group of a terminal, and returns the folder, which is its first line.
fn start(mut command: Command) -> (Child, impl Iterator<Item = String>, PathBuf) {
    let mut child = command
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    let mut lines = output.lines().map(|line| line.unwrap());
    let folder = PathBuf::from(lines.next().unwrap());
    (child, lines, folder)
}

fn signal(child: &Child, signal: Signal) {
    let id = i32::try_from(child.id()).unwrap();
    kill_process(Pid::from_raw(id).unwrap(), signal).unwrap();
}

/// Starts a program that ignores no signal, even if the tests run under `nohup`.
const DEFAULT: &[&str] = &["env", "--default-signal"];

#[tokio::test(flavor = "multi_thread")]
async fn signals_are_forwarded_and_the_private_folder_is_removed() {
    let gateway = RunScene::new().await;
    for (name, number) in [
        ("HUP", Signal::HUP),
        ("INT", Signal::INT),
        ("TERM", Signal::TERM),
    ] {
        let script = format!(
            "trap 'echo received; exit 3' {name}; echo \"$GAITERGUARD_RUN_FOLDER\"; while :; do sleep 0.05; done"
        );
        let run = gateway.run(&["--", "sh", "-c", &script]);
        let (mut child, mut lines, folder) = start(wrapped(DEFAULT, &run));
        let permissions = folder.metadata().unwrap().permissions();
        assert_eq!(permissions.mode() & 0o777, 0o700);
        let authority = std::fs::read_to_string(folder.join("ca.pem")).unwrap();
        assert_eq!(authority.trim(), gateway.authority.trim().replace('\r', ""));
        signal(&child, number);
        assert_eq!(lines.next().as_deref(), Some("received"), "{name}");
        assert_eq!(child.wait().unwrap().code(), Some(3), "{name}");
        assert!(!folder.exists(), "{name}");
    }
    let script = "echo \"$GAITERGUARD_RUN_FOLDER\"; exec sleep 60";
    let run = gateway.run(&["--", "sh", "-c", script]);
    let (mut child, _, folder) = start(wrapped(DEFAULT, &run));
    signal(&child, Signal::TERM);
    assert_eq!(child.wait().unwrap().code(), Some(143));
    assert!(!folder.exists());
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_signal_that_is_ignored_remains_ignored() {
    let gateway = RunScene::new().await;
    let script = "echo \"$GAITERGUARD_RUN_FOLDER\"; kill -HUP $PPID; kill -HUP $$; echo alive";
    let run = gateway.run(&["--", "sh", "-c", script]);
    let nohup = wrapped(&["sh", "-c", "trap '' HUP; exec \"$@\"", "sh"], &run);
    let (mut child, mut lines, folder) = start(nohup);
    assert_eq!(lines.next().as_deref(), Some("alive"));
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(!folder.exists());
}
