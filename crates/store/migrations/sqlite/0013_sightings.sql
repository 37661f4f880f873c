-- Which values an agent sent to a service, and which the service showed it, as hashes under a key that
-- is derived from the master key: so that replicas know what passed through others. Rows expire.

CREATE TABLE sightings (
    agent_id INTEGER NOT NULL,
    service_id INTEGER NOT NULL,
    hash BLOB NOT NULL,
    kind INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    PRIMARY KEY (agent_id, service_id, hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX sightings_by_time ON sightings (seen_at);
