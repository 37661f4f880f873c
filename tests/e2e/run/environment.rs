//! The variables that a program gets from `gaiterguard run`.

use std::collections::HashMap;
use std::path::Path;
use std::process::Command;

use gaiterguard_testkit::finish;
use serde_json::json;

use super::scene::{RunScene, wrapped};

/// Returns the output of a command that succeeds, and its standard error.
async fn output(command: Command) -> (String, String) {
    let output = finish(command, "").await;
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{errors}");
    (String::from_utf8(output.stdout).unwrap(), errors)
}

/// Returns the variables in the output of `env -0`.
fn variables(text: &str) -> HashMap<&str, &str> {
    text.split('\0')
        .filter_map(|line| line.split_once('='))
        .collect()
}

#[tokio::test]
async fn the_agent_key_is_in_the_url_of_the_proxy_alone() {
    let gateway = RunScene::new().await;
    let (text, _) = output(gateway.run(&["--label", "nightly build", "--", "env", "-0"])).await;
    let variables = variables(&text);
    let key = &gateway.agent.key;
    let url = format!("http://nightly%20build:{key}@{}", gateway.proxy);
    for (name, value) in &variables {
        assert!(
            !value.contains(&gateway.agent.key) || *value == url,
            "{name}"
        );
    }
    for name in ["HTTP_PROXY", "https_proxy", "ALL_PROXY", "CARGO_HTTP_PROXY"] {
        assert_eq!(variables[name], url, "{name}");
    }
    assert!(!variables.contains_key("GAITERGUARD_AGENT_KEY"));
    assert_eq!(variables["NO_PROXY"], "localhost,127.0.0.1,::1");

    let key_file = std::env::temp_dir().join(format!("gaiterguard-run-key-{}", std::process::id()));
    std::fs::write(&key_file, format!("{key}\n")).unwrap();
    let mut command = gateway.run(&[
        "--key-file",
        key_file.to_str().unwrap(),
        "printenv",
        "https_proxy",
    ]);
    command.env_remove("GAITERGUARD_AGENT_KEY").env(
        "GAITERGUARD_PROXY_URL",
        format!("http://localhost:{}", gateway.proxy.port()),
    );
    let (text, _) = output(command).await;
    std::fs::remove_file(key_file).unwrap();
    let port = gateway.proxy.port();
    assert_eq!(text, format!("http://printenv:{key}@localhost:{port}\n"));
}

#[tokio::test]
async fn the_roots_of_the_machine_and_of_the_caller_are_kept() {
    let gateway = RunScene::new().await;
    let own = rcgen::generate_simple_self_signed(["own.example".to_owned()]).unwrap();
    let own = own.cert.pem();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("own.pem");
    std::fs::write(&file, &own).unwrap();
    let mut command = gateway.run(&[
        "--",
        "sh",
        "-c",
        r#"cat "$SSL_CERT_FILE"; echo; cat "$NODE_EXTRA_CA_CERTS""#,
    ]);
    command.env("REQUESTS_CA_BUNDLE", &file);
    command.env("AWS_CA_BUNDLE", "/nowhere/own.pem");
    let (text, errors) = output(command).await;
    let (bundle, added) = text.split_once("\n\n").unwrap();
    let same = |pem: &str| pem.replace('\r', "").trim().to_owned();
    let [own, ours] = [&own, &gateway.authority].map(|pem| same(pem));
    assert_eq!(added.trim(), format!("{own}\n{ours}"));
    assert!(bundle.trim().ends_with(added.trim()));
    let count = bundle.matches("BEGIN CERTIFICATE").count();
    assert!(count > 20, "a machine has more than {count} roots");
    assert!(errors.contains("AWS_CA_BUNDLE"), "{errors}");
}

#[tokio::test]
async fn a_shell_evaluates_the_variables_and_the_folder_is_kept() {
    let gateway = RunScene::new().await;
    let folder = tempfile::tempdir().unwrap();
    let odd = folder.path().join("it's $HOME `x`\\");
    std::fs::create_dir(&odd).unwrap();
    let run = gateway.run(&["--env"]);
    let script = r#"eval "$("$0" "$@")" && exec env -0"#;
    let mut shell = wrapped(&["sh", "-c", script], &run);
    shell.env("TMPDIR", &odd).env("NO_PROXY", "it's.example");
    let (text, errors) = output(shell).await;
    let variables = variables(&text);
    let kept = Path::new(variables["GAITERGUARD_RUN_FOLDER"]);
    assert_eq!(kept.parent(), Some(&*odd));
    assert!(
        errors.contains(variables["GAITERGUARD_RUN_FOLDER"]),
        "{errors}"
    );
    assert!(kept.join("bundle.pem").is_file());
    assert_eq!(
        variables["SSL_CERT_FILE"],
        kept.join("bundle.pem").to_str().unwrap()
    );
    assert_eq!(
        variables["no_proxy"],
        "localhost,127.0.0.1,::1,it's.example"
    );
    assert_eq!(
        variables["http_proxy"],
        format!("http://shell:{}@{}", gateway.agent.key, gateway.proxy)
    );
    assert!(!variables.contains_key("GAITERGUARD_AGENT_KEY"));
}

#[tokio::test]
async fn a_real_key_of_a_service_does_not_reach_the_program() {
    let gateway = RunScene::new().await;
    let bucket = "https://s3.eu-west-1.amazonaws.com";
    let aws = gateway
        .human
        .create_bearer_service("aws", bucket, "the-real-credential");
    let aws = aws.await;
    let agent = &gateway.agent;
    let path = format!("/agents/{}/services", agent.id);
    let services = gateway.human.read("/services").await;
    let mut ids: Vec<i64> = services
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["id"].as_i64().unwrap())
        .collect();
    ids.push(aws.id);
    let scope = gateway.human.put(&path).json(json!({"serviceIds": ids}));
    scope.send().await.expect_status(200);
    let mut command = gateway.run(&["--", "env", "-0"]);
    command
        .env("OPENAI_API_KEY", "sk-real")
        .env("AWS_SESSION_TOKEN", "real")
        .env("STRIPE_API_KEY", "sk_live_of_another_service")
        .env("NO_PROXY", ".openai.com");
    let (text, errors) = output(command).await;
    let variables = variables(&text);
    assert_eq!(variables["OPENAI_API_KEY"], "sk-gaiterguard-placeholder");
    assert_eq!(variables["AWS_ACCESS_KEY_ID"], "gaiterguard-placeholder");
    assert!(!variables.contains_key("AWS_SESSION_TOKEN"));
    assert_eq!(variables["STRIPE_API_KEY"], "sk_live_of_another_service");
    assert!(
        errors.contains("NO_PROXY exempts api.openai.com"),
        "{errors}"
    );
}
