-- How many decisions of a day (of the UTC calendar, counted from the Unix epoch) a rule matched. Each
-- chain's writer counts in rows of its own, so that no writer waits for another.

CREATE TABLE rule_hits (
    rule_id INTEGER NOT NULL,
    day INTEGER NOT NULL,
    chain INTEGER NOT NULL,
    workspace_id INTEGER NOT NULL,
    hits INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    PRIMARY KEY (rule_id, day, chain)
) STRICT;
CREATE INDEX rule_hits_by_workspace ON rule_hits (workspace_id, day);
CREATE INDEX rule_hits_by_day ON rule_hits (day);
