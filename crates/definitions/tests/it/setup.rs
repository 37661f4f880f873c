//! A database of its own with a workspace in it, and everything over it.

use std::future::Future;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use gaiterguard_clock::ManualClock;
use gaiterguard_credential::Credentials;
use gaiterguard_definitions::definition_store::{DefinitionStore, Editor};
use gaiterguard_definitions::library::Library;
use gaiterguard_domain::audit::{Actor, NewAuditEntry};
use gaiterguard_domain::body::Body;
use gaiterguard_domain::event::{Event, Subject};
use gaiterguard_domain::id::{UserId, WorkspaceId};
use gaiterguard_domain::ledger::ReplicaId;
use gaiterguard_domain::time::{Clock, Timestamp};
use gaiterguard_domain::user::Email;
use gaiterguard_sealing::Sealing;
use gaiterguard_store::{Purpose, Store, StoreOptions, UserCreated};
use gaiterguard_upstream::{
    AddressPolicy, AllowedRange, Upstream, UpstreamSettings, parse_private_allow,
};
use secrecy::SecretString;
use serde_json::Value;
use tempfile::TempDir;
use uuid::Uuid;

pub(crate) const SECRET: &str = "the-first-secret-of-this-test-gateway-0001";
pub(crate) const SALT: &str = "salt";

pub(crate) struct Setup {
    pub(crate) dir: TempDir,
    pub(crate) store: Store,
    pub(crate) sealing: Sealing,
    pub(crate) definitions: DefinitionStore,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) editor: Editor,
}

pub(crate) fn secret(text: &str) -> SecretString {
    SecretString::from(text)
}

/// Reads the body of a request.
pub(crate) fn fields<T: Body>(value: Value) -> T {
    match value {
        Value::Object(members) => T::read(members).unwrap(),
        other => panic!("{other} is not an object"),
    }
}

pub(crate) fn loopback() -> Vec<AllowedRange> {
    parse_private_allow("127.0.0.1/32").unwrap()
}

fn policy() -> AddressPolicy {
    AddressPolicy {
        private_allow: loopback(),
        own_listeners: Vec::new(),
    }
}

impl Setup {
    pub(crate) async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = open(&dir.path().join("gaiterguard.db"));
        store.migrate().await.unwrap();
        let clock = Arc::new(ManualClock::new(Timestamp(1_700_000_000_000)));
        let sealing = Sealing::open_or_create(store.clone(), &secret(SECRET), SALT, clock.clone())
            .await
            .unwrap();
        let definitions = DefinitionStore::new(
            store.clone(),
            sealing.clone(),
            policy(),
            upstream(loopback()),
            credentials(&store, &sealing, loopback(), &clock),
            Library::new(store.clone(), sealing.clone()),
            clock.clone(),
        );
        let editor = user(&store, "owner@example.com", clock.now()).await;
        Self {
            dir,
            store,
            sealing,
            definitions,
            clock,
            editor,
        }
    }

    /// Another user with a workspace of the user's own.
    pub(crate) async fn stranger(&self) -> Editor {
        user(&self.store, "stranger@example.com", self.clock.now()).await
    }

    /// Returns the definitions as another replica on the same database sees them.
    pub(crate) async fn second_replica(&self) -> DefinitionStore {
        let store = open(&self.dir.path().join("gaiterguard.db"));
        let sealing = self.started_with(SECRET).await.unwrap();
        let library = Library::new(store.clone(), sealing.clone());
        let clock = self.clock.clone();
        let credentials = credentials(&store, &sealing, loopback(), &clock);
        DefinitionStore::new(
            store,
            sealing,
            policy(),
            upstream(loopback()),
            credentials,
            library,
            clock,
        )
    }

    /// Starts again over the same database, as another process would.
    pub(crate) async fn started_with(
        &self,
        secret_text: &str,
    ) -> Result<Sealing, gaiterguard_sealing::StartError> {
        let store = self.store.clone();
        Sealing::open_or_create(store, &secret(secret_text), SALT, self.clock.clone()).await
    }

    /// Returns the credentials for requests, whose token endpoints may be in `allowed`.
    pub(crate) fn credentials(&self, allowed: Vec<AllowedRange>) -> Credentials {
        credentials(&self.store, &self.sealing, allowed, &self.clock)
    }
}

fn credentials(
    store: &Store,
    sealing: &Sealing,
    allowed: Vec<AllowedRange>,
    clock: &Arc<ManualClock>,
) -> Credentials {
    Credentials::new(
        store.clone(),
        sealing.clone(),
        upstream(allowed),
        clock.clone(),
    )
}

/// A way out that may dial `allowed`.
fn upstream(allowed: Vec<AllowedRange>) -> Arc<Upstream> {
    let upstream = Upstream::new(UpstreamSettings {
        connect_timeout: Duration::from_secs(2),
        first_byte_timeout: Duration::from_secs(10),
        idle_timeout: Duration::from_secs(10),
        private_allow: allowed,
        hosts: vec![("id.example.test".to_owned(), "127.0.0.1".parse().unwrap())],
        proxy: None,
        ca_file: None,
        own_listeners: Vec::new(),
    });
    Arc::new(upstream.unwrap())
}

pub(crate) fn open(path: &std::path::Path) -> Store {
    let url = format!("sqlite://{}", path.display());
    let options = StoreOptions::new(ReplicaId(Uuid::new_v4()), Purpose::Tool);
    Store::open(&url, options).unwrap()
}

async fn user(store: &Store, email: &str, at: Timestamp) -> Editor {
    let email = Email::parse(email).unwrap();
    let entry = |user: UserId, workspace: WorkspaceId| NewAuditEntry {
        workspace: Some(workspace),
        at,
        actor: Actor::User(user),
        event: Event::UserCreated,
        subject: Subject::User(user),
        detail: serde_json::json!({}),
    };
    match store
        .user_create(&email, "hash", false, at, entry)
        .await
        .unwrap()
    {
        UserCreated::Created(user, workspace) => Editor {
            workspace,
            user: user.id,
        },
        other => panic!("{other:?}"),
    }
}

/// Lets a future take so many steps and then drops it, as a kill would. `None` if it was not done.
pub(crate) async fn dropped_after<T>(steps: usize, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    let mut taken = 0;
    std::future::poll_fn(move |context| {
        if taken == steps {
            return Poll::Ready(None);
        }
        taken += 1;
        future.as_mut().poll(context).map(Some)
    })
    .await
}

/// Every byte of every file below a directory.
pub(crate) fn all_bytes(directory: PathBuf) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            bytes.extend(all_bytes(path));
        } else {
            bytes.extend(std::fs::read(path).unwrap());
        }
    }
    bytes
}
