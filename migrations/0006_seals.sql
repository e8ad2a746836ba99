-- 0006_seals: a chain over the record, by which a later change of what was written shows; and whose budgets are whose.
-- Runs once, inside one transaction. Never edited after release: a later file corrects it.

-- Each seal is a SHA-256 over the rows of its numbers and over the seal before it: docs/AUDIT.md, "Seals", says over which bytes. The first one of a journal that is
-- older than this table covers everything since the beginning, or the first part of it.
CREATE TABLE seals (
    last_seq  INTEGER PRIMARY KEY,         -- The last number of the record under it.
    first_seq INTEGER NOT NULL CHECK (first_seq > 0 AND first_seq <= last_seq),
    lines     INTEGER NOT NULL,            -- Births and events under it. Numbers that were taken back are none.
    at        INTEGER NOT NULL,            -- Microseconds since 1970 UTC.
    form      INTEGER NOT NULL,            -- Which columns it covers.
    seal      BLOB    NOT NULL CHECK (length(seal) = 32),
    key       TEXT,                        -- Fingerprint of the key that signed it; NULL: it is not signed.
    signature BLOB CHECK (length(signature) = 64),
    CHECK ((key IS NULL) = (signature IS NULL))
) STRICT;
CREATE TRIGGER seals_fixed BEFORE UPDATE ON seals BEGIN SELECT RAISE(ABORT, 'seals never change'); END;
CREATE TRIGGER seals_kept BEFORE DELETE ON seals BEGIN SELECT RAISE(ABORT, 'seals stay'); END;

CREATE VIEW v_seals AS
SELECT first_seq, last_seq, lines, at, lower(hex(seal)) AS seal, key, iif(signature IS NULL, NULL, lower(hex(signature))) AS signature, form FROM seals;

-- A row for each account that a budget is counted for: an address is that of every account of the venue's family of hosts, a uid or a key that of those who
-- are known by it, or were.
CREATE VIEW v_budgets AS
SELECT a.account, b.budget, b.scope, b.venue, b.owner, b.permits, b.window_ms, b.budget_id
FROM budgets b JOIN accounts a ON CASE b.scope
    WHEN 'ip' THEN substr(a.venue || '-', 1, instr(a.venue || '-', '-')) = substr(b.venue || '-', 1, instr(b.venue || '-', '-'))
    ELSE b.venue IN (a.venue, a.venue || '/' || a.product) AND b.owner IN (
        SELECT i.uid FROM identities i WHERE i.account_key = a.account_key
        UNION ALL SELECT k.fingerprint FROM account_keys k WHERE k.account_key = a.account_key) END;
