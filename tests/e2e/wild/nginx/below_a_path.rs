//! A gateway below a path of nginx, which removes the path or passes it on.

use std::collections::BTreeSet;

use gaiterguard_testkit::scene::request;
use gaiterguard_testkit::{Held, Reply, finish};
use http::Method;
use serde_json::{Value, json};

use super::Behind;

/// The end of the address in `proxy_pass`. Without one, nginx passes `/gate/` on; with a slash, it removes it.
const FORMS: [&str; 2] = ["", "/"];

/// Returns whether a file's name ends with this, after a dot.
fn has_extension(name: &str, extension: &str) -> bool {
    name.rsplit_once('.')
        .is_some_and(|(_, own)| own == extension)
}

/// Returns the texts between each `before` and the next `after`.
fn between<'a>(text: &'a str, before: &'a str, after: &'a str) -> impl Iterator<Item = &'a str> {
    let rests = text.split(before).skip(1);
    rests.filter_map(move |rest| Some(rest.split_once(after)?.0))
}

/// Returns the paths of the files of this host that a page names.
fn named_in_page(path: &str, page: &str) -> Vec<String> {
    let folder = path.rsplit_once('/').unwrap().0;
    let addresses = between(page, "src=\"", "\"").chain(between(page, "href=\"", "\""));
    addresses
        .filter(|address| !address.contains("://"))
        .map(|address| {
            if address.starts_with('/') {
                address.to_owned()
            } else {
                format!("{folder}/{address}")
            }
        })
        .collect()
}

/// Returns the paths of the scripts and styles that a script names. It names them by where they are from itself.
fn named_in_script(path: &str, script: &str) -> Vec<String> {
    let folder = path.rsplit_once('/').unwrap().0;
    let names = between(script, "\"./", "\"").chain(between(script, "`./", "`"));
    names
        .filter(|name| has_extension(name, "js") || has_extension(name, "css"))
        .map(|name| format!("{folder}/{name}"))
        .collect()
}

#[tokio::test]
async fn the_pages_and_all_their_files_load_below_a_path_of_nginx() {
    for form in FORMS {
        let behind = Behind::start(form).await;
        let start = behind.call(Method::GET, "/gate/").send().await;
        assert_eq!(start.header("location"), Some("/gate/app/"));
        let mut paths = vec!["/gate/app/".to_owned(), "/gate/docs".to_owned()];
        let mut loaded = BTreeSet::new();
        while let Some(path) = paths.pop() {
            if !loaded.insert(path.clone()) {
                continue;
            }
            assert!(path.starts_with("/gate/"), "{path}");
            let file = behind.call(Method::GET, &path).send().await;
            assert_eq!(file.status, 200, "{path}");
            match file.header("content-type").unwrap() {
                "text/html; charset=utf-8" => paths.extend(named_in_page(&path, &file.text())),
                "text/javascript; charset=utf-8" => {
                    paths.extend(named_in_script(&path, &file.text()));
                }
                kind => assert!(!has_extension(&path, "js"), "{path}: {kind}"),
            }
        }
        let count = |kind: &str| {
            loaded
                .iter()
                .filter(|path| has_extension(path, kind))
                .count()
        };
        // Every page of the dashboard is a script of its own.
        assert!(count("js") > 20 && count("css") > 0, "{loaded:?}");
    }
}

#[tokio::test]
async fn a_session_lasts_below_a_path_of_nginx() {
    for form in FORMS {
        let behind = Behind::start(form).await;
        let human = &behind.scene.human;
        let origin = behind.url.strip_suffix("/gate").unwrap();
        let from_page = |path: &str, body: Value| {
            behind
                .call(Method::POST, path)
                .header("origin", origin)
                .header("sec-fetch-site", "same-origin")
                .json(body)
        };
        let login = json!({
            "email": human.email, "password": human.password, "session": "cookie",
        });
        let signed_in = from_page("/gate/auth/login", login).send().await;
        let signed_in = signed_in.expect_status(200);
        let cookies = signed_in.headers("set-cookie");
        let sent: Vec<_> = cookies
            .iter()
            .map(|cookie| {
                // A browser sends a cookie to the paths below its own.
                assert!(cookie.contains("Path=/gate/auth;"), "{cookie}");
                cookie.split_once(';').unwrap().0
            })
            .collect();
        assert!(!sent.is_empty());
        let refresh = from_page("/gate/auth/refresh", json!({}));
        let refreshed = refresh.header("cookie", &sent.join("; ")).send().await;
        let token = refreshed.expect_status(200).json()["accessToken"].clone();
        let me = behind.call(Method::GET, "/gate/auth/me");
        let me = me.bearer(token.as_str().unwrap()).send().await;
        assert_eq!(me.expect_status(200).json()["email"], human.email);

        // A page of another origin is refused, as it is without nginx.
        let foreign = behind
            .call(Method::POST, "/gate/auth/refresh")
            .header("origin", "https://elsewhere.example")
            .header("sec-fetch-site", "cross-site")
            .header("cookie", &sent.join("; "))
            .json(json!({}));
        foreign.send().await.expect_status(403);
    }
}

#[tokio::test]
async fn every_address_of_a_held_request_leads_back_through_nginx() {
    for form in FORMS {
        let behind = Behind::start(form).await;
        let proposal = request("DELETE", "/x");
        let held = behind.agent(Method::POST, "/gate/proxy").json(proposal);
        let held = Held::from_response(held.send().await);
        let response = &held.response;
        let status_url = response.json()["status_url"].clone();
        let status_url = status_url.as_str().unwrap();
        assert_eq!(response.header("location"), Some(status_url));
        let status = behind.agent(Method::GET, status_url).send().await;
        assert_eq!(status.expect_status(200).json()["status"], "PENDING");

        let approval = format!("/gate/approvals/{}", held.action_id);
        let shown = behind.human(Method::GET, &approval).send().await;
        let digest = shown.expect_status(200).json()["digest"].clone();
        let approve = behind.human(Method::PATCH, &format!("{approval}/approve"));
        let approved = approve.json(json!({"digest": digest})).send().await;
        approved.expect_status(200);

        let waited = format!("{status_url}?wait=10");
        let status = behind.agent(Method::GET, &waited).send().await;
        let execute_url = status.expect_status(200).json()["execute_url"].clone();
        let execute = behind.agent(Method::POST, execute_url.as_str().unwrap());
        let executed = execute.send().await.expect_status(200);
        assert_eq!(executed.header("x-proxy-status"), Some("executed-approved"));
        assert_eq!(behind.scene.upstream.received_at("/x").len(), 1);
    }
}

#[tokio::test]
async fn an_unmodified_client_follows_the_locations_of_its_service_through_nginx() {
    for form in FORMS {
        let behind = Behind::start(form).await;
        let scene = &behind.scene;
        scene.allow_everything().await;
        let created = format!("{}/items/7", scene.upstream.url());
        let moved = Reply::status(201).header("Location", &created);
        scene.upstream.on("/items", moved);
        scene.upstream.on("/items/7", Reply::text("the item"));
        let created = behind.agent(Method::POST, "/gate/s/things/items");
        let created = created.send().await.expect_status(201);
        let location = created.header("location").unwrap();
        assert_eq!(location, format!("{}/s/things/items/7", behind.url));
        let root = behind.url.strip_suffix("/gate").unwrap();
        let item = behind.agent(Method::GET, location.strip_prefix(root).unwrap());
        assert_eq!(item.send().await.expect_status(200).text(), "the item");
    }
}

#[tokio::test]
async fn the_clients_of_the_gateway_work_below_a_path_of_nginx() {
    for form in FORMS {
        let behind = Behind::start(form).await;
        let scene = &behind.scene;
        let mut command = scene.gateway.command(&["call", "DELETE", "/x"]);
        command
            .args([
                "--service",
                "things",
                "--intent",
                "Remove x",
                "--wait",
                "1m",
            ])
            .env("GAITERGUARD_URL", &behind.url)
            .env("GAITERGUARD_AGENT_KEY", &scene.agent.key);
        let called = tokio::spawn(async move { finish(command, "").await });
        scene.human.decide_next("/x", "approve", "fine").await;
        let called = called.await.unwrap();
        let errors = String::from_utf8_lossy(&called.stderr);
        assert!(called.status.success(), "{errors}");
        assert_eq!(scene.upstream.received_at("/x").len(), 1);

        let list = json!({
            "jsonrpc": "2.0", "id": 1, "method": "tools/call",
            "params": {"name": "list_services", "arguments": {}},
        });
        let listed = behind.agent(Method::POST, "/gate/mcp").json(list);
        let listed = listed.send().await.expect_status(200).json();
        let services = &listed["result"]["structuredContent"]["services"];
        assert_eq!(services[0]["service"], "things", "{listed}");
    }
}

#[tokio::test]
async fn paths_arrive_byte_for_byte_unless_nginx_removes_the_prefix() {
    let sent = "/a%2Fb/%7Ec?d=%2F";
    // The book warns of the second.
    for (form, received) in FORMS.into_iter().zip([sent, "/a/b/~c?d=%2F"]) {
        let behind = Behind::start(form).await;
        behind.scene.allow_everything().await;
        let call = behind.agent(Method::GET, &format!("/gate/s/things{sent}"));
        call.send().await.expect_status(200);
        let requests = behind.scene.upstream.received();
        assert_eq!(requests[0].target, received);
    }
}
