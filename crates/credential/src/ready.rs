//! The credential of a service, ready for one request: opened, and with an access token that is still
//! valid.
//!
//! If several requests need a token at the same time, one of them fetches it and all share the result.
//! The fetch is a task of its own, because a caller who gives up must not lose a refresh token that
//! works only once. A fetched token is sealed and stored before it is used.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};
use gaiterguard_domain::audit::{Actor, NewAuditEntry};
use gaiterguard_domain::event::{Event, Subject};
use gaiterguard_domain::id::{DataKeyId, ServiceId, WorkspaceId};
use gaiterguard_domain::service::{AuthType, SealedCredential, Service};
use gaiterguard_domain::time::{Clock, Timestamp};
use gaiterguard_sealing::{Purpose, Sealing, SealingError, SealingKey};
use gaiterguard_store::Store;
use gaiterguard_upstream::{PoolKey, Upstream};
use http::StatusCode;
use serde_json::json;
use tokio::time::Instant;

use crate::credential::{AccessToken, Credential, OauthGrant};
use crate::renewal::Renewals;
use crate::token_endpoint::{self, TokenError};

/// The longest time before its expiry at which a token is renewed. A minute covers clock skew and the
/// time that a request takes. A token that lives less than ten minutes is renewed after nine tenths of
/// its life.
const RENEWAL_MARGIN_MAX: Duration = Duration::from_mins(1);

/// How often a fetch starts again because the credential was changed while it ran. Operators change
/// credentials by hand, so a third conflict means that something else is wrong.
const FETCH_ROUNDS_MAX: usize = 3;

/// The pauses between attempts to store a fetched token. They cover a restart of the database; a token
/// that still cannot be stored stays in memory and is stored before the next fetch.
const STORE_WAITS: [Duration; 3] = [
    Duration::from_millis(100),
    Duration::from_millis(500),
    Duration::from_secs(2),
];

/// The pauses in which another replica may store what it fetched with the same refresh token. Together
/// they are longer than storing normally takes.
const OTHER_REPLICA_WAITS: [Duration; 3] = [
    Duration::from_millis(50),
    Duration::from_millis(250),
    Duration::from_secs(1),
];

/// Why a request cannot have its credential. Nothing is sent in that case.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CredentialUnavailable {
    /// The service needs a credential, and none is configured.
    #[error("the service has no credential yet")]
    Missing,
    /// The stored value is not a credential for a service of this type.
    #[error("the service's credential does not match the type of the service")]
    WrongType,
    /// The credential could not be opened.
    #[error("the service's credential cannot be decrypted: {0}")]
    Sealed(Arc<SealingError>),
    /// No access token can be fetched.
    #[error("{0}")]
    Token(#[from] TokenError),
    /// The store could not be read, or did not accept the fetched token.
    #[error("{0}")]
    Store(String),
    /// The credential was changed each time while a token was being fetched.
    #[error("the service's credential is being changed")]
    Changing,
}

impl From<SealingError> for CredentialUnavailable {
    fn from(error: SealingError) -> Self {
        Self::Sealed(Arc::new(error))
    }
}

impl CredentialUnavailable {
    /// Returns whether the gateway's own storage or vault failed, rather than the operator's credential
    /// or the token endpoint.
    pub fn is_own_failure(&self) -> bool {
        matches!(self, Self::Store(_) | Self::Sealed(_))
    }
}

/// A credential that can be injected into one request.
#[derive(Debug)]
pub struct ReadyCredential {
    /// The credential in the clear.
    pub credential: Credential,
    /// Its version.
    pub version: i64,
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

/// How long a credential can still be used.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Freshness {
    Fresh,
    /// Valid, but due for renewal.
    Ending,
    /// Without a valid access token.
    Stale,
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
        let stored = service
            .credential
            .as_ref()
            .ok_or(CredentialUnavailable::Missing)?;
        let latest = self.shared.latest(service.id, stored);
        let credential = self.shared.open(service, &latest).await?;
        let freshness = freshness(&credential, self.shared.clock.now());
        let cause = if freshness != Freshness::Fresh {
            Some(Cause::Time)
        } else if self.is_suspect(service.id, &latest, &credential) {
            Some(Cause::Refusal)
        } else {
            None
        };
        let renewed = match cause {
            Some(cause) => Box::pin(self.renewed(service, &latest, cause)).await,
            None => Ok(None),
        };
        match renewed {
            Ok(Some(renewed)) => Ok(Some(renewed)),
            Err(error) if freshness == Freshness::Stale => Err(error),
            Ok(None) | Err(_) => Ok(Some(ReadyCredential {
                credential,
                version: latest.version,
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
        let stored = service
            .credential
            .as_ref()
            .ok_or(CredentialUnavailable::Missing)?;
        let latest = self.shared.latest(service.id, stored);
        let credential = self.shared.open(service, &latest).await?;
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
            if let Some(fetching) = memory.fetching.get(&service.id) {
                fetching.clone()
            } else {
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
        }))
    }

    fn begin_fetch(&self, service: Service, refused: DataKeyId) -> Fetching {
        let shared = Arc::clone(&self.shared);
        let task = tokio::spawn(async move {
            let fetched = shared.fetch(&service, refused).await;
            let mut memory = shared.memory();
            memory.fetching.remove(&service.id);
            let fetched_version = fetched.as_ref().ok().map(|latest| latest.version);
            memory.renewals.ended(service.id, fetched_version);
            if let Ok(latest) = &fetched {
                memory.remember(service.id, refused, latest);
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
    /// Returns a credential that is newer than the one under the data key `refused`. It is fetched unless
    /// the store already has one from another replica or from the operator.
    async fn fetch(
        &self,
        service: &Service,
        refused: DataKeyId,
    ) -> Result<SealedCredential, CredentialUnavailable> {
        let mut known = refused;
        for _ in 0..FETCH_ROUNDS_MAX {
            self.store_unstored(service).await?;
            let stored = self.stored(service).await?;
            let credential = self.open(service, &stored).await?;
            let now = self.clock.now();
            if stored.data_key != known && freshness(&credential, now) != Freshness::Stale {
                return Ok(stored);
            }
            let Credential::Oauth2Grant(grant) = credential else {
                return Err(CredentialUnavailable::WrongType);
            };
            match self.exchange(service, &stored, *grant, now).await {
                Ok(Some(latest)) => return Ok(latest),
                // The credential was changed in between, so the stored one decides.
                Ok(None) => known = refused,
                Err(CredentialUnavailable::Token(error)) if error.is_invalid_grant() => {
                    self.await_other(service, stored.data_key, error).await?;
                    known = stored.data_key;
                }
                Err(error) => return Err(error),
            }
        }
        Err(CredentialUnavailable::Changing)
    }

    /// Waits for another replica to store what it received for the refresh token that was refused here.
    /// If none does, returns the refusal.
    async fn await_other(
        &self,
        service: &Service,
        refused: DataKeyId,
        refusal: TokenError,
    ) -> Result<(), CredentialUnavailable> {
        for wait in OTHER_REPLICA_WAITS {
            tokio::time::sleep(wait).await;
            if self.stored(service).await?.data_key != refused {
                return Ok(());
            }
        }
        Err(refusal.into())
    }

    /// Fetches a token with the stored credential and stores the result. `None` if the stored credential
    /// was changed in between.
    async fn exchange(
        &self,
        service: &Service,
        stored: &SealedCredential,
        mut grant: OauthGrant,
        now: Timestamp,
    ) -> Result<Option<SealedCredential>, CredentialUnavailable> {
        // The key is made first, so that only the last step can fail once a refresh token that works once
        // has been used.
        let spare = self.memory().spare_keys.remove(&service.workspace);
        let key = match spare {
            Some(key) if key.is_usable(now) => key,
            _ => self.sealing.new_credential_key(service.workspace).await?,
        };
        let pool = PoolKey {
            service_id: service.id.0,
            target_version: stored.version,
        };
        let fetched = match token_endpoint::fetch(&self.upstream, pool, &grant, now).await {
            Ok(fetched) => fetched,
            Err(error) => {
                self.memory().spare_keys.insert(service.workspace, key);
                return Err(error.into());
            }
        };
        grant.access = Some(fetched.access);
        if let Some(refresh_token) = fetched.refresh_token {
            grant.refresh_token = Some(refresh_token);
        }
        let version = stored.version + 1;
        let form = Credential::Oauth2Grant(Box::new(grant)).to_sealed_form();
        let sealed = key.seal(&Purpose::credential(service.id, version), &form)?;
        let latest = SealedCredential {
            version,
            data_key: sealed.data_key,
            sealed: sealed.bytes.into(),
            keys: stored.keys.clone(),
            place: stored.place.clone(),
        };
        self.memory()
            .unstored
            .insert(service.id, (stored.version, latest.clone()));
        let was_stored = self.store_unstored(service).await?;
        Ok(was_stored.then_some(latest))
    }

    /// Stores a fetched credential that has not been stored yet, if there is one. Returns whether the
    /// store accepted it; if the credential was changed in between, the fetched one is dropped.
    async fn store_unstored(&self, service: &Service) -> Result<bool, CredentialUnavailable> {
        let Some((expected, latest)) = self.memory().unstored.get(&service.id).cloned() else {
            return Ok(false);
        };
        let mut waits = STORE_WAITS.into_iter();
        loop {
            let at = self.clock.now();
            let entry = NewAuditEntry {
                workspace: Some(service.workspace),
                at,
                actor: Actor::Gateway,
                event: Event::CredentialRefreshed,
                subject: Subject::Service(service.id),
                detail: json!({ "version": latest.version }),
            };
            let refreshed = self
                .store
                .credential_refresh(service.workspace, service.id, expected, &latest, at, entry)
                .await;
            match (refreshed, waits.next()) {
                (Ok(was_stored), _) => {
                    self.memory().unstored.remove(&service.id);
                    return Ok(was_stored);
                }
                (Err(_), Some(wait)) => tokio::time::sleep(wait).await,
                (Err(error), None) => return Err(CredentialUnavailable::Store(error.to_string())),
            }
        }
    }

    async fn stored(&self, service: &Service) -> Result<SealedCredential, CredentialUnavailable> {
        self.store
            .service_get(service.workspace, service.id)
            .await
            .map_err(|error| CredentialUnavailable::Store(error.to_string()))?
            .and_then(|service| service.credential)
            .ok_or(CredentialUnavailable::Missing)
    }

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

fn freshness(credential: &Credential, now: Timestamp) -> Freshness {
    let Credential::Oauth2Grant(grant) = credential else {
        return Freshness::Fresh;
    };
    let Some(access) = &grant.access else {
        return Freshness::Stale;
    };
    let Some(expires_at) = access.expires_at else {
        return Freshness::Fresh;
    };
    if expires_at <= now {
        Freshness::Stale
    } else if expires_at.before(renewal_margin(access, expires_at)) <= now {
        Freshness::Ending
    } else {
        Freshness::Fresh
    }
}

fn renewal_margin(access: &AccessToken, expires_at: Timestamp) -> Duration {
    let lifetime = access.fetched_at.until(expires_at);
    RENEWAL_MARGIN_MAX.min(lifetime / 10)
}
