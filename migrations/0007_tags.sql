-- 0007_tags: what an intent belongs to, in its caller's words.
-- Runs once, inside one transaction. Never edited after release: a later file corrects it.

-- NULL: none. An order's is its intent's, and never changes; it stands there too so that a listing by tag goes by number, page after page.
ALTER TABLE intents ADD COLUMN tag TEXT;
ALTER TABLE orders ADD COLUMN tag TEXT;
-- What bears none is in neither.
CREATE INDEX intents_tag ON intents (tag) WHERE tag IS NOT NULL;
CREATE INDEX orders_tag ON orders (tag) WHERE tag IS NOT NULL;

DROP TRIGGER intents_fixed;
CREATE TRIGGER intents_fixed BEFORE UPDATE OF
    intent_key, intent_id, account_key, content, content_version, orders, commands, sequence, planned_requests, accepted_at, expires_at, actor,
    tag
    ON intents
BEGIN SELECT RAISE(ABORT, 'what was asked never changes'); END;
DROP TRIGGER orders_fixed;
CREATE TRIGGER orders_fixed BEFORE UPDATE OF
    order_key, client_order_id, intent_key, account_key, item, symbol, side, type, time_in_force, post_only, asked_price, asked_quantity,
    quote_quantity, reduce_only, position_side, margin_action, stp, take_profit, stop_loss, intended_at, expires_at, actor, tag ON orders
BEGIN SELECT RAISE(ABORT, 'what was asked never changes'); END;

-- Every view of what belongs to an intent shows its tag.
DROP VIEW v_intents;
CREATE VIEW v_intents AS
SELECT i.intent_id, a.account, CASE WHEN i.settled_at IS NULL THEN 'open' ELSE 'settled' END AS state, i.orders, i.accepted_at, i.expires_at,
    i.settled_at, i.commands, i.sequence, i.planned_requests, coalesce(i.actor, 'daemon') AS actor, i.intent_key, i.tag
FROM intents i JOIN accounts a USING (account_key)
WHERE i.complete = 1;

DROP VIEW v_in_doubt;
DROP VIEW v_open;
DROP VIEW v_orders;
CREATE VIEW v_orders AS
SELECT u.client_order_id, i.intent_id, o.item, a.account, a.venue, a.product, o.symbol, o.side, o.type, o.time_in_force, o.post_only,
    coalesce(o.price, o.asked_price) AS price, coalesce(o.quantity, o.asked_quantity) AS quantity, o.quote_quantity, o.filled_quantity,
    o.average_price, o.reduce_only, o.position_side, o.margin_action, o.stp, o.take_profit, o.stop_loss, o.state, o.evidence, o.venue_state,
    o.venue_order_id, o.attempts, o.request_id, o.reject_code, o.reject_text, o.intended_at, o.expires_at, o.submitted_at, o.acknowledged_at,
    o.closed_at, o.parked_at, o.order_key, o.asked_price, o.asked_quantity, o.barred_by, o.absences, o.tag
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

DROP VIEW v_commands;
CREATE VIEW v_commands AS
SELECT c.command_id, u.client_order_id, a.account, c.kind, c.price, c.quantity, c.state, c.attempts, c.requested_at, c.closed_at, c.request_id,
    c.reject_code, c.reject_text, c.evidence, c.on_failure, c.expires_at, i.intent_id, c.order_key, i.tag
FROM commands c
    JOIN orders o ON o.order_key = c.order_key
    JOIN used_ids u ON u.client_order_id = o.client_order_id AND u.order_key = o.order_key
    JOIN accounts a ON a.account_key = c.account_key
    LEFT JOIN intents i ON i.intent_key = c.intent_key
WHERE i.complete IS NOT 0;

DROP VIEW v_fills;
CREATE VIEW v_fills AS
SELECT u.client_order_id, a.account, f.trade_id, f.quantity, f.price, f.fee, f.fee_asset, f.at, f.venue_order_id, o.symbol, o.side,
    (SELECT i.intent_id FROM intents i WHERE i.intent_key = o.intent_key) AS intent_id, f.seq, o.tag
FROM fills f
    JOIN orders o ON o.order_key = f.order_key
    JOIN used_ids u ON u.client_order_id = o.client_order_id AND u.order_key = o.order_key
    JOIN accounts a ON a.account_key = f.account_key;

DROP VIEW v_latency;
CREATE VIEW v_latency AS
SELECT u.client_order_id, o.intended_at - i.accepted_at AS accept_us, r.signed_at - o.intended_at AS permit_wait_us,
    r.answered_at - r.sent_at AS wire_us, o.acknowledged_at - o.intended_at AS acknowledge_us, o.tag
FROM orders o
    JOIN used_ids u ON u.client_order_id = o.client_order_id AND u.order_key = o.order_key
    JOIN intents i ON i.intent_key = o.intent_key
    LEFT JOIN requests r ON r.request_id = o.request_id
WHERE i.complete = 1;

DROP VIEW v_breaks;
CREATE VIEW v_breaks AS
SELECT a.account, b.kind, b.client_order_id, b.venue_order_id, b.detail, b.at, b.resolved_at, b.break_id, b.acknowledged_at, b.acknowledged_by,
    b.reason,
    (SELECT o.tag FROM used_ids u JOIN orders o ON o.order_key = u.order_key WHERE u.client_order_id = b.client_order_id) AS tag
FROM breaks b JOIN accounts a USING (account_key);

-- A command's line bears the tag of the intent that asked for it, as it bears its id.
DROP VIEW v_timeline;
CREATE VIEW v_timeline AS
SELECT o.order_key AS seq, o.intended_at AS at, a.account, u.client_order_id, CAST('order_born' AS TEXT) AS kind, CAST(NULL AS TEXT) AS from_state,
    CAST('intended' AS TEXT) AS to_state, CAST('local' AS TEXT) AS evidence, CAST(NULL AS INTEGER) AS request_id,
    CAST(coalesce(o.actor, i.actor, 'daemon') AS TEXT) AS actor,
    -- Put together by hand: where schemas are not trusted, SQLite lets no view call its JSON functions.
    CAST('{"symbol":"' || replace(replace(o.symbol, '\', '\\'), '"', '\"') || '","side":"' || o.side || '","type":"' || o.type || '"'
        || coalesce(',"time_in_force":"' || o.time_in_force || '"', '') || ',"post_only":' || iif(o.post_only, 'true', 'false')
        || coalesce(',"price":"' || o.asked_price || '"', '') || coalesce(',"quantity":"' || o.asked_quantity || '"', '')
        || coalesce(',"quote_quantity":"' || o.quote_quantity || '"', '') || ',"reduce_only":' || iif(o.reduce_only, 'true', 'false')
        || coalesce(',"position_side":"' || o.position_side || '"', '') || coalesce(',"margin_action":"' || o.margin_action || '"', '')
        || coalesce(',"stp":"' || o.stp || '"', '') || coalesce(',"take_profit":"' || o.take_profit || '"', '')
        || coalesce(',"stop_loss":"' || o.stop_loss || '"', '') || coalesce(',"expires_at":' || o.expires_at, '')
        || ',"item":' || o.item || '}' AS TEXT) AS detail,
    CAST(i.intent_id AS TEXT) AS intent_id, CAST(NULL AS INTEGER) AS command_id, CAST(o.tag AS TEXT) AS tag
FROM orders o
    JOIN used_ids u ON u.client_order_id = o.client_order_id AND u.order_key = o.order_key
    JOIN intents i ON i.intent_key = o.intent_key
    JOIN accounts a ON a.account_key = o.account_key
WHERE i.complete = 1
UNION ALL
SELECT e.seq, e.at, a.account, u.client_order_id,
    CAST(CASE e.kind
        -- The first release wrote an order's end by the same word.
        WHEN 'filled' THEN iif(e.to_state IS NULL, 'execution', 'order')
        WHEN 'command_requested' THEN 'command' WHEN 'command_changed' THEN 'command'
        WHEN 'break_found' THEN 'break' WHEN 'break_resolved' THEN 'break' WHEN 'break_acknowledged' THEN 'break'
        WHEN 'lookup' THEN 'lookup' WHEN 'note' THEN 'note'
        ELSE 'order' END AS TEXT),
    e.from_state, CAST(CASE e.kind WHEN 'break_found' THEN 'open' WHEN 'break_resolved' THEN 'resolved' WHEN 'break_acknowledged' THEN 'acknowledged'
        ELSE e.to_state END AS TEXT), e.evidence,
    e.request_id, CAST(coalesce(e.actor, 'daemon') AS TEXT), CAST(e.detail AS TEXT),
    -- Of a command, who asked for it, as v_commands has it; the order's own intent stands in v_orders.
    CAST((SELECT i.intent_id FROM intents i WHERE i.intent_key = CASE WHEN e.command_id IS NULL THEN o.intent_key
        ELSE (SELECT c.intent_key FROM commands c WHERE c.command_id = e.command_id) END) AS TEXT), e.command_id,
    CAST(CASE WHEN e.command_id IS NULL THEN o.tag
        ELSE (SELECT i.tag FROM commands c JOIN intents i USING (intent_key) WHERE c.command_id = e.command_id) END AS TEXT)
FROM events e
    JOIN orders o ON o.order_key = e.order_key
    JOIN used_ids u ON u.client_order_id = o.client_order_id AND u.order_key = o.order_key
    JOIN accounts a ON a.account_key = o.account_key
WHERE e.command_id IS NULL
    OR NOT EXISTS (SELECT 1 FROM commands c JOIN intents i USING (intent_key) WHERE c.command_id = e.command_id AND i.complete = 0)
UNION ALL
SELECT e.seq, e.at, CAST((SELECT a.account FROM accounts a WHERE a.account_key = e.account_key) AS TEXT), CAST(NULL AS TEXT),
    CAST(CASE e.kind
        WHEN 'intent_accepted' THEN 'intent' WHEN 'intent_settled' THEN 'intent' WHEN 'intent_discarded' THEN 'intent'
        WHEN 'break_found' THEN 'break' WHEN 'break_resolved' THEN 'break' WHEN 'break_acknowledged' THEN 'break'
        WHEN 'trading_state' THEN 'account' WHEN 'identity' THEN 'account'
        -- The first release wrote the key that an account signs with as a note.
        WHEN 'note' THEN iif(e.detail LIKE '{"note":"signs with key %', 'account', 'note')
        ELSE e.kind END AS TEXT),
    e.from_state,
    CAST(CASE e.kind
        WHEN 'intent_accepted' THEN 'open' WHEN 'intent_settled' THEN 'settled' WHEN 'intent_discarded' THEN 'discarded'
        WHEN 'break_found' THEN 'open' WHEN 'break_resolved' THEN 'resolved' WHEN 'break_acknowledged' THEN 'acknowledged'
        ELSE e.to_state END AS TEXT),
    e.evidence, e.request_id, CAST(coalesce(e.actor, 'daemon') AS TEXT), CAST(e.detail AS TEXT),
    CAST(CASE e.kind
        WHEN 'intent_accepted' THEN (SELECT i.intent_id FROM intents i WHERE i.intent_key = e.seq)
        -- Its detail begins {"intent_key": and the number.
        WHEN 'intent_settled' THEN (SELECT i.intent_id FROM intents i WHERE i.intent_key = CAST(substr(e.detail, 15) AS INTEGER))
        END AS TEXT), e.command_id,
    CAST(CASE e.kind
        WHEN 'intent_accepted' THEN (SELECT i.tag FROM intents i WHERE i.intent_key = e.seq)
        WHEN 'intent_settled' THEN (SELECT i.tag FROM intents i WHERE i.intent_key = CAST(substr(e.detail, 15) AS INTEGER))
        END AS TEXT)
FROM events e
WHERE e.order_key IS NULL
    AND NOT (e.kind = 'intent_accepted' AND EXISTS (SELECT 1 FROM intents i WHERE i.intent_key = e.seq AND i.complete = 0));
