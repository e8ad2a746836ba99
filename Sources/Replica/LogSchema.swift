/// The tables of the log, as `omsd log-init` makes them: by their owner's role, as often as one likes.
///
/// The daemon's role may read, add rows, and move a lease on. It may neither delete nor change a row of the log: the one column it may name in an UPDATE is named
/// by the append's own ON CONFLICT, and a trigger refuses every change of a value. Epochs, numbers and the schema's version never fall.
package enum LogSchema {
    /// What `log_schema` says. A daemon works with its own version alone.
    package static let version = 1

    /// - Parameter role: the daemon's; made by nobody here.
    /// - Returns: one script, which is one transaction.
    package static func statements(daemonRole role: String) -> String {
        let (name, role) = (literal(role), quoted(role))
        return """
            BEGIN;
            DO $$ BEGIN
                IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = \(name)) THEN
                    RAISE EXCEPTION 'there is no role % for the daemon: CREATE ROLE … LOGIN makes it', \(name);
                END IF;
                IF EXISTS (SELECT FROM pg_roles WHERE rolname = \(name) AND (rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls))
                    OR pg_has_role(\(name), current_user, 'MEMBER') THEN
                    RAISE EXCEPTION 'the role % may too much for the daemon: it must be another than the tables'' owner, and may only log in', \(name);
                END IF;
            END $$;
            CREATE TABLE IF NOT EXISTS log_schema (version int PRIMARY KEY);
            DO $$ BEGIN
                IF (SELECT max(version) FROM log_schema) > \(version) THEN
                    RAISE EXCEPTION 'the log is of version %, newer than this omsd (\(version))', (SELECT max(version) FROM log_schema);
                END IF;
            END $$;
            CREATE TABLE IF NOT EXISTS lease (
                grp text PRIMARY KEY, epoch bigint NOT NULL DEFAULT 0, seq bigint NOT NULL DEFAULT 0, beat bigint NOT NULL DEFAULT 0,
                confirmed bigint NOT NULL DEFAULT 0, holder text NOT NULL DEFAULT '', holder_addr text NOT NULL DEFAULT '',
                min_version int NOT NULL DEFAULT 1, lease_us bigint NOT NULL DEFAULT 0
            ) WITH (fillfactor = 10);
            CREATE TABLE IF NOT EXISTS log (
                grp text NOT NULL, seq bigint NOT NULL CHECK (seq > 0), epoch bigint NOT NULL CHECK (epoch > 0), version int NOT NULL,
                digest bytea NOT NULL CHECK (length(digest) = 32), body bytea NOT NULL, PRIMARY KEY (grp, seq)
            );
            ALTER TABLE log ALTER COLUMN body SET STORAGE EXTERNAL;
            CREATE TABLE IF NOT EXISTS member (
                grp text, host text, applied bigint NOT NULL, version int NOT NULL, seen bigint NOT NULL, PRIMARY KEY (grp, host)
            );
            CREATE TABLE IF NOT EXISTS uid (venue text, uid text, grp text NOT NULL, PRIMARY KEY (venue, uid));
            CREATE TABLE IF NOT EXISTS key (venue text, fingerprint text, grp text NOT NULL, PRIMARY KEY (venue, fingerprint));
            CREATE TABLE IF NOT EXISTS egress (
                venue text, egress text, budget text, grp text, share int NOT NULL CHECK (share > 0), PRIMARY KEY (venue, egress, budget, grp)
            );
            CREATE OR REPLACE FUNCTION log_row_stays() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                IF NEW IS DISTINCT FROM OLD THEN RAISE EXCEPTION 'a row of the log does not change (group %, turn %)', OLD.grp, OLD.seq; END IF;
                RETURN NEW;
            END $$;
            CREATE OR REPLACE TRIGGER log_row_stays BEFORE UPDATE ON log FOR EACH ROW EXECUTE FUNCTION log_row_stays();
            CREATE OR REPLACE FUNCTION lease_goes_on() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                IF NEW.epoch < OLD.epoch OR NEW.epoch > OLD.epoch + 1 OR NEW.seq < OLD.seq OR NEW.seq > OLD.seq + 1 OR NEW.min_version < OLD.min_version
                    OR (NEW.epoch = OLD.epoch AND (NEW.holder, NEW.holder_addr, NEW.lease_us) IS DISTINCT FROM (OLD.holder, OLD.holder_addr, OLD.lease_us)) THEN
                    RAISE EXCEPTION 'the lease of group % only goes on', OLD.grp;
                END IF;
                RETURN NEW;
            END $$;
            CREATE OR REPLACE TRIGGER lease_goes_on BEFORE UPDATE ON lease FOR EACH ROW EXECUTE FUNCTION lease_goes_on();
            INSERT INTO log_schema VALUES (\(version)) ON CONFLICT DO NOTHING;
            REVOKE ALL ON log_schema, lease, log, member, uid, key, egress FROM PUBLIC, \(role);
            GRANT SELECT ON log_schema, lease, log, member, uid, key, egress TO \(role);
            GRANT INSERT (grp) ON lease TO \(role);
            GRANT UPDATE (epoch, seq, beat, confirmed, holder, holder_addr, min_version, lease_us) ON lease TO \(role);
            GRANT INSERT ON log, member, uid, key, egress TO \(role);
            GRANT UPDATE (version) ON log TO \(role);
            GRANT UPDATE (applied, version, seen) ON member TO \(role);
            COMMIT;
            """
    }

    private static func literal(_ text: String) -> String {
        "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''") + "'"
    }

    private static func quoted(_ name: String) -> String {
        "\"" + name.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }
}
