-- 0001_journal: orders, the record of everything that happened to them, and the views that auditors read.
-- Runs once, inside one transaction. Never edited after release: a later file corrects it.
--
-- One sequence counts every change. An order's birth is its row in `orders` (order_key is its number); every other change is a row of `events`.
-- Chains of OR stand where IN would read better: SQLite builds a set for each IN list of a CHECK, each time a statement runs.

CREATE TABLE meta (
    key   TEXT NOT NULL PRIMARY KEY,  -- id_tag, id_high_water, boot_id, request_max, created_at, key_in_use/ACCOUNT
    value ANY  NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE accounts (
    account_key INTEGER PRIMARY KEY,
    account     TEXT NOT NULL UNIQUE,
    venue       TEXT NOT NULL,
    product     TEXT NOT NULL
) STRICT;

CREATE TABLE symbols (
    account_key INTEGER NOT NULL REFERENCES accounts,
    symbol      TEXT    NOT NULL,
    PRIMARY KEY (account_key, symbol)
) STRICT, WITHOUT ROWID;

CREATE TABLE intents (
    intent_key       INTEGER PRIMARY KEY,  -- Sequence number of its acceptance.
    intent_id        TEXT    NOT NULL UNIQUE,
    account_key      INTEGER NOT NULL REFERENCES accounts,
    content          BLOB    NOT NULL CHECK (length(content) = 32),  -- SHA-256 of the canonical content.
    orders           INTEGER NOT NULL,
    commands         INTEGER NOT NULL,
    sequence         TEXT    NOT NULL CHECK (sequence = 'cancel_first' OR sequence = 'place_first'),
    planned_requests INTEGER NOT NULL,
    accepted_at      INTEGER NOT NULL,
    expires_at       INTEGER,
    actor            TEXT,                 -- NULL: the daemon.
    settled_at       INTEGER,
    complete         INTEGER NOT NULL CHECK (complete = 0 OR complete = 1)  -- 0: slices are still being written; no view shows it.
) STRICT;
CREATE INDEX intents_half ON intents (intent_key) WHERE complete = 0;

CREATE TABLE orders (
    order_key       INTEGER PRIMARY KEY,   -- Sequence number of its birth.
    client_order_id TEXT    NOT NULL,
    intent_key      INTEGER NOT NULL REFERENCES intents,
    account_key     INTEGER NOT NULL REFERENCES accounts,
    item            INTEGER NOT NULL,
    symbol          TEXT    NOT NULL,
    side            TEXT    NOT NULL CHECK (side = 'buy' OR side = 'sell'),
    type            TEXT    NOT NULL CHECK (type = 'limit' OR type = 'market'),
    time_in_force   TEXT,
    post_only       INTEGER NOT NULL CHECK (post_only = 0 OR post_only = 1),
    asked_price     TEXT,
    asked_quantity  TEXT,
    quote_quantity  TEXT,
    reduce_only     INTEGER NOT NULL CHECK (reduce_only = 0 OR reduce_only = 1),
    position_side   TEXT,
    margin_action   TEXT,
    stp             TEXT,
    take_profit     TEXT,
    stop_loss       TEXT,
    intended_at     INTEGER NOT NULL,
    expires_at      INTEGER,
    actor           TEXT,                  -- NULL: whoever asked for its intent.
    -- From here on what is known: changes only with an event.
    state           TEXT    NOT NULL,
    evidence        TEXT    NOT NULL,
    venue_state     TEXT,
    venue_order_id  TEXT,
    price           TEXT,                  -- As last confirmed; NULL: as asked.
    quantity        TEXT,                  -- As last confirmed; NULL: as asked.
    filled_quantity TEXT    NOT NULL,
    average_price   TEXT,
    attempts        INTEGER NOT NULL CHECK (attempts >= 0),
    request_id      INTEGER,               -- The last request that carried it.
    reject_code     TEXT,
    reject_text     TEXT,
    submitted_at    INTEGER,
    acknowledged_at INTEGER,
    closed_at       INTEGER,
    parked_at       INTEGER,
    CHECK (CASE WHEN closed_at IS NULL
        THEN state = 'submitted' OR state = 'intended' OR state = 'acknowledged' OR state = 'in_doubt' OR state = 'working' OR state = 'partially_filled'
        ELSE state = 'filled' OR state = 'canceled' OR state = 'rejected' OR state = 'expired' OR state = 'denied' OR state = 'abandoned' END)
) STRICT;
CREATE INDEX orders_intent ON orders (intent_key);
CREATE INDEX orders_live ON orders (order_key) WHERE closed_at IS NULL;
CREATE INDEX orders_venue ON orders (venue_order_id) WHERE venue_order_id IS NOT NULL;

-- Every client order id this journal ever handed out, whatever becomes of the order's row: it can move to a sealed file, its id stays used.
CREATE TABLE used_ids (
    client_order_id TEXT    NOT NULL PRIMARY KEY,
    order_key       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Under which ids a venue may know an order's attempts, where those can be computed before sending.
CREATE TABLE predicted_ids (
    order_key      INTEGER NOT NULL REFERENCES orders,
    attempt        INTEGER NOT NULL,       -- From 0, oldest first.
    venue_order_id TEXT    NOT NULL,
    PRIMARY KEY (order_key, attempt)
) STRICT, WITHOUT ROWID;
CREATE INDEX predicted_ids_venue ON predicted_ids (venue_order_id);

CREATE TABLE events (
    seq         INTEGER PRIMARY KEY,       -- With orders.order_key: 1, 2, 3 … A gap that no intent_discarded explains means a damaged file.
    at          INTEGER NOT NULL,          -- Wall clock, microseconds since 1970 UTC. For people, not for order.
    kind        TEXT    NOT NULL,
    account_key INTEGER REFERENCES accounts,
    order_key   INTEGER REFERENCES orders,
    command_id  INTEGER REFERENCES commands,
    from_state  TEXT,
    to_state    TEXT,
    evidence    TEXT,
    request_id  INTEGER,
    actor       TEXT,                      -- NULL: the daemon.
    detail      TEXT                       -- JSON: the new values that the other columns do not hold.
) STRICT;
CREATE INDEX events_order ON events (order_key) WHERE order_key IS NOT NULL;

CREATE TABLE commands (
    command_id   INTEGER PRIMARY KEY,      -- Sequence number of its birth.
    kind         TEXT    NOT NULL CHECK (kind = 'cancel' OR kind = 'modify'),
    order_key    INTEGER NOT NULL REFERENCES orders,
    account_key  INTEGER NOT NULL REFERENCES accounts,
    intent_key   INTEGER REFERENCES intents,
    price        TEXT,
    quantity     TEXT,
    on_failure   TEXT    NOT NULL CHECK (on_failure = 'keep' OR on_failure = 'cancel'),
    sequence     TEXT    NOT NULL CHECK (sequence = 'cancel_first' OR sequence = 'place_first'),
    requested_at INTEGER NOT NULL,
    expires_at   INTEGER,
    state        TEXT    NOT NULL,
    evidence     TEXT    NOT NULL,
    attempts     INTEGER NOT NULL CHECK (attempts >= 0),
    request_id   INTEGER,
    closed_at    INTEGER,
    reject_code  TEXT,
    reject_text  TEXT,
    CHECK (CASE WHEN closed_at IS NULL
        THEN state = 'requested' OR state = 'submitted' OR state = 'acknowledged' OR state = 'in_doubt'
        ELSE state = 'done' OR state = 'refused' OR state = 'withdrawn' OR state = 'superseded' END)
) STRICT;
CREATE INDEX commands_order ON commands (order_key);
CREATE INDEX commands_open ON commands (command_id) WHERE closed_at IS NULL;

CREATE TABLE requests (
    request_id    INTEGER PRIMARY KEY,
    account_key   INTEGER NOT NULL REFERENCES accounts,
    endpoint      TEXT    NOT NULL,
    kind          TEXT    NOT NULL,
    items         INTEGER NOT NULL,
    venue_time_ms INTEGER NOT NULL,
    signed_at     INTEGER NOT NULL,
    body_sha256   BLOB    NOT NULL CHECK (length(body_sha256) = 32),
    budgets       TEXT    NOT NULL,        -- JSON: ids of the budgets it took a permit of.
    sent_at       INTEGER,
    answered_at   INTEGER,
    outcome       TEXT,
    http_status   INTEGER,
    venue_code    TEXT
) STRICT;

CREATE TABLE fills (
    seq            INTEGER PRIMARY KEY,    -- Of the event that booked it.
    order_key      INTEGER NOT NULL REFERENCES orders,
    account_key    INTEGER NOT NULL REFERENCES accounts,
    trade_id       TEXT    NOT NULL,
    venue_order_id TEXT    NOT NULL,
    quantity       TEXT    NOT NULL,
    price          TEXT    NOT NULL,
    fee            TEXT,
    fee_asset      TEXT,
    at             INTEGER NOT NULL        -- By the venue.
) STRICT;
CREATE UNIQUE INDEX fills_once ON fills (order_key, trade_id);

-- Closed orders whose executions are still to be listed: work to go on with after a start, no record.
CREATE TABLE unlisted (
    order_key INTEGER PRIMARY KEY REFERENCES orders
) STRICT;

CREATE TABLE breaks (
    break_id        INTEGER PRIMARY KEY,
    account_key     INTEGER NOT NULL REFERENCES accounts,
    kind            TEXT    NOT NULL,
    client_order_id TEXT,
    venue_order_id  TEXT,
    detail          TEXT    NOT NULL,
    at              INTEGER NOT NULL,
    resolved_at     INTEGER
) STRICT;
CREATE INDEX breaks_open ON breaks (break_id) WHERE resolved_at IS NULL;

CREATE TABLE trading_state (
    account_key INTEGER PRIMARY KEY REFERENCES accounts,
    state       TEXT    NOT NULL CHECK (state = 'active' OR state = 'reducing' OR state = 'halted'),
    reason      TEXT    NOT NULL,
    actor       TEXT    NOT NULL,
    at          INTEGER NOT NULL
) STRICT;

CREATE TABLE budgets (
    budget_id INTEGER PRIMARY KEY,
    venue     TEXT    NOT NULL,
    owner     TEXT    NOT NULL,            -- A uid, the fingerprint of a key, or ip. Never a key.
    budget    TEXT    NOT NULL,
    scope     TEXT    NOT NULL,
    permits   INTEGER NOT NULL,
    window_ms INTEGER NOT NULL
) STRICT;

-- One reusable row per slot: an idle journal does not grow, a restart inherits what is held.
CREATE TABLE permits (
    budget_id   INTEGER NOT NULL REFERENCES budgets,
    slot        INTEGER NOT NULL,
    request_id  INTEGER,                   -- Negative: a grant of limit.take.
    taken_at    INTEGER NOT NULL,          -- Clock of the boot named in meta.
    released_at INTEGER,
    unanswered  INTEGER NOT NULL CHECK (unanswered = 0 OR unanswered = 1),
    PRIMARY KEY (budget_id, slot)
) STRICT, WITHOUT ROWID;

CREATE TABLE rate_usage (
    budget_id      INTEGER NOT NULL REFERENCES budgets,
    second         INTEGER NOT NULL,       -- Seconds since 1970 UTC.
    requests       INTEGER NOT NULL,
    busiest_ending INTEGER NOT NULL,       -- Most requests in any window that ends in this second.
    PRIMARY KEY (budget_id, second)
) STRICT, WITHOUT ROWID;

-- The record is append-only. Only what no view ever showed, the slices of an intent that was never complete, may be removed.
CREATE TRIGGER events_fixed BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'events never change'); END;
CREATE TRIGGER events_kept BEFORE DELETE ON events
    WHEN NOT EXISTS (SELECT 1 FROM intents WHERE intent_key = OLD.seq AND complete = 0)
    AND NOT EXISTS (SELECT 1 FROM commands c JOIN intents i USING (intent_key) WHERE c.command_id = OLD.seq AND i.complete = 0)
BEGIN SELECT RAISE(ABORT, 'events stay'); END;
CREATE TRIGGER orders_fixed BEFORE UPDATE OF
    order_key, client_order_id, intent_key, account_key, item, symbol, side, type, time_in_force, post_only, asked_price, asked_quantity,
    quote_quantity, reduce_only, position_side, margin_action, stp, take_profit, stop_loss, intended_at, expires_at, actor ON orders
BEGIN SELECT RAISE(ABORT, 'what was asked never changes'); END;
CREATE TRIGGER orders_kept BEFORE DELETE ON orders
    WHEN (SELECT complete FROM intents WHERE intent_key = OLD.intent_key) IS NOT 0
BEGIN SELECT RAISE(ABORT, 'orders stay'); END;
CREATE TRIGGER intents_fixed BEFORE UPDATE OF
    intent_key, intent_id, account_key, content, orders, commands, sequence, planned_requests, accepted_at, expires_at, actor ON intents
BEGIN SELECT RAISE(ABORT, 'what was asked never changes'); END;
CREATE TRIGGER intents_stay_complete BEFORE UPDATE OF complete ON intents WHEN OLD.complete = 1 AND NEW.complete = 0
BEGIN SELECT RAISE(ABORT, 'an accepted intent stays accepted'); END;
CREATE TRIGGER intents_kept BEFORE DELETE ON intents WHEN OLD.complete = 1 BEGIN SELECT RAISE(ABORT, 'intents stay'); END;
CREATE TRIGGER commands_fixed BEFORE UPDATE OF
    command_id, kind, order_key, account_key, intent_key, price, quantity, on_failure, sequence, requested_at, expires_at ON commands
BEGIN SELECT RAISE(ABORT, 'what was asked never changes'); END;
CREATE TRIGGER commands_kept BEFORE DELETE ON commands
    WHEN (SELECT complete FROM intents WHERE intent_key = OLD.intent_key) IS NOT 0
BEGIN SELECT RAISE(ABORT, 'commands stay'); END;
CREATE TRIGGER used_ids_fixed BEFORE UPDATE ON used_ids BEGIN SELECT RAISE(ABORT, 'an id stays used'); END;
CREATE TRIGGER used_ids_kept BEFORE DELETE ON used_ids
    WHEN (SELECT i.complete FROM orders o JOIN intents i USING (intent_key) WHERE o.order_key = OLD.order_key) IS NOT 0
BEGIN SELECT RAISE(ABORT, 'an id stays used'); END;
CREATE TRIGGER fills_fixed BEFORE UPDATE ON fills BEGIN SELECT RAISE(ABORT, 'fills never change'); END;
CREATE TRIGGER fills_kept BEFORE DELETE ON fills BEGIN SELECT RAISE(ABORT, 'fills stay'); END;
CREATE TRIGGER requests_fixed BEFORE UPDATE OF
    request_id, account_key, endpoint, kind, items, venue_time_ms, signed_at, body_sha256, budgets ON requests
BEGIN SELECT RAISE(ABORT, 'what left never changes'); END;
CREATE TRIGGER requests_kept BEFORE DELETE ON requests BEGIN SELECT RAISE(ABORT, 'requests stay'); END;

CREATE VIEW v_intents AS
SELECT i.intent_id, a.account, CASE WHEN i.settled_at IS NULL THEN 'open' ELSE 'settled' END AS state, i.orders, i.accepted_at, i.expires_at,
    i.settled_at, i.commands, i.sequence, i.planned_requests, coalesce(i.actor, 'daemon') AS actor, i.intent_key
FROM intents i JOIN accounts a USING (account_key)
WHERE i.complete = 1;

CREATE VIEW v_orders AS
SELECT u.client_order_id, i.intent_id, o.item, a.account, a.venue, a.product, o.symbol, o.side, o.type, o.time_in_force, o.post_only,
    coalesce(o.price, o.asked_price) AS price, coalesce(o.quantity, o.asked_quantity) AS quantity, o.quote_quantity, o.filled_quantity,
    o.average_price, o.reduce_only, o.position_side, o.margin_action, o.stp, o.take_profit, o.stop_loss, o.state, o.evidence, o.venue_state,
    o.venue_order_id, o.attempts, o.request_id, o.reject_code, o.reject_text, o.intended_at, o.expires_at, o.submitted_at, o.acknowledged_at,
    o.closed_at, o.parked_at, o.order_key
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

CREATE VIEW v_requests AS
SELECT r.request_id, a.account, a.venue, r.endpoint, r.kind, r.items, r.venue_time_ms, r.signed_at, r.sent_at, r.answered_at, r.outcome,
    r.http_status, r.venue_code, lower(hex(r.body_sha256)) AS body_sha256
FROM requests r JOIN accounts a USING (account_key);

-- Each column has one affinity in all three parts: only then does SQLite merge them by seq instead of sorting all of it.
CREATE VIEW v_timeline AS
SELECT o.order_key AS seq, o.intended_at AS at, a.account, u.client_order_id, CAST('intended' AS TEXT) AS kind, CAST(NULL AS TEXT) AS from_state,
    CAST('intended' AS TEXT) AS to_state, CAST('local' AS TEXT) AS evidence, CAST(NULL AS INTEGER) AS request_id,
    CAST(coalesce(o.actor, i.actor, 'daemon') AS TEXT) AS actor, CAST(NULL AS TEXT) AS detail
FROM orders o
    JOIN used_ids u ON u.client_order_id = o.client_order_id AND u.order_key = o.order_key
    JOIN intents i ON i.intent_key = o.intent_key
    JOIN accounts a ON a.account_key = o.account_key
WHERE i.complete = 1
UNION ALL
SELECT e.seq, e.at, a.account, u.client_order_id, e.kind, e.from_state, e.to_state, e.evidence, e.request_id,
    CAST(coalesce(e.actor, 'daemon') AS TEXT), e.detail
FROM events e
    JOIN orders o ON o.order_key = e.order_key
    JOIN used_ids u ON u.client_order_id = o.client_order_id AND u.order_key = o.order_key
    JOIN accounts a ON a.account_key = o.account_key
WHERE NOT (e.kind = 'command_requested'
    AND EXISTS (SELECT 1 FROM commands c JOIN intents i USING (intent_key) WHERE c.command_id = e.seq AND i.complete = 0))
UNION ALL
SELECT e.seq, e.at, CAST((SELECT a.account FROM accounts a WHERE a.account_key = e.account_key) AS TEXT), CAST(NULL AS TEXT), e.kind,
    e.from_state, e.to_state, e.evidence, e.request_id, CAST(coalesce(e.actor, 'daemon') AS TEXT), e.detail
FROM events e
WHERE e.order_key IS NULL
    AND NOT (e.kind = 'intent_accepted' AND EXISTS (SELECT 1 FROM intents i WHERE i.intent_key = e.seq AND i.complete = 0));

CREATE VIEW v_commands AS
SELECT c.command_id, u.client_order_id, a.account, c.kind, c.price, c.quantity, c.state, c.attempts, c.requested_at, c.closed_at, c.request_id,
    c.reject_code, c.reject_text, c.evidence, c.on_failure, c.expires_at, i.intent_id, c.order_key
FROM commands c
    JOIN orders o ON o.order_key = c.order_key
    JOIN used_ids u ON u.client_order_id = o.client_order_id AND u.order_key = o.order_key
    JOIN accounts a ON a.account_key = c.account_key
    LEFT JOIN intents i ON i.intent_key = c.intent_key
WHERE i.complete IS NOT 0;

CREATE VIEW v_fills AS
SELECT u.client_order_id, a.account, f.trade_id, f.quantity, f.price, f.fee, f.fee_asset, f.at, f.venue_order_id, o.symbol, o.side,
    (SELECT i.intent_id FROM intents i WHERE i.intent_key = o.intent_key) AS intent_id, f.seq
FROM fills f
    JOIN orders o ON o.order_key = f.order_key
    JOIN used_ids u ON u.client_order_id = o.client_order_id AND u.order_key = o.order_key
    JOIN accounts a ON a.account_key = f.account_key;

CREATE VIEW v_breaks AS
SELECT a.account, b.kind, b.client_order_id, b.venue_order_id, b.detail, b.at, b.resolved_at, b.break_id
FROM breaks b JOIN accounts a USING (account_key);

CREATE VIEW v_trading_state AS
SELECT a.account, coalesce(t.state, 'active') AS state, t.reason, t.actor, t.at
FROM accounts a LEFT JOIN trading_state t USING (account_key);

-- A window of W seconds that touches second s ends in one of s … s + W.
CREATE VIEW v_rate_usage AS
SELECT b.venue, b.owner, b.budget, b.scope, b.permits, b.window_ms, r.second, r.requests,
    (SELECT max(n.busiest_ending) FROM rate_usage n
     WHERE n.budget_id = r.budget_id AND n.second BETWEEN r.second AND r.second + (b.window_ms + 999) / 1000) AS busiest_window
FROM rate_usage r JOIN budgets b USING (budget_id);

CREATE VIEW v_latency AS
SELECT u.client_order_id, o.intended_at - i.accepted_at AS accept_us, r.signed_at - o.intended_at AS permit_wait_us,
    r.answered_at - r.sent_at AS wire_us, o.acknowledged_at - o.intended_at AS acknowledge_us
FROM orders o
    JOIN used_ids u ON u.client_order_id = o.client_order_id AND u.order_key = o.order_key
    JOIN intents i ON i.intent_key = o.intent_key
    LEFT JOIN requests r ON r.request_id = o.request_id
WHERE i.complete = 1;
