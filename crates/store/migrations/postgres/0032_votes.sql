-- Approvals by several people: what a rule asks for, as JSON, and who wrote it; who owns an agent; the votes on
-- held requests. NULL in rows of earlier versions, and where one approval is enough.

ALTER TABLE rules ADD COLUMN approvals TEXT;
ALTER TABLE rules ADD COLUMN author_id BIGINT REFERENCES users (id);
ALTER TABLE agents ADD COLUMN owner_id BIGINT REFERENCES users (id);

-- One vote of each person. Once an action is approved, only the votes that counted remain.
CREATE TABLE votes (
    action_id TEXT NOT NULL REFERENCES actions (id) ON DELETE CASCADE,
    user_id BIGINT NOT NULL REFERENCES users (id),
    revision BIGINT NOT NULL,
    digest BYTEA NOT NULL,
    note TEXT,
    break_glass BOOLEAN NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (action_id, user_id)
);
