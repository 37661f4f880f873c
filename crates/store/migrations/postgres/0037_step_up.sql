-- Approvals with a passkey: what a rule asks for, and the assertion that is kept with a vote, as JSON. How often the
-- votes on an action have changed, so that the audit log can cover all of them together.

ALTER TABLE rules ADD COLUMN step_up TEXT;
ALTER TABLE votes ADD COLUMN step_up TEXT;
ALTER TABLE actions ADD COLUMN votes_revision BIGINT NOT NULL DEFAULT 0;

-- Pending actions by the moment at which a fifth of their time is left.

CREATE INDEX actions_by_reminder ON actions ((expires_at - (expires_at - created_at) / 5), id)
    WHERE status = 'PENDING';
