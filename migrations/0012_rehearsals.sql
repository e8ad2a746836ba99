-- 0012_rehearsals: what rehearsals saw of what is taken for granted of venues (omsd rehearse).
-- Runs once, inside one transaction. Never edited after release: a later file corrects it.

CREATE TABLE rehearsals (
    rehearsal_id INTEGER PRIMARY KEY,       -- Sequence number of the line that tells of it.
    account_key  INTEGER NOT NULL REFERENCES accounts,
    at           INTEGER NOT NULL,
    orders       INTEGER NOT NULL,          -- That it placed.
    assumptions  TEXT    NOT NULL,          -- JSON array of {name, assumed, seen, verdict, bears}.
    standing     TEXT    NOT NULL           -- JSON array of names: contradicted now or before, and not seen to hold since.
) STRICT;
CREATE INDEX rehearsals_by_account ON rehearsals (account_key, rehearsal_id);
CREATE TRIGGER rehearsals_fixed BEFORE UPDATE ON rehearsals BEGIN SELECT RAISE(ABORT, 'what was seen never changes'); END;
CREATE TRIGGER rehearsals_kept BEFORE DELETE ON rehearsals BEGIN SELECT RAISE(ABORT, 'rehearsals stay'); END;

CREATE VIEW v_rehearsals AS
SELECT a.account, r.at, r.assumptions, r.orders, r.standing, r.rehearsal_id
FROM rehearsals r JOIN accounts a USING (account_key);
