-- Checkpoints of the audit log. The private half of the key is sealed under a data key of the gateway itself.

CREATE TABLE audit_keys (
    number INTEGER PRIMARY KEY,
    public_key BLOB NOT NULL,
    data_key_id INTEGER NOT NULL REFERENCES data_keys (id),
    sealed BLOB NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE audit_checkpoints (
    number INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    previous BLOB,
    public_key BLOB NOT NULL,
    signature BLOB NOT NULL
) STRICT;

-- The heads that each checkpoint names. A chain that has not grown since the previous checkpoint is left out.

CREATE TABLE audit_checkpoint_heads (
    chain INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    hash BLOB NOT NULL,
    checkpoint INTEGER NOT NULL REFERENCES audit_checkpoints (number),
    PRIMARY KEY (chain, sequence)
) STRICT;
CREATE INDEX audit_checkpoint_heads_by_checkpoint ON audit_checkpoint_heads (checkpoint, chain);
