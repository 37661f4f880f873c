-- The digests of the rows that were written together with an entry, as JSON. Entries from before have none.

ALTER TABLE audit ADD COLUMN covers TEXT;
