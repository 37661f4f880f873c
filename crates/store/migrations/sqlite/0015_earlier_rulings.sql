-- How humans ruled before on an agent's requests of one method to one service. Only rows with a ruling are in
-- the index, so that it costs nothing when a request is held.

CREATE INDEX actions_ruled ON actions (agent_id, service_id, method, created_at, id)
    WHERE approved_by IS NOT NULL OR status = 'DENIED';
