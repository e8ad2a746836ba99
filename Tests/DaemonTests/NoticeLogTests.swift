import CLinux
import OMSCore
import TestSupport
import Testing

@testable import OMSDaemon

/// What an operator reads in the log.
@Suite struct NoticeLogTests {
    private final class Lines {
        var all: [String] = []
        var levels: [Log.Level] = []
    }

    private static func log() -> (NoticeLog, Lines) {
        let lines = Lines()
        let log = NoticeLog { line in
            lines.levels.append(line.level)
            lines.all.append(line.message + line.fields.map { " \($0.key)=\($0.value)" }.joined())
        }
        return (log, lines)
    }

    @Test func `a change is one line that names the account, and the reason where there is one`() {
        let (log, lines) = Self.log()
        let broken = Break(id: 7, account: "mm", kind: .externalOrder, clientOrderID: nil, venueOrderID: "v9", detail: "whose?", at: 1)
        let halt = TradingStateRow(account: "mm", state: .halted, reason: "lunch", actor: .peer(uid: 7, pid: 8), at: 1)
        for event: Notice.Event in [.notReady("no answer"), .ready, .breakFound(broken), .tradingState(halt), .doubts(3), .parked("o1")] {
            log.note(Notice("mm", event), at: 0)
        }
        log.note(Notice("old", .unconfigured(orders: 2, unsent: 1, intents: 1)), at: 0)

        #expect(
            lines.all == [
                "account is not ready account=mm reason=no answer", "account is ready account=mm",
                "break found account=mm break=7 kind=external_order venue_order=v9 detail=whose?",
                "trading state is halted account=mm by=uid:7 pid:8 reason=lunch",
                "orders are in doubt: the venue is asked about them account=mm orders=3",
                "order in doubt could not be settled: look at the venue, then `omsctl resolve` account=mm order=o1",
                "orders are open of an account that is not configured: nothing is done for them account=old orders=2 unsent=1 intents=1",
            ])
        #expect(lines.levels == [.warning, .info, .warning, .warning, .warning, .error, .warning])
    }

    @Test func `repeats are counted, not repeated, and one subject's flood hides no other`() {
        let (log, lines) = Self.log()
        for number in 0..<230 {
            let broken = Break(
                id: Int64(number), account: "mm", kind: .missingThere, clientOrderID: nil, venueOrderID: nil, detail: "gone", at: 1)
            log.note(Notice("mm", .breakFound(broken)), at: Int64(number))
        }
        let external = Break(id: 999, account: "mm", kind: .externalOrder, clientOrderID: nil, venueOrderID: "v", detail: "theirs", at: 1)
        log.note(Notice("mm", .breakFound(external)), at: 300)
        #expect(lines.all.count == LineLimiter.linesMax + 1)
        #expect(lines.all.last?.contains("external_order") == true)

        log.tellHeld(at: LineLimiter.windowUs + 1)
        log.tellHeld(at: LineLimiter.windowUs + 2)

        #expect(lines.all.last == "more of the same were not written subject=breaks missing_there of mm lines=225 within_s=60")
        #expect(lines.all.count == LineLimiter.linesMax + 2)
    }

    @Test func `the system journal is told each line's priority, and it alone`() {
        #expect(Log.Level.allCases.map(\.priority) == [6, 4, 3])
        #expect(Log.isJournal("8:12", device: 8, inode: 12))
        #expect(!Log.isJournal("8:12", device: 8, inode: 13) && !Log.isJournal("", device: 0, inode: 0))
    }

    @Test func `a halt, a break and a start show in the log of a daemon`() throws {
        let house = try House(["az-futures"])
        let account = try house.account("az-futures")
        let client = try house.start()
        _ = try client.call("account.set_state", "{account: '\(account.name)', state: 'halted', reason: 'lunch'}")
        try pollUntil("a line: \(house.daemonLogs)") { house.daemonLogs.contains("trading state is halted") }

        let line = try #require(house.daemonLogs.split(separator: "\n").first { $0.contains("trading state is halted") })
        #expect(line.contains("warning") && line.contains("account=\"\(account.name)\"") && line.contains("reason=\"lunch\""))
        #expect(line.contains("by=\"uid:\(getuid()) pid:\(getpid())\""))
        #expect(house.daemonLogs.contains("omsd answers"))
    }
}
