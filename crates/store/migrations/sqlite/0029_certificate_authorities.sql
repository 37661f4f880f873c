-- Certificate authorities of the proxy port. The certificate is public; its private key is sealed under a data key of
-- the gateway itself, which has no workspace. Number 1 is the first, so that replicas that start together create one.

CREATE TABLE certificate_authorities (
    number INTEGER PRIMARY KEY,
    certificate TEXT NOT NULL,
    data_key_id INTEGER NOT NULL REFERENCES data_keys (id),
    sealed BLOB NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
