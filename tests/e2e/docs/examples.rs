//! Runs the examples that need only bash, curl and Python packages.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use gaiterguard_testkit::{ReservedPort, Storage, TestGateway, finish, python_command};

fn example(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../examples")
        .join(path)
}

/// The API that the examples call. Dropping it ends the process.
pub(crate) struct ExampleUpstream {
    child: Child,
    port: ReservedPort,
}

impl Drop for ExampleUpstream {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl ExampleUpstream {
    pub(crate) async fn start() -> Self {
        let port = ReservedPort::take();
        let child = Command::new("python3")
            .arg(example("upstream.py"))
            .arg(port.number().to_string())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let upstream = Self { child, port };
        for _ in 0..600 {
            let connected = tokio::net::TcpStream::connect(upstream.port.address()).await;
            if connected.is_ok() {
                return upstream;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("examples/upstream.py does not listen");
    }

    /// `127.0.0.1:PORT`.
    pub(crate) fn authority(&self) -> String {
        self.port.address().to_string()
    }
}

/// Returns the variables that `examples/setup.sh` prints for an agent.
async fn set_up(gateway: &TestGateway, upstream: &ExampleUpstream) -> Vec<(String, String)> {
    let mut command = Command::new(example("setup.sh"));
    command
        .env("GATEWAY", gateway.url())
        .env("UPSTREAM", format!("http://{}", upstream.authority()));
    let output = finish(command, "").await;
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(|line| {
            let (name, value) = line
                .strip_prefix("export ")
                .unwrap()
                .split_once('=')
                .unwrap();
            (name.to_owned(), value.to_owned())
        })
        .collect()
}

/// Runs an example to its end and returns what it printed.
async fn run(mut command: Command, variables: &[(String, String)]) -> String {
    command.envs(variables.iter().cloned());
    let output = finish(command, "").await;
    let errors = String::from_utf8_lossy(&output.stderr);
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{printed}{errors}");
    printed
}

/// Approves the next pending action with the script of the examples, and returns what it printed.
async fn approve_next(variables: &[(String, String)]) -> String {
    // The script fails as long as nothing is pending.
    for _ in 0..600 {
        let mut command = Command::new(example("approve.sh"));
        command.arg("looks right").envs(variables.iter().cloned());
        let output = finish(command, "").await;
        if output.status.success() {
            return String::from_utf8_lossy(&output.stdout).into_owned();
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("nothing was pending");
}

#[tokio::test]
async fn the_example_agents_read_wait_and_delete() {
    let gateway = TestGateway::start(Storage::Sqlite).await;
    let upstream = ExampleUpstream::start().await;
    let variables = set_up(&gateway, &upstream).await;

    let (printed, approved) = tokio::join!(
        run(Command::new(example("curl/agent.sh")), &variables),
        approve_next(&variables)
    );
    assert!(approved.contains("\"status\":\"APPROVED\""), "{approved}");
    assert_eq!(printed.matches("Call Ann").count(), 2, "{printed}");

    let home = tempfile::tempdir().unwrap();
    let mut chat = python_command("python", home.path());
    chat.arg(example("python/chat.py"));
    let printed = run(chat, &variables).await;
    assert_eq!(printed, "You said: Name a color.\n");
}

#[tokio::test]
async fn the_example_agents_with_a_framework_delete_a_note_after_approval() {
    let gateway = TestGateway::start(Storage::Sqlite).await;
    let upstream = ExampleUpstream::start().await;
    let variables = set_up(&gateway, &upstream).await;
    let home = tempfile::tempdir().unwrap();
    for (program, deleted) in [
        ("langchain/agent.py", "Call Ann"),
        ("openai-agents/agent.py", "Buy milk"),
    ] {
        let mut agent = python_command("python", home.path());
        agent.arg(example(program));
        let (printed, approved) = tokio::join!(run(agent, &variables), approve_next(&variables));
        assert!(approved.contains("\"status\":\"APPROVED\""), "{approved}");
        // The model repeats the result of the tool.
        let last = printed.lines().last().unwrap();
        assert!(
            last.contains("You said: ") && last.contains(deleted),
            "{printed}"
        );
    }
}

#[test]
fn the_tests_use_the_versions_that_the_examples_state() {
    let installed = include_str!("../../upstreams/requirements.txt");
    for stated in ["langchain", "openai-agents"] {
        let path = example(stated).join("requirements.txt");
        for line in std::fs::read_to_string(path).unwrap().lines() {
            assert!(installed.lines().any(|one| one == line), "{stated}: {line}");
        }
    }
}
