//! Requests of real AWS clients, signed again with the key of the vault. The upstream recomputes every
//! signature with the signer of the AWS SDK for Python.

use std::path::PathBuf;

use gaiterguard_testkit::{
    Human, PythonUpstream, ReservedPort, Storage, TestGateway, finish, python_tools,
};
use http::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::sdks::run;

const KEY_ID: &str = "AKIAVAULTEDKEY000001";
const SECRET: &str = "the/secret+key-of-the-vault-4fc1";
const TOKEN: &str = "the/session+token==of-the-vault-9a31";

/// The host of an endpoint of AWS, which here leads to the test's upstream.
const HOST: &str = "s3.eu-central-1.amazonaws.com";

/// An upstream with TLS under the name of an endpoint of AWS, and the file of its certificate.
struct Aws {
    upstream: PythonUpstream,
    port: ReservedPort,
    folder: TempDir,
}

impl Aws {
    async fn start(token: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = ReservedPort::take();
        let number = port.number().to_string();
        let file = folder.path().join("upstream.pem");
        let variables = [
            ("ACCESS_KEY_ID", KEY_ID),
            ("SECRET_ACCESS_KEY", SECRET),
            ("SESSION_TOKEN", token),
            ("TLS_HOST", HOST),
            ("TLS_PORT", &number),
            ("TLS_FILE", file.to_str().unwrap()),
        ];
        let upstream = PythonUpstream::start("aws.py", &variables).await;
        Self {
            upstream,
            port,
            folder,
        }
    }

    fn certificate(&self) -> PathBuf {
        self.folder.path().join("upstream.pem")
    }

    fn tls_url(&self) -> String {
        format!("https://{HOST}:{}", self.port.number())
    }

    /// Panics if the upstream received the agent key or something that the client signed with.
    fn assert_received_nothing_of_the_client(&self, key: &str) {
        let received = json!(self.upstream.received()).to_string();
        assert!(received.contains(KEY_ID));
        for word in [
            key,
            "not-the-real-secret",
            "gaiterguard-placeholder",
            "signing-scope",
        ] {
            assert!(!received.contains(word), "{word}");
        }
    }
}

fn credentials() -> Value {
    json!({"access_key_id": KEY_ID, "secret_access_key": SECRET})
}

#[tokio::test]
async fn the_aws_sdk_is_unchanged_but_for_its_endpoint_and_every_request_has_a_valid_signature() {
    let aws = Aws::start(TOKEN).await;
    let gateway = TestGateway::start(Storage::Sqlite).await;
    let human = Human::register(&gateway).await;
    let mut credentials = credentials();
    credentials["session_token"] = json!(TOKEN);
    let url = aws.upstream.url();
    let service = human
        .create_service("aws", &url, "aws_sigv4", credentials)
        .await;
    let agent = human.create_agent("secretary", &[&service]).await;
    human
        .create_rule(json!({
            "name": "All but removals", "effect": "allow", "enabled": true,
            "condition": "request.method != 'DELETE'",
        }))
        .await;
    let url = gateway.url();
    let variables = [("GATEWAY", url.as_str()), ("AGENT_KEY", agent.key.as_str())];
    let results = run(&gateway, "boto3_aws.py", &variables).await;

    let name = "June/Beschlüsse 1+2 (final)$.txt";
    assert_eq!(results["text"], "The gate is painted.");
    assert_eq!(results["range"], json!([206, "gate"]));
    assert_eq!(results["listed"], json!([name]));
    assert_eq!(results["parts_are_equal"], true);
    assert_eq!(results["presigned"], json!([true, "The gate is painted."]));
    assert_eq!(results["framed_is_equal"], true);
    assert_eq!(results["chunks"][0], 400);
    let advice = results["chunks"][1].as_str().unwrap();
    assert!(advice.contains("chunked encoding"), "{advice}");
    assert_eq!(results["item"], "grün");
    assert_eq!(results["account"], "123456789012");
    assert_eq!(results["missing"], 404);
    assert_eq!(results["held"], 428);
    assert_eq!(results["echoed"], 404);
    aws.assert_received_nothing_of_the_client(&agent.key);
    let received = aws.upstream.received();
    let is_signed = |word: &str| {
        received
            .iter()
            .any(|request| request["headers"]["x-amz-content-sha256"] == word)
    };
    assert!(is_signed("STREAMING-UNSIGNED-PAYLOAD-TRAILER"));
    let logs = gateway.logs();
    for secret in [SECRET, TOKEN, &agent.key] {
        assert!(!logs.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn a_held_request_to_aws_shows_its_scope_and_is_signed_when_it_is_executed() {
    let aws = Aws::start("").await;
    let gateway = TestGateway::start(Storage::Sqlite).await;
    let human = Human::register(&gateway).await;
    let mut credentials = credentials();
    credentials["region"] = json!("eu-west-1");
    credentials["service"] = json!("s3");
    let service = human
        .create_service("store", &aws.upstream.url(), "aws_sigv4", credentials)
        .await;
    let agent = human.create_agent("secretary", &[&service]).await;
    let request = json!({
        "service": "store", "method": "DELETE", "path": "/bucket/key",
        "headers": {"Authorization": "AWS4-HMAC-SHA256 Credential=x/20261201/us-east-1/sqs/aws4_request, \
                                      SignedHeaders=host, Signature=0", "X-Amz-Date": "20261201T000000Z"},
        "intent": "Remove the key that Ann wrote twice",
    });
    let held = agent.propose_held(request, "one").await;
    let shown = human
        .get(&format!("/approvals/{}", held.action_id))
        .send()
        .await;
    let shown = shown.expect_status(200).json();
    let headers = shown["request_headers"].as_object().unwrap();
    let value = |name: &str| {
        let found = headers
            .iter()
            .find(|(other, _)| other.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.to_string())
    };
    assert!(value("X-Signing-Scope").unwrap().contains("eu-west-1/s3"));
    assert_eq!(value("Authorization"), None);
    assert_eq!(value("X-Amz-Date"), None);

    human.approve(&held).await;
    // There is no such bucket, which the upstream says only in response to a valid signature.
    agent.execute(&held).send().await.expect_status(404);
    let received = aws.upstream.received();
    let sent = received.last().unwrap()["headers"]["authorization"].to_string();
    assert!(sent.contains("/eu-west-1/s3/aws4_request"), "{sent}");
    aws.assert_received_nothing_of_the_client(&agent.key);
}

#[tokio::test]
async fn a_request_that_says_neither_region_nor_service_is_refused_before_it_is_held() {
    let aws = Aws::start("").await;
    let gateway = TestGateway::start(Storage::Sqlite).await;
    let human = Human::register(&gateway).await;
    let service = human
        .create_service("aws", &aws.upstream.url(), "aws_sigv4", credentials())
        .await;
    let agent = human.create_agent("secretary", &[&service]).await;
    let call = agent.call(Method::DELETE, "/s/aws/bucket/key");
    let refused = call.send().await.expect_status(400).text();
    assert!(
        refused.contains("set region in the service's credential"),
        "{refused}"
    );
}

#[tokio::test]
async fn the_aws_command_line_works_behind_the_proxy_port_without_a_key_of_its_own() {
    let aws = Aws::start("").await;
    let gateway = TestGateway::builder(Storage::Sqlite)
        .intercept_port()
        .setting("UPSTREAM_HOSTS", format!("{HOST}=127.0.0.1"))
        .setting("UPSTREAM_PRIVATE_ALLOW", "127.0.0.0/8")
        .setting("UPSTREAM_CA_FILE", aws.certificate().display())
        .start()
        .await;
    let human = Human::register(&gateway).await;
    let url = aws.tls_url();
    let service = human
        .create_service("storage", &url, "aws_sigv4", credentials())
        .await;
    let agent = human.create_agent("secretary", &[&service]).await;
    human
        .create_rule(json!({"name": "All", "effect": "allow", "enabled": true}))
        .await;
    let settings = gateway.folder().join("aws-settings");
    std::fs::write(
        &settings,
        "[default]\nregion = eu-central-1\ns3 =\n  addressing_style = path\n",
    )
    .unwrap();
    let file = gateway.folder().join("minutes.txt");
    std::fs::write(&file, "The gate is painted.").unwrap();
    let tool = python_tools().join("bin/aws");
    let aws_of = |arguments: &str| {
        let mut command = gateway.command(&["run", "--label", "aws", "--", "sh", "-c"]);
        let (tool, url, file) = (tool.display(), &url, file.display());
        let arguments = arguments.replace("FILE", &file.to_string());
        command
            .arg(format!("{tool} --endpoint-url {url} {arguments}"))
            .env("GAITERGUARD_URL", gateway.url())
            .env("GAITERGUARD_AGENT_KEY", &agent.key)
            .env("AWS_CONFIG_FILE", &settings)
            .env("AWS_EC2_METADATA_DISABLED", "true");
        command
    };
    for (arguments, expected) in [
        ("s3 mb s3://minutes", "make_bucket: minutes"),
        ("s3 cp FILE 's3://minutes/June 1.txt'", "upload: "),
        ("s3 ls s3://minutes", "June 1.txt"),
        ("s3 cp 's3://minutes/June 1.txt' -", "The gate is painted."),
        ("s3 rm 's3://minutes/June 1.txt'", "delete: "),
    ] {
        let output = finish(aws_of(arguments), "").await;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments}: {text} {error}");
        assert!(text.contains(expected), "{arguments}: {text} {error}");
    }
    aws.assert_received_nothing_of_the_client(&agent.key);
}

#[tokio::test]
async fn rules_see_the_payload_of_a_body_in_chunks() {
    let aws = Aws::start("").await;
    let gateway = TestGateway::builder(Storage::Sqlite)
        .setting("UPSTREAM_PRIVATE_ALLOW", "127.0.0.0/8")
        .start()
        .await;
    let human = Human::register(&gateway).await;
    let mut credentials = credentials();
    credentials["region"] = json!("eu-central-1");
    credentials["service"] = json!("s3");
    let url = aws.upstream.url();
    let service = human.create_service("aws", &url, "aws_sigv4", credentials);
    let service = service.await;
    let agent = human.create_agent("secretary", &[&service]).await;
    for (name, effect, condition) in [
        ("Small", "allow", "request.body.amount <= 100"),
        ("Large", "deny", "request.body.amount > 100"),
    ] {
        let rule = json!({
            "name": name, "effect": effect, "condition": condition, "enabled": true,
        });
        human.create_rule(rule).await;
    }
    let put = async |payload: &str| {
        let (one, two) = payload.split_at(4);
        let chunks = [one, two].map(|chunk| format!("{:x}\r\n{chunk}\r\n", chunk.len()));
        let trailer = "x-amz-checksum-crc32:AAAAAA==";
        let body = format!("{}{}0\r\n{trailer}\r\n\r\n", chunks[0], chunks[1]);
        let call = agent.call(Method::PUT, "/s/aws/minutes/bill.json");
        let call = call
            .header("Content-Type", "application/json")
            .header("Content-Encoding", "aws-chunked")
            .header("X-Amz-Content-Sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER")
            .header("X-Amz-Decoded-Content-Length", &payload.len().to_string())
            .header("X-Amz-Trailer", "x-amz-checksum-crc32")
            .body(body);
        call.send().await
    };
    let denied = put("{\"amount\": 500}").await;
    denied.expect_problem(403, "policy_denied");
    let forwarded = put("{\"amount\": 5}").await;
    let status = forwarded.header("x-proxy-status");
    assert_eq!(status, Some("forwarded"), "{}", forwarded.text());
    let received = aws.upstream.received();
    let puts = received.iter().filter(|it| it["method"] == "PUT");
    assert_eq!(puts.count(), 1, "{received:?}");
}
