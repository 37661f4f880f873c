-- Responses with which upstreams refuse credentials. Other responses are not in the index, so it costs nothing
-- while a service works.

CREATE INDEX requests_refused ON requests (workspace_id, service_id, completed_at)
    WHERE upstream_status IN (401, 403);
