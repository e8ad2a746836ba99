-- 0005_guards: dead man's switches of clients (session.guard).
-- Runs once, inside one transaction. Never edited after release: a later file corrects it.

CREATE TABLE guards (
    guard_id     INTEGER PRIMARY KEY,      -- Sequence number of the line that says it began.
    user         INTEGER NOT NULL,         -- Of the operating system: who may take it over.
    accounts     TEXT,                     -- JSON array of names; NULL: all.
    on_lost      TEXT    NOT NULL CHECK (on_lost = 'cancel' OR on_lost = 'halt'),
    heartbeat_ms INTEGER,                  -- NULL: only the end of its connection counts.
    grace_ms     INTEGER NOT NULL,
    opened_at    INTEGER NOT NULL,
    token        BLOB    NOT NULL CHECK (length(token) = 32),  -- SHA-256 of what takes it over.
    state        TEXT    NOT NULL CHECK (state IN ('held', 'lost', 'tripping', 'tripped', 'released')),
    since        INTEGER NOT NULL,
    reason       TEXT    NOT NULL
) STRICT;
CREATE INDEX guards_open ON guards (guard_id) WHERE state IN ('held', 'lost', 'tripping');
CREATE TRIGGER guards_fixed BEFORE UPDATE OF guard_id, user, accounts, on_lost, heartbeat_ms, grace_ms, opened_at ON guards
BEGIN SELECT RAISE(ABORT, 'what was asked never changes'); END;
CREATE TRIGGER guards_kept BEFORE DELETE ON guards BEGIN SELECT RAISE(ABORT, 'guards stay'); END;

-- What was submitted under which guard; an intent under none costs nothing.
CREATE TABLE guarded_intents (
    intent_key INTEGER PRIMARY KEY,
    guard_id   INTEGER NOT NULL REFERENCES guards
) STRICT;
CREATE INDEX guarded_intents_by_guard ON guarded_intents (guard_id);
CREATE TRIGGER guarded_intents_fixed BEFORE UPDATE ON guarded_intents BEGIN SELECT RAISE(ABORT, 'what was asked never changes'); END;
CREATE TRIGGER guarded_intents_kept BEFORE DELETE ON guarded_intents
    WHEN (SELECT complete FROM intents WHERE intent_key = OLD.intent_key) IS NOT 0
BEGIN SELECT RAISE(ABORT, 'intents stay'); END;

-- Lines of the record tell each change of a guard: kind 'guard', its number in the detail.
CREATE VIEW v_guards AS
SELECT g.guard_id, g.user, g.accounts, g.on_lost, g.heartbeat_ms, g.grace_ms, g.opened_at, g.state, g.since, g.reason,
    (SELECT count(*) FROM guarded_intents b JOIN intents i USING (intent_key) WHERE b.guard_id = g.guard_id AND i.complete = 1) AS intents
FROM guards g;
CREATE VIEW v_guarded_intents AS
SELECT b.guard_id, i.intent_id, a.account, i.accepted_at
FROM guarded_intents b JOIN intents i USING (intent_key) JOIN accounts a USING (account_key)
WHERE i.complete = 1;
