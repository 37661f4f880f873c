//! nginx in front of the gateway, as it comes and as the book configures it, and behind it, as an upstream.

mod below_a_path;
mod buffering;
mod configured;
mod process;
mod upstream;

use std::time::Duration;

use gaiterguard_testkit::scene::Scene;
use gaiterguard_testkit::{Call, ReservedPort, ResponseStream, Storage, TestGateway};
use http::Method;

use self::process::Nginx;

/// How late something may arrive. nginx would keep it until much more has arrived, or everything.
const LATE: Duration = Duration::from_secs(5);

/// A scene whose gateway is below `/gate` of an nginx. All paths here begin at nginx's root.
struct Behind {
    // Dropped before the gateway.
    nginx: Nginx,
    scene: Scene,
    /// The URL of the gateway, as its users know it.
    url: String,
}

impl Behind {
    /// Starts both. nginx appends `path` to the gateway's address in `proxy_pass`, so `/` removes the prefix and
    /// an empty path keeps it.
    async fn start(path: &str) -> Self {
        Self::with(path, "").await
    }

    /// Starts both, with more directives in the location.
    async fn with(path: &str, directives: &str) -> Self {
        let port = ReservedPort::take();
        let address = port.address();
        let url = format!("http://{address}/gate");
        let builder = TestGateway::builder(Storage::Sqlite).setting("PUBLIC_URL", &url);
        let scene = Scene::on(builder).await;
        let gateway = scene.gateway.url();
        let server = format!(
            "server {{ listen {address}; location /gate/ {{ proxy_pass {gateway}{path}; {directives} }} }}"
        );
        let nginx = Nginx::start(port, &server).await;
        Self { nginx, scene, url }
    }

    /// Builds a call through nginx.
    fn call(&self, method: Method, path: &str) -> Call {
        self.nginx.client().call(method, path)
    }

    /// Builds a call of the agent through nginx.
    fn agent(&self, method: Method, path: &str) -> Call {
        self.call(method, path).agent_key(&self.scene.agent.key)
    }

    /// Builds a call of the human through nginx.
    fn human(&self, method: Method, path: &str) -> Call {
        self.call(method, path)
            .bearer(&self.scene.human.access_token)
    }
}

/// Reads until `text` has arrived. Panics if that takes long.
async fn arrives(stream: &mut ResponseStream, text: &str) {
    let arrived = tokio::time::timeout(LATE, stream.until(text)).await;
    assert!(arrived.is_ok(), "{text} did not arrive within {LATE:?}");
}
