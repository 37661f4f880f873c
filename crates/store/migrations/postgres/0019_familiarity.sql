-- Which operation a request calls, as a digest, and which recipients it names, as a keyed hash, so that an
-- approver can be shown how usual a held request is. NULL in rows of earlier versions, for recipients that are
-- not known, and in `requests` for forwarded reads, of which there are many.

ALTER TABLE requests ADD COLUMN operation BYTEA;
ALTER TABLE actions ADD COLUMN operation BYTEA;
ALTER TABLE actions ADD COLUMN recipients BYTEA;

CREATE INDEX requests_by_operation ON requests (agent_id, operation, id) WHERE operation IS NOT NULL;

-- Only rows with a ruling are in these indexes, so that they cost nothing when a request is held.
CREATE INDEX actions_by_operation ON actions (operation, created_at, agent_id, status, approved_by)
    WHERE approved_by IS NOT NULL OR status = 'DENIED';
CREATE INDEX actions_by_recipients ON actions (recipients, created_at) WHERE approved_by IS NOT NULL;
