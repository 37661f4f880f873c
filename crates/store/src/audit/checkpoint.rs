//! Signed checkpoints of the audit log, and the key that signs them.

use gaiterguard_database::column::RowContext;
use gaiterguard_database::connection::{
    ReadConnection, execute, fetch_all, fetch_one, fetch_optional, with_connection,
};
use gaiterguard_database::error::StoreError;
use gaiterguard_database::many_rows::{ManyRows, chunks};
use gaiterguard_domain::audit::{ChainHead, NewAuditEntry};
use gaiterguard_domain::checkpoint::{Checkpoint, SignedCheckpoint};
use gaiterguard_domain::id::DataKeyId;
use gaiterguard_domain::ledger::Sealed;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_ledger::writer::transaction::Transaction;

use crate::store::Store;

/// The number of the only key.
const ONLY_KEY: i64 = 1;

/// The key that signs checkpoints, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredAuditKey {
    /// The public half.
    pub public: Vec<u8>,
    /// The private half, sealed.
    pub private: Sealed,
}

/// The entries that no checkpoint covers so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unsigned {
    /// The number of entries.
    pub entries: i64,
    /// When the newest checkpoint was made; `None` if there is none.
    pub newest_at: Option<Timestamp>,
}

#[derive(sqlx::FromRow)]
struct CheckpointRow {
    number: i64,
    at: i64,
    previous: Option<Vec<u8>>,
    public_key: Vec<u8>,
    signature: Vec<u8>,
}

#[derive(sqlx::FromRow)]
struct HeadRow {
    chain: i64,
    sequence: i64,
    hash: Vec<u8>,
}

static HEADS: ManyRows = ManyRows::new(
    "INSERT INTO audit_checkpoint_heads (chain, sequence, hash, checkpoint) \
     SELECT * FROM (VALUES ",
    4,
    ") AS new WHERE column1 IS NOT NULL ON CONFLICT DO NOTHING",
);

impl Store {
    /// Returns the key that signs checkpoints, if it has been created.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] if the database does not respond.
    pub async fn audit_key(&self) -> Result<Option<StoredAuditKey>, StoreError> {
        let mut reader = self.reader().await?;
        let row = fetch_optional!(
            reader,
            (Vec<u8>, i64, Vec<u8>),
            "SELECT public_key, data_key_id, sealed FROM audit_keys WHERE number = $1",
            ONLY_KEY,
        );
        Ok(row.map(|(public, data_key, bytes)| StoredAuditKey {
            public,
            private: Sealed {
                data_key: DataKeyId(data_key),
                bytes,
            },
        }))
    }

    /// Stores the key that signs checkpoints. Returns false if there is one already.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] if the database does not respond.
    pub async fn audit_key_insert_first(
        &self,
        new: &StoredAuditKey,
        at: Timestamp,
        audit: NewAuditEntry,
    ) -> Result<bool, StoreError> {
        let mut tx = Transaction::begin(self.writers(), at).await?;
        let inserted = execute!(
            tx,
            "INSERT INTO audit_keys (number, public_key, data_key_id, sealed, created_at)
             VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
            ONLY_KEY,
            new.public.as_slice(),
            new.private.data_key.0,
            new.private.bytes.as_slice(),
            at.0,
        );
        tx.end(inserted, audit).await
    }

    /// Returns what no checkpoint covers so far.
    pub async fn checkpoint_unsigned(&self) -> Result<Unsigned, StoreError> {
        let mut reader = self.reader().await?;
        let (entries, newest_at) = fetch_one!(
            reader,
            (i64, Option<i64>),
            "SELECT CAST(COALESCE(SUM(sequence - COALESCE(
                (SELECT MAX(sequence) FROM audit_checkpoint_heads AS signed
                 WHERE signed.chain = audit_chains.chain), 0)), 0) AS BIGINT),
                (SELECT at FROM audit_checkpoints ORDER BY number DESC LIMIT 1)
             FROM audit_chains",
        );
        Ok(Unsigned {
            entries,
            newest_at: newest_at.map(Timestamp),
        })
    }

    /// Returns the heads of the chains that have grown since the newest checkpoint that names them.
    pub async fn checkpoint_unsigned_heads(&self) -> Result<Vec<ChainHead>, StoreError> {
        let mut reader = self.reader().await?;
        let rows = fetch_all!(
            reader,
            HeadRow,
            "SELECT chain, sequence, hash FROM audit_chains WHERE sequence > COALESCE(
                (SELECT MAX(sequence) FROM audit_checkpoint_heads AS signed
                 WHERE signed.chain = audit_chains.chain), 0)
             ORDER BY chain",
        );
        rows.into_iter()
            .map(|row| row.head("audit_chains"))
            .collect()
    }

    /// Stores a checkpoint. Returns false if there is already one with this number, or one that names one of its
    /// heads: another replica was faster.
    pub async fn checkpoint_insert(&self, new: &SignedCheckpoint) -> Result<bool, StoreError> {
        let SignedCheckpoint {
            checkpoint,
            key,
            signature,
        } = new;
        let mut tx = Transaction::begin(self.writers(), checkpoint.at).await?;
        let inserted = execute!(
            tx,
            "INSERT INTO audit_checkpoints (number, at, previous, public_key, signature)
             VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
            checkpoint.number,
            checkpoint.at.0,
            checkpoint
                .previous
                .as_ref()
                .map(|digest| digest.0.as_slice()),
            key.as_slice(),
            signature.as_slice(),
        );
        let mut heads = 0;
        if inserted == 1 {
            for chunk in chunks(&checkpoint.heads) {
                let sql = tx.dialect().many_rows(&HEADS, chunk.size);
                heads += with_connection!(tx, connection => {
                    let mut query = sqlx::query(sql);
                    for head in chunk.padded() {
                        query = query
                            .bind(head.map(|head| head.chain))
                            .bind(head.map(|head| head.sequence))
                            .bind(head.map(|head| head.hash.0.as_slice()))
                            .bind(checkpoint.number);
                    }
                    query.execute(connection).await?.rows_affected()
                });
            }
        }
        if inserted == 0 || heads != checkpoint.heads.len() as u64 {
            tx.rollback().await?;
            return Ok(false);
        }
        tx.commit().await?;
        Ok(true)
    }

    /// Returns the newest checkpoint.
    pub async fn checkpoint_newest(&self) -> Result<Option<SignedCheckpoint>, StoreError> {
        let mut reader = self.reader().await?;
        let row = fetch_optional!(
            reader,
            CheckpointRow,
            "SELECT number, at, previous, public_key, signature FROM audit_checkpoints
             ORDER BY number DESC LIMIT 1",
        );
        with_heads(&mut reader, row).await
    }

    /// Returns the first checkpoint that covers an entry, by the entry's position.
    pub async fn checkpoint_covering(
        &self,
        chain: i64,
        sequence: i64,
    ) -> Result<Option<SignedCheckpoint>, StoreError> {
        let mut reader = self.reader().await?;
        let row = fetch_optional!(
            reader,
            CheckpointRow,
            "SELECT number, at, previous, public_key, signature FROM audit_checkpoints
             WHERE number = (SELECT checkpoint FROM audit_checkpoint_heads
                WHERE chain = $1 AND sequence >= $2 ORDER BY sequence LIMIT 1)",
            chain,
            sequence,
        );
        with_heads(&mut reader, row).await
    }

    /// Returns the checkpoint after the one with this number, which may be zero.
    pub async fn checkpoint_after(
        &self,
        number: i64,
    ) -> Result<Option<SignedCheckpoint>, StoreError> {
        let mut reader = self.reader().await?;
        let row = fetch_optional!(
            reader,
            CheckpointRow,
            "SELECT number, at, previous, public_key, signature FROM audit_checkpoints
             WHERE number > $1 ORDER BY number LIMIT 1",
            number,
        );
        with_heads(&mut reader, row).await
    }
}

/// Reads the heads that checkpoints name of a part of a chain, in order.
pub(super) async fn heads_between(
    reader: &mut ReadConnection,
    chain: i64,
    after: i64,
    to: i64,
) -> Result<Vec<ChainHead>, StoreError> {
    let rows = fetch_all!(
        reader,
        HeadRow,
        "SELECT chain, sequence, hash FROM audit_checkpoint_heads
         WHERE chain = $1 AND sequence > $2 AND sequence <= $3 ORDER BY sequence",
        chain,
        after,
        to,
    );
    rows.into_iter()
        .map(|row| row.head("audit_checkpoint_heads"))
        .collect()
}

/// Reads the newest head of each chain that a checkpoint names.
pub(super) async fn newest_heads(
    reader: &mut ReadConnection,
) -> Result<Vec<ChainHead>, StoreError> {
    let rows = fetch_all!(
        reader,
        HeadRow,
        "SELECT chain, sequence, hash FROM audit_checkpoint_heads AS newest
         WHERE sequence = (SELECT MAX(sequence) FROM audit_checkpoint_heads AS other
            WHERE other.chain = newest.chain)
         ORDER BY chain",
    );
    rows.into_iter()
        .map(|row| row.head("audit_checkpoint_heads"))
        .collect()
}

async fn with_heads(
    reader: &mut ReadConnection,
    row: Option<CheckpointRow>,
) -> Result<Option<SignedCheckpoint>, StoreError> {
    let Some(row) = row else {
        return Ok(None);
    };
    let heads = fetch_all!(
        reader,
        HeadRow,
        "SELECT chain, sequence, hash FROM audit_checkpoint_heads
         WHERE checkpoint = $1 ORDER BY chain",
        row.number,
    );
    let context = RowContext {
        table: "audit_checkpoints",
        id: &row.number,
    };
    let heads = heads
        .into_iter()
        .map(|head| head.head("audit_checkpoint_heads"));
    Ok(Some(SignedCheckpoint {
        checkpoint: Checkpoint {
            number: row.number,
            at: Timestamp(row.at),
            previous: row
                .previous
                .as_deref()
                .map(|bytes| context.digest("previous", bytes))
                .transpose()?,
            heads: heads.collect::<Result<_, _>>()?,
        },
        key: row
            .public_key
            .try_into()
            .map_err(|_| context.invalid("public_key"))?,
        signature: row
            .signature
            .try_into()
            .map_err(|_| context.invalid("signature"))?,
    }))
}

impl HeadRow {
    fn head(self, table: &'static str) -> Result<ChainHead, StoreError> {
        let context = RowContext {
            table,
            id: &self.chain,
        };
        Ok(ChainHead {
            chain: self.chain,
            sequence: self.sequence,
            hash: context.digest("hash", &self.hash)?,
        })
    }
}
