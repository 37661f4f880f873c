-- Checkpoints of the audit log. The private half of the key is sealed under a data key of the gateway itself.

CREATE TABLE audit_keys (
    number BIGINT PRIMARY KEY,
    public_key BYTEA NOT NULL,
    data_key_id BIGINT NOT NULL REFERENCES data_keys (id),
    sealed BYTEA NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE audit_checkpoints (
    number BIGINT PRIMARY KEY,
    at BIGINT NOT NULL,
    previous BYTEA,
    public_key BYTEA NOT NULL,
    signature BYTEA NOT NULL
);

-- The heads that each checkpoint names. A chain that has not grown since the previous checkpoint is left out.

CREATE TABLE audit_checkpoint_heads (
    chain BIGINT NOT NULL,
    sequence BIGINT NOT NULL,
    hash BYTEA NOT NULL,
    checkpoint BIGINT NOT NULL REFERENCES audit_checkpoints (number),
    PRIMARY KEY (chain, sequence)
);
CREATE INDEX audit_checkpoint_heads_by_checkpoint ON audit_checkpoint_heads (checkpoint, chain);
