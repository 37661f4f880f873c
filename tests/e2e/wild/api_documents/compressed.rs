//! Documents that are compressed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gaiterguard_testkit::scene::Scene;
use gaiterguard_testkit::{Reply, Storage};
use serde_json::json;

use super::{added, api, refused};
use crate::gzip::gzip;

#[tokio::test]
async fn gzip_is_unpacked_within_the_limit() {
    let scene = Scene::new(Storage::Sqlite).await;
    let up = &scene.upstream;
    let packed = gzip(api("/packed").to_string().as_bytes());
    up.on(
        "/api.json.gz",
        Reply::text(packed.clone()).header("Content-Type", "application/gzip"),
    );
    up.on(
        "/encoded",
        Reply::text(packed.clone())
            .header("Content-Encoding", "gzip")
            .header("Content-Type", "application/json"),
    );
    up.on(
        "/claimed",
        Reply::json(api("/packed")).header("Content-Encoding", "gzip"),
    );
    up.on("/bomb.json.gz", Reply::text(gzip(vec![b' '; 200 << 20])));
    up.on(
        "/broken.json.gz",
        Reply::text(packed[..packed.len() / 2].to_vec()),
    );
    let at = |path: &str| json!({"type": "url", "content": format!("{}{path}", up.url())});
    for path in ["/api.json.gz", "/encoded", "/claimed"] {
        assert_eq!(added(&scene, at(path)).await["operations"], 1, "{path}");
    }
    let base64 = STANDARD.encode(&packed);
    for kind in ["openapi", "auto"] {
        let made = added(&scene, json!({"type": kind, "content": base64})).await;
        assert_eq!(made["operations"], 1, "{kind}");
    }
    let (_, message) = refused(&scene, at("/bomb.json.gz")).await;
    assert!(message.contains("larger than 16777216 bytes"), "{message}");
    let (_, message) = refused(&scene, at("/broken.json.gz")).await;
    assert!(message.contains("damaged"), "{message}");
    let key = &scene.agent.key;
    let hidden = gzip(
        format!("{{\"openapi\": \"3.0.0\", \"paths\": {{}}, \"info\": \"{key}\"}}").as_bytes(),
    );
    let hidden = STANDARD.encode(hidden);
    let (_, message) = refused(&scene, json!({"type": "openapi", "content": hidden})).await;
    assert!(message.contains("agent key"), "{message}");
}
