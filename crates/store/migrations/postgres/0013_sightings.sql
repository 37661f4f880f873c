-- Which values an agent sent to a service, and which the service showed it, as hashes under a key that
-- is derived from the master key: so that replicas know what passed through others. Rows expire.

CREATE TABLE sightings (
    agent_id BIGINT NOT NULL,
    service_id BIGINT NOT NULL,
    hash BYTEA NOT NULL,
    kind BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    PRIMARY KEY (agent_id, service_id, hash)
);
CREATE INDEX sightings_by_time ON sightings (seen_at);
