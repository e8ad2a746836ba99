-- 0003_forms_of_content: what makes two intents the same one may be written in more than one form.
-- Runs once, inside one transaction. Never edited after release: a later file corrects it.

-- In which form `content` was made. Rows from before this file are of the first form, later ones say which. A retry is compared in the form of its row.
ALTER TABLE intents ADD COLUMN content_version INTEGER NOT NULL DEFAULT 1;
DROP TRIGGER intents_fixed;
CREATE TRIGGER intents_fixed BEFORE UPDATE OF
    intent_key, intent_id, account_key, content, content_version, orders, commands, sequence, planned_requests, accepted_at, expires_at, actor
    ON intents
BEGIN SELECT RAISE(ABORT, 'what was asked never changes'); END;
