-- 0002_tried_from_outside: what the first version kept in memory alone, or did not know.
-- Runs once, inside one transaction. Never edited after release: a later file corrects it.

-- Identity ----------------------------------------------------------------------------------------------------------------------------------

-- What bars a resend ------------------------------------------------------------------------------------------------------------------------

-- Why an order in doubt is not sent again although look-ups do not find it: names with commas between (duplicate, refusal, key, identity).
ALTER TABLE orders ADD COLUMN barred_by TEXT;
-- Times it was proven absent, 1 or 2 and more; NULL: never.
ALTER TABLE orders ADD COLUMN absences INTEGER CHECK (absences > 0);

-- Breaks and views --------------------------------------------------------------------------------------------------------------------------

-- A person can take note of a break whose reason stands, or of one that nothing else would end.
ALTER TABLE breaks ADD COLUMN acknowledged_at INTEGER;
ALTER TABLE breaks ADD COLUMN acknowledged_by TEXT;
ALTER TABLE breaks ADD COLUMN reason TEXT;             -- Why, in that person's words.

DROP VIEW v_breaks;
CREATE VIEW v_breaks AS
SELECT a.account, b.kind, b.client_order_id, b.venue_order_id, b.detail, b.at, b.resolved_at, b.break_id, b.acknowledged_at, b.acknowledged_by,
    b.reason
FROM breaks b JOIN accounts a USING (account_key);

-- What was asked stands beside what was last confirmed.
DROP VIEW v_in_doubt;
DROP VIEW v_open;
DROP VIEW v_orders;
CREATE VIEW v_orders AS
SELECT u.client_order_id, i.intent_id, o.item, a.account, a.venue, a.product, o.symbol, o.side, o.type, o.time_in_force, o.post_only,
    coalesce(o.price, o.asked_price) AS price, coalesce(o.quantity, o.asked_quantity) AS quantity, o.quote_quantity, o.filled_quantity,
    o.average_price, o.reduce_only, o.position_side, o.margin_action, o.stp, o.take_profit, o.stop_loss, o.state, o.evidence, o.venue_state,
    o.venue_order_id, o.attempts, o.request_id, o.reject_code, o.reject_text, o.intended_at, o.expires_at, o.submitted_at, o.acknowledged_at,
    o.closed_at, o.parked_at, o.order_key, o.asked_price, o.asked_quantity
FROM orders o
    JOIN used_ids u ON u.client_order_id = o.client_order_id AND u.order_key = o.order_key
    JOIN intents i ON i.intent_key = o.intent_key
    JOIN accounts a ON a.account_key = o.account_key
WHERE i.complete = 1;

CREATE VIEW v_open AS
SELECT *, CAST(strftime('%s', 'now') AS INTEGER) * 1000000 + CAST(substr(strftime('%f', 'now'), 4) AS INTEGER) * 1000 - intended_at AS age_us
FROM v_orders WHERE closed_at IS NULL;

CREATE VIEW v_in_doubt AS
SELECT *, CAST(strftime('%s', 'now') AS INTEGER) * 1000000 + CAST(substr(strftime('%f', 'now'), 4) AS INTEGER) * 1000 - intended_at AS age_us
FROM v_orders WHERE closed_at IS NULL AND state = 'in_doubt';

-- Limits and bans ---------------------------------------------------------------------------------------------------------------------------
