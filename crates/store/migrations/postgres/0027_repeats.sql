-- The payload of a held request, which is equal for repetitions of it, as a digest; how the agent repeated it
-- while it was pending, as JSON. NULL in rows of earlier versions, and where nothing was repeated.

ALTER TABLE actions ADD COLUMN payload BYTEA;
ALTER TABLE actions ADD COLUMN repeats TEXT;

CREATE INDEX actions_by_payload ON actions (agent_id, payload, created_at) WHERE payload IS NOT NULL;
