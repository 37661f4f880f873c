-- Which services and effects an approver may decide on, as JSON arrays; NULL means all. Invitations, whose tokens are
-- stored as SHA-256 hashes. Former members, whose names are still shown with what they did.

ALTER TABLE members ADD COLUMN services TEXT;
ALTER TABLE members ADD COLUMN effects TEXT;

CREATE TABLE former_members (
    workspace_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, user_id)
) STRICT;

CREATE TABLE invitations (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    workspace_id INTEGER NOT NULL REFERENCES workspaces (id),
    email TEXT NOT NULL,
    email_normalized TEXT NOT NULL,
    role TEXT NOT NULL,
    services TEXT,
    effects TEXT,
    token_hash BLOB NOT NULL UNIQUE,
    created_by INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    accepted_by INTEGER,
    accepted_at INTEGER,
    revoked_at INTEGER
) STRICT;
CREATE INDEX invitations_by_workspace ON invitations (workspace_id, id);
