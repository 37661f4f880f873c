-- Notification channels, the messages that are or were to be sent through them, and how far the audit log has been
-- read for new messages. The position of chain 0, which no writer has, is the time up to which reminders of
-- expiring actions were made. Existing chains begin at their ends: old events are not notified.

CREATE TABLE channels (
    id INTEGER PRIMARY KEY,
    workspace_id INTEGER NOT NULL REFERENCES workspaces (id),
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    enabled INTEGER NOT NULL,
    settings TEXT NOT NULL,
    data_key_id INTEGER NOT NULL REFERENCES data_keys (id),
    sealed BLOB NOT NULL,
    sealed_version INTEGER NOT NULL,
    disabled_reason TEXT,
    last_error TEXT,
    last_error_at INTEGER,
    last_delivered_at INTEGER,
    leased_by TEXT,
    leased_until INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    revision INTEGER NOT NULL DEFAULT 1
) STRICT;
CREATE INDEX channels_by_workspace ON channels (workspace_id, id);

CREATE TABLE deliveries (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    message_id TEXT NOT NULL,
    channel_id INTEGER NOT NULL REFERENCES channels (id) ON DELETE CASCADE,
    event TEXT NOT NULL,
    source TEXT NOT NULL,
    subject TEXT NOT NULL,
    actor TEXT NOT NULL,
    detail TEXT NOT NULL,
    at INTEGER NOT NULL,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    ended_at INTEGER,
    last_error TEXT,
    receipt TEXT
) STRICT;
CREATE UNIQUE INDEX deliveries_once ON deliveries (channel_id, event, source);
CREATE INDEX deliveries_due ON deliveries (channel_id, due_at) WHERE state = 'waiting';
CREATE INDEX deliveries_by_channel ON deliveries (channel_id, created_at, id);
CREATE INDEX deliveries_by_subject ON deliveries (channel_id, subject, id);
CREATE INDEX deliveries_by_age ON deliveries (created_at);

CREATE TABLE notification_positions (
    chain INTEGER PRIMARY KEY,
    sequence INTEGER NOT NULL
) STRICT;
INSERT INTO notification_positions (chain, sequence) SELECT chain, sequence FROM audit_chains;

INSERT INTO counters (name, next) VALUES ('channels', 1);
