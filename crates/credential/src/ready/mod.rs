//! The credential of a service, ready for one request: opened, and with an access token that is still
//! valid.
//!
//! If several requests need a token at the same time, one of them fetches it and all share the result.
//! The fetch is a task of its own, because a caller who gives up must not lose a refresh token that
//! works only once. A fetched token is sealed and stored before it is used.

mod background;
mod failures;
mod fetch;
mod freshness;
mod unavailable;

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};
use gaiterguard_domain::id::{DataKeyId, ServiceId, WorkspaceId};
use gaiterguard_domain::service::{AuthType, SealedCredential, Service};
use gaiterguard_domain::time::{Clock, Timestamp};
use gaiterguard_sealing::{Purpose, Sealing, SealingKey};
use gaiterguard_store::Store;
use gaiterguard_upstream::Upstream;
use http::StatusCode;
use tokio::time::{Instant, timeout};

use crate::credential::Credential;
use crate::renewal::Renewals;
use failures::Failures;
use freshness::{Freshness, freshness};

pub use failures::FailedRenewal;
pub use unavailable::CredentialUnavailable;

/// How long a request waits for the renewal of a token that is still valid. Longer than a usual exchange, and
/// short enough that a token endpoint that hangs is not noticed by the agents.
const RENEWAL_WAIT_MAX: Duration = Duration::from_secs(2);

/// A credential that can be injected into one request.
#[derive(Debug)]
pub struct ReadyCredential {
    /// The credential in the clear.
    pub credential: Credential,
    /// Its version.
    pub version: i64,
    /// When it was opened, which is the time of signatures.
    pub opened_at: Timestamp,
}

type Fetching = Shared<BoxFuture<'static, Result<SealedCredential, CredentialUnavailable>>>;

/// Opens credentials and keeps access tokens fresh. Clones share everything.
#[derive(Clone)]
pub struct Credentials {
    shared: Arc<Inner>,
}

struct Inner {
    store: Store,
    sealing: Sealing,
    upstream: Arc<Upstream>,
    clock: Arc<dyn Clock>,
    memory: Mutex<Memory>,
}

#[derive(Default)]
struct Memory {
    fetching: HashMap<ServiceId, Fetching>,
    renewed: HashMap<ServiceId, Renewed>,
    /// The versions that upstreams have refused.
    renewals: Renewals,
    failures: Failures,
    /// Data keys that were made for a fetch that failed, to be used by the next one.
    spare_keys: HashMap<WorkspaceId, SealingKey>,
    /// Fetched credentials that the store has not accepted, with the version that each was made from.
    unstored: HashMap<ServiceId, (i64, SealedCredential)>,
}

/// A credential that was renewed by this process and is newer than the one a snapshot may still hold.
/// Data keys identify the versions, because each version has its own.
struct Renewed {
    superseded: HashSet<DataKeyId>,
    latest: SealedCredential,
}

/// Why a token is fetched.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cause {
    /// The current one has expired, or is about to.
    Time,
    /// An upstream refused it. Agents can provoke that, so such renewals are rationed.
    Refusal,
}

impl Credentials {
    /// Creates the credentials of the services in this store.
    pub fn new(
        store: Store,
        sealing: Sealing,
        upstream: Arc<Upstream>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            shared: Arc::new(Inner {
                store,
                sealing,
                upstream,
                clock,
                memory: Mutex::default(),
            }),
        }
    }

    /// Returns the service's credential, with a fetched access token if it uses one. `None` for a service
    /// whose type is `none`.
    pub async fn ready(
        &self,
        service: &Service,
    ) -> Result<Option<ReadyCredential>, CredentialUnavailable> {
        if service.auth_type == AuthType::None {
            return Ok(None);
        }
        let (latest, credential) = self.latest(service).await?;
        let freshness = freshness(&credential, self.shared.clock.now());
        let cause = if freshness != Freshness::Fresh {
            Some(Cause::Time)
        } else if self.is_suspect(service.id, &latest, &credential) {
            Some(Cause::Refusal)
        } else {
            None
        };
        let renewed = match cause {
            // The fetch continues without this request, which the present token still serves.
            Some(cause) if freshness == Freshness::Ending => {
                let renewing = Box::pin(self.renewed(service, &latest, cause));
                timeout(RENEWAL_WAIT_MAX, renewing)
                    .await
                    .unwrap_or(Ok(None))
            }
            Some(cause) => Box::pin(self.renewed(service, &latest, cause)).await,
            None => Ok(None),
        };
        match renewed {
            Ok(Some(renewed)) => Ok(Some(renewed)),
            Err(error) if freshness == Freshness::Stale => Err(error),
            Ok(None) | Err(_) => Ok(Some(ReadyCredential {
                credential,
                version: latest.version,
                opened_at: self.shared.clock.now(),
            })),
        }
    }

    /// Records how an upstream responded to a request with this credential. After a 401, a fetched
    /// token is renewed for a later request.
    pub fn note_response(&self, service: ServiceId, used: &ReadyCredential, status: StatusCode) {
        if !matches!(used.credential, Credential::Oauth2Grant(_)) {
            return;
        }
        let mut memory = self.shared.memory();
        if status == StatusCode::UNAUTHORIZED {
            memory.renewals.refused(service, used.version);
        } else if status.is_success() {
            memory.renewals.accepted(service, used.version);
        }
    }

    /// Returns the failure to fetch an access token for a service, if the last attempt of this process failed
    /// and the credential was not changed since.
    pub fn failed_renewal(&self, service: &Service) -> Option<FailedRenewal> {
        let stored = service.credential.as_ref()?;
        let latest = self.shared.latest(service.id, stored).data_key;
        self.shared.memory().failures.shown(service.id, latest)
    }

    /// Returns the names of the values of a service's credential that are not hidden wherever its upstream
    /// repeats them. Empty if the credential cannot be opened.
    pub async fn short_values(&self, service: &Service) -> Vec<String> {
        match self.latest(service).await {
            Ok((_, credential)) => credential.short_values(),
            Err(_) => Vec::new(),
        }
    }

    /// Returns the latest credential of a service, sealed and opened.
    async fn latest<'a>(
        &self,
        service: &'a Service,
    ) -> Result<(Cow<'a, SealedCredential>, Credential), CredentialUnavailable> {
        let stored = service
            .credential
            .as_ref()
            .ok_or(CredentialUnavailable::Missing)?;
        let latest = self.shared.latest(service.id, stored);
        let credential = self.shared.open(service, &latest).await?;
        Ok((latest, credential))
    }

    fn is_suspect(
        &self,
        service: ServiceId,
        latest: &SealedCredential,
        credential: &Credential,
    ) -> bool {
        matches!(credential, Credential::Oauth2Grant(_))
            && self
                .shared
                .memory()
                .renewals
                .is_suspect(service, latest.version)
    }

    /// Returns a newer credential than the one with this version, which the upstream refused. `None` if
    /// it cannot be renewed, or not yet.
    pub async fn renew_after_401(
        &self,
        service: &Service,
        version: i64,
    ) -> Result<Option<ReadyCredential>, CredentialUnavailable> {
        let (latest, credential) = self.latest(service).await?;
        if !matches!(credential, Credential::Oauth2Grant(_)) {
            return Ok(None);
        }
        let cause = if latest.version == version {
            self.shared.memory().renewals.refused(service.id, version);
            Cause::Refusal
        } else if freshness(&credential, self.shared.clock.now()) == Freshness::Fresh {
            return Ok(Some(ReadyCredential {
                credential,
                version: latest.version,
                opened_at: self.shared.clock.now(),
            }));
        } else {
            // The snapshot is older than the version that was refused, so the store may have a newer one.
            Cause::Time
        };
        let renewed = Box::pin(self.renewed(service, &latest, cause)).await?;
        Ok(renewed.filter(|renewed| renewed.version != version))
    }

    /// Returns the result of the running fetch, or of a new one. `None` if it is too soon for one.
    async fn renewed(
        &self,
        service: &Service,
        refused: &SealedCredential,
        cause: Cause,
    ) -> Result<Option<ReadyCredential>, CredentialUnavailable> {
        let fetching = {
            let mut memory = self.shared.memory();
            // A fetch that has ended and is still there has panicked, so it is not joined.
            let fetching = memory.fetching.get(&service.id);
            if let Some(fetching) = fetching.filter(|running| running.peek().is_none()) {
                fetching.clone()
            } else {
                let key = refused.data_key;
                let now = self.shared.clock.now();
                if let Some(error) = memory.failures.pausing(service.id, key, now) {
                    return Err(error);
                }
                let now = Instant::now();
                if cause == Cause::Refusal
                    && !memory.renewals.begin(service.id, refused.version, now)
                {
                    return Ok(None);
                }
                let fetching = self.begin_fetch(service.clone(), refused.data_key);
                memory.fetching.insert(service.id, fetching.clone());
                fetching
            }
        };
        let sealed = fetching.await?;
        let credential = self.shared.open(service, &sealed).await?;
        Ok(Some(ReadyCredential {
            credential,
            version: sealed.version,
            opened_at: self.shared.clock.now(),
        }))
    }

    fn begin_fetch(&self, service: Service, refused: DataKeyId) -> Fetching {
        let shared = Arc::clone(&self.shared);
        let task = tokio::spawn(async move {
            let fetched = shared.fetch(&service, refused).await;
            let now = shared.clock.now();
            let is_report_due = shared
                .memory()
                .end_fetch(service.id, refused, &fetched, now);
            if let (true, Err(error)) = (is_report_due, &fetched) {
                shared.report_failing(&service, now, error).await;
            }
            fetched
        });
        task.map(|joined| {
            joined.unwrap_or_else(|_| {
                Err(CredentialUnavailable::Store(
                    "the request for an access token was interrupted".to_owned(),
                ))
            })
        })
        .boxed()
        .shared()
    }
}

impl Inner {
    async fn open(
        &self,
        service: &Service,
        sealed: &SealedCredential,
    ) -> Result<Credential, CredentialUnavailable> {
        let purpose = Purpose::credential(service.id, sealed.version);
        let form = self
            .sealing
            .open(service.workspace, sealed.data_key, &sealed.sealed, &purpose)
            .await?;
        let credential =
            Credential::from_sealed_form(&form).map_err(|_| CredentialUnavailable::WrongType)?;
        // Two operators may have changed type and credential at the same time. A place that differs is not
        // the one that a human approved.
        if credential.auth_type() != service.auth_type || credential.place() != sealed.place {
            return Err(CredentialUnavailable::WrongType);
        }
        Ok(credential)
    }

    /// Returns the newest version known to this process of the credential that a snapshot holds.
    fn latest<'a>(
        &self,
        service: ServiceId,
        held: &'a SealedCredential,
    ) -> Cow<'a, SealedCredential> {
        let mut memory = self.memory();
        match memory.renewed.get(&service) {
            Some(renewed) if renewed.superseded.contains(&held.data_key) => {
                Cow::Owned(renewed.latest.clone())
            }
            Some(renewed) if renewed.latest.data_key != held.data_key => {
                // It was changed elsewhere since.
                memory.renewed.remove(&service);
                Cow::Borrowed(held)
            }
            _ => Cow::Borrowed(held),
        }
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        // Every change under the lock is one whole insert or removal.
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Memory {
    /// Records how a fetch ended. Returns whether its failure should be reported.
    fn end_fetch(
        &mut self,
        service: ServiceId,
        refused: DataKeyId,
        fetched: &Result<SealedCredential, CredentialUnavailable>,
        now: Timestamp,
    ) -> bool {
        self.fetching.remove(&service);
        let fetched_version = fetched.as_ref().ok().map(|latest| latest.version);
        self.renewals.ended(service, fetched_version);
        match fetched {
            Ok(latest) => {
                self.failures.clear(service);
                self.remember(service, refused, latest);
                false
            }
            Err(error) => self.failures.note(service, refused, now, error),
        }
    }

    fn remember(&mut self, service: ServiceId, refused: DataKeyId, latest: &SealedCredential) {
        let renewed = self.renewed.entry(service).or_insert_with(|| Renewed {
            superseded: HashSet::new(),
            latest: latest.clone(),
        });
        renewed.superseded.insert(refused);
        renewed.superseded.insert(renewed.latest.data_key);
        renewed.superseded.remove(&latest.data_key);
        renewed.latest = latest.clone();
    }
}
