-- 0011_archive: closed months in files of their own (docs/decisions/0027-archive.md).
-- Runs once, inside one transaction. Never edited after release: a later file corrects it.

-- One row a file, `MONTH.db` or `MONTH.PART.db` in the archive's folder.
CREATE TABLE archives (
    archive_id INTEGER PRIMARY KEY,
    month      TEXT    NOT NULL,           -- 2026-08, by UTC: in which its orders closed.
    part       INTEGER NOT NULL CHECK (part > 0),
    state      TEXT    NOT NULL CHECK (state IN ('filling', 'whole', 'moved')),  -- whole: rows leave the journal; moved: none is left to leave.
    begun_at   INTEGER NOT NULL,
    orders     INTEGER,                    -- In the file, with those that came back into the journal since.
    lines      INTEGER,                    -- Their births and events.
    first_key  INTEGER,                    -- The first and the last order, by number.
    last_key   INTEGER,
    digest     BLOB CHECK (length(digest) = 32),  -- SHA-256 over all of its rows; stands in line `told_by` of the record, too.
    told_by    INTEGER,
    UNIQUE (month, part),
    CHECK ((state = 'filling') = (digest IS NULL) AND (digest IS NULL) = (told_by IS NULL))
) STRICT;
CREATE TRIGGER archives_fixed BEFORE UPDATE ON archives WHEN OLD.state <> 'filling' AND (
    NEW.state = 'filling' OR OLD.state = 'moved' AND NEW.state <> 'moved'
    OR (NEW.archive_id, NEW.month, NEW.part, NEW.begun_at, NEW.orders, NEW.lines, NEW.first_key, NEW.last_key, NEW.digest, NEW.told_by)
        IS NOT (OLD.archive_id, OLD.month, OLD.part, OLD.begun_at, OLD.orders, OLD.lines, OLD.first_key, OLD.last_key, OLD.digest, OLD.told_by))
BEGIN SELECT RAISE(ABORT, 'a whole file never changes'); END;
CREATE TRIGGER archives_kept BEFORE DELETE ON archives WHEN OLD.state <> 'filling' BEGIN SELECT RAISE(ABORT, 'archives stay'); END;

-- Numbers of the record that lie in a file and not here: births and events of whole orders, neighbours in one row. An order has one home: it is in `orders`, or its
-- number is here. One commit takes an order out and says so.
CREATE TABLE archived (
    first_seq  INTEGER PRIMARY KEY,
    last_seq   INTEGER NOT NULL CHECK (last_seq >= first_seq),
    archive_id INTEGER NOT NULL REFERENCES archives
) STRICT;

-- What keeps rows lets those go whose number is in a file by the same transaction.
DROP TRIGGER events_kept;
CREATE TRIGGER events_kept BEFORE DELETE ON events
    WHEN NOT EXISTS (SELECT 1 FROM intents WHERE intent_key = OLD.seq AND complete = 0)
    AND NOT EXISTS (SELECT 1 FROM commands c JOIN intents i USING (intent_key) WHERE c.command_id = OLD.command_id AND i.complete = 0)
    AND coalesce((SELECT r.last_seq FROM archived r WHERE r.first_seq <= OLD.seq ORDER BY r.first_seq DESC LIMIT 1), 0) < OLD.seq
BEGIN SELECT RAISE(ABORT, 'events stay'); END;
DROP TRIGGER orders_kept;
CREATE TRIGGER orders_kept BEFORE DELETE ON orders
    WHEN (SELECT complete FROM intents WHERE intent_key = OLD.intent_key) IS NOT 0
    AND coalesce((SELECT r.last_seq FROM archived r WHERE r.first_seq <= OLD.order_key ORDER BY r.first_seq DESC LIMIT 1), 0) < OLD.order_key
BEGIN SELECT RAISE(ABORT, 'orders stay'); END;
DROP TRIGGER commands_kept;
CREATE TRIGGER commands_kept BEFORE DELETE ON commands
    WHEN (SELECT complete FROM intents WHERE intent_key = OLD.intent_key) IS NOT 0
    AND coalesce((SELECT r.last_seq FROM archived r WHERE r.first_seq <= OLD.command_id ORDER BY r.first_seq DESC LIMIT 1), 0) < OLD.command_id
BEGIN SELECT RAISE(ABORT, 'commands stay'); END;
DROP TRIGGER fills_kept;
CREATE TRIGGER fills_kept BEFORE DELETE ON fills
    WHEN coalesce((SELECT r.last_seq FROM archived r WHERE r.first_seq <= OLD.seq ORDER BY r.first_seq DESC LIMIT 1), 0) < OLD.seq
BEGIN SELECT RAISE(ABORT, 'fills stay'); END;

CREATE VIEW v_archives AS
SELECT a.archive_id, a.month, a.part, a.month || iif(a.part = 1, '', '.' || a.part) || '.db' AS file, a.state, a.begun_at, a.orders, a.lines,
    a.first_key, a.last_key, lower(hex(a.digest)) AS digest, a.told_by
FROM archives a;
