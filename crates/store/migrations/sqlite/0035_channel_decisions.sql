-- Decisions in channels. Accounts in a chat that are linked to users; `app` is a hash of what proves that a message is
-- from the chat, so a link ends when that changes. Codes and tokens are stored as SHA-256 hashes.

CREATE TABLE chat_accounts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    workspace_id INTEGER NOT NULL REFERENCES workspaces (id),
    user_id INTEGER NOT NULL REFERENCES users (id),
    kind TEXT NOT NULL,
    app BLOB NOT NULL,
    account TEXT NOT NULL,
    name TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX chat_accounts_once ON chat_accounts (workspace_id, app, account);
CREATE INDEX chat_accounts_by_user ON chat_accounts (user_id, workspace_id, id);

-- One code of each user and workspace.
CREATE TABLE chat_link_codes (
    workspace_id INTEGER NOT NULL REFERENCES workspaces (id),
    user_id INTEGER NOT NULL REFERENCES users (id),
    code_hash BLOB NOT NULL UNIQUE,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, user_id)
) STRICT;

-- The buttons of cards, each for one decision on one request.
CREATE TABLE card_buttons (
    token_hash BLOB PRIMARY KEY,
    channel_id INTEGER NOT NULL REFERENCES channels (id) ON DELETE CASCADE,
    action_id TEXT NOT NULL REFERENCES actions (id) ON DELETE CASCADE,
    revision INTEGER NOT NULL,
    digest BLOB NOT NULL,
    decision TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    used_by INTEGER,
    used_at INTEGER
) STRICT;
CREATE INDEX card_buttons_by_channel ON card_buttons (channel_id);
CREATE INDEX card_buttons_by_action ON card_buttons (action_id);
CREATE INDEX card_buttons_by_age ON card_buttons (created_at);

-- Messages that ask one person for the reason of a denial.
CREATE TABLE card_prompts (
    channel_id INTEGER NOT NULL REFERENCES channels (id) ON DELETE CASCADE,
    receipt TEXT NOT NULL,
    token_hash BLOB NOT NULL REFERENCES card_buttons (token_hash) ON DELETE CASCADE,
    account TEXT NOT NULL,
    PRIMARY KEY (channel_id, receipt)
) STRICT;
CREATE INDEX card_prompts_by_button ON card_prompts (token_hash);

-- Requests of a chat that were accepted, so that none is accepted twice.
CREATE TABLE chat_requests (
    channel_id INTEGER NOT NULL REFERENCES channels (id) ON DELETE CASCADE,
    mark BLOB NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (channel_id, mark)
) STRICT;
CREATE INDEX chat_requests_by_age ON chat_requests (at);

-- Which replica receives the messages of a chat.
CREATE TABLE chat_listeners (
    channel_id INTEGER PRIMARY KEY REFERENCES channels (id) ON DELETE CASCADE,
    leased_by TEXT NOT NULL,
    leased_until INTEGER NOT NULL
) STRICT;
