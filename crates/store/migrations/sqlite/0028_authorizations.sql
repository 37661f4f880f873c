-- Authorizations whose operator is at the provider. The state is a digest: the value itself identifies the flow to
-- whoever has it. Rows are removed when the flow ends, and when they expire.

CREATE TABLE authorizations (
    state BLOB PRIMARY KEY,
    workspace_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    service_id INTEGER NOT NULL,
    origin TEXT NOT NULL,
    data_key_id INTEGER NOT NULL,
    sealed BLOB NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
