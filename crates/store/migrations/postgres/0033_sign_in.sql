-- One-time codes. The secret is sealed under a data key of the gateway itself. A code works once: `last_step` is the
-- step of the last one.

CREATE TABLE totp (
    user_id BIGINT PRIMARY KEY REFERENCES users (id),
    data_key_id BIGINT NOT NULL REFERENCES data_keys (id),
    sealed BYTEA NOT NULL,
    confirmed_at BIGINT,
    last_step BIGINT NOT NULL
);

-- SHA-256 of codes that replace a one-time code. A code is removed when it is used.

CREATE TABLE recovery_codes (
    user_id BIGINT NOT NULL REFERENCES users (id),
    hash BYTEA NOT NULL,
    PRIMARY KEY (user_id, hash)
);
