-- Deliveries that were dropped because too many were waiting, and are not reported to the channel's receiver yet.

ALTER TABLE channels ADD COLUMN dropped BIGINT NOT NULL DEFAULT 0;
