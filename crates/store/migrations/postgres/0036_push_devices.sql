-- Browsers that get push notifications: each is a channel of its own, which belongs to a member. The key by which push
-- services recognize this gateway is sealed under a data key of the gateway itself. Endpoints are sealed with the
-- channel; their SHA-256 finds a browser that registers again. A browser is removed with its session or its member.

CREATE TABLE push_keys (
    id BIGINT PRIMARY KEY,
    data_key_id BIGINT NOT NULL REFERENCES data_keys (id),
    sealed BYTEA NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE push_devices (
    channel_id BIGINT PRIMARY KEY REFERENCES channels (id) ON DELETE CASCADE,
    user_id BIGINT NOT NULL REFERENCES users (id),
    session_id BIGINT NOT NULL,
    endpoint_hash BYTEA NOT NULL UNIQUE,
    keys_hash BYTEA NOT NULL
);
CREATE INDEX push_devices_by_user ON push_devices (user_id);
CREATE INDEX push_devices_by_session ON push_devices (session_id);

CREATE FUNCTION remove_push_devices_of_session() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM channels WHERE id IN
        (SELECT channel_id FROM push_devices WHERE session_id = NEW.id);
    RETURN NULL;
END $$;

CREATE TRIGGER push_devices_signed_out AFTER UPDATE OF revoked_at ON sessions FOR EACH ROW
WHEN (NEW.revoked_at IS NOT NULL)
EXECUTE FUNCTION remove_push_devices_of_session();

CREATE FUNCTION remove_push_devices_of_member() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM channels WHERE workspace_id = OLD.workspace_id AND id IN
        (SELECT channel_id FROM push_devices WHERE user_id = OLD.user_id);
    RETURN NULL;
END $$;

CREATE TRIGGER push_devices_member_removed AFTER DELETE ON members FOR EACH ROW
EXECUTE FUNCTION remove_push_devices_of_member();
