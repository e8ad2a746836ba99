-- 0004_counted_permits: a request may take several permits of a limit.
-- Runs once, inside one transaction. Never edited after release: a later file corrects it.

-- A row is what one request took, and says how many permits that is: as many rows as requests that count, however many permits a limit has. Rows from before
-- this file are one permit each. 0: its permits went over to another row, whose holds end at the same time.
ALTER TABLE permits ADD COLUMN count INTEGER NOT NULL DEFAULT 1 CHECK (count >= 0);

-- requests.budgets: JSON, a budget's id where the request took one permit of it, [id, permits] where it took more.
-- rate_usage.requests and busiest_ending, and so v_rate_usage: permits taken, which are requests where each takes one.
