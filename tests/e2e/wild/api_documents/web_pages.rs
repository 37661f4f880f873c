//! Web pages that show an API description, and others.

use gaiterguard_testkit::scene::Scene;
use gaiterguard_testkit::{EchoUpstream, Reply, Storage};
use serde_json::json;

use super::{added, api, ids, refused};

fn html(page: &str) -> Reply {
    Reply::text(page).header("Content-Type", "text/html; charset=utf-8")
}

#[tokio::test]
async fn the_description_that_a_web_page_shows_is_fetched() {
    let scene = Scene::new(Storage::Sqlite).await;
    let up = &scene.upstream;
    let at = |path: &str| json!({"type": "url", "content": format!("{}{path}", up.url())});
    up.on("/openapi.json", Reply::json(api("/from-page")));
    up.on("/v3/api-docs/a", Reply::json(api("/from-settings")));
    up.on("/v3/api-docs/b", Reply::json(api("/second")));
    up.on(
        "/config",
        Reply::json(json!({"urls": [{"url": "/v3/api-docs/a"}, {"url": "/v3/api-docs/b"}]})),
    );
    let script = "window.ui = SwaggerUIBundle({url: \"https://petstore.invalid/v2/swagger.json\", configUrl: \"/config\"})";
    up.on(
        "/swagger-ui/swagger-initializer.js",
        Reply::text(script).header("Content-Type", "text/javascript"),
    );
    up.on(
        "/o/r/raw/main/api.yaml",
        Reply::text("openapi: 3.0.0\npaths:\n  /raw:\n    get: {}\n"),
    );
    up.on(
        "/inline.js",
        Reply::text(format!(
            "let options = {{\"swaggerDoc\": {}}}",
            api("/inline")
        )),
    );
    for (path, page, operation, note) in [
        ("/redoc", "<html><redoc spec-url='./openapi.json'></redoc></html>".to_owned(), "GET /from-page", "/openapi.json"),
        ("/docs/", "<html><script>SwaggerUIBundle({ url: '../openapi.json' })</script></html>".to_owned(), "GET /from-page", "/openapi.json"),
        (
            "/swagger-ui/",
            "<html><script src='swagger-ui-bundle.js'></script><script src='./swagger-initializer.js'></script></html>".to_owned(),
            "GET /from-settings",
            "/v3/api-docs/a",
        ),
        ("/express/", "<html><script src='/inline.js'></script></html>".to_owned(), "GET /inline", "in it was read"),
        (
            "/o/r/blob/main/api.yaml",
            "<html><a href='/o/r/blame/main/api.yaml'>Blame</a><a href='/o/r/raw/main/api.yaml'>Raw</a></html>".to_owned(),
            "GET /raw",
            "/o/r/raw/main/api.yaml",
        ),
        (
            "/shown",
            "<html><body><pre>openapi: 3.0.0\npaths:\n  /shown:\n    get: {}\n</pre></body></html>".to_owned(),
            "GET /shown",
            "in it was read",
        ),
    ] {
        up.on(path, html(&page));
        let made = added(&scene, at(path)).await;
        assert_eq!((&made["operations"], &made["format"]), (&json!(1), &json!("openapi")), "{path}");
        let warnings = made["warnings"].to_string();
        assert!(warnings.contains("web page") && warnings.contains(note), "{path}: {warnings}");
        assert!(ids(&scene).await.contains(&operation.to_owned()), "{path}");
        if path == "/swagger-ui/" {
            assert!(warnings.contains("it also names") && warnings.contains("/v3/api-docs/b"), "{warnings}");
        }
        // It is found again.
        let refresh = format!("/services/{}/docs/{}/refresh", scene.service.id, made["id"]);
        let again = scene.human.post(&refresh).send().await.expect_status(200).json();
        assert_eq!(again["operations"], 1, "{path}");
        let delete = format!("/services/{}/docs/{}", scene.service.id, made["id"]);
        scene.human.delete(&delete).send().await.expect_status(200);
    }
    assert!(
        up.received_at("/swagger-ui/swagger-ui-bundle.js")
            .is_empty()
    );
}

#[tokio::test]
async fn a_web_page_without_a_description_is_never_taken_in_silence() {
    let scene = Scene::new(Storage::Sqlite).await;
    let up = &scene.upstream;
    let away = EchoUpstream::start().await;
    let link = |path: &str| format!("{}{path}", up.url());
    let broken = "<html><redoc spec-url='/gone.json'></redoc></html>";
    let metadata = "<html><redoc spec-url='http://169.254.169.254/openapi.json'></redoc></html>";
    up.on("/gone.json", Reply::status(404));
    up.on("/broken", html(broken));
    up.on("/metadata", html(metadata));
    up.on("/empty", html("<html><body></body></html>"));
    up.on(
        "/login",
        html("<html><form><input type=password></form></html>"),
    );
    let many: Vec<String> = (0..50)
        .map(|n| format!("<redoc spec-url='/many/{n}.json'></redoc>"))
        .collect();
    let many = many.concat();
    up.on("/many", html(&format!("<html>{many}</html>")));
    let scripts: Vec<String> = (0..50)
        .map(|n| format!("<script src='/scripts/{n}.js'></script>"))
        .collect();
    let scripts = scripts.concat();
    let elsewhere = format!("<script src='{}/x.js'></script>", away.url());
    up.on(
        "/scripts",
        html(&format!("<html>{elsewhere}{scripts}</html>")),
    );
    for (path, parts) in [
        (
            "/broken",
            &[
                "the description seems to be at",
                "/gone.json (the server responded with 404)",
            ][..],
        ),
        (
            "/metadata",
            &[
                "the description seems to be at",
                "169.254.169.254",
                "cloud metadata",
            ],
        ),
        (
            "/empty",
            &["is an HTML page", "no description was found in it"],
        ),
        ("/login", &["login page"]),
        ("/many", &["/many/0.json"]),
        ("/scripts", &["no description was found in it"]),
    ] {
        let (field, message) = refused(&scene, json!({"type": "url", "content": link(path)})).await;
        assert_eq!(field, "content");
        for part in parts {
            assert!(message.contains(part), "{path}: {message}");
        }
    }
    let tried = up.received();
    let count = |prefix: &str| {
        tried
            .iter()
            .filter(|request| request.target.starts_with(prefix))
            .count()
    };
    assert!(count("/many/") <= 4 && count("/scripts/") <= 4, "{tried:?}");
    assert!(away.received().is_empty());

    // A page that is kept says what it lacks.
    for (path, part) in [
        ("/empty", "no operations were found"),
        ("/broken", "seems to be at"),
    ] {
        let kept = json!({"type": "url", "content": link(path), "allowHtml": true});
        let made = added(&scene, kept).await;
        assert_eq!(made["operations"], 0);
        assert!(made["warnings"].to_string().contains(part), "{made}");
    }
    for (kind, content) in [
        ("markdown", "# Words"),
        ("html", "<html><p>Words</html>"),
        ("auto", "words"),
        ("openapi", "{\"openapi\": \"3.0.0\", \"paths\": {}}"),
    ] {
        let made = added(&scene, json!({"type": kind, "content": content})).await;
        assert!(
            made["warnings"][0]
                .as_str()
                .unwrap()
                .contains("no operations were found"),
            "{made}"
        );
    }
    let (_, message) = refused(&scene, json!({"type": "openapi", "content": broken})).await;
    assert!(message.contains("seems to be at /gone.json"), "{message}");
    let (_, message) = refused(&scene, json!({"type": "auto", "content": broken})).await;
    assert!(message.contains("seems to be at /gone.json"), "{message}");
}

#[tokio::test]
async fn the_credential_is_sent_only_to_its_own_origin_for_what_a_page_shows() {
    let scene = Scene::new(Storage::Sqlite).await;
    let elsewhere = EchoUpstream::start().await;
    elsewhere.on("/openapi.json", Reply::json(api("/elsewhere")));
    scene.upstream.on("/own.json", Reply::json(api("/own")));
    let own = "<html><redoc spec-url='/own.json'></redoc></html>";
    let other = format!(
        "<html><redoc spec-url='{}/openapi.json'></redoc></html>",
        elsewhere.url()
    );
    for (path, page) in [("/own", own), ("/other", other.as_str())] {
        scene.upstream.on(path, html(page));
        let address = format!("{}{path}", scene.upstream.url());
        added(
            &scene,
            json!({"type": "url", "content": address, "useCredential": true}),
        )
        .await;
    }
    assert!(
        scene.upstream.received_at("/own.json")[0]
            .header("authorization")
            .is_some()
    );
    assert!(
        elsewhere.received_at("/openapi.json")[0]
            .header("authorization")
            .is_none()
    );
}
