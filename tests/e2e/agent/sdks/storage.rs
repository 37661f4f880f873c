//! The AWS SDK for Python and a real S3, which does not check signatures.

use gaiterguard_testkit::{Human, PythonUpstream, Storage, TestGateway};
use serde_json::{Value, json};

use super::run;

#[tokio::test]
async fn the_aws_sdk_stores_reads_lists_uploads_in_parts_and_removes_after_approval() {
    let upstream = PythonUpstream::start("s3.py", &[]).await;
    let gateway = TestGateway::start(Storage::Sqlite).await;
    let human = Human::register(&gateway).await;
    let service = human
        .create_service("storage", &upstream.url(), "none", Value::Null)
        .await;
    let agent = human.create_agent("secretary", &[&service]).await;
    // Only removals require approval.
    let condition = "request.method in ['GET', 'HEAD', 'PUT', 'POST']";
    human
        .create_rule(json!({
            "name": "The minutes are kept", "effect": "allow", "enabled": true, "condition": condition,
        }))
        .await;
    let url = gateway.url();
    let variables = [
        ("GATEWAY", url.as_str()),
        ("SERVICE", "storage"),
        ("AGENT_KEY", agent.key.as_str()),
    ];
    let (results, removal) = tokio::join!(run(&gateway, "boto3_s3.py", &variables), async {
        let removal = human
            .decide_next("/minutes/July/1", "approve", "fine")
            .await;
        human
            .decide_next("/minutes/July/2", "deny", "not this one")
            .await;
        removal
    });
    assert_eq!(removal["intent"], "Remove the minutes that Ann wrote twice");
    assert_eq!(results["text"], "The gate is painted.");
    assert_eq!(results["metadata"], json!({"by": "ann"}));
    assert_eq!(results["size"], "The gate is painted.".len());
    assert_eq!(results["range"], json!([206, "gate"]));
    let listed = ["July/0", "July/1", "July/2", "June/Beschlüsse 1+2.txt"];
    assert_eq!(results["listed"], json!(listed));
    assert_eq!(results["parts_are_equal"], true);
    // The service itself counted the parts.
    let etag = results["etag"].as_str().unwrap();
    assert!(etag.ends_with("-3\""), "{etag}");
    assert_eq!(results["framed_is_equal"], true);
    assert_eq!(
        results["missing"],
        json!({"code": "NoSuchKey", "status": 404})
    );
    assert_eq!(results["held"], json!({"code": "428", "status": 428}));
    assert_eq!(results["removed"], 204);
    assert_eq!(results["denied"], json!({"code": "403", "status": 403}));
    assert_eq!(results["left"], json!(["July/0", "July/2"]));

    let received = upstream.received();
    let removed: Vec<_> = received
        .iter()
        .filter(|request| request["method"] == "DELETE")
        .collect();
    assert_eq!(removed.len(), 1, "{removed:?}");
    assert_eq!(removed[0]["target"], "/minutes/July/1");
    // This upload had a trailer, whose checksum matched the body that the service decoded.
    let framed = received
        .iter()
        .find(|request| request["method"] == "PUT" && request["target"] == "/minutes/framed")
        .unwrap();
    assert_eq!(framed["headers"]["x-amz-trailer"], "x-amz-checksum-sha256");
    assert_eq!(framed["headers"]["content-encoding"], "aws-chunked");
    assert_eq!(
        results["checksum"],
        "YxuEAn1rnlK1OcToNzYi0jAy363GTWCvhzOckDfk92k="
    );
    assert!(!json!(received).to_string().contains(&agent.key));
}
