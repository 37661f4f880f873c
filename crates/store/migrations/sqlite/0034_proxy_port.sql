-- The proxy port: what it does with hosts that none of an agent's services names, the label that the user of a client
-- chose for a request, and from when a certificate authority issues certificates.

ALTER TABLE agents ADD COLUMN other_hosts TEXT NOT NULL DEFAULT 'refuse';
ALTER TABLE requests ADD COLUMN label TEXT;
ALTER TABLE certificate_authorities ADD COLUMN issues_from INTEGER NOT NULL DEFAULT 0;
