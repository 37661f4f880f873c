-- Who approved or denied an action, and when. Unlike the columns of its state, these keep their values when an
-- approval expires or is revoked, so that the ruling still counts. The audit log knows the approvals that have
-- ended already.

ALTER TABLE actions ADD COLUMN ruled_by INTEGER;
ALTER TABLE actions ADD COLUMN ruled_at INTEGER;

UPDATE actions SET ruled_by = approved_by, ruled_at = approved_at WHERE approved_at IS NOT NULL;
UPDATE actions SET ruled_by = resolved_by, ruled_at = resolved_at WHERE status = 'DENIED';
UPDATE actions SET (ruled_by, ruled_at) =
    (SELECT CAST(SUBSTR(actor, 6) AS INTEGER), at FROM audit
     WHERE audit.workspace_id = actions.workspace_id AND subject = 'action:' || actions.id
       AND event = 'action.approved' AND event NOT IN ('request.forwarded', 'request.ended')
       AND SUBSTR(actor, 1, 5) = 'user:'
     ORDER BY at, audit.id LIMIT 1)
WHERE approved_at IS NULL AND status IN ('REVOKED', 'EXPIRED');
