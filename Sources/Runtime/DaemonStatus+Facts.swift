import Calls
import ControlAPI
import OMSCore

extension DaemonStatus.Result {
    /// - Parameter rights: what they keep from the caller is in no list and no total.
    init(_ engine: Engine, _ facts: DaemonFacts, _ wal: WALWatch, for rights: Rights, at now: Moment) {
        self.init()
        (version, sqliteVersion) = (facts.version, facts.sqliteVersion)
        (uptimeUs, startedAt) = (now.wall - facts.startedAt, facts.startedAt)
        seq = engine.journalSeq
        accounts = engine.snapshot(for: rights).map { ShownAccount($0) }
        isReady = accounts.allSatisfy(\.isReady)
        (journal, walBytes) = (engine.isJournalFull ? "full" : wal.isHeld ? "wal_held" : "ok", Int64(wal.bytes))
        (journalPath, journalFreeBytes) = (facts.journalPath, facts.journalSpace()?.freeBytes)
        archive = (rights.visible == nil ? facts.archive() : nil).map { figures in
            var archive = DaemonStatus.Archive()
            (archive.folder, archive.files, archive.orders, archive.problem) = (figures.folder, figures.files, figures.orders, figures.problem)
            return archive
        }
        if let standing = facts.group() {
            role = standing.isOwner ? "owner" : "standby"
            var group = DaemonStatus.Replica()
            (group.group, group.host, group.owner) = (standing.group, standing.host, standing.lease?.holder)
            (group.epoch, group.turn, group.problem) = (standing.lease?.epoch ?? 0, standing.turn, standing.trouble)
            replica = group
        }
        unconfigured = engine.unconfigured.filter { rights.sees($0.account) }.map { left in
            var account = DaemonStatus.Unconfigured()
            (account.account, account.orders) = (left.account.text, Int64(left.orders))
            (account.unsent, account.intents) = (Int64(left.unsent), Int64(left.intents))
            return account
        }
    }
}
