//! The requests that the proxy port refuses, and the reasons that it gives.

use gaiterguard_testkit::EchoUpstream;

use super::scene::Proxied;

/// Returns the problem in a raw response.
fn problem(response: &str) -> serde_json::Value {
    let (_, body) = response.split_once("\r\n\r\n").unwrap();
    serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {response}"))
}

#[track_caller]
fn assert_refused(response: &str, status: u16, code: &str, words: &str) {
    assert!(
        response.starts_with(&format!("HTTP/1.1 {status} ")),
        "{response}"
    );
    let problem = problem(response);
    assert_eq!(problem["code"], code, "{response}");
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains(words), "{detail}");
    let head = response.to_ascii_lowercase();
    assert!(head.contains("x-proxy-status: refused"), "{response}");
}

#[tokio::test]
async fn without_a_valid_key_the_proxy_asks_for_one() {
    let proxied = Proxied::new().await;
    let authority = proxied.authority();
    let unknown = format!("agt_{}", "0".repeat(64));
    let stranger = proxied.connect(&authority).replace(
        &proxied.authorization(),
        &other_authorization(&format!("x:{unknown}")),
    );
    let anonymous = proxied
        .connect(&authority)
        .replace(&proxied.authorization(), "");
    let absolute = format!(
        "GET http://{authority}/ HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n\r\n"
    );
    for request in [stranger, anonymous, absolute] {
        let response = proxied.raw(&request).await;
        assert_refused(&response, 407, "proxy_authentication_required", "agent key");
        let head = response.to_ascii_lowercase();
        let challenge = "proxy-authenticate: basic realm=\"gaiterguard\"";
        assert!(head.contains(challenge), "{response}");
    }
    assert_eq!(proxied.scene.upstream.connections(), 0);
}

fn other_authorization(pair: &str) -> String {
    use base64::Engine as _;
    let pair = base64::engine::general_purpose::STANDARD.encode(pair);
    format!("Proxy-Authorization: Basic {pair}\r\n")
}

#[tokio::test]
async fn only_hosts_and_ports_of_the_agents_services_are_opened() {
    let proxied = Proxied::new().await;
    let port = proxied.scene.upstream.address().port();
    let other = EchoUpstream::start().await;
    for (authority, code, words) in [
        (
            "api.example.com:443".to_owned(),
            "service_not_in_scope",
            "none of this agent's services has a base URL at https://api.example.com",
        ),
        (
            format!("localhost:{}", other.address().port()),
            "service_not_in_scope",
            "an operator can add such a service",
        ),
        (
            format!("127.0.0.1:{port}"),
            "target_not_allowed",
            "is an IP address",
        ),
        (
            format!("[::1]:{port}"),
            "target_not_allowed",
            "is an IP address",
        ),
        (
            format!("2130706433:{port}"),
            "invalid_target",
            "is not valid",
        ),
        (
            format!("localhost:{}", proxied.scene.gateway.port()),
            "service_not_in_scope",
            "none of this agent's services",
        ),
    ] {
        let status = if code == "invalid_target" { 400 } else { 403 };
        let response = proxied.raw(&proxied.connect(&authority)).await;
        assert_refused(&response, status, code, words);
    }
    let curl = proxied.send(&["https://api.example.com/"]).await;
    assert_eq!(curl.connect_status, 403, "{}", curl.text);
    assert_eq!(proxied.scene.upstream.connections(), 0);
    assert_eq!(other.connections(), 0);
}

#[tokio::test]
async fn the_port_serves_nothing_of_the_gateway_itself() {
    let proxied = Proxied::new().await;
    let authorization = proxied.authorization();
    for path in [
        "/status/1",
        "/ca.pem",
        "/s/things/items",
        "/app/",
        "/health",
    ] {
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{authorization}\r\n"
        );
        let response = proxied.raw(&request).await;
        assert_refused(&response, 400, "malformed_request", "forward proxy");
    }
}

#[tokio::test]
async fn a_request_in_a_tunnel_must_be_for_its_host_and_port() {
    let proxied = Proxied::new().await;
    let url = proxied.url("/items");
    for host in ["other.example", "localhost", "localhost:1"] {
        let header = format!("Host: {host}");
        let response = proxied.send(&[&url, "--header", &header]).await;
        assert_eq!(response.status, 421, "{}", response.text);
        assert!(response.text.contains("misdirected_request"));
        assert!(response.text.contains("the tunnel was opened to"));
    }
    assert!(proxied.scene.upstream.received().is_empty());
}

#[tokio::test]
async fn a_client_that_offers_only_old_versions_of_tls_is_disconnected() {
    let proxied = Proxied::new().await;
    let url = proxied.url("/items");
    // The client would not offer them either, except with ciphers of the lowest level.
    let old = [
        "--tlsv1.0",
        "--tls-max",
        "1.1",
        "--ciphers",
        "DEFAULT@SECLEVEL=0",
    ];
    let response = proxied.send(&[&old[..], &[&url]].concat()).await;
    assert_eq!(
        (response.status, response.connect_status),
        (0, 200),
        "{}",
        response.text
    );
    let alert = "alert";
    assert!(response.text.contains(alert), "{}", response.text);
    let response = proxied.send(&["--tls-max", "1.2", &url]).await;
    assert_eq!(response.status, 200, "{}", response.text);
    assert_eq!(proxied.scene.upstream.received().len(), 1);
}

#[tokio::test]
async fn proxy_credentials_inside_a_tunnel_open_nothing_and_do_not_reach_the_upstream() {
    let proxied = Proxied::new().await;
    let key = &proxied.scene.agent.key;
    let own = proxied.authorization();
    let other = other_authorization("x:agt_of_another_agent");
    for authorization in [own.trim(), other.trim()] {
        let url = proxied.url("/items");
        let response = proxied.send(&[&url, "--header", authorization]).await;
        assert_eq!(response.status, 200, "{}", response.text);
    }
    for received in proxied.scene.upstream.received() {
        assert_eq!(received.header("proxy-authorization"), None);
        assert!(!format!("{received:?}").contains(key));
    }
    assert_eq!(proxied.scene.upstream.received().len(), 2);
    // Without the key at CONNECT there is no tunnel in which to send it.
    let connect = proxied.connect(&proxied.authority()).replace(&own, "");
    let response = proxied.raw(&connect).await;
    assert_refused(&response, 407, "proxy_authentication_required", "agent key");
}

#[tokio::test]
async fn an_agent_key_in_a_url_is_refused_and_appears_nowhere() {
    let proxied = Proxied::new().await;
    let key = &proxied.scene.agent.key;
    for path in [format!("/items?key={key}"), format!("/{key}/items")] {
        let response = proxied.send(&[&proxied.url(&path)]).await;
        assert_eq!(response.status, 400, "{}", response.text);
        assert!(response.text.contains("agent key"), "{}", response.text);
    }
    assert!(proxied.scene.upstream.received().is_empty());
    assert!(!proxied.scene.gateway.logs().contains(key));
    let requests = proxied.scene.human.read("/requests").await;
    assert!(!requests.to_string().contains(key), "{requests}");
}

#[tokio::test]
async fn the_tls_handshake_must_name_the_host_of_the_tunnel() {
    let proxied = Proxied::new().await;
    let authority = proxied.authority();
    let (_, port) = authority.split_once(':').unwrap();
    let elsewhere = format!("other.example:{port}:{authority}");
    let url = format!("https://other.example:{port}/items");
    let arguments = ["--connect-to", &elsewhere, &url];
    // The certificate names the tunnel's host, so a client that verifies it goes no further.
    let verified = proxied.send(&arguments).await;
    assert_eq!((verified.status, verified.connect_status), (0, 200));

    let host = format!("Host: {authority}");
    let mut careless = arguments.to_vec();
    careless.extend(["--insecure", "--header", &host]);
    let response = proxied.send(&careless).await;
    assert_eq!(response.status, 421, "{}", response.text);
    let words = "the TLS handshake names another host";
    assert!(response.text.contains(words), "{}", response.text);
    assert!(proxied.scene.upstream.received().is_empty());
}

#[tokio::test]
async fn what_the_port_refuses_to_an_agent_is_recorded_and_a_flood_is_counted() {
    let proxied = Proxied::new().await;
    let authority = proxied.authority();
    let (_, port) = authority.split_once(':').unwrap();
    // One of each kind: a host of no service, an address, another host in the handshake and in the request, no TLS.
    let mut expected = vec![];
    for target in ["api.example.com:443", &format!("127.0.0.1:{port}")] {
        proxied.raw(&proxied.connect(target)).await;
    }
    expected.extend(["none of this agent's services", "is an IP address"]);
    let elsewhere = format!("other.example:{port}:{authority}");
    let url = format!("https://other.example:{port}/items");
    let host = format!("Host: {authority}");
    let arguments = [
        "--connect-to",
        &elsewhere,
        "--insecure",
        "--header",
        &host,
        &url,
    ];
    assert_eq!(proxied.send(&arguments).await.status, 421);
    expected.push("the TLS handshake names another host");
    let header = "Host: other.example";
    let url = proxied.url("/items");
    assert_eq!(proxied.send(&[&url, "--header", header]).await.status, 421);
    expected.push("the request is for other.example");
    let connect = proxied.connect(&authority);
    proxied
        .raw(&format!("{connect}GET /items HTTP/1.1\r\n\r\n"))
        .await;
    expected.push("the TLS handshake failed");
    // A client that does not trust the gateway's authority says so.
    let own = proxied
        .scene
        .upstream
        .certificate_file()
        .display()
        .to_string();
    assert_eq!(proxied.send(&["--cacert", &own, &url]).await.status, 0);
    expected.push("the TLS handshake failed");
    let recorded = proxied.refusals(expected.len()).await;
    for words in &expected {
        let has_words = |detail: &serde_json::Value| {
            assert_eq!(
                (&detail["label"], &detail["omitted"]),
                (&"report".into(), &0.into())
            );
            detail["reason"].as_str().unwrap().contains(words)
        };
        assert!(recorded.iter().any(has_words), "{words}: {recorded:?}");
    }
    let key = &proxied.scene.agent.key;
    assert!(!format!("{recorded:?}").contains(key));

    for number in 0..60 {
        proxied
            .raw(&proxied.connect(&format!("{number}.example.com:443")))
            .await;
    }
    // At most 20 in a minute, and the test may take longer than one.
    let entries = proxied.scene.human.read("/audit?limit=100").await;
    let entries = entries["items"].as_array().unwrap().iter();
    let count = entries
        .filter(|entry| entry["event"] == "proxy.refused")
        .count();
    assert!((20..=40).contains(&count), "{count}");
}
