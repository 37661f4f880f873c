-- The claim of a held request, which a repetition without a key looks for. Claims of forwarded requests are not in the
-- index, so it costs nothing when a request is forwarded.

CREATE INDEX claims_held ON claims (action_id) WHERE action_id IS NOT NULL;
