-- How many bytes are kept of an agent's work: of responses that can be replayed, and of the requests of
-- actions that have ended. Triggers count, so that every statement that writes, replaces or removes such
-- bytes is counted, whatever its purpose. Of several rows of one agent the sum counts: writers count in
-- different rows, so that they rarely wait for one another.

CREATE TABLE kept_bytes (
    agent_id BIGINT NOT NULL,
    shard BIGINT NOT NULL,
    workspace_id BIGINT NOT NULL,
    responses BIGINT NOT NULL,
    ended BIGINT NOT NULL,
    PRIMARY KEY (agent_id, shard)
);
CREATE INDEX kept_bytes_by_workspace ON kept_bytes (workspace_id);

INSERT INTO kept_bytes (agent_id, shard, workspace_id, responses, ended)
SELECT agents.id, 0, agents.workspace_id,
    COALESCE((SELECT SUM(LENGTH(answer)) FROM claims WHERE claims.agent_id = agents.id), 0)
        + COALESCE((SELECT SUM(LENGTH(answer)) FROM actions WHERE actions.agent_id = agents.id), 0),
    COALESCE((SELECT SUM(LENGTH(request)) FROM actions WHERE actions.agent_id = agents.id
        AND status IN ('DENIED', 'REVOKED', 'EXPIRED', 'EXECUTED')), 0)
FROM agents;

CREATE FUNCTION count_kept(agent BIGINT, workspace BIGINT, more_responses BIGINT, more_ended BIGINT)
RETURNS VOID LANGUAGE SQL AS $$
    INSERT INTO kept_bytes AS kept (agent_id, shard, workspace_id, responses, ended)
    VALUES (agent, pg_backend_pid() % 8, workspace, more_responses, more_ended)
    ON CONFLICT (agent_id, shard) DO UPDATE
    SET responses = kept.responses + excluded.responses, ended = kept.ended + excluded.ended;
$$;

CREATE FUNCTION ended_bytes(status TEXT, request BYTEA) RETURNS BIGINT IMMUTABLE LANGUAGE SQL AS $$
    SELECT CASE WHEN status IN ('DENIED', 'REVOKED', 'EXPIRED', 'EXECUTED')
        THEN LENGTH(request)::BIGINT ELSE 0 END;
$$;

CREATE FUNCTION count_claim_kept() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        PERFORM count_kept(OLD.agent_id, agents.workspace_id, -LENGTH(OLD.answer)::BIGINT, 0)
        FROM agents WHERE agents.id = OLD.agent_id;
    ELSE
        PERFORM count_kept(NEW.agent_id, agents.workspace_id,
            COALESCE(LENGTH(NEW.answer), 0)::BIGINT - COALESCE(LENGTH(OLD.answer), 0)::BIGINT, 0)
        FROM agents WHERE agents.id = NEW.agent_id;
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER claims_kept_changed AFTER UPDATE OF answer ON claims FOR EACH ROW
WHEN (COALESCE(LENGTH(NEW.answer), 0) <> COALESCE(LENGTH(OLD.answer), 0))
EXECUTE FUNCTION count_claim_kept();

CREATE TRIGGER claims_kept_removed AFTER DELETE ON claims FOR EACH ROW
WHEN (OLD.answer IS NOT NULL)
EXECUTE FUNCTION count_claim_kept();

CREATE FUNCTION count_action_kept() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        PERFORM count_kept(OLD.agent_id, OLD.workspace_id,
            -COALESCE(LENGTH(OLD.answer), 0)::BIGINT, -ended_bytes(OLD.status, OLD.request));
    ELSE
        PERFORM count_kept(NEW.agent_id, NEW.workspace_id,
            COALESCE(LENGTH(NEW.answer), 0)::BIGINT - COALESCE(LENGTH(OLD.answer), 0)::BIGINT,
            ended_bytes(NEW.status, NEW.request) - ended_bytes(OLD.status, OLD.request));
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER actions_kept_changed AFTER UPDATE OF status, request, answer ON actions FOR EACH ROW
WHEN (COALESCE(LENGTH(NEW.answer), 0) <> COALESCE(LENGTH(OLD.answer), 0)
    OR ended_bytes(NEW.status, NEW.request) <> ended_bytes(OLD.status, OLD.request))
EXECUTE FUNCTION count_action_kept();

CREATE TRIGGER actions_kept_removed AFTER DELETE ON actions FOR EACH ROW
EXECUTE FUNCTION count_action_kept();

CREATE INDEX actions_ended ON actions (agent_id, resolved_at)
WHERE preview IS NOT NULL AND status IN ('DENIED', 'REVOKED', 'EXPIRED', 'EXECUTED');
