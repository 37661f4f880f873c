//! The scripts of the agent skill do what its pages say.

use std::path::{Path, PathBuf};
use std::process::Command;

use gaiterguard_testkit::scene::{Scene, request};
use gaiterguard_testkit::{Reply, Storage, finish};

const PYTHON: &str = "gaiterguard.py";
const BASH: &str = "gaiterguard.sh";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../skill/gaiterguard-gateway")
}

fn command(scene: &Scene, program: &str, script: &str, arguments: &[&str]) -> Command {
    let address = scene.gateway.client().address();
    let mut command = Command::new(program);
    command
        .arg(folder().join("scripts").join(script))
        .args(arguments)
        .env("GAITERGUARD_URL", format!("http://{address}"))
        .env("GAITERGUARD_AGENT_KEY", &scene.agent.key)
        .env("GAITERGUARD_WAIT", "30");
    command
}

/// Sends the same request with either script and returns the result.
async fn sent(
    scene: &Scene,
    script: &str,
    request: [&str; 4],
    body: Option<&str>,
) -> (i32, String) {
    let [method, path, service, intent] = request;
    let command = if script == PYTHON {
        let mut arguments = vec![
            method,
            path,
            "--service",
            service,
            "--intent",
            intent,
            "--wait",
            "30",
        ];
        if let Some(body) = body {
            arguments.extend(["--data", body]);
        }
        command(scene, "python3", script, &arguments)
    } else {
        let mut arguments = request.to_vec();
        arguments.extend(body);
        command(scene, "bash", script, &arguments)
    };
    let output = finish(command, "").await;
    let all = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(!all.contains(&scene.agent.key), "{all}");
    (output.status.code().unwrap(), all)
}

#[tokio::test]
async fn the_scripts_send_wait_execute_and_report() {
    let scene = Scene::new(Storage::Sqlite).await;
    scene.upstream.on("/notes", Reply::text("the notes"));
    scene
        .upstream
        .on("/gone", Reply::status(404).body("no such thing"));
    for (number, script) in [PYTHON, BASH].into_iter().enumerate() {
        let read = ["GET", "/notes", "things", "Read the notes"];
        assert_eq!(
            sent(&scene, script, read, None).await,
            (0, "the notes".to_owned())
        );
        let gone = ["GET", "/gone", "things", "Look for it"];
        assert_eq!(sent(&scene, script, gone, None).await.0, 22);

        let path = format!("/removed/{number}");
        let remove = [
            "DELETE",
            path.as_str(),
            "things",
            "Remove what Ann \"listed\"",
        ];
        let (result, action) = tokio::join!(
            sent(&scene, script, remove, None),
            scene.human.decide_next(&path, "approve", "so I say")
        );
        assert_eq!(result.0, 0, "{script}: {}", result.1);
        assert_eq!(action["intent"], "Remove what Ann \"listed\"");
        assert_eq!(scene.upstream.received_at(&path).len(), 1);

        let (result, _) = tokio::join!(
            sent(&scene, script, remove, None),
            scene.human.decide_next(&path, "deny", "so I say")
        );
        assert_eq!(result.0, 3, "{script}: {}", result.1);
        assert!(result.1.contains("so I say"), "{script}: {}", result.1);
        assert_eq!(scene.upstream.received_at(&path).len(), 1);

        let nowhere = ["GET", "/notes", "nothing", "Read the notes"];
        let (code, output) = sent(&scene, script, nowhere, None).await;
        assert_eq!(code, 1);
        assert!(output.contains("service_not_found"), "{script}: {output}");
    }
    scene.allow_everything().await;
    for script in [PYTHON, BASH] {
        let body = "{\"text\": \"a \\\"b\\\"\\n\tc\"}";
        let write = ["POST", "/write", "things", "Write a note"];
        let (code, output) = sent(&scene, script, write, Some(body)).await;
        assert_eq!(code, 0, "{script}: {output}");
        assert_eq!(scene.upstream.received().pop().unwrap().text(), body);
    }
}

#[tokio::test]
async fn a_request_that_was_left_pending_can_be_resumed() {
    let scene = Scene::new(Storage::Sqlite).await;
    let proposed = scene.agent.propose(request("DELETE", "/later"));
    let held = proposed.send().await.expect_status(428).json();
    let action = held["action_id"].as_str().unwrap();
    let arguments = ["--resume", action, "--wait", "30"];
    let resumed = command(&scene, "python3", PYTHON, &arguments);
    let (output, _) = tokio::join!(
        finish(resumed, ""),
        scene.human.decide_next("/later", "approve", "so I say")
    );
    assert_eq!(output.status.code(), Some(0));
    // The result can be read again.
    let again = command(&scene, "python3", PYTHON, &arguments);
    let again = finish(again, "").await;
    assert_eq!(
        (again.status.code(), again.stdout),
        (Some(0), output.stdout)
    );
    assert_eq!(scene.upstream.received_at("/later").len(), 1);
}

#[test]
fn every_page_and_script_that_the_pages_name_exists() {
    let mut pages = vec![folder().join("SKILL.md")];
    for entry in std::fs::read_dir(folder().join("references")).unwrap() {
        pages.push(entry.unwrap().path());
    }
    for page in pages {
        let text = std::fs::read_to_string(&page).unwrap();
        for word in text.split(|c: char| c.is_whitespace() || "()[]`".contains(c)) {
            if word.starts_with("scripts/") || word.starts_with("references/") {
                let named = folder().join(word.trim_end_matches(['.', ',', ';', ':']));
                assert!(named.is_file(), "{} names {word}", page.display());
            }
        }
    }
}
