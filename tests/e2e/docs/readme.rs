//! Runs the walkthrough of the README.

use std::process::Command;

use gaiterguard_testkit::{Storage, TestGateway, finish};

use super::examples::ExampleUpstream;

const README: &str = include_str!("../../../README.md");

/// Returns the shell blocks of the walkthrough except the first, which starts the two servers.
fn commands() -> String {
    let (_, walk) = README.split_once("\n## One minute\n").unwrap();
    let (walk, _) = walk.split_once("\n## ").unwrap();
    let blocks: Vec<_> = walk
        .split("```sh\n")
        .skip(1)
        .map(|rest| rest.split_once("```").unwrap().0)
        .collect();
    let (start, rest) = blocks.split_first().unwrap();
    assert!(
        start.contains("examples/upstream.py") && start.contains("make run"),
        "{start}"
    );
    rest.concat()
}

#[tokio::test]
async fn the_walkthrough_of_the_readme_works() {
    let gateway = TestGateway::start(Storage::Sqlite).await;
    let upstream = ExampleUpstream::start().await;
    let script = commands()
        .replace("http://127.0.0.1:3000", &gateway.url())
        .replace("127.0.0.1:8888", &upstream.authority())
        .replace("target/debug/gaiterguard", "\"$GAITERGUARD\"")
        // A reader pauses between commands. The test waits until an action is pending.
        .replace(
            "sleep 1\n",
            "until curl -s $G/approvals/pending -H \"$ME\" | grep -q action_id; do sleep 0.1; done\n",
        );
    let mut command = Command::new("bash");
    command
        .args(["-euo", "pipefail", "-c", &script])
        .env("GAITERGUARD", gateway.command(&[]).get_program())
        .env("GAITERGUARD_URL", gateway.url());
    let output = finish(command, "").await;
    let printed = String::from_utf8_lossy(&output.stdout);
    let all = format!("{printed}{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{all}");
    // The note is printed when it is read and when it is deleted.
    assert_eq!(printed.matches("\"Buy milk\"").count(), 2, "{all}");
    assert!(printed.contains("\"status\":\"APPROVED\""), "{all}");
    assert!(printed.contains("\"event\":\"action.executed\""), "{all}");
    assert!(!all.contains("\"code\":"), "{all}");
}
