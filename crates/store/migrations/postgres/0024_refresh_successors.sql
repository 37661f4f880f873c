-- Which token a refresh token was exchanged for, so that one that is presented again has a limited number of
-- successors.

ALTER TABLE refresh_tokens ADD COLUMN predecessor BYTEA;
