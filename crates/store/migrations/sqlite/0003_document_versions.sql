-- A version grows whenever a document's content is fetched or read anew, so that what was read of
-- it is known to be of the content that is there.

ALTER TABLE documents ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
