-- 0008_stream_origin: where an account hears its private stream.
-- Runs once, inside one transaction. Never edited after release: a later file corrects it.

-- Scheme, host and port, pinned as origin is: what another place pushes would be believed. NULL: nowhere so far; the next start that has a stream takes the
-- configuration's.
ALTER TABLE identities ADD COLUMN stream_origin TEXT;

DROP VIEW v_accounts;
CREATE VIEW v_accounts AS
SELECT a.account, a.venue, a.product, i.uid, i.origin, i.key_in_use, a.account_key, i.stream_origin
FROM accounts a LEFT JOIN identities i USING (account_key);
