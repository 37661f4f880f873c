//! A real Matrix server (matrix-synapse) as an upstream: rooms, members, messages.

use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::client::Client;
use crate::json::text;
use crate::python::python_command;
use crate::reserved_port::ReservedPort;
use crate::server_process::ServerProcess;

const START_LIMIT: Duration = Duration::from_secs(90);
const SERVER_NAME: &str = "matrix.example";
const PASSWORD: &str = "a password for the tests";

/// A Matrix server. Dropping it ends the process.
pub struct Synapse {
    process: ServerProcess,
    port: ReservedPort,
    folder: TempDir,
}

/// A user of a [`Synapse`], logged in.
#[derive(Clone, Debug)]
pub struct MatrixUser {
    client: Client,
    /// `@name:matrix.example`.
    pub user_id: String,
    /// A real credential of that server.
    pub access_token: String,
}

impl Synapse {
    /// Starts a server with a database of its own and waits until it responds.
    pub async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let port = ReservedPort::take();
        // The settings are YAML, and JSON is a subset of it. The default rate limits would slow the tests.
        let plenty = json!({"per_second": 10000, "burst_count": 10000});
        let settings = json!({
            "server_name": SERVER_NAME,
            "pid_file": "homeserver.pid",
            "listeners": [{
                "port": port.number(),
                "type": "http",
                "bind_addresses": ["127.0.0.1"],
                "resources": [{"names": ["client"]}],
            }],
            "database": {"name": "sqlite3", "args": {"database": "homeserver.db"}},
            "media_store_path": "media",
            "signing_key_path": "signing.key",
            "registration_shared_secret": "shared only with the tests",
            "macaroon_secret_key": "known only to the tests",
            "form_secret": "known only to the tests",
            "trusted_key_servers": [],
            "report_stats": false,
            "bcrypt_rounds": 4,
            "rc_message": plenty,
            "rc_registration": plenty,
            "rc_login": {"address": plenty, "account": plenty, "failed_attempts": plenty},
            "rc_joins": {"local": plenty, "remote": plenty},
            "rc_invites": {"per_room": plenty, "per_user": plenty, "per_issuer": plenty},
            "rc_room_creation": plenty,
            "rc_admin_redaction": plenty,
        });
        std::fs::write(folder.path().join("homeserver.yaml"), settings.to_string())
            .expect("the settings are written");
        let mut keys = python_command("python", folder.path());
        keys.args([
            "-m",
            "synapse.app.homeserver",
            "-c",
            "homeserver.yaml",
            "--generate-keys",
        ]);
        let made = keys.output().expect("synapse can be run");
        assert!(
            made.status.success(),
            "{}",
            String::from_utf8_lossy(&made.stderr)
        );
        let mut serve = python_command("python", folder.path());
        serve.args(["-m", "synapse.app.homeserver", "-c", "homeserver.yaml"]);
        let process = ServerProcess::start("synapse", serve, folder.path().join("synapse.log"));
        let mut synapse = Self {
            process,
            port,
            folder,
        };
        synapse.until_ready().await;
        synapse
    }

    /// Returns its base URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.port.address())
    }

    /// Creates an administrator of the server and logs in.
    pub async fn create_administrator(&self, name: &str) -> MatrixUser {
        let mut command = python_command("register_new_matrix_user", self.folder.path());
        command.args([
            "-u",
            name,
            "-p",
            PASSWORD,
            "-c",
            "homeserver.yaml",
            "--admin",
        ]);
        let made = command
            .arg(self.url())
            .output()
            .expect("the program can be run");
        assert!(
            made.status.success(),
            "{}",
            String::from_utf8_lossy(&made.stdout)
        );
        MatrixUser::log_in(Client::new(self.port.address()), name).await
    }

    async fn until_ready(&mut self) {
        let client = Client::new(self.port.address());
        let started = std::time::Instant::now();
        loop {
            self.process.assert_running();
            let health = client
                .get("/health")
                .limit(Duration::from_secs(5))
                .try_send()
                .await;
            if health.is_ok_and(|response| response.status == 200) {
                return;
            }
            assert!(
                started.elapsed() < START_LIMIT,
                "not ready:\n{}",
                self.process.last_logs()
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

impl MatrixUser {
    async fn log_in(client: Client, name: &str) -> Self {
        let session = client
            .post("/_matrix/client/v3/login")
            .json(json!({
                "type": "m.login.password",
                "identifier": {"type": "m.id.user", "user": name},
                "password": PASSWORD,
            }))
            .send()
            .await
            .expect_status(200)
            .json();
        Self {
            client,
            user_id: text(&session, "user_id"),
            access_token: text(&session, "access_token"),
        }
    }

    /// Creates an ordinary user and logs in as that user. Only an administrator may do so.
    pub async fn create_user(&self, name: &str) -> Self {
        self.client
            .put(&format!("/_synapse/admin/v2/users/@{name}:{SERVER_NAME}"))
            .bearer(&self.access_token)
            .json(json!({"password": PASSWORD}))
            .send()
            .await
            .expect_status(201);
        Self::log_in(self.client.clone(), name).await
    }

    /// Creates a room that everyone may join and returns its id.
    pub async fn create_room(&self, name: &str) -> String {
        let room = self
            .client
            .post("/_matrix/client/v3/createRoom")
            .bearer(&self.access_token)
            .json(json!({"name": name, "preset": "public_chat"}))
            .send()
            .await
            .expect_status(200);
        text(&room.json(), "room_id")
    }

    /// Joins a room.
    pub async fn join(&self, room_id: &str) {
        self.client
            .post(&format!(
                "/_matrix/client/v3/rooms/{}/join",
                escaped(room_id)
            ))
            .bearer(&self.access_token)
            .json(json!({}))
            .send()
            .await
            .expect_status(200);
    }

    /// Sends a text message and returns its event id.
    pub async fn send_message(&self, room_id: &str, transaction: &str, message: &str) -> String {
        let path = format!(
            "/_matrix/client/v3/rooms/{}/send/m.room.message/{transaction}",
            escaped(room_id)
        );
        let sent = self
            .client
            .put(&path)
            .bearer(&self.access_token)
            .json(json!({"msgtype": "m.text", "body": message}))
            .send()
            .await
            .expect_status(200);
        text(&sent.json(), "event_id")
    }

    /// Returns the events of a room, newest first, as the server itself reports them.
    pub async fn events(&self, room_id: &str) -> Vec<Value> {
        let path = format!(
            "/_matrix/client/v3/rooms/{}/messages?dir=b&limit=100",
            escaped(room_id)
        );
        let page = self
            .client
            .get(&path)
            .bearer(&self.access_token)
            .send()
            .await;
        page.expect_status(200).json()["chunk"]
            .as_array()
            .expect("a list of events")
            .clone()
    }

    /// Returns the texts of a room's messages, newest first.
    pub async fn messages(&self, room_id: &str) -> Vec<String> {
        let events = self.events(room_id).await;
        events
            .iter()
            .filter_map(|event| event["content"]["body"].as_str())
            .map(str::to_owned)
            .collect()
    }
}

/// Returns a room id for use in a path.
fn escaped(room_id: &str) -> String {
    room_id.replace('!', "%21").replace(':', "%3A")
}

#[cfg(test)]
mod tests {
    use super::Synapse;

    #[tokio::test]
    async fn users_receive_the_messages_of_a_room() {
        let synapse = Synapse::start().await;
        let alice = synapse.create_administrator("alice").await;
        let bob = alice.create_user("bob").await;
        let room = alice.create_room("Everyone").await;
        bob.join(&room).await;
        alice.send_message(&room, "1", "hello").await;
        assert_eq!(bob.messages(&room).await, ["hello"]);
    }
}
