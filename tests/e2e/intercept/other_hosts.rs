//! Tunnels to hosts that no service names, for agents that may have them.

use std::time::Duration;

use gaiterguard_testkit::{EchoUpstream, eventually};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::scene::Proxied;

/// How long a tunnel may outlive the right to it: a second by contract, and time for a busy machine.
const END_LIMIT: Duration = Duration::from_secs(5);

async fn set_other_hosts(proxied: &Proxied, choice: &str) -> Value {
    let path = format!("/agents/{}", proxied.scene.agent.id);
    let change = proxied.scene.human.put(&path);
    let change = change.json(json!({"otherHosts": choice}));
    change.send().await.expect_status(200).json()
}

/// Returns the audit entries of tunnels, oldest first, once there are this many.
async fn recorded(proxied: &Proxied, count: usize) -> Vec<Value> {
    let human = &proxied.scene.human;
    eventually("the entries of tunnels", END_LIMIT, || async {
        let entries = human.read("/audit").await;
        let entries = entries["items"].as_array().unwrap().iter();
        let of_tunnels =
            entries.filter(|entry| entry["event"].as_str().unwrap().starts_with("tunnel."));
        let mut of_tunnels: Vec<Value> = of_tunnels.cloned().collect();
        of_tunnels.reverse();
        (of_tunnels.len() == count).then_some(of_tunnels)
    })
    .await
}

#[tokio::test]
async fn a_host_of_no_service_is_connected_untouched_and_recorded_if_the_agent_may_have_that() {
    let proxied = Proxied::new().await;
    let other = EchoUpstream::start_with_tls(&["localhost"]).await;
    let port = other.address().port();
    let url = format!("https://localhost:{port}/items");
    let certificate = other.certificate_file().display().to_string();
    let arguments = [
        &url,
        "--cacert",
        &certificate,
        "--header",
        "Authorization: Bearer the-clients-own",
    ];
    let refused = proxied.send(&arguments).await;
    assert_eq!(refused.connect_status, 403, "{}", refused.text);
    assert_eq!(other.connections(), 0);

    let agent = set_other_hosts(&proxied, "tunnel").await;
    assert_eq!(agent["otherHosts"], "tunnel");
    let response = proxied.send(&arguments).await;
    // The client has verified the host's own certificate.
    assert_eq!((response.status, response.connect_status), (200, 200));
    let received = other.only();
    let own = Some("Bearer the-clients-own");
    assert_eq!(received.header("authorization"), own);
    assert!(!format!("{received:?}").contains(&proxied.scene.agent.key));

    let entries = recorded(&proxied, 2).await;
    let events: Vec<&Value> = entries.iter().map(|entry| &entry["event"]).collect();
    assert_eq!(events, ["tunnel.opened", "tunnel.closed"]);
    for entry in &entries {
        let detail = &entry["detail"];
        assert_eq!(
            (&detail["host"], &detail["port"]),
            (&json!("localhost"), &json!(port))
        );
        assert_eq!(detail["label"], "report");
        assert_eq!(entry["actor"], format!("agent:{}", proxied.scene.agent.id));
    }
    let closed = &entries[1]["detail"];
    assert_eq!(closed["reason"], "ended");
    for count in ["bytes_sent", "bytes_received"] {
        assert!(closed[count].as_u64().unwrap() > 100, "{closed}");
    }
    assert!(closed["duration_ms"].is_u64());
    let requests = proxied.scene.human.read("/requests").await;
    assert_eq!(requests["items"], json!([]));

    // A service's host is intercepted as before.
    let intercepted = proxied.send(&[&proxied.url("/items")]).await;
    assert_eq!(intercepted.status, 200);
    assert_eq!(proxied.scene.upstream.received().len(), 1);
}

#[tokio::test]
async fn a_tunnel_ends_with_the_right_to_it() {
    let proxied = Proxied::new().await;
    let other = EchoUpstream::start().await;
    let authority = format!("localhost:{}", other.address().port());
    let human = &proxied.scene.human;
    let agent = format!("/agents/{}", proxied.scene.agent.id);
    let connect = proxied
        .connect(&authority)
        .replace("Connection: close\r\n", "");
    let mut ended = 0;
    for step in ["refuse", "block", "kill", "rotate"] {
        set_other_hosts(&proxied, "tunnel").await;
        let address = proxied.scene.gateway.intercept_address();
        let mut tunnel = TcpStream::connect(address).await.unwrap();
        tunnel.write_all(connect.as_bytes()).await.unwrap();
        let mut head = [0; 12];
        tunnel.read_exact(&mut head).await.unwrap();
        assert_eq!(&head, b"HTTP/1.1 200", "{step}");
        match step {
            "refuse" => drop(set_other_hosts(&proxied, "refuse").await),
            "block" => {
                human
                    .post(&format!("{agent}/block"))
                    .send()
                    .await
                    .expect_status(200);
                human
                    .post(&format!("{agent}/unblock"))
                    .send()
                    .await
                    .expect_status(200);
            }
            "kill" => {
                for active in [true, false] {
                    let change = human.put("/kill-switch").json(json!({"active": active}));
                    change.send().await.expect_status(200);
                }
            }
            _ => {
                human
                    .post(&format!("{agent}/rotate-key"))
                    .send()
                    .await
                    .expect_status(200);
            }
        }
        let mut rest = Vec::new();
        let reading = tokio::time::timeout(END_LIMIT, tunnel.read_to_end(&mut rest));
        assert!(reading.await.is_ok(), "{step}");
        ended += 2;
        let entries = recorded(&proxied, ended).await;
        assert_eq!(entries[ended - 1]["detail"]["reason"], "revoked", "{step}");
    }
}

#[tokio::test]
async fn tunnels_obey_the_rules_for_addresses_and_ports() {
    let proxied = Proxied::new().await;
    set_other_hosts(&proxied, "tunnel").await;
    let gateway = format!("localhost:{}", proxied.scene.gateway.port());
    let upstream = proxied.scene.upstream.address().port();
    for (authority, status, words) in [
        ("mail.example.com:25", 403, "neither 443 nor above 1023"),
        ("shell.example.com:22", 403, "neither 443 nor above 1023"),
        (gateway.as_str(), 403, "may not be dialed"),
        (&format!("127.0.0.1:{upstream}"), 403, "is an IP address"),
        ("no-such-name.invalid:443", 502, "cannot be reached"),
    ] {
        let response = proxied.raw(&proxied.connect(authority)).await;
        assert!(
            response.starts_with(&format!("HTTP/1.1 {status} ")),
            "{authority}: {response}"
        );
        assert!(response.contains(words), "{authority}: {response}");
    }
    // Only CONNECT opens a tunnel.
    let absolute = format!(
        "GET http://other.example.com/ HTTP/1.1\r\nHost: other.example.com\r\nConnection: close\r\n{}\r\n",
        proxied.authorization()
    );
    let response = proxied.raw(&absolute).await;
    assert!(response.starts_with("HTTP/1.1 403 "), "{response}");
    assert!(response.contains("otherHosts"), "{response}");
    assert!(recorded(&proxied, 0).await.is_empty());
}

#[tokio::test]
async fn the_label_of_a_program_is_shown_with_its_requests_and_covered_by_the_audit_log() {
    let proxied = Proxied::new().await;
    let human = &proxied.scene.human;
    proxied.send(&[&proxied.url("/items")]).await;
    proxied
        .send(&["--request", "DELETE", &proxied.url("/items/7")])
        .await;
    let requests = human.read("/requests").await;
    for entry in requests["items"].as_array().unwrap() {
        assert_eq!(entry["label"], "report", "{entry}");
    }
    let pending = human.pending().await;
    assert_eq!(pending[0]["label"], "report");
    let path = format!("/approvals/{}", pending[0]["action_id"].as_str().unwrap());
    assert_eq!(human.read(&path).await["label"], "report");
    proxied.scene.get("/items").await.expect_status(200);
    let requests = human.read("/requests").await;
    assert_eq!(requests["items"][0]["label"], Value::Null);
    let verified = proxied.scene.gateway.run(&["audit", "verify"], "").await;
    assert!(verified.status.success(), "{verified:?}");
}
