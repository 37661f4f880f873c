//! Requests in tunnels are the requests of every other door.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use gaiterguard_testkit::scene::{CREDENTIAL, Scene};
use gaiterguard_testkit::{EchoUpstream, Reply, Storage, TestGateway};
use serde_json::{Value, json};

use super::http2::run_script;
use super::scene::Proxied;

#[tokio::test]
async fn the_credential_is_injected_and_nothing_of_the_clients_own_reaches_the_upstream() {
    let proxied = Proxied::new().await;
    let url = proxied.url("/v1/items?limit=2");
    let response = proxied
        .send(&[
            &url,
            "--header",
            "X-Agent-Intent: List the first items",
            "--header",
            "Authorization: Bearer placeholder-1",
            "--header",
            "X-API-Key: placeholder-2",
            "--header",
            "Proxy-Authorization: Basic cGxhY2Vob2xkZXI6Mw==",
            "--header",
            "Proxy-Connection: keep-alive",
        ])
        .await;
    assert_eq!((response.status, response.connect_status), (200, 200));
    let head = response.text.to_ascii_lowercase();
    assert!(head.contains("x-proxy-status: forwarded"), "{head}");

    let received = proxied.scene.upstream.only();
    assert_eq!(received.target, "/v1/items?limit=2");
    let expected = format!("Bearer {CREDENTIAL}");
    assert_eq!(received.header("authorization"), Some(expected.as_str()));
    assert_eq!(received.header_count("authorization"), 1);
    assert_eq!(received.header("host"), Some(proxied.authority().as_str()));
    let sent = format!("{received:?}");
    let key = &proxied.scene.agent.key;
    for absent in ["placeholder", "roxy-", "cGxhY2Vob2xkZXI6Mw", key] {
        assert!(!sent.contains(absent), "{absent}: {sent}");
    }

    let requests = proxied.scene.human.read("/requests").await;
    let entry = &requests["items"][0];
    assert_eq!(entry["intent"], "List the first items");
    assert_eq!(entry["target_url"], url);
}

#[tokio::test]
async fn a_held_request_waits_for_a_human_or_names_its_action() {
    let proxied = Proxied::new().await;
    let url = proxied.url("/v1/items/7");
    let held = proxied.send(&["--request", "DELETE", &url]).await;
    assert_eq!(held.status, 428, "{}", held.text);
    let body = held
        .text
        .lines()
        .find(|line| line.starts_with('{'))
        .unwrap();
    let problem: Value = serde_json::from_str(body).unwrap();
    assert_eq!(problem["error"]["code"], "approval_required");
    let status_url = problem["status_url"].as_str().unwrap();
    let id = problem["action_id"].as_str().unwrap();
    assert_eq!(
        status_url,
        format!("{}/status/{id}", proxied.scene.gateway.url())
    );
    let pending = proxied.scene.human.pending().await;
    assert_eq!(pending.len(), 1);
    assert_eq!(pending[0]["target_url"], url);
    assert!(proxied.scene.upstream.received().is_empty());

    let second = proxied.url("/v1/items/8");
    let arguments = [
        "--request",
        "DELETE",
        &second,
        "--header",
        "Prefer: wait=60",
    ];
    let (response, _) = tokio::join!(
        proxied.send(&arguments),
        proxied
            .scene
            .human
            .decide_next("/v1/items/8", "approve", "checked")
    );
    assert_eq!(response.status, 200, "{}", response.text);
    let text = response.text.to_ascii_lowercase();
    assert!(text.contains("x-proxy-status: executed-approved"), "{text}");
    assert_eq!(proxied.scene.upstream.only().target, "/v1/items/8");
}

#[tokio::test]
async fn the_same_request_through_a_tunnel_and_through_the_base_url_is_one_action() {
    let proxied = Proxied::new().await;
    let delete = ["--request", "DELETE"];
    let bearer = format!("Authorization: Bearer {}", proxied.scene.agent.key);
    let direct = format!("{}/s/things/items/7", proxied.scene.gateway.url());
    let mut by_base_url = delete.to_vec();
    by_base_url.extend(["--noproxy", "*", "--header", &bearer, &direct]);
    let by_base_url = proxied.send(&by_base_url).await;
    assert_eq!((by_base_url.status, by_base_url.connect_status), (428, 0));

    let url = proxied.url("/items/7");
    let mut by_tunnel = delete.to_vec();
    by_tunnel.push(&url);
    let by_tunnel = proxied.send(&by_tunnel).await;
    assert_eq!((by_tunnel.status, by_tunnel.connect_status), (428, 200));
    // A pending action is found again only by the same payload.
    assert_eq!(proxied.scene.human.pending().await.len(), 1);
}

#[tokio::test]
async fn a_body_arrives_whole_in_both_directions() {
    let proxied = Proxied::new().await;
    proxied.scene.allow_everything().await;
    let body = "0123456789abcdef".repeat(64 * 1024);
    proxied
        .scene
        .upstream
        .on("/upload", Reply::text(body.clone()));
    let file = proxied.scene.gateway.folder().join("body");
    std::fs::write(&file, &body).unwrap();
    let data = format!("@{}", file.display());
    let url = proxied.url("/upload");
    let response = proxied
        .send(&[
            "--data-binary",
            &data,
            "--header",
            "Content-Type: text/plain",
            &url,
        ])
        .await;
    assert_eq!(response.status, 200);
    assert!(response.text.contains(&body));
    assert_eq!(proxied.scene.upstream.only().text(), body);
}

#[tokio::test]
async fn a_tunnel_serves_several_requests_and_each_is_decided() {
    let proxied = Proxied::new().await;
    let deny = json!({
        "name": "No secrets", "effect": "deny", "enabled": true,
        "condition": "request.under('/secret')",
    });
    proxied.scene.human.create_rule(deny).await;
    let (open, secret) = (proxied.url("/open"), proxied.url("/secret"));
    let response = proxied.send(&[&open, &secret, &open]).await;
    let statuses: Vec<&str> = response
        .text
        .lines()
        .filter(|line| line.starts_with("HTTP/"))
        .collect();
    assert_eq!(statuses.len(), 3, "{}", response.text);
    assert!(statuses[1].contains(" 403"), "{statuses:?}");
    assert_eq!(proxied.scene.upstream.received().len(), 2);
}

#[tokio::test]
async fn an_absolute_url_without_tls_takes_the_same_way() {
    let proxied = Proxied::trusting(EchoUpstream::start().await, None).await;
    let url = format!("http://{}/v1/items", proxied.authority());
    let response = proxied
        .send(&[&url, "--header", "Authorization: Bearer placeholder"])
        .await;
    assert_eq!((response.status, response.connect_status), (200, 0));
    let received = proxied.scene.upstream.only();
    let expected = format!("Bearer {CREDENTIAL}");
    assert_eq!(received.header("authorization"), Some(expected.as_str()));
    let sent = format!("{received:?}");
    assert!(!sent.contains("roxy-"), "{sent}");
    assert!(!sent.contains("placeholder"), "{sent}");
}

#[tokio::test]
async fn the_placeholder_of_a_key_in_the_query_is_replaced() {
    let proxied = Proxied::new().await;
    let base = proxied.url("/query");
    let query = json!({"param": "key", "value": "a-query-credential-81d7f3"});
    let human = &proxied.scene.human;
    let service = human.create_service("keyed", &base, "query", query).await;
    let path = format!("/agents/{}/services", proxied.scene.agent.id);
    let scope = json!({"serviceIds": [proxied.scene.service.id, service.id]});
    human.put(&path).json(scope).send().await.expect_status(200);

    let url = proxied.url("/query/items?key=placeholder&a=1");
    let bearer = "Authorization: Bearer placeholder";
    let response = proxied.send(&[&url, "--header", bearer]).await;
    assert_eq!(response.status, 200, "{}", response.text);
    let received = proxied.scene.upstream.only();
    assert_eq!(
        received.target,
        "/query/items?a=1&key=a-query-credential-81d7f3"
    );
    assert_eq!(received.header("authorization"), None);
}

#[tokio::test]
async fn the_upstreams_certificate_is_verified() {
    let upstream = EchoUpstream::start_with_tls(&["localhost"]).await;
    let proxied = Proxied::trusting(upstream, None).await;
    let response = proxied.send(&[&proxied.url("/items")]).await;
    assert_eq!(response.status, 502, "{}", response.text);
    assert!(
        response.text.contains("upstream_unreachable"),
        "{}",
        response.text
    );
    assert!(proxied.scene.upstream.received().is_empty());
}

#[tokio::test]
async fn a_client_that_does_not_speak_tls_is_disconnected_and_logged_quietly() {
    let proxied = Proxied::new().await;
    let connect = proxied.connect(&proxied.authority());
    let garbage = format!("{connect}GET /items HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let received = proxied.raw(&garbage).await;
    assert!(received.starts_with("HTTP/1.1 200 OK\r\n"), "{received:?}");
    let (_, rest) = received.split_once("\r\n\r\n").unwrap();
    assert!(!rest.contains("HTTP"), "{rest:?}");
    assert!(proxied.scene.upstream.received().is_empty());
    let logged = gaiterguard_testkit::eventually(
        "the failed handshake is logged",
        Duration::from_secs(10),
        || async {
            let logs = proxied.scene.gateway.logs();
            let line = logs
                .lines()
                .find(|line| line.contains("tunnel from") && line.contains("failed"));
            line.map(str::to_owned)
        },
    )
    .await;
    assert!(logged.contains("DEBUG"), "{logged}");
}

#[tokio::test]
async fn a_client_that_opens_a_tunnel_and_sends_nothing_is_disconnected() {
    let upstream = EchoUpstream::start_with_tls(&["localhost"]).await;
    let url = format!("https://localhost:{}", upstream.address().port());
    let builder = TestGateway::builder(Storage::Sqlite)
        .intercept_port()
        .setting("HEADER_TIMEOUT_MS", 500);
    let mut proxied = Proxied {
        scene: Scene::before(builder, upstream, &url).await,
        ca_file: PathBuf::new(),
    };
    let connect = proxied.connect(&proxied.authority());
    let started = Instant::now();
    let received = proxied.raw(&connect).await;
    assert!(received.starts_with("HTTP/1.1 200 OK\r\n"), "{received:?}");
    assert!(received.ends_with("\r\n\r\n"), "{received:?}");
    let elapsed = started.elapsed();
    assert!(elapsed >= Duration::from_millis(500), "{elapsed:?}");
    assert!(elapsed < Duration::from_secs(5), "{elapsed:?}");

    let ended = proxied.scene.gateway.terminate().await;
    assert!(ended.success(), "{ended:?}");
}

#[tokio::test]
async fn the_user_name_says_how_long_held_requests_wait() {
    let proxied = Proxied::new().await;
    let url = proxied.url("/v1/items/9");
    let proxy = proxied.proxy_url().replace("report:", "report%3Bwait=60:");
    let arguments = ["--request", "DELETE", "--proxy", &proxy, &url];
    let human = &proxied.scene.human;
    let (response, decided) = tokio::join!(
        proxied.send(&arguments),
        human.decide_next("/v1/items/9", "approve", "checked")
    );
    assert_eq!(response.status, 200, "{}", response.text);
    assert_eq!(decided["label"], "report");
}

#[tokio::test]
async fn the_port_says_what_it_is_and_lists_the_hosts_of_an_agent() {
    let proxied = Proxied::new().await;
    let ask = async |authorization: &str| {
        let request = format!(
            "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{authorization}\r\n"
        );
        let response = proxied.raw(&request).await;
        assert!(response.starts_with("HTTP/1.1 200 "), "{response}");
        let (head, body) = response.split_once("\r\n\r\n").unwrap();
        assert!(
            head.to_ascii_lowercase()
                .contains("x-proxy-status: gateway"),
            "{head}"
        );
        serde_json::from_str::<Value>(body).unwrap()
    };
    let anyone = ask("").await;
    assert_eq!(anyone["held"]["status"], 428);
    assert!(anyone.get("services").is_none());
    let agent = ask(&proxied.authorization()).await;
    let base_url = format!("https://{}", proxied.authority());
    assert_eq!(
        agent["services"],
        json!([{"name": "things", "base_url": base_url}])
    );
    assert_eq!(agent["other_hosts"], "refuse");
    // The same, at a host that only the proxy knows.
    let checked = proxied.send(&["https://check.gaiterguard.invalid/"]).await;
    assert_eq!((checked.status, checked.connect_status), (200, 200));
    assert!(checked.text.contains(&base_url), "{}", checked.text);
    assert!(proxied.scene.upstream.received().is_empty());
}

#[tokio::test]
async fn a_tunnel_that_is_left_idle_after_a_request_is_closed() {
    let upstream = EchoUpstream::start_with_tls(&["localhost"]).await;
    let url = format!("https://localhost:{}", upstream.address().port());
    let builder = TestGateway::builder(Storage::Sqlite)
        .intercept_port()
        .setting("UPSTREAM_CA_FILE", upstream.certificate_file().display())
        .setting("UPSTREAM_PRIVATE_ALLOW", "127.0.0.0/8,::1/128")
        .setting("HEADER_TIMEOUT_MS", 2000);
    let scene = Scene::before(builder, upstream, &url).await;
    let ca_file = scene.gateway.folder().join("ca.pem");
    let pem = scene.gateway.client().get("/ca.pem").send().await.text();
    std::fs::write(&ca_file, pem).unwrap();
    let proxied = Proxied { scene, ca_file };
    let idle = run_script(&proxied, "idle_tunnels.mjs", &[]).await;
    for version in ["http1", "http2"] {
        let (status, seconds) = (&idle[version]["status"], &idle[version]["seconds"]);
        assert_eq!(status, 200, "{idle}");
        // Connections are kept for 75 seconds, and then as long as a head may take.
        let seconds = seconds.as_f64().unwrap();
        assert!((70.0..90.0).contains(&seconds), "{idle}");
    }
}

#[tokio::test]
async fn a_tunnel_to_the_gateway_itself_is_refused() {
    let upstream = EchoUpstream::start_with_tls(&["localhost"]).await;
    let url = format!("https://localhost:{}", upstream.address().port());
    let builder = TestGateway::builder(Storage::Sqlite)
        .intercept_port()
        .setting("PUBLIC_URL", "https://localhost:8443");
    let proxied = Proxied {
        scene: Scene::before(builder, upstream, &url).await,
        ca_file: PathBuf::new(),
    };
    let response = proxied.raw(&proxied.connect("localhost:8443")).await;
    assert!(response.starts_with("HTTP/1.1 403 "), "{response}");
    assert!(response.contains("target_not_allowed"), "{response}");
    assert!(response.contains("is this gateway"), "{response}");
    let recorded = proxied.refusals(1).await;
    assert_eq!(recorded[0]["host"], "localhost");
}
