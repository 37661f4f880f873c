//! Builds proofs of requests.

use std::collections::BTreeMap;

use gaiterguard_domain::audit::{AuditEntry, ChainHead};
use gaiterguard_domain::checkpoint::SignedCheckpoint;
use gaiterguard_domain::id::{RequestEntryId, WorkspaceId};
use gaiterguard_store::{CoveringEntry, NoProof, StoreError};
use thiserror::Error;

use crate::checkpoints::Checkpoints;
use crate::document::{CheckpointDocument, EntryDocument, ProofDocument, Shows};
use crate::key::KeyError;

/// Why there is no proof.
#[derive(Debug, Error)]
pub enum ProveError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No checkpoint could be made.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// There is no such request.
    #[error(
        "there is no request with this ID: check it, or see in the audit log whether retention removed the request"
    )]
    NotFound,
    /// The audit log does not support one.
    #[error(transparent)]
    NoProof(#[from] NoProof),
}

impl Checkpoints {
    /// Returns the proof of a request, and makes a checkpoint if none covers its entries yet. With a workspace, it must
    /// be the request's, and the proof shows nothing of other workspaces.
    ///
    /// # Errors
    ///
    /// If there is no such request, the audit log does not cover it, or the vault or the database fails.
    pub async fn prove(
        &self,
        request: RequestEntryId,
        workspace: Option<WorkspaceId>,
    ) -> Result<ProofDocument, ProveError> {
        let evidence = self.store.request_evidence(request, workspace).await?;
        let evidence = evidence.ok_or(ProveError::NotFound)??;
        let mut entries = Vec::with_capacity(evidence.entries.len());
        let mut checkpoints = BTreeMap::new();
        for covering in &evidence.entries {
            let entry = covering.entry();
            let (signed, head) = self.covering(entry).await?;
            let number = signed.checkpoint.number;
            let path = self.store.audit_path(entry, head, number).await??;
            let shows = match covering {
                CoveringEntry::Decision(_) => Shows::Decision,
                CoveringEntry::End(_) => Shows::End,
                CoveringEntry::Action(_) => Shows::Action,
            };
            entries.push(EntryDocument::of(shows, entry, &path.links, number));
            checkpoints.insert(number, CheckpointDocument::of(&signed));
        }
        let checkpoints = checkpoints.into_values().collect();
        Ok(ProofDocument::new(evidence.request, entries, checkpoints))
    }

    /// Returns the first checkpoint that covers an entry, with the head of the entry's chain in it.
    async fn covering(
        &self,
        entry: &AuditEntry,
    ) -> Result<(SignedCheckpoint, ChainHead), ProveError> {
        let find = || self.store.checkpoint_covering(entry.chain, entry.sequence);
        let mut signed = find().await?;
        if signed.is_none() {
            self.make().await?;
            signed = find().await?;
        }
        let missing = || NoProof::OtherHead {
            chain: entry.chain,
            checkpoint: 0,
        };
        let signed = signed.ok_or_else(missing)?;
        let head = signed
            .checkpoint
            .heads
            .iter()
            .find(|head| head.chain == entry.chain && head.sequence >= entry.sequence);
        let head = *head.ok_or_else(missing)?;
        Ok((signed, head))
    }
}
