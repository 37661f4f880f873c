-- Browsers that get push notifications: each is a channel of its own, which belongs to a member. The key by which push
-- services recognize this gateway is sealed under a data key of the gateway itself. Endpoints are sealed with the
-- channel; their SHA-256 finds a browser that registers again. A browser is removed with its session or its member.

CREATE TABLE push_keys (
    id INTEGER PRIMARY KEY,
    data_key_id INTEGER NOT NULL REFERENCES data_keys (id),
    sealed BLOB NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE push_devices (
    channel_id INTEGER PRIMARY KEY REFERENCES channels (id) ON DELETE CASCADE,
    user_id INTEGER NOT NULL REFERENCES users (id),
    session_id INTEGER NOT NULL,
    endpoint_hash BLOB NOT NULL UNIQUE,
    keys_hash BLOB NOT NULL
) STRICT;
CREATE INDEX push_devices_by_user ON push_devices (user_id);
CREATE INDEX push_devices_by_session ON push_devices (session_id);

CREATE TRIGGER push_devices_signed_out AFTER UPDATE OF revoked_at ON sessions
WHEN NEW.revoked_at IS NOT NULL
BEGIN
    DELETE FROM channels WHERE id IN
        (SELECT channel_id FROM push_devices WHERE session_id = NEW.id);
END;

CREATE TRIGGER push_devices_member_removed AFTER DELETE ON members
BEGIN
    DELETE FROM channels WHERE workspace_id = OLD.workspace_id AND id IN
        (SELECT channel_id FROM push_devices WHERE user_id = OLD.user_id);
END;
