-- What unmodified clients of a service have to say, and whether they may open a WebSocket.

ALTER TABLE services ADD COLUMN intent_required INTEGER NOT NULL DEFAULT 0;
ALTER TABLE services ADD COLUMN web_socket INTEGER NOT NULL DEFAULT 0;
