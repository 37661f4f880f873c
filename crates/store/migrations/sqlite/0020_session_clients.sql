-- Where a session is used from, as its client last presented itself, and when. NULL in sessions of earlier
-- versions until they are refreshed.

ALTER TABLE sessions ADD COLUMN user_agent TEXT;
ALTER TABLE sessions ADD COLUMN address TEXT;
ALTER TABLE sessions ADD COLUMN last_used_at INTEGER;
