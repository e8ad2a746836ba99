-- 0009_positions: what own executions come to.
-- Runs once, inside one transaction. Never edited after release: a later file corrects it.

-- One row for each position that an account ever moved, written with the turn that moved it: no start adds up what was executed before. Sums are exact decimals in
-- what the venue counts; NULL: it left a decimal's range. A journal from before is counted once, by the first start.
CREATE TABLE positions (
    account_key   INTEGER NOT NULL REFERENCES accounts,
    symbol        TEXT    NOT NULL,
    position_side TEXT    NOT NULL CHECK (position_side IN ('', 'long', 'short')),  -- '': the account holds one of the market.
    position      TEXT,                     -- bought - sold - fees_in_base
    bought        TEXT,                     -- By what the orders say of themselves.
    sold          TEXT,
    listed_bought TEXT,                     -- By rows of fills.
    listed_sold   TEXT,
    fees_in_base  TEXT,                     -- Taken in what was bought; 0 for contracts.
    fills         INTEGER NOT NULL,
    last_fill_at  INTEGER,                  -- By the venue.
    since         INTEGER NOT NULL,         -- Where max_position begins to count; 0: from the beginning.
    before        TEXT,                     -- What rows of fills from before it come to, fees off.
    PRIMARY KEY (account_key, symbol, position_side)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER positions_kept BEFORE DELETE ON positions BEGIN SELECT RAISE(ABORT, 'positions stay'); END;
INSERT INTO meta (key, value) SELECT 'positions', 1 WHERE NOT EXISTS (SELECT 1 FROM orders);

CREATE VIEW v_positions AS
SELECT a.account, p.symbol, nullif(p.position_side, '') AS position_side, p.position, p.bought, p.sold, p.listed_bought, p.listed_sold,
    p.fees_in_base, p.fills, p.last_fill_at, p.since, p.before
FROM positions p JOIN accounts a USING (account_key);
