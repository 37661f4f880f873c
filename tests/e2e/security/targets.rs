//! A request is sent to the address of its service and nowhere else.

use gaiterguard_testkit::scene::{CREDENTIAL, Scene, request};
use gaiterguard_testkit::{EchoUpstream, Storage, TestGateway};
use serde_json::json;

#[tokio::test]
async fn targets_that_are_not_normalized_are_refused() {
    let scene = Scene::new(Storage::Sqlite).await;
    for path in [
        "/a/../b",
        "/a/./b",
        "/%2e%2e/b",
        "/a/.%2E/b",
        "/a/..;/b",
        "/a/..;x=1/b",
        "//b",
        "/a//b",
        "/a\\b",
        "/a%5cb",
        "/a%5Cb",
        "/a%00b",
        "/a%0ab",
        "/a%1fb",
        "/a\u{7}b",
        "/é",
        "/a%zz",
        "/a%2",
        "/a%2f../b",
        "/a%2F%2fb",
        "/a#b",
    ] {
        let response = scene.get(path).await;
        assert_eq!(response.status, 400, "{path}: {}", response.text());
        assert_eq!(
            response.json()["code"],
            "invalid_target",
            "{path}: {}",
            response.text()
        );
        assert_eq!(response.header("x-proxy-status"), Some("refused"), "{path}");
    }
    for url in [
        "http://user@HOST/",
        "http://user:password@HOST/",
        "http://HOST/#x",
        "//HOST/",
    ] {
        let url = url.replace("HOST", &scene.upstream.address().to_string());
        let proposal = json!({"targetUrl": url, "method": "GET", "intent": "Try"});
        let response = scene.agent.propose(proposal).send().await;
        assert_eq!(response.status, 400, "{url}: {}", response.text());
    }
    assert_eq!(scene.upstream.connections(), 0);
}

#[tokio::test]
async fn a_url_finds_the_service_whose_base_contains_it() {
    let scene = Scene::new(Storage::Sqlite).await;
    let base = scene.upstream.url();
    let deeper = format!("{base}/v1/");
    let service = scene
        .human
        .create_bearer_service("deeper", &deeper, "deeper-credential")
        .await;
    let agent = scene
        .human
        .create_agent("both", &[&scene.service, &service])
        .await;
    let cases = [
        ("/v1/x", "deeper-credential"),
        ("/v1", "deeper-credential"),
        ("/v10/x", CREDENTIAL),
        ("/v2?x=/v1/", CREDENTIAL),
    ];
    for (path, credential) in cases {
        let url = format!("{base}{path}");
        let proposal = json!({"targetUrl": url, "method": "GET", "intent": "Try"});
        agent.propose(proposal).send().await.expect_status(200);
        let received = scene.upstream.received().pop().unwrap();
        assert_eq!(
            received.header("authorization").unwrap(),
            format!("Bearer {credential}"),
            "{path}"
        );
    }
    let url = "http://other.example/v1/x";
    let proposal = json!({"targetUrl": url, "method": "GET", "intent": "Try"});
    agent
        .propose(proposal)
        .send()
        .await
        .expect_problem(403, "service_not_in_scope");
    // With another service at the same base URL, the credential is ambiguous.
    let twin = scene
        .human
        .create_bearer_service("twin", &deeper, "x")
        .await;
    let agent = scene
        .human
        .create_agent("all", &[&scene.service, &service, &twin])
        .await;
    let proposal = json!({"targetUrl": format!("{base}/v1/x"), "method": "GET", "intent": "Try"});
    agent
        .propose(proposal)
        .send()
        .await
        .expect_problem(400, "ambiguous_target");
}

#[tokio::test]
async fn private_addresses_are_refused_unless_allowed() {
    let upstream = EchoUpstream::start().await;
    let allowed = EchoUpstream::start().await;
    let allow = format!("127.0.0.1/32:{}", allowed.address().port());
    let names = "inside.example=127.0.0.1,meta.example=169.254.169.254,both.example=192.0.2.1,both.example=10.0.0.1";
    let builder = TestGateway::builder(Storage::Sqlite)
        .setting("UPSTREAM_PRIVATE_ALLOW", allow)
        .setting("UPSTREAM_HOSTS", names);
    let scene = Scene::on_allowed(builder, allowed).await;
    scene.get("/").await.expect_status(200);
    let port = upstream.address().port();
    let bases = [
        format!("http://inside.example:{port}"),
        format!("http://meta.example:{port}"),
        format!("http://both.example:{port}"),
        format!("http://127.0.0.1:{port}"),
        format!("http://[::1]:{port}"),
        format!("http://[::ffff:127.0.0.1]:{port}"),
        format!("http://2130706433:{port}"),
        format!("http://0x7f.1:{port}"),
        format!("http://localhost:{port}"),
        "http://169.254.169.254".to_owned(),
        "http://[fd00:ec2::254]".to_owned(),
        "http://169.254.170.23".to_owned(),
        "http://169.254.42.42".to_owned(),
        "http://10.1.2.3".to_owned(),
        "http://100.64.0.1".to_owned(),
        "http://[64:ff9b::7f00:1]".to_owned(),
    ];
    for (number, base_url) in bases.iter().enumerate() {
        let name = format!("private{number}");
        let body = json!({"name": name, "baseUrl": base_url, "authType": "none"});
        let saved = scene.human.post("/services").json(body).send().await;
        if saved.status == 400 {
            continue;
        }
        let id = saved.expect_status(201).json()["id"].clone();
        let scope = format!("/agents/{}/services", scene.agent.id);
        scene
            .human
            .put(&scope)
            .json(json!({"serviceIds": [id]}))
            .send()
            .await
            .expect_status(200);
        let proposal = json!({"service": name, "method": "GET", "path": "/", "intent": "Try"});
        let response = scene.agent.propose(proposal).send().await;
        assert_eq!(response.status, 403, "{base_url}: {}", response.text());
        assert_eq!(
            response.json()["code"],
            "target_not_allowed",
            "{base_url}: {}",
            response.text()
        );
    }
    assert_eq!(upstream.connections(), 0);
}

#[tokio::test]
async fn the_listeners_of_the_gateway_are_refused_as_upstreams() {
    let builder = TestGateway::builder(Storage::Sqlite).dashboard_port();
    let scene = Scene::on(builder.setting("UPSTREAM_HOSTS", "me.example=127.0.0.1")).await;
    let dashboard = scene.gateway.dashboard().address().port();
    for port in [scene.gateway.port(), dashboard] {
        for host in ["127.0.0.1", "me.example", "127.0.0.2", "localhost"] {
            let base_url = format!("http://{host}:{port}");
            let name = format!("own-{host}-{port}");
            let body = json!({"name": name, "baseUrl": base_url, "authType": "none"});
            let saved = scene.human.post("/services").json(body).send().await;
            if saved.status == 400 {
                continue;
            }
            let id = saved.expect_status(201).json()["id"].clone();
            let scope = format!("/agents/{}/services", scene.agent.id);
            let body = json!({"serviceIds": [id]});
            scene
                .human
                .put(&scope)
                .json(body)
                .send()
                .await
                .expect_status(200);
            let proposal =
                json!({"service": name, "method": "GET", "path": "/health", "intent": "Try"});
            let response = scene.agent.propose(proposal).send().await;
            if host == "127.0.0.2" {
                // Nothing listens there, so the refusal may come from the gateway or from the system.
                assert!(
                    response.status == 403 || response.status == 502,
                    "{}",
                    response.text()
                );
            } else {
                assert_eq!(response.status, 403, "{base_url}: {}", response.text());
                assert_eq!(
                    response.json()["code"],
                    "target_not_allowed",
                    "{}",
                    response.text()
                );
            }
        }
    }
}

#[tokio::test]
async fn with_its_own_port_the_dashboard_is_absent_from_the_agents_port() {
    let scene = Scene::on(TestGateway::builder(Storage::Sqlite).dashboard_port()).await;
    let (agents, humans) = (scene.gateway.client(), scene.gateway.dashboard());
    for path in [
        "/services",
        "/agents",
        "/approvals/pending",
        "/rules",
        "/app/",
        "/auth/me",
        "/docs",
        "/events",
    ] {
        let call = agents.get(path).bearer(&scene.human.access_token);
        assert_eq!(call.send().await.status, 404, "{path}");
    }
    for path in ["/health", "/ready", "/metrics", "/openapi.json"] {
        agents.get(path).send().await.expect_status(200);
        humans.get(path).send().await.expect_status(200);
    }
    scene.get("/").await.expect_status(200);
    scene.human.get("/services").send().await.expect_status(200);
}

#[tokio::test]
async fn tls_upstreams_are_verified() {
    let upstream = EchoUpstream::start_with_tls(&["things.example"]).await;
    let hosts = "things.example=127.0.0.1,other.example=127.0.0.1";
    let builder = TestGateway::builder(Storage::Sqlite)
        .setting("UPSTREAM_HOSTS", hosts)
        .setting("UPSTREAM_CA_FILE", upstream.certificate_file().display());
    let scene = Scene::on(builder).await;
    let port = upstream.address().port();
    for (name, status) in [("things", 200), ("other", 502)] {
        let base_url = format!("https://{name}.example:{port}");
        let service = scene
            .human
            .create_bearer_service(&format!("tls-{name}"), &base_url, "x")
            .await;
        let agent = scene.human.create_agent(name, &[&service]).await;
        let mut proposal = request("GET", "/secure");
        proposal["service"] = json!(format!("tls-{name}"));
        agent.propose(proposal).send().await.expect_status(status);
    }
    let received = upstream.only();
    assert_eq!(
        received.header("host"),
        Some(format!("things.example:{port}").as_str())
    );
}

#[tokio::test]
async fn metadata_addresses_are_refused_even_where_their_ranges_are_allowed() {
    let names = "meta.example=169.254.170.23,inner.example=fd00:42::42,link.example=169.254.9.9";
    let builder = TestGateway::builder(Storage::Sqlite)
        .setting(
            "UPSTREAM_PRIVATE_ALLOW",
            "127.0.0.0/8,169.254.0.0/16,fd00::/8,fe80::/10,100.64.0.0/10",
        )
        .setting("UPSTREAM_HOSTS", names);
    let scene = Scene::on_allowed(builder, EchoUpstream::start().await).await;
    for address in [
        "169.254.169.254",
        "169.254.170.23",
        "169.254.42.42",
        "169.254.0.23",
        "169.254.200.1",
        "[fd00:ec2::23]",
        "[fd00:ec2::254]",
        "[fd00:42::42]",
        "[::ffff:169.254.42.42]",
        "[64:ff9b::a9fe:2a2a]",
        "100.100.100.200",
    ] {
        let body =
            json!({"name": address, "baseUrl": format!("http://{address}"), "authType": "none"});
        let saved = scene.human.post("/services").json(body).send().await;
        saved.expect_problem(400, "validation_failed");
    }
    for name in ["meta.example", "inner.example", "link.example"] {
        let service = scene
            .human
            .create_service(name, &format!("http://{name}"), "none", json!(null))
            .await;
        let agent = scene.human.create_agent(name, &[&service]).await;
        let proposal = json!({"service": name, "method": "GET", "path": "/", "intent": "Try"});
        let response = agent.propose(proposal).send().await;
        response.expect_problem(403, "target_not_allowed");
    }
    // The rest of the allowed range remains allowed.
    for address in ["[fd12::1]", "100.64.0.1"] {
        let body =
            json!({"name": address, "baseUrl": format!("http://{address}"), "authType": "none"});
        let saved = scene.human.post("/services").json(body).send().await;
        saved.expect_status(201);
    }
}
