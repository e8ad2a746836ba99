-- 0004_counted_permits: a request may take several permits of a limit, and windows may lie by the calendar.
-- Runs once, inside one transaction. Never edited after release: a later file corrects it.

-- A row is what one request took, and says how many permits that is: as many rows as requests that count, however many permits a limit has. Rows from before
-- this file are one permit each. 0: its permits went over to another row, whose holds end at the same time.
ALTER TABLE permits ADD COLUMN count INTEGER NOT NULL DEFAULT 1 CHECK (count >= 0);

-- requests.budgets: JSON, a budget's id where the request took one permit of it, [id, permits] where it took more.
-- rate_usage.requests and busiest_ending, and so v_rate_usage: permits taken, which are requests where each takes one.

-- Where windows lie one behind the other: when one of them begins, milliseconds since 1970 UTC by the venue's clock. NULL: windows of any position.
ALTER TABLE budgets ADD COLUMN begins_ms INTEGER;
-- How many permits the venue said there are, where that is fewer than configured.
ALTER TABLE budgets ADD COLUMN learned INTEGER CHECK (learned > 0);

-- A window of any position of W seconds that touches second s ends in one of s … s + W; one of the calendar is the one that s lies in.
DROP VIEW v_rate_usage;
CREATE VIEW v_rate_usage AS
SELECT b.venue, b.owner, b.budget, b.scope, b.permits, b.window_ms, r.second, r.requests,
    (SELECT max(n.busiest_ending) FROM rate_usage n
     WHERE n.budget_id = r.budget_id AND n.second BETWEEN r.second AND r.second + (b.window_ms + 999) / 1000
        AND (b.begins_ms IS NULL OR (n.second * 1000 - b.begins_ms) / b.window_ms = (r.second * 1000 - b.begins_ms) / b.window_ms)) AS busiest_window
FROM rate_usage r JOIN budgets b USING (budget_id);
