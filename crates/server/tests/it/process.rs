//! The binary as a process: how it starts, which settings it refuses, and how it stops.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Output, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

fn gaiterguard(directory: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gaiterguard"));
    command
        .env_clear()
        .env("PORT", free_port().to_string())
        .current_dir(directory)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Returns a port that was free a moment ago.
fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.local_addr().unwrap().port()
}

/// A running gateway; killed when dropped.
struct Gateway {
    process: Child,
    log: BufReader<ChildStderr>,
    address: String,
}

impl Gateway {
    fn start(mut command: Command) -> Self {
        let mut process = command.spawn().unwrap();
        let mut log = BufReader::new(process.stderr.take().unwrap());
        let mut line = String::new();
        while !line.contains("listening on") {
            line.clear();
            assert!(log.read_line(&mut line).unwrap() > 0, "it ended");
        }
        let (_, address) = line.trim().split_once("http://").unwrap();
        let address = address.to_owned();
        Self {
            process,
            log,
            address,
        }
    }

    fn signal(&self, name: &str) {
        let pid = self.process.id().to_string();
        let status = Command::new("kill").args(["-s", name, &pid]).status();
        assert!(status.unwrap().success());
    }

    /// Returns the exit code and the rest of the log.
    fn end(mut self) -> (Option<i32>, String) {
        let mut log = String::new();
        self.log.read_to_string(&mut log).unwrap();
        (self.process.wait().unwrap().code(), log)
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn text(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn a_bad_setting_is_one_line_and_exit_2() {
    let directory = TempDir::new().unwrap();
    let output = gaiterguard(directory.path())
        .env("RISK_THRESHOLD", "abc")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        text(&output),
        "gaiterguard: RISK_THRESHOLD must be a number from 0.0 to 1.0, not \"abc\"\n"
    );
    assert!(!directory.path().join("data").exists());
}

#[test]
fn the_env_file_is_read_and_the_environment_wins() {
    let directory = TempDir::new().unwrap();
    let file = "RISK_THRESHOLD=2\nREGISTRATION=nobody\n";
    std::fs::write(directory.path().join(".env"), file).unwrap();
    let output = gaiterguard(directory.path())
        .env("RISK_THRESHOLD", "0.2")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output).contains("REGISTRATION must be"), "{output:?}");
}

/// Returns what a command prints for `--help`, with settings in its environment.
fn help(arguments: &[&str]) -> String {
    let directory = TempDir::new().unwrap();
    let output = gaiterguard(directory.path())
        .args(arguments)
        .arg("--help")
        .env("JWT_SECRET", "hunter2")
        .env("DATABASE_URL", "postgres://gaiter:hunter2@db/gaiter")
        .env("GAITERGUARD_AGENT_KEY", "hunter2")
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(!text.contains("hunter2"), "{text}");
    text
}

#[test]
fn help_names_every_setting_and_shows_no_value() {
    let text = help(&["serve"]);
    let example = include_str!("../../../../.env.example");
    let names = example
        .lines()
        .filter_map(|line| line.strip_prefix('#')?.split_once('='))
        .map(|(name, _)| name)
        .filter(|name| *name != "POSTGRES_PASSWORD" && !name.contains(' '));
    let missing: Vec<_> = names
        .filter(|name| !text.lines().any(|line| line.trim() == *name))
        .collect();
    assert!(missing.is_empty(), "{missing:?} in\n{text}");
    for command in ["call", "mcp"] {
        let text = help(&[command]);
        assert!(text.contains("GAITERGUARD_URL"), "{text}");
        assert!(text.contains("GAITERGUARD_AGENT_KEY"), "{text}");
    }
}

#[test]
fn help_describes_each_command_in_one_line() {
    let text = help(&[]);
    let commands: Vec<_> = text
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .collect();
    for name in ["serve", "call", "mcp", "risk"] {
        let begins = |line: &&&str| line.split_whitespace().next() == Some(name);
        assert_eq!(commands.iter().filter(begins).count(), 1, "{text}");
    }
    for line in commands {
        assert!(line.len() <= 80, "{line}");
    }
}

#[test]
fn it_responds_and_ends_on_sigterm_with_exit_0() {
    let directory = TempDir::new().unwrap();
    let gateway = Gateway::start(gaiterguard(directory.path()));
    let mut client = TcpStream::connect(&gateway.address).unwrap();
    client
        .write_all(b"GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        .unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer:?}");
    assert!(answer.ends_with(r#"{"status":"ok"}"#), "{answer:?}");

    gateway.signal("TERM");
    let (code, log) = gateway.end();
    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains("GET /health 200"), "{log}");
    assert!(log.ends_with("stopped\n"), "{log}");
}

#[test]
fn a_second_signal_does_not_wait_for_what_runs() {
    let directory = TempDir::new().unwrap();
    let mut command = gaiterguard(directory.path());
    command.env("HEADER_TIMEOUT_MS", "3600000");
    let gateway = Gateway::start(command);
    // A partial head keeps its connection open for an hour.
    let mut client = TcpStream::connect(&gateway.address).unwrap();
    client.write_all(b"GET / HT").unwrap();
    // Nothing reports that the head has begun to arrive, or that the first signal has.
    std::thread::sleep(Duration::from_millis(100));

    let started = Instant::now();
    gateway.signal("INT");
    std::thread::sleep(Duration::from_millis(100));
    gateway.signal("INT");
    let (code, _) = gateway.end();
    assert_eq!(code, Some(0));
    assert!(started.elapsed() < Duration::from_secs(10));
}

#[test]
fn a_taken_port_is_reported() {
    let directory = TempDir::new().unwrap();
    let taken = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = taken.local_addr().unwrap().port();
    let output = gaiterguard(directory.path())
        .env("PORT", port.to_string())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let line = format!("gaiterguard: cannot listen on 127.0.0.1:{port}: ");
    assert!(text(&output).contains(&line), "{output:?}");
}
