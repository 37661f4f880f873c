-- A revision grows with every change of a row that is made of what was read before, so that of two changes at
-- once neither undoes the other.

ALTER TABLE services ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;
ALTER TABLE agents ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;
ALTER TABLE rules ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;
