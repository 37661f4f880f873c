-- How many decisions of a day (of the UTC calendar, counted from the Unix epoch) a rule matched. Each
-- chain's writer counts in rows of its own, so that no writer waits for another.

CREATE TABLE rule_hits (
    rule_id BIGINT NOT NULL,
    day BIGINT NOT NULL,
    chain BIGINT NOT NULL,
    workspace_id BIGINT NOT NULL,
    hits BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    PRIMARY KEY (rule_id, day, chain)
);
CREATE INDEX rule_hits_by_workspace ON rule_hits (workspace_id, day);
CREATE INDEX rule_hits_by_day ON rule_hits (day);
