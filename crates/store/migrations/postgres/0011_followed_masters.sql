-- Which master key a run of the gateway has followed a rotation to, and whether the next start is known
-- to use the secret of a master key. Once all runs have followed and that is known, the way from the old
-- master key to the new one is cut.

ALTER TABLE replicas ADD COLUMN master_id TEXT;
ALTER TABLE master_keys ADD COLUMN kept_at BIGINT;
