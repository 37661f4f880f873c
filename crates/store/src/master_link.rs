//! How the way from an old master key to the new one is cut: by whom it was followed, and when nobody
//! needs it any more.

use gaiterguard_domain::audit::NewAuditEntry;
use gaiterguard_domain::ledger::ReplicaId;
use gaiterguard_domain::time::Timestamp;

use crate::connection::{execute, fetch_all, fetch_optional, lease_time};
use crate::error::StoreError;
use crate::lane::Write;
use crate::store::{Store, owner};

impl Store {
    /// Whether there is a way from any master key to the next one.
    pub async fn master_has_link(&self) -> Result<bool, StoreError> {
        let mut read = self.read().await?;
        let found = fetch_optional!(
            read,
            (String,),
            "SELECT id FROM master_keys WHERE link IS NOT NULL LIMIT 1"
        );
        Ok(found.is_some())
    }

    /// Notes that the next start is known to use the secret of this master key. False if it is not
    /// the current one, or that was known.
    pub async fn master_note_kept(
        &self,
        id: &str,
        at: Timestamp,
        audit: NewAuditEntry,
    ) -> Result<bool, StoreError> {
        let mut write = Write::begin(self.shared(), at).await?;
        let noted = execute!(
            write,
            "UPDATE master_keys SET kept_at = $2 WHERE id = $1 AND is_current AND kept_at IS NULL",
            id,
            at.0,
        );
        write.end(noted, audit).await
    }

    /// Notes which master key a run of the gateway has followed rotations to. Nothing is written if
    /// that was known.
    pub async fn replica_note_master(
        &self,
        replica: ReplicaId,
        master: &str,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let mut read = self.read().await?;
        let known = fetch_optional!(
            read,
            (String,),
            "SELECT id FROM replicas WHERE id = $1 AND master_id = $2",
            owner(replica),
            master,
        );
        drop(read);
        if known.is_some() {
            return Ok(());
        }
        let mut write = Write::begin(self.shared(), at).await?;
        execute!(
            write,
            "UPDATE replicas SET master_id = $2 WHERE id = $1",
            owner(replica),
            master,
        );
        write.commit().await
    }

    /// Cuts the ways from old master keys to the current one, if the next start is known to use the
    /// secret of that, no data key needs them, and every run whose lease lasts has followed. Returns
    /// the master keys that they led from.
    pub async fn master_cut_followed(
        &self,
        now: Timestamp,
        audit: impl Fn(&str) -> NewAuditEntry,
    ) -> Result<Vec<String>, StoreError> {
        let mut write = Write::begin(self.shared(), now).await?;
        let lease_time = lease_time(write.on(), now).await?;
        let rows = fetch_all!(
            write,
            (String,),
            "UPDATE master_keys SET next_id = NULL, link = NULL
             WHERE link IS NOT NULL AND NOT is_current
               AND NOT EXISTS (SELECT 1 FROM data_keys WHERE master_id = master_keys.id)
               AND EXISTS (SELECT 1 FROM master_keys AS present
                    WHERE present.is_current AND present.kept_at IS NOT NULL)
               AND NOT EXISTS (SELECT 1 FROM replicas WHERE lease_until > $1
                    AND (replicas.master_id IS NULL OR replicas.master_id NOT IN
                        (SELECT present.id FROM master_keys AS present WHERE present.is_current)))
             RETURNING id",
            lease_time.0,
        );
        let cut: Vec<String> = rows.into_iter().map(|(id,)| id).collect();
        if cut.is_empty() {
            write.rollback().await?;
            return Ok(cut);
        }
        for id in &cut {
            write.audit(audit(id));
        }
        write.commit().await?;
        Ok(cut)
    }
}
