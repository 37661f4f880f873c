-- Instants are milliseconds since the Unix epoch, states are words, JSON is text, truth values are 0 and 1.
-- Rows that are written for every request have no foreign keys: what they name is never removed, only
-- marked as deleted.

CREATE TABLE counters (
    name TEXT PRIMARY KEY,
    next INTEGER NOT NULL
) STRICT;
INSERT INTO counters (name, next) VALUES ('requests', 1), ('audit', 1), ('chains', 1), ('users', 1);

CREATE TABLE audit_chains (
    chain INTEGER PRIMARY KEY,
    sequence INTEGER NOT NULL,
    hash BLOB NOT NULL,
    commits INTEGER NOT NULL,
    recorded INTEGER NOT NULL
) STRICT;

CREATE TABLE audit (
    id INTEGER PRIMARY KEY,
    chain INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    workspace_id INTEGER,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    event TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL,
    previous_hash BLOB NOT NULL,
    hash BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX audit_by_chain ON audit (chain, sequence);
CREATE INDEX audit_by_workspace ON audit (workspace_id, at, id);

CREATE TABLE replicas (
    id TEXT PRIMARY KEY,
    lease_until INTEGER NOT NULL,
    started_at INTEGER NOT NULL
) STRICT;

CREATE TABLE users (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    email TEXT NOT NULL,
    email_normalized TEXT NOT NULL UNIQUE,
    password_hash TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE workspaces (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    version INTEGER NOT NULL,
    killed_by INTEGER,
    killed_at INTEGER,
    killed_reason TEXT,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE members (
    workspace_id INTEGER NOT NULL REFERENCES workspaces (id),
    user_id INTEGER NOT NULL REFERENCES users (id),
    role TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, user_id)
) STRICT;
CREATE INDEX members_by_user ON members (user_id);

CREATE TABLE sessions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id INTEGER NOT NULL REFERENCES users (id),
    workspace_id INTEGER NOT NULL REFERENCES workspaces (id),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    revoked_at INTEGER
) STRICT;
CREATE INDEX sessions_by_user ON sessions (user_id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

CREATE TABLE refresh_tokens (
    hash BLOB PRIMARY KEY,
    session_id INTEGER NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at INTEGER
) STRICT;
CREATE INDEX refresh_tokens_by_session ON refresh_tokens (session_id);

CREATE TABLE master_keys (
    id TEXT PRIMARY KEY,
    is_current INTEGER NOT NULL,
    next_id TEXT,
    link BLOB,
    created_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX master_keys_one_current ON master_keys (is_current) WHERE is_current;

CREATE TABLE data_keys (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    workspace_id INTEGER NOT NULL,
    purpose TEXT NOT NULL,
    master_id TEXT NOT NULL REFERENCES master_keys (id),
    wrapped BLOB NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX data_keys_by_master ON data_keys (master_id, id);

CREATE TABLE services (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    workspace_id INTEGER NOT NULL REFERENCES workspaces (id),
    name TEXT NOT NULL,
    base_url TEXT NOT NULL,
    auth_type TEXT NOT NULL,
    description TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    deleted_at INTEGER
) STRICT;
CREATE UNIQUE INDEX services_by_name ON services (workspace_id, name) WHERE deleted_at IS NULL;

CREATE TABLE credentials (
    service_id INTEGER PRIMARY KEY REFERENCES services (id),
    version INTEGER NOT NULL,
    data_key_id INTEGER NOT NULL REFERENCES data_keys (id),
    sealed BLOB NOT NULL,
    keys TEXT NOT NULL,
    place TEXT NOT NULL
) STRICT;

CREATE TABLE documents (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    workspace_id INTEGER NOT NULL,
    service_id INTEGER NOT NULL REFERENCES services (id),
    kind TEXT NOT NULL,
    title TEXT,
    operations INTEGER NOT NULL,
    sections INTEGER NOT NULL,
    warnings TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    data_key_id INTEGER REFERENCES data_keys (id),
    content BLOB NOT NULL
) STRICT;
CREATE INDEX documents_by_service ON documents (service_id, id);

CREATE TABLE agents (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    workspace_id INTEGER NOT NULL REFERENCES workspaces (id),
    name TEXT NOT NULL,
    key_hash BLOB NOT NULL UNIQUE,
    key_prefix TEXT NOT NULL,
    is_active INTEGER NOT NULL,
    blocked_since INTEGER,
    hold_seconds INTEGER NOT NULL,
    risk_threshold REAL,
    expires_at INTEGER,
    last_used_at INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    deleted_at INTEGER
) STRICT;
CREATE INDEX agents_by_workspace ON agents (workspace_id, id);

CREATE TABLE grants (
    agent_id INTEGER NOT NULL REFERENCES agents (id),
    service_id INTEGER NOT NULL REFERENCES services (id),
    since INTEGER NOT NULL,
    PRIMARY KEY (agent_id, service_id)
) STRICT;
CREATE INDEX grants_by_service ON grants (service_id);

CREATE TABLE rules (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    workspace_id INTEGER NOT NULL REFERENCES workspaces (id),
    name TEXT NOT NULL,
    effect TEXT NOT NULL,
    condition TEXT,
    text TEXT,
    service_id INTEGER,
    agent_id INTEGER,
    enabled INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX rules_by_workspace ON rules (workspace_id, id);

CREATE TABLE requests (
    id INTEGER PRIMARY KEY,
    request_id TEXT NOT NULL,
    workspace_id INTEGER NOT NULL,
    agent_id INTEGER NOT NULL,
    service_id INTEGER NOT NULL,
    method TEXT NOT NULL,
    target_url TEXT NOT NULL,
    intent TEXT NOT NULL,
    decision TEXT NOT NULL,
    judgement TEXT NOT NULL,
    action_id TEXT,
    created_at INTEGER NOT NULL,
    outcome TEXT,
    upstream_status INTEGER,
    completed_at INTEGER
) STRICT;
CREATE INDEX requests_by_workspace ON requests (workspace_id, created_at, id);
CREATE INDEX requests_by_age ON requests (created_at);

CREATE TABLE actions (
    id TEXT PRIMARY KEY,
    revision INTEGER NOT NULL,
    workspace_id INTEGER NOT NULL,
    agent_id INTEGER NOT NULL,
    service_id INTEGER NOT NULL,
    entry_id INTEGER NOT NULL,
    status TEXT NOT NULL,
    owner TEXT,
    expires_at INTEGER,
    approved_by INTEGER,
    approved_at INTEGER,
    approval_note TEXT,
    started_at INTEGER,
    resolution TEXT,
    resolved_by INTEGER,
    resolved_at INTEGER,
    resolution_note TEXT,
    detail TEXT,
    method TEXT NOT NULL,
    target_url TEXT NOT NULL,
    digest BLOB NOT NULL,
    intent TEXT NOT NULL,
    judgement TEXT NOT NULL,
    binding TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    request_key_id INTEGER NOT NULL,
    request BLOB NOT NULL,
    answer_status INTEGER,
    answer_key_id INTEGER,
    answer BLOB
) STRICT;
CREATE INDEX actions_by_workspace ON actions (workspace_id, created_at, id);
CREATE INDEX actions_by_status ON actions (workspace_id, status, created_at, id);
CREATE INDEX actions_by_agent ON actions (agent_id, status, expires_at);
CREATE INDEX actions_by_expiry ON actions (status, expires_at);
CREATE INDEX actions_by_entry ON actions (entry_id);

CREATE TABLE claims (
    agent_id INTEGER NOT NULL,
    key TEXT NOT NULL,
    digest BLOB NOT NULL,
    entry_id INTEGER NOT NULL,
    owner TEXT NOT NULL,
    state TEXT NOT NULL,
    action_id TEXT,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    answer_status INTEGER,
    answer_key_id INTEGER,
    answer BLOB,
    PRIMARY KEY (agent_id, key)
) STRICT;
CREATE INDEX claims_by_expiry ON claims (expires_at);
CREATE INDEX claims_running ON claims (owner) WHERE state = 'RUNNING';
