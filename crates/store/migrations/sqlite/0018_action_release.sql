-- When an approval is released to the agent, by the database's clock. NULL where it was released
-- immediately.

ALTER TABLE actions ADD COLUMN releases_at INTEGER;
