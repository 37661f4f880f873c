//! Fetching an access token, and storing it before it is used.

use std::time::Duration;

use gaiterguard_domain::audit::{Actor, NewAuditEntry};
use gaiterguard_domain::event::{Event, Subject};
use gaiterguard_domain::id::DataKeyId;
use gaiterguard_domain::service::{SealedCredential, Service};
use gaiterguard_domain::time::Timestamp;
use gaiterguard_sealing::Purpose;
use gaiterguard_upstream::PoolKey;
use serde_json::json;

use super::Inner;
use super::freshness::{Freshness, freshness};
use super::unavailable::CredentialUnavailable;
use crate::credential::Credential;
use crate::grant::OauthGrant;
use crate::token_endpoint::{self, Presented, TokenError};

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

impl Inner {
    /// Returns a credential that is newer than the one under the data key `refused`. It is fetched unless
    /// the store already has one from another replica or from the operator.
    pub(super) async fn fetch(
        &self,
        service: &Service,
        refused: DataKeyId,
    ) -> Result<SealedCredential, CredentialUnavailable> {
        // A replica that renewed the token has stored it long ago.
        let may_be_renewed_elsewhere = !self.memory().failures.is_failing(service.id, refused);
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
                Err(CredentialUnavailable::Token(error))
                    if error.is_invalid_grant() && may_be_renewed_elsewhere =>
                {
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
        let fetched =
            token_endpoint::fetch(&self.upstream, pool, &grant, Presented::Stored, now).await;
        let (fetched, accepted_auth) = match fetched {
            Ok(fetched) => fetched,
            Err(error) => {
                self.memory().spare_keys.insert(service.workspace, key);
                return Err(error.into());
            }
        };
        grant.access = Some(fetched.access);
        grant.accepted_auth = Some(accepted_auth);
        // A grant without a refresh token works again and again; what it returned would end it one day.
        if let (Some(_), Some(next)) = (&grant.refresh_token, fetched.refresh_token) {
            grant.refresh_token = Some(next);
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

    /// Records in the audit log that no access token can be fetched.
    pub(super) async fn report_failing(
        &self,
        service: &Service,
        at: Timestamp,
        error: &CredentialUnavailable,
    ) {
        let entry = NewAuditEntry {
            workspace: Some(service.workspace),
            at,
            actor: Actor::Gateway,
            event: Event::CredentialFailing,
            subject: Subject::Service(service.id),
            detail: json!({ "reason": error.to_string() }),
        };
        if let Err(error) = self.store.audit_append(entry).await {
            tracing::warn!(%error, service = %service.id, "a failing credential could not be recorded");
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
}
