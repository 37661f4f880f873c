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

-- Who users are at an OpenID Connect provider. Roles of those who are managed follow the provider.

CREATE TABLE federated_users (
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    user_id INTEGER NOT NULL REFERENCES users (id),
    is_managed INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (issuer, subject)
) STRICT;
CREATE INDEX federated_users_by_user ON federated_users (user_id);

-- Passkeys. The public key is a COSE_Key (RFC 9052, section 7).

CREATE TABLE passkeys (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id INTEGER NOT NULL REFERENCES users (id),
    credential_id BLOB NOT NULL UNIQUE,
    public_key BLOB NOT NULL,
    name TEXT NOT NULL,
    sign_count INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    last_used_at INTEGER
) STRICT;
CREATE INDEX passkeys_by_user ON passkeys (user_id);

-- Digests of what a sign-in was bound to and may be used once, until it expires anyway.

CREATE TABLE spent_challenges (
    digest BLOB PRIMARY KEY,
    expires_at INTEGER NOT NULL
) STRICT;
