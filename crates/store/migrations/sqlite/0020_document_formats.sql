-- The format that a document was found to have. NULL for documents of earlier versions.

ALTER TABLE documents ADD COLUMN format TEXT;
