-- Where values of a held request were seen before, sealed under the data key of the request. NULL where
-- nothing is known.

ALTER TABLE actions ADD COLUMN provenance BLOB;
