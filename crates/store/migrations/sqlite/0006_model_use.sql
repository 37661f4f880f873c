-- What a language model was used for on a day (of the UTC calendar, counted from the Unix epoch), by
-- all replicas together, and what it cost at the prices of that day.

CREATE TABLE model_use (
    day INTEGER PRIMARY KEY,
    calls INTEGER NOT NULL,
    input_tokens INTEGER NOT NULL,
    output_tokens INTEGER NOT NULL,
    cost REAL NOT NULL
) STRICT;
