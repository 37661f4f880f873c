//! `gaiterguard call`: the agent's side as a command.

use std::process::{Command, Output, Stdio};

use gaiterguard_testkit::scene::Scene;
use gaiterguard_testkit::{Reply, Storage, finish};
use serde_json::{Value, json};

fn call(scene: &Scene, arguments: &[&str]) -> Command {
    let mut command = scene.gateway.command(&["call"]);
    let address = scene.gateway.client().address();
    command
        .args(arguments)
        .env("GAITERGUARD_URL", format!("http://{address}"))
        .env("GAITERGUARD_AGENT_KEY", &scene.agent.key);
    command
}

async fn called(scene: &Scene, arguments: &[&str]) -> (i32, String, String) {
    result(&finish(call(scene, arguments), "").await)
}

/// Returns the exit code, the standard output and the standard error.
fn result(output: &Output) -> (i32, String, String) {
    (
        output.status.code().unwrap(),
        String::from_utf8_lossy(&output.stdout).into_owned(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

/// Waits for the removal, decides on it, and returns the action's id.
async fn decide(scene: &Scene, decision: &str) -> String {
    let action = scene.human.decide_next("/x", decision, "so I say").await;
    action["action_id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_response_is_printed_and_an_upstream_error_sets_the_exit_code() {
    let scene = Scene::new(Storage::Sqlite).await;
    scene.allow_everything().await;
    scene.upstream.on("/notes", Reply::text("the notes"));
    scene
        .upstream
        .on("/gone", Reply::status(404).body("no such thing"));
    let read = [
        "GET",
        "/notes",
        "--service",
        "things",
        "--intent",
        "Read the notes",
    ];
    assert_eq!(
        called(&scene, &read).await,
        (0, "the notes".to_owned(), String::new())
    );
    let whole = format!("{}/notes", scene.upstream.url());
    let read = ["get", whole.as_str(), "--intent", "Read the notes"];
    assert_eq!(called(&scene, &read).await.0, 0);
    let gone = ["GET", "/gone", "--service", "things", "--intent", "Look"];
    let (code, out, _) = called(&scene, &gone).await;
    assert_eq!((code, out.as_str()), (22, "no such thing"));
    if cfg!(target_os = "linux") {
        let full = std::fs::File::options().write(true).open("/dev/full");
        let mut lost = call(&scene, &read);
        lost.stdin(Stdio::null()).stdout(full.unwrap());
        let output = tokio::task::spawn_blocking(move || lost.output()).await;
        let (code, _, err) = result(&output.unwrap().unwrap());
        assert_eq!(code, 1);
        assert!(err.contains("standard output"), "{err}");
    }

    let write = [
        "POST",
        "/notes",
        "--service",
        "things",
        "--intent",
        "Add a note",
        "--header",
        "X-Custom: a: b",
        "--data",
        r#"{"text": "é"}"#,
        "--json",
    ];
    let (code, out, _) = called(&scene, &write).await;
    assert_eq!(code, 0, "{out}");
    let printed: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        (&printed["outcome"], &printed["status"]),
        (&json!("answered"), &json!(200))
    );
    let received = scene.upstream.received().pop().unwrap();
    assert_eq!(received.text(), r#"{"text": "é"}"#);
    assert_eq!(received.header("x-custom"), Some("a: b"));
    assert_eq!(received.header("content-type"), Some("application/json"));
}

#[tokio::test]
async fn the_command_waits_for_a_ruling_and_exits_with_its_code() {
    let scene = Scene::new(Storage::Sqlite).await;
    let remove = [
        "DELETE",
        "/x",
        "--service",
        "things",
        "--intent",
        "Remove x",
    ];
    let approved = [&remove[..], &["--wait", "1m"]].concat();
    let ((code, _, err), action) =
        tokio::join!(called(&scene, &approved), decide(&scene, "approve"));
    assert_eq!(code, 0, "{err}");
    assert_eq!(err, format!("waiting for a human: action {action}\n"));
    assert_eq!(scene.upstream.received_at("/x").len(), 1);

    let ((code, out, err), _) = tokio::join!(called(&scene, &approved), decide(&scene, "deny"));
    assert_eq!((code, out.as_str()), (3, ""));
    assert!(err.contains("so I say"), "{err}");
    let ((code, ..), _) = tokio::join!(called(&scene, &approved), decide(&scene, "revoke"));
    assert_eq!(code, 4);

    let impatient = [&remove[..], &["--wait", "1s", "--json"]].concat();
    let (code, out, _) = called(&scene, &impatient).await;
    assert_eq!(code, 5);
    let printed: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(printed["outcome"], "pending");
    assert_eq!(
        printed["problem"]["action_id"],
        scene.human.next_pending("/x").await["action_id"]
    );
    assert_eq!(scene.upstream.received_at("/x").len(), 1);
}

#[tokio::test]
async fn errors_say_what_is_wrong_and_never_show_the_key() {
    let scene = Scene::new(Storage::Sqlite).await;
    let key = &scene.agent.key;
    let (code, _, err) = called(&scene, &["GET", "/x", "--intent", "Look"]).await;
    assert_eq!(code, 2);
    assert!(err.contains("--service"), "{err}");
    let nowhere = ["GET", "/x", "--service", "nothing", "--intent", "Look"];
    let (code, _, err) = called(&scene, &nowhere).await;
    assert_eq!(code, 1);
    assert!(err.contains("no such service"), "{err}");

    let look = ["GET", "/x", "--service", "things", "--intent", "Look"];
    for url in ["http://", "gate.example", "http://gate.example/?a=b"] {
        let mut odd = call(&scene, &look);
        odd.env("GAITERGUARD_URL", url);
        let (code, _, err) = result(&finish(odd, "").await);
        assert_eq!(code, 2, "{url}");
        assert!(err.contains("GAITERGUARD_URL"), "{err}");
    }

    let mut without_key = call(
        &scene,
        &["GET", "/x", "--service", "things", "--intent", "Look"],
    );
    without_key.env_remove("GAITERGUARD_AGENT_KEY");
    let (code, _, err) = result(&finish(without_key, "").await);
    assert_eq!(code, 2);
    assert!(err.contains("GAITERGUARD_AGENT_KEY"), "{err}");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key");
    std::fs::write(&file, format!("{key}\n")).unwrap();
    let mut by_file = call(
        &scene,
        &[
            "GET",
            "/x",
            "--service",
            "things",
            "--intent",
            "Look",
            "--key-file",
            file.to_str().unwrap(),
        ],
    );
    by_file.env_remove("GAITERGUARD_AGENT_KEY");
    assert_eq!(result(&finish(by_file, "").await).0, 0);

    let mut nobody = call(
        &scene,
        &["GET", "/x", "--service", "things", "--intent", "Look"],
    );
    nobody.env("GAITERGUARD_URL", "http://me:secret@127.0.0.1:1");
    let (code, out, err) = result(&finish(nobody, "").await);
    assert_eq!(code, 1);
    assert!(!err.contains("secret"), "{err}");
    assert!(err.contains("127.0.0.1:1"), "{err}");
    assert!(!format!("{out}{err}").contains(key.as_str()));

    let mut two_lines = call(
        &scene,
        &["GET", "/x", "--service", "things", "--intent", "Look"],
    );
    two_lines.env("GAITERGUARD_AGENT_KEY", format!("{key}\n{key}"));
    let (code, _, err) = result(&finish(two_lines, "").await);
    assert_eq!(code, 2);
    assert!(
        err.contains("one line") && !err.contains(key.as_str()),
        "{err}"
    );
}
