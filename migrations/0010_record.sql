-- 0010_record: what auditors asked the record for and had to dig out of it: guards by intent, whose a limit was, starts and reloads.
-- Runs once, inside one transaction. Never edited after release: a later file corrects it.

-- Whether an intent bears a tag or not.
DROP VIEW v_guarded_intents;
CREATE VIEW v_guarded_intents AS
SELECT b.guard_id, i.intent_id, a.account, i.accepted_at, i.tag, g.user, g.on_lost, g.state AS guard_state
FROM guarded_intents b JOIN intents i USING (intent_key) JOIN accounts a USING (account_key) JOIN guards g USING (guard_id)
WHERE i.complete = 1;

-- Every key an account ever signed with, by fingerprint; account_keys holds those since it was bound last. A limit of a former key was the account's all the same.
CREATE TABLE former_keys (
    account_key INTEGER NOT NULL REFERENCES accounts,
    fingerprint TEXT    NOT NULL,
    PRIMARY KEY (account_key, fingerprint)
) STRICT, WITHOUT ROWID;
INSERT INTO former_keys SELECT account_key, fingerprint FROM account_keys;
CREATE TRIGGER former_keys_fixed BEFORE UPDATE ON former_keys BEGIN SELECT RAISE(ABORT, 'a key stays known'); END;
CREATE TRIGGER former_keys_kept BEFORE DELETE ON former_keys BEGIN SELECT RAISE(ABORT, 'a key stays known'); END;

-- Budgets by the names of venues, as configurations have them. A row of `budgets` bears the products that are counted together behind its venue's name
-- (`bitget-margin/isolated`), and one by address the name of whichever venue of its hosts came first: it is one of each of them.
CREATE VIEW budget_names AS
SELECT b.budget_id, coalesce(v.venue, substr(b.venue, 1, instr(b.venue || '/', '/') - 1)) AS venue,
    iif(instr(b.venue, '/') > 0, substr(b.venue, instr(b.venue, '/') + 1), NULL) AS product,
    b.owner, b.budget, b.scope, b.permits, b.window_ms, b.begins_ms
FROM budgets b LEFT JOIN (SELECT DISTINCT venue FROM accounts) v ON b.scope = 'ip'
    AND substr(v.venue || '-', 1, instr(v.venue || '-', '-')) = substr(b.venue || '-', 1, instr(b.venue || '-', '-'));

DROP VIEW v_rate_usage;
CREATE VIEW v_rate_usage AS
SELECT b.venue, b.owner, b.budget, b.scope, b.permits, b.window_ms, r.second, r.requests,
    (SELECT max(n.busiest_ending) FROM rate_usage n
     WHERE n.budget_id = r.budget_id AND n.second BETWEEN r.second AND r.second + (b.window_ms + 999) / 1000
        AND (b.begins_ms IS NULL OR (n.second * 1000 - b.begins_ms) / b.window_ms = (r.second * 1000 - b.begins_ms) / b.window_ms)) AS busiest_window,
    b.product, b.budget_id
FROM rate_usage r JOIN budget_names b USING (budget_id);

-- Of a uid or a key that an account had before a rebinding, too: what its requests of that time counted for. `formerly`: it is known by another one now.
-- Bybit counts spot apart, and its other products together.
DROP VIEW v_budgets;
CREATE VIEW v_budgets AS
SELECT a.account, b.budget, b.scope, b.venue, b.owner, b.permits, b.window_ms, b.budget_id,
    CASE WHEN b.scope = 'ip' OR b.owner IN (
        SELECT i.uid FROM identities i WHERE i.account_key = a.account_key
        UNION ALL SELECT k.fingerprint FROM account_keys k WHERE k.account_key = a.account_key) THEN 0 ELSE 1 END AS formerly, b.product
FROM budget_names b JOIN accounts a ON a.venue = b.venue AND (b.scope = 'ip'
    OR (b.product IS NULL OR b.product = iif(a.venue = 'bybit' AND a.product <> 'spot', 'derivatives', a.product)) AND b.owner IN (
        SELECT i.uid FROM identities i WHERE i.account_key = a.account_key
        UNION ALL SELECT k.fingerprint FROM account_keys k WHERE k.account_key = a.account_key
        UNION ALL SELECT f.uid FROM former_places f WHERE f.account_key = a.account_key
        UNION ALL SELECT k.fingerprint FROM former_keys k WHERE k.account_key = a.account_key));

-- Each start of a daemon, with what it was. Neither versions nor boots hold a quote; where schemas are not trusted, no view may call JSON functions.
CREATE VIEW v_starts AS
SELECT e.seq, e.at,
    iif(instr(e.detail, '"version":"') > 0, substr(substr(e.detail, instr(e.detail, '"version":"') + 11), 1,
        instr(substr(e.detail, instr(e.detail, '"version":"') + 11), '"') - 1), NULL) AS version,
    iif(instr(e.detail, '"boot":"') > 0, substr(substr(e.detail, instr(e.detail, '"boot":"') + 8), 1,
        instr(substr(e.detail, instr(e.detail, '"boot":"') + 8), '"') - 1), NULL) AS boot,
    -- The last line of the run before: how long nothing was recorded. A start is the first line of its run, but that opening a journal says what it discards.
    e.at - (SELECT at FROM (
        SELECT seq, at FROM (SELECT f.seq, f.at FROM events f WHERE f.seq < e.seq AND f.kind <> 'intent_discarded' ORDER BY f.seq DESC LIMIT 1)
        UNION ALL
        SELECT seq, at FROM (
            SELECT o.order_key AS seq, o.intended_at AS at FROM orders o WHERE o.order_key < e.seq ORDER BY o.order_key DESC LIMIT 1))
        ORDER BY seq DESC LIMIT 1) AS quiet_us
FROM events e WHERE e.kind = 'start';

-- Each reload of the configuration: who asked, and what it changed, in words.
CREATE VIEW v_reloads AS
SELECT e.seq, e.at, coalesce(e.actor, 'daemon') AS actor,
    replace(replace(substr(e.detail, 10, length(e.detail) - 11), '\"', '"'), '\\', '\') AS changes
FROM events e WHERE e.kind = 'reload';
