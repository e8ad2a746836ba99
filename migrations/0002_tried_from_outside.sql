-- 0002_tried_from_outside: what the first version kept in memory alone, or did not know.
-- Runs once, inside one transaction. Never edited after release: a later file corrects it.

-- Identity ----------------------------------------------------------------------------------------------------------------------------------

-- Who each account is, since its first signed request. Its keys are named by fingerprint.
CREATE TABLE identities (
    account_key INTEGER PRIMARY KEY REFERENCES accounts,
    uid         TEXT,                      -- NULL, as origin: of a journal that did not know it; the next start takes the configuration's.
    origin      TEXT,                      -- Scheme, host and port that requests go to.
    key_in_use  TEXT                       -- NULL: whichever comes next is taken as the first.
) STRICT;
CREATE TABLE account_keys (
    account_key INTEGER NOT NULL REFERENCES accounts,
    fingerprint TEXT    NOT NULL,
    PRIMARY KEY (account_key, fingerprint)
) STRICT, WITHOUT ROWID;
INSERT INTO identities SELECT a.account_key, NULL, NULL, m.value FROM accounts a LEFT JOIN meta m ON m.key = 'key_in_use/' || a.account;
INSERT INTO account_keys SELECT account_key, key_in_use FROM identities WHERE key_in_use IS NOT NULL;
DELETE FROM meta WHERE key LIKE 'key\_in\_use/%' ESCAPE '\';

-- Where an account was before a rebinding: its orders born behind `since` and up to `until` are there.
CREATE TABLE former_places (
    account_key INTEGER NOT NULL REFERENCES accounts,
    since       INTEGER NOT NULL,
    until       INTEGER NOT NULL CHECK (until > since),
    uid         TEXT,
    origin      TEXT,
    PRIMARY KEY (account_key, since)
) STRICT, WITHOUT ROWID;

CREATE VIEW v_accounts AS
SELECT a.account, a.venue, a.product, i.uid, i.origin, i.key_in_use, a.account_key FROM accounts a LEFT JOIN identities i USING (account_key);

-- What bars a resend ------------------------------------------------------------------------------------------------------------------------

-- Why an order in doubt is not sent again although look-ups do not find it: names with commas between (duplicate, duplicate_among, refusal,
-- key, identity, elsewhere). The last keeps a live order, too, from being cancelled, changed or looked up.
ALTER TABLE orders ADD COLUMN barred_by TEXT;
-- Times it was proven absent, 1 or 2 and more; NULL: never.
ALTER TABLE orders ADD COLUMN absences INTEGER CHECK (absences > 0);

-- Intents that are being written ------------------------------------------------------------------------------------------------------------

-- Their cancels and modifies are written in slices, too, and one of them may have come to its end meanwhile: all of its lines go with it.
DROP TRIGGER events_kept;
CREATE TRIGGER events_kept BEFORE DELETE ON events
    WHEN NOT EXISTS (SELECT 1 FROM intents WHERE intent_key = OLD.seq AND complete = 0)
    AND NOT EXISTS (SELECT 1 FROM commands c JOIN intents i USING (intent_key) WHERE c.command_id = OLD.command_id AND i.complete = 0)
BEGIN SELECT RAISE(ABORT, 'events stay'); END;

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
    o.closed_at, o.parked_at, o.order_key, o.asked_price, o.asked_quantity, o.barred_by, o.absences
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

-- What a refusal for the rate left of a budget, while its share has not grown back. Times are of the clock of the boot named in meta.
CREATE TABLE budget_rests (
    budget_id    INTEGER PRIMARY KEY REFERENCES budgets,
    usable_share INTEGER NOT NULL CHECK (usable_share > 0),
    frozen_until INTEGER NOT NULL,
    frozen_us    INTEGER NOT NULL,         -- All of it, from its beginning.
    frozen_wall  INTEGER NOT NULL,         -- Its end since 1970 UTC.
    recovers_at  INTEGER NOT NULL
) STRICT;

-- Venues that serve none of our accounts, while that lasts.
CREATE TABLE bans (
    family     TEXT    NOT NULL PRIMARY KEY,  -- `bitget` of bitget-margin.
    until      INTEGER NOT NULL,
    lasts_us   INTEGER NOT NULL,
    until_wall INTEGER NOT NULL,
    words      TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

-- The record as readers follow it -----------------------------------------------------------------------------------------------------------

-- Lines are told apart by what they are about; the finer words that folding needs stay in events.kind, and lines written before this file show
-- under the same names. A birth carries what was asked. Columns have one affinity in all three parts: only then does SQLite merge them by seq
-- instead of sorting all of it.
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
    CAST(i.intent_id AS TEXT) AS intent_id, CAST(NULL AS INTEGER) AS command_id
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
        ELSE (SELECT c.intent_key FROM commands c WHERE c.command_id = e.command_id) END) AS TEXT), e.command_id
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
        END AS TEXT), e.command_id
FROM events e
WHERE e.order_key IS NULL
    AND NOT (e.kind = 'intent_accepted' AND EXISTS (SELECT 1 FROM intents i WHERE i.intent_key = e.seq AND i.complete = 0));

-- Why cancels and modifies of one intent were refused; an intent without a refusal costs nothing.
CREATE INDEX commands_refused ON commands (intent_key) WHERE state = 'refused';
