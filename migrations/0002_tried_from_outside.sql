-- 0002_tried_from_outside: what the first version kept in memory alone, or did not know.
-- Runs once, inside one transaction. Never edited after release: a later file corrects it.

-- Identity ----------------------------------------------------------------------------------------------------------------------------------

-- What bars a resend ------------------------------------------------------------------------------------------------------------------------

-- Why an order in doubt is not sent again although look-ups do not find it: names with commas between (duplicate, refusal, key, identity).
ALTER TABLE orders ADD COLUMN barred_by TEXT;
-- Times it was proven absent, 1 or 2 and more; NULL: never.
ALTER TABLE orders ADD COLUMN absences INTEGER CHECK (absences > 0);

-- Breaks and views --------------------------------------------------------------------------------------------------------------------------

-- Limits and bans ---------------------------------------------------------------------------------------------------------------------------
