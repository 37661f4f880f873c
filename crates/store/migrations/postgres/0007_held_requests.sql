-- A long request is listed by its head: headers and the beginning of the body, sealed apart under the same
-- data key, so that a list opens kilobytes and not the whole. Both columns are NULL for requests whose body
-- is short, and for those that were held before they existed.

ALTER TABLE actions ADD COLUMN body_bytes BIGINT;
ALTER TABLE actions ADD COLUMN preview BYTEA;
