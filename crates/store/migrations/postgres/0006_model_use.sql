-- What a language model was used for on a day (of the UTC calendar, counted from the Unix epoch), by
-- all replicas together, and what it cost at the prices of that day.

CREATE TABLE model_use (
    day BIGINT PRIMARY KEY,
    calls BIGINT NOT NULL,
    input_tokens BIGINT NOT NULL,
    output_tokens BIGINT NOT NULL,
    cost DOUBLE PRECISION NOT NULL
);
