import CLinux
import Containers
import OMSCore
import Store
import TestSupport
import Testing
import Wire

/// Power cuts: what a recorded run wrote is cut anywhere, everything synced kept, and of the rest whatever a disk may have kept.
@Suite(.enabled(if: Tap.library != nil, "no C compiler")) struct PowerCutTests {
    /// How many disk states are opened; `make soak` asks for more.
    private static let states = getenv("OMSD_POWERCUT_STATES").flatMap { Int(String(cString: $0)) } ?? 60

    @Test func `whatever a power cut leaves opens, is sound, and holds all that was told to clients or sent to venues`() throws {
        let seed = UInt64(omsd_clock_us(CLOCK_REALTIME))
        var random = SplitMix64(seed: seed)
        let run = try RecordedRun()
        let (steps, checkpoints, resets) = (run.history.steps.count, run.history.checkpointSteps, run.history.walResets)
        try #require(!resets.isEmpty, "the run has no checkpoint that the WAL was begun anew after")
        var torn = 0
        for number in 0..<Self.states {
            // By turns: right behind a send, for what had to be on disk by then is the most; anywhere; inside a checkpoint; where the WAL begins anew.
            let cut =
                switch number % 4 {
                case 0: run.interestingCuts.randomElement(using: &random) ?? 0
                case 1: Int.random(in: 0...steps, using: &random)
                case 2: checkpoints.randomElement(using: &random) ?? 0
                default: min(steps, (resets.randomElement(using: &random) ?? 0) + Int.random(in: 0...8, using: &random))
                }
            let loss = Loss.allCases[number / 4 % Loss.allCases.count]
            let problems = try run.problems(cutAt: cut, loss: loss, random: &random, tornCount: &torn)
            #expect(problems.isEmpty, "seed \(seed), cut at \(cut) of \(steps), \(loss): \(problems.joined(separator: "; "))")
        }
        print(
            "power cuts: \(Self.states) disk states of a run of \(steps) steps with \(checkpoints.count) in checkpoints and \(resets.count) WAL resets,",
            "\(torn) with writes that were lost or torn")
        #expect(torn > Self.states / 8)
    }

    @Test func `a disk that forgets what it said it synced is found out`() throws {
        var random = SplitMix64(seed: 7)
        let run = try RecordedRun()
        var found = 0
        var torn = 0
        for cut in run.interestingCuts.suffix(8) {
            if try !run.problems(cutAt: cut, loss: .all, honoursSync: false, random: &random, tornCount: &torn).isEmpty { found += 1 }
        }
        #expect(found > 0)
    }
}

/// A run of the real daemon with everything it wrote and sent, in order.
struct RecordedRun {
    let history: DiskHistory
    private var steps: [Tap.Step] { history.steps }

    init() throws {
        let house = try House()
        try house.start()
        guard try house.stopDaemon() == 0 else { throw Unexpected("omsd did not stop") }
        let path = house.journal.path
        let base = DiskHistory.files(of: path)
        let rules = ["place", "mixed"].map { "{kind: '\($0)', probability: 0.1, fault: {type: 'lose_reply_after_execution'}}" }
        try house.pages.setFaults("[\(rules.joined(separator: ","))]")
        let record = house.scratch.file("record")
        let client = try house.start(environment: Tap.environment(journal: path, record: record))
        for round in 1...3 {
            let moved = Self.changed(path)
            for account in house.accounts { try client.submit(account.intent("run-\(account.name)-\(round)", orders: 40)) }
            for account in house.accounts {
                try client.wait("run-\(account.name)-\(round)", until: "acknowledged", seconds: 120)
                let ids = try house.journal.texts("SELECT client_order_id FROM v_open WHERE account = '\(account.name)' LIMIT 2")
                try client.submit(
                    #"{"account":"\#(account.name)","intent_id":"cancel-\#(account.name)-\#(round)","cancel":[\#(ids.map { "\"\($0)\"" }.joined(separator: ","))]}"#
                )
            }
            // Enough was written for a checkpoint once the daemon is idle: what comes next begins the WAL anew.
            try pollUntil("a checkpoint behind round \(round)", seconds: 120) { Self.changed(path) != moved }
        }
        for account in house.accounts { try client.wait("run-\(account.name)-3", seconds: 120) }
        try house.killDaemon()
        let steps = try Tap.steps(of: record)
        history = DiskHistory(steps: steps, base: base)
        guard steps.contains(where: { $0.kind == .write && $0.file == .wal }), steps.contains(where: { $0.kind == .toVenue }) else {
            throw Unexpected("nothing was recorded")
        }
    }

    /// When the file itself was last written, which only checkpoints do.
    private static func changed(_ path: String) -> Int {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_mtim.tv_sec * 1_000_000_000 + status.st_mtim.tv_nsec : 0
    }

    /// Right behind everything that left.
    var interestingCuts: [Int] { steps.indices.filter { [.toVenue, .toClient].contains(steps[$0].kind) }.map { $0 + 1 } }

    /// Rebuilds what the disk may hold when the power goes before step `cut`, opens it as a start would, and tells what is wrong.
    func problems(cutAt cut: Int, loss: Loss, honoursSync: Bool = true, random: inout SplitMix64, tornCount: inout Int) throws -> [String] {
        let folder = ScratchDirectory()
        let path = folder.file("journal.db")
        let isTorn = try history.leave(at: path, cut: cut, loss: loss, honoursSync: honoursSync, random: &random)
        if isTorn, loss != .none { tornCount += 1 }
        return try check(path, cut: cut)
    }

    // MARK: What must hold

    private func check(_ path: String, cut: Int) throws -> [String] {
        var problems: [String] = []
        do {
            // As at a start: with recovery of the WAL and removal of what is half written.
            let journal = try SQLiteJournal.open(path: path, accounts: [])
            _ = try journal.load()
        } catch { return ["does not open: \(error)"] }
        problems += try JournalVerifier.verify(path: path).problems
        let probe = JournalProbe(path: path)
        let known = Set(try probe.texts("SELECT client_order_id FROM v_orders"))
        let told = try acceptedOrders(until: cut)
        let lost = told.filter { !known.contains($0) }
        if !lost.isEmpty { problems.append("\(lost.count) of \(told.count) orders that a client was told of are gone") }
        var journaled: [String: Int] = [:]
        for body in try probe.texts("SELECT body_sha256 FROM v_requests") { journaled[body, default: 0] += 1 }
        for body in try sentBodies(until: cut) {
            guard let left = journaled[body], left > 0 else {
                problems.append("a request was sent that is not in the journal")
                break
            }
            journaled[body] = left - 1
        }
        return problems
    }

    /// Client order ids in whole answers that had left for a client.
    private func acceptedOrders(until cut: Int) throws -> [String] {
        var streams: [Int: [UInt8]] = [:]
        for step in steps[..<cut] where step.kind == .toClient { streams[step.offset, default: []] += step.bytes }
        return streams.values.flatMap { stream in
            stream.split(separator: 0x0A).compactMap { try? JSONParser.parse(Array($0)) }.flatMap { message in
                message.member("result", "accepted_at") == nil ? [] : message.member("result", "orders")?.array?.compactMap(\.string) ?? []
            }
        }
    }

    /// Digests of the bodies of all requests with a body: those that change something.
    private func sentBodies(until cut: Int) throws -> [String] {
        steps[..<cut].filter { $0.kind == .toVenue }.compactMap { step in
            var parser = HTTPRequestParser()
            parser.append(Array(step.bytes))
            guard let request = try? parser.next(), !request.body.isEmpty else { return nil }
            return hex(sha256(request.body))
        }
    }
}
