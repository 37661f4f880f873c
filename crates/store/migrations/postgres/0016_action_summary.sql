-- What a held request would do, for lists and notifications, sealed under the data key of the request. NULL in
-- rows of earlier versions.

ALTER TABLE actions ADD COLUMN summary BYTEA;
