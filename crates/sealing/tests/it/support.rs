//! A vault on a database of its own.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use gaiterguard_clock::ManualClock;
use gaiterguard_domain::id::{DocumentId, WorkspaceId};
use gaiterguard_domain::ledger::{ReplicaId, Sealed};
use gaiterguard_domain::time::Timestamp;
use gaiterguard_sealing::{
    Purpose, RotateError, Rotation, Sealing, SealingError, StartError, rotate,
};
use gaiterguard_store::{Store, StoreOptions};
use gaiterguard_testkit::{DirectDatabase, Storage, TestDatabase};
use secrecy::SecretString;
use uuid::Uuid;

pub(crate) const FIRST: &str = "the-first-secret-of-this-test-gateway-0001";
pub(crate) const SECOND: &str = "the-second-secret-of-this-test-gateway-0002";
pub(crate) const THIRD: &str = "the-third-secret-of-this-test-gateway-00003";
pub(crate) const SALT: &str = "salt";

/// The workspace of most values.
pub(crate) const WORKSPACE: WorkspaceId = WorkspaceId(1);

/// A vault that was created with [`FIRST`].
pub(crate) struct Vault {
    pub(crate) store: Store,
    pub(crate) sealing: Sealing,
    pub(crate) clock: Arc<ManualClock>,
    database: TestDatabase,
}

/// A value that can be opened.
pub(crate) struct Value {
    pub(crate) purpose: Purpose,
    pub(crate) sealed: Sealed,
    plaintext: Vec<u8>,
}

impl Vault {
    pub(crate) async fn create(storage: Storage) -> Self {
        let database = TestDatabase::create(storage).await;
        let store = open_store(database.url());
        store.migrate().await.unwrap();
        let clock = Arc::new(ManualClock::new(Timestamp(1_700_000_000_000)));
        let sealing = start(&store, FIRST, SALT, &clock).await.unwrap();
        Self {
            store,
            sealing,
            clock,
            database,
        }
    }

    /// Returns the store of another process with the same database.
    pub(crate) fn another_store(&self) -> Store {
        open_store(self.database.url())
    }

    /// Returns a direct connection to the database.
    pub(crate) async fn database(&self) -> DirectDatabase {
        DirectDatabase::connect(self.database.url()).await
    }

    /// Starts another process with this secret.
    pub(crate) async fn start(&self, secret: &str) -> Result<Sealing, StartError> {
        start(&self.store, secret, SALT, &self.clock).await
    }

    /// Rotates from one secret to another in the process of `store`.
    pub(crate) async fn rotate(
        &self,
        store: &Store,
        old: &str,
        new: &str,
    ) -> Result<Rotation, RotateError> {
        rotate(store, &secret(old), &secret(new), SALT, &*self.clock).await
    }

    /// Seals values, each under a data key of its own.
    pub(crate) async fn seal(&self, count: i64) -> Vec<Value> {
        let mut values = Vec::new();
        for id in 0..count {
            let purpose = Purpose::document(DocumentId(id));
            let key = self.sealing.new_credential_key(WORKSPACE).await.unwrap();
            let plaintext = format!("value {id}").into_bytes();
            let sealed = key.seal(&purpose, &plaintext).unwrap();
            values.push(Value {
                purpose,
                sealed,
                plaintext,
            });
        }
        values
    }
}

pub(crate) fn secret(text: &str) -> SecretString {
    SecretString::from(text)
}

pub(crate) fn open_store(url: &str) -> Store {
    let options = StoreOptions::new(ReplicaId(Uuid::new_v4()), gaiterguard_store::Purpose::Tool);
    Store::open(url, options).unwrap()
}

pub(crate) async fn start(
    store: &Store,
    text: &str,
    salt: &str,
    clock: &Arc<ManualClock>,
) -> Result<Sealing, StartError> {
    Sealing::open_or_create(store.clone(), &secret(text), salt, clock.clone()).await
}

/// Opens the bytes of a value and returns the plaintext.
pub(crate) async fn open(
    sealing: &Sealing,
    purpose: &Purpose,
    sealed: &Sealed,
) -> Result<Vec<u8>, SealingError> {
    let opened = sealing.open(WORKSPACE, sealed.data_key, &sealed.bytes, purpose);
    opened.await.map(|plaintext| plaintext.to_vec())
}

/// Panics unless each of the values opens.
pub(crate) async fn assert_opens(sealing: &Sealing, values: &[Value]) {
    for value in values {
        let opened = open(sealing, &value.purpose, &value.sealed).await;
        assert_eq!(opened.unwrap(), value.plaintext);
    }
}

/// Polls a future at most `steps` times and then drops it, as a kill would. Returns `None` if it was not
/// finished.
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
