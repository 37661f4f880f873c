-- One-time codes. The secret is sealed under a data key of the gateway itself. A code works once: `last_step` is the
-- step of the last one.

CREATE TABLE totp (
    user_id INTEGER PRIMARY KEY REFERENCES users (id),
    data_key_id INTEGER NOT NULL REFERENCES data_keys (id),
    sealed BLOB NOT NULL,
    confirmed_at INTEGER,
    last_step INTEGER NOT NULL
) STRICT;

-- SHA-256 of codes that replace a one-time code. A code is removed when it is used.

CREATE TABLE recovery_codes (
    user_id INTEGER NOT NULL REFERENCES users (id),
    hash BLOB NOT NULL,
    PRIMARY KEY (user_id, hash)
) STRICT;
