-- How long the gateway waits for a service, in milliseconds, where that differs from its settings.

ALTER TABLE services ADD COLUMN timeout_ms BIGINT;
ALTER TABLE services ADD COLUMN idle_timeout_ms BIGINT;
