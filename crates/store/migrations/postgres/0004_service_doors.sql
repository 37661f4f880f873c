-- What unmodified clients of a service have to say, and whether they may open a WebSocket.

ALTER TABLE services ADD COLUMN intent_required BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE services ADD COLUMN web_socket BOOLEAN NOT NULL DEFAULT FALSE;
