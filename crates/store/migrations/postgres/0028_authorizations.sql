-- Authorizations whose operator is at the provider. The state is a digest: the value itself identifies the flow to
-- whoever has it. Rows are removed when the flow ends, and when they expire.

CREATE TABLE authorizations (
    state BYTEA PRIMARY KEY,
    workspace_id BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    service_id BIGINT NOT NULL,
    origin TEXT NOT NULL,
    data_key_id BIGINT NOT NULL,
    sealed BYTEA NOT NULL,
    expires_at BIGINT NOT NULL
);
