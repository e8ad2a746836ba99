import CLinux
import OMSCore
import Store
import TestSupport
import Testing
import Wire

/// Power cuts: what a recorded run wrote is cut anywhere, everything synced kept, and of the rest whatever a disk may have kept.
@Suite(.enabled(if: Tap.library != nil, "no C compiler")) struct PowerCutTests {
    /// How many disk states are opened; `make soak` asks for more.
    private static let states = getenv("OMSD_POWERCUT_STATES").flatMap { Int(String(cString: $0)) } ?? 48

    @Test func `whatever a power cut leaves opens, is sound, and holds all that was told to clients or sent to venues`() throws {
        let seed = UInt64(omsd_clock_us(CLOCK_REALTIME))
        var random = SplitMix(state: seed)
        let run = try RecordedRun()
        let cuts = run.interestingCuts
        var torn = 0
        for number in 0..<Self.states {
            // Half of them right behind a send: what had to be on disk by then is the most.
            let cut = number % 2 == 0 ? cuts.randomElement(using: &random) ?? 0 : Int.random(in: 0...run.steps.count, using: &random)
            let loss = Loss.allCases[number / 2 % Loss.allCases.count]
            let problems = try run.problems(cutAt: cut, loss: loss, random: &random, tornCount: &torn)
            #expect(problems.isEmpty, "seed \(seed), cut at \(cut) of \(run.steps.count), \(loss): \(problems.joined(separator: "; "))")
        }
        print("power cuts: \(Self.states) disk states of a run of \(run.steps.count) steps, \(torn) with writes that were lost or torn")
        #expect(torn > Self.states / 8)
    }

    @Test func `a disk that forgets what it said it synced is found out`() throws {
        var random = SplitMix(state: 7)
        let run = try RecordedRun()
        var found = 0
        var torn = 0
        for cut in run.interestingCuts.suffix(8) {
            if try !run.problems(cutAt: cut, loss: .all, honoursSync: false, random: &random, tornCount: &torn).isEmpty { found += 1 }
        }
        #expect(found > 0)
    }
}

/// What becomes of writes that were not synced when the power went.
enum Loss: CaseIterable {
    case none, all
    /// Only the first so many arrived.
    case prefix
    /// Each sector arrived or not, by itself: disks promise no order.
    case sectors512, pages4096
}

/// A run of the real daemon with everything it wrote and sent, in order.
struct RecordedRun {
    let steps: [Tap.Step]
    private let base: [Tap.Step.File: [UInt8]]

    init() throws {
        let house = try House()
        try house.start()
        guard try house.stopDaemon() == 0 else { throw Unexpected("omsd did not stop") }
        let path = house.journal.path
        base = [.main: readBytes(path) ?? [], .wal: readBytes(path + "-wal") ?? []]
        let rules = ["place", "mixed"].map { "{kind: '\($0)', probability: 0.1, fault: {type: 'lose_reply_after_execution'}}" }
        try house.pages.setFaults("[\(rules.joined(separator: ","))]")
        let record = house.scratch.file("record")
        let client = try house.start(environment: Tap.environment(journal: path, record: record))
        for round in 1...3 {
            for account in house.accounts { try client.submit(account.intent("run-\(account.name)-\(round)", orders: 20)) }
            for account in house.accounts {
                try client.wait("run-\(account.name)-\(round)", until: "acknowledged", seconds: 120)
                let ids = try house.journal.texts("SELECT client_order_id FROM v_open WHERE account = '\(account.name)' LIMIT 2")
                try client.submit(
                    #"{"account":"\#(account.name)","intent_id":"cancel-\#(account.name)-\#(round)","cancel":[\#(ids.map { "\"\($0)\"" }.joined(separator: ","))]}"#
                )
            }
        }
        for account in house.accounts { try client.wait("run-\(account.name)-3", seconds: 120) }
        try house.killDaemon()
        steps = try Tap.steps(of: record)
        guard steps.contains(where: { $0.kind == .write && $0.file == .wal }), steps.contains(where: { $0.kind == .toVenue }) else {
            throw Unexpected("nothing was recorded")
        }
    }

    /// Right behind everything that left.
    var interestingCuts: [Int] { steps.indices.filter { [.toVenue, .toClient].contains(steps[$0].kind) }.map { $0 + 1 } }

    /// Rebuilds what the disk may hold when the power goes before step `cut`, opens it as a start would, and tells what is wrong.
    func problems(cutAt cut: Int, loss: Loss, honoursSync: Bool = true, random: inout SplitMix, tornCount: inout Int) throws -> [String] {
        var files = base
        var pending: [Tap.Step] = []
        for step in steps[..<cut] {
            switch step.kind {
            case .write, .truncate: pending.append(step)
            case .unlink: throw Unexpected("a file of the journal was removed: not thought of here")
            case .sync:
                guard honoursSync else { continue }
                apply(pending.filter { $0.file == step.file }, to: &files)
                pending.removeAll { $0.file == step.file }
            case .toVenue, .toClient, .failure: break
            }
        }
        if !pending.isEmpty, loss != .none { tornCount += 1 }
        switch loss {
        case .none: apply(pending, to: &files)
        case .all: break
        case .prefix: apply(Array(pending.prefix(Int.random(in: 0...pending.count, using: &random))), to: &files)
        case .sectors512: apply(torn(pending, 512, &random), to: &files)
        case .pages4096: apply(torn(pending, 4_096, &random), to: &files)
        }
        let folder = ScratchDirectory()
        let path = folder.file("journal.db")
        for (file, name) in [(Tap.Step.File.main, path), (.wal, path + "-wal")] { try writeBytes(files[file] ?? [], to: name) }
        return try check(path, cut: cut)
    }

    private func apply(_ writes: [Tap.Step], to files: inout [Tap.Step.File: [UInt8]]) {
        for write in writes {
            if write.kind == .truncate {
                let size = files[write.file]?.count ?? 0
                if size > write.offset { files[write.file]?.removeLast(size - write.offset) }
                if size < write.offset { files[write.file]?.append(contentsOf: repeatElement(0, count: write.offset - size)) }
                continue
            }
            let end = write.offset + write.bytes.count
            let size = files[write.file]?.count ?? 0
            if size < end { files[write.file]?.append(contentsOf: repeatElement(0, count: end - size)) }
            files[write.file]?.replaceSubrange(write.offset..<end, with: write.bytes)
        }
    }

    /// The writes as the sectors that arrived, a coin for each.
    private func torn(_ writes: [Tap.Step], _ sector: Int, _ random: inout SplitMix) -> [Tap.Step] {
        writes.flatMap { write -> [Tap.Step] in
            guard write.kind == .write else { return Bool.random(using: &random) ? [write] : [] }
            var pieces: [Tap.Step] = []
            var at = 0
            while at < write.bytes.count {
                let next = min(write.bytes.count, (write.offset + at) / sector * sector + sector - write.offset)
                if Bool.random(using: &random) {
                    let from = write.bytes.startIndex
                    pieces.append(Tap.Step(kind: .write, file: write.file, offset: write.offset + at, bytes: write.bytes[from + at..<from + next]))
                }
                at = next
            }
            return pieces
        }
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

private func writeBytes(_ bytes: [UInt8], to path: String) throws {
    let descriptor = omsd_open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    guard descriptor >= 0 else { throw Unexpected("\(path) cannot be written") }
    defer { close(descriptor) }
    var at = 0
    while at < bytes.count {
        let count = bytes[at...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        guard count > 0 else { throw Unexpected("\(path) was written in part") }
        at += count
    }
}
