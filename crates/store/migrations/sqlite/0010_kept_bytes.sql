-- How many bytes are kept of an agent's work: of responses that can be replayed, and of the requests of
-- actions that have ended. Triggers count, so that every statement that writes, replaces or removes such
-- bytes is counted, whatever its purpose. Of several rows of one agent the sum counts.

CREATE TABLE kept_bytes (
    agent_id INTEGER NOT NULL,
    shard INTEGER NOT NULL,
    workspace_id INTEGER NOT NULL,
    responses INTEGER NOT NULL,
    ended INTEGER NOT NULL,
    PRIMARY KEY (agent_id, shard)
) STRICT;
CREATE INDEX kept_bytes_by_workspace ON kept_bytes (workspace_id);

INSERT INTO kept_bytes (agent_id, shard, workspace_id, responses, ended)
SELECT agents.id, 0, agents.workspace_id,
    COALESCE((SELECT SUM(LENGTH(answer)) FROM claims WHERE claims.agent_id = agents.id), 0)
        + COALESCE((SELECT SUM(LENGTH(answer)) FROM actions WHERE actions.agent_id = agents.id), 0),
    COALESCE((SELECT SUM(LENGTH(request)) FROM actions WHERE actions.agent_id = agents.id
        AND status IN ('DENIED', 'REVOKED', 'EXPIRED', 'EXECUTED')), 0)
FROM agents;

CREATE TRIGGER claims_kept_changed AFTER UPDATE OF answer ON claims
WHEN COALESCE(LENGTH(NEW.answer), 0) <> COALESCE(LENGTH(OLD.answer), 0)
BEGIN
    INSERT INTO kept_bytes (agent_id, shard, workspace_id, responses, ended)
    VALUES (NEW.agent_id, 0,
        COALESCE((SELECT workspace_id FROM agents WHERE id = NEW.agent_id), 0),
        COALESCE(LENGTH(NEW.answer), 0) - COALESCE(LENGTH(OLD.answer), 0), 0)
    ON CONFLICT (agent_id, shard) DO UPDATE SET responses = responses + excluded.responses;
END;

CREATE TRIGGER claims_kept_removed AFTER DELETE ON claims
WHEN OLD.answer IS NOT NULL
BEGIN
    UPDATE kept_bytes SET responses = responses - LENGTH(OLD.answer)
    WHERE agent_id = OLD.agent_id AND shard = 0;
END;

CREATE TRIGGER actions_kept_changed AFTER UPDATE OF status, request, answer ON actions
WHEN COALESCE(LENGTH(NEW.answer), 0) <> COALESCE(LENGTH(OLD.answer), 0)
    OR LENGTH(NEW.request) <> LENGTH(OLD.request)
    OR (NEW.status IN ('DENIED', 'REVOKED', 'EXPIRED', 'EXECUTED'))
        <> (OLD.status IN ('DENIED', 'REVOKED', 'EXPIRED', 'EXECUTED'))
BEGIN
    INSERT INTO kept_bytes (agent_id, shard, workspace_id, responses, ended)
    VALUES (NEW.agent_id, 0, NEW.workspace_id,
        COALESCE(LENGTH(NEW.answer), 0) - COALESCE(LENGTH(OLD.answer), 0),
        (NEW.status IN ('DENIED', 'REVOKED', 'EXPIRED', 'EXECUTED')) * LENGTH(NEW.request)
            - (OLD.status IN ('DENIED', 'REVOKED', 'EXPIRED', 'EXECUTED')) * LENGTH(OLD.request))
    ON CONFLICT (agent_id, shard) DO UPDATE
    SET responses = responses + excluded.responses, ended = ended + excluded.ended;
END;

CREATE TRIGGER actions_kept_removed AFTER DELETE ON actions
BEGIN
    UPDATE kept_bytes
    SET responses = responses - COALESCE(LENGTH(OLD.answer), 0),
        ended = ended
            - (OLD.status IN ('DENIED', 'REVOKED', 'EXPIRED', 'EXECUTED')) * LENGTH(OLD.request)
    WHERE agent_id = OLD.agent_id AND shard = 0;
END;

CREATE INDEX actions_ended ON actions (agent_id, resolved_at)
WHERE preview IS NOT NULL AND status IN ('DENIED', 'REVOKED', 'EXPIRED', 'EXECUTED');
