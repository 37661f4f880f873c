-- An execution that is under way cannot be taken back by a block or the kill switch, since it may have
-- reached the upstream. It is noted here whose word took the right to it away: if it comes back with
-- proof that nothing was sent, it is revoked by that word instead of being approved again.

ALTER TABLE actions ADD COLUMN recalled_by INTEGER;
ALTER TABLE actions ADD COLUMN recalled_at INTEGER;
ALTER TABLE actions ADD COLUMN recall_note TEXT;
