-- The entries of one event, of one object, and of all users. Entries of forwarded requests, which are most of a
-- busy log, are left out, so that these indexes cost nothing when a request is forwarded.

CREATE INDEX audit_by_event ON audit (workspace_id, event, at, id)
    WHERE event NOT IN ('request.forwarded', 'request.ended');
CREATE INDEX audit_by_subject ON audit (workspace_id, subject, at, id)
    WHERE event NOT IN ('request.forwarded', 'request.ended');
CREATE INDEX audit_by_users ON audit (workspace_id, at, id)
    WHERE SUBSTR(actor, 1, 5) = 'user:';
