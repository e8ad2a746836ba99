import OMSCore
import Wire

/// Clients who hold guards, in histories of the seventh version: they go without a word, fall silent, are followed by others or die with omsd.
extension Workload {
    func planGuards() {
        // There nobody dies, and what rests unseen must not be cancelled.
        guard !scenario.answersDuplicates, scenario.stepAtPlaceMs == 0 else { return }
        let (start, former) = (daemon.time, daemon.onRecord)
        daemon.onRecord = { [unowned self] record in
            former(record)
            if case .sessionGuard(let row, _) = record { self.note(row) }
        }
        for number in 0..<UInt64(random.between(1, 3)) {
            daemon.at(start + random.between(0, scenario.stormUs * 3 / 4)) { [unowned self] in self.holdGuard(on: 1_000 + 10 * number) }
        }
    }

    private func note(_ row: GuardRow) {
        guard let former = daemon.journal.guards[row.id]?.state else { return }
        if row.state == .held, former == .lost { return daemon.note(.guardTakenOver) }
        guard row.state == .tripping, former != .tripping else { return }
        daemon.note(.guardTripped)
        if row.reason.contains("said nothing") { daemon.note(.guardSilent) }
        if row.reason.contains("omsd began anew") { daemon.note(.guardOutlived) }
        if daemon.partitionedUntil.values.contains(where: { $0 > daemon.time }) { daemon.note(.guardCutOff) }
    }

    private func holdGuard(on connection: UInt64) {
        guard daemon.isUp else { return }
        let line = line()
        let halts = random.chance(0.25)
        let terms = GuardTerms(
            accounts: halts || random.chance(0.5) ? [line.account] : [], onLost: halts ? .halt : .cancel,
            heartbeatMs: random.chance(0.4) ? random.between(500, 3_000) : nil, graceMs: random.chance(0.2) ? 0 : random.between(100, 4_000))
        daemon.command(.guardBegin(terms, token: Self.token(connection)), on: connection)
        for _ in 0..<random.between(1, 4) {
            let (after, places) = (random.between(10_000, 3_000_000), Int(random.between(1, 8)))
            daemon.at(daemon.time + after) { [unowned self] in
                if self.daemon.isUp { self.daemon.submit(self.large(places: places, on: line), on: connection) }
            }
        }
        daemon.at(daemon.time + random.between(300_000, 6_000_000)) { [unowned self] in self.endGuard(terms, on: connection) }
    }

    private static func token(_ connection: UInt64) -> GuardToken {
        let text = "guard of \(connection)"
        return GuardToken(text: text, digest: Digest256(sha256(Array(text.utf8))))
    }

    private func endGuard(_ terms: GuardTerms, on connection: UInt64) {
        let graceUs: Int64 = .milliseconds(terms.graceMs)
        switch random.below(8) {
        case 0, 1: daemon.disconnect(connection)
        case 2, 3:
            daemon.disconnect(connection)
            let next = connection + 1
            daemon.at(daemon.time + random.between(1_000, 1_000 + graceUs * 3 / 2)) { [unowned self] in
                self.daemon.command(.guardResume(presented: Self.token(connection).digest, token: Self.token(next)), on: next)
                self.daemon.at(self.daemon.time + self.random.between(100_000, 5_000_000)) { [unowned self] in self.daemon.disconnect(next) }
            }
        case 4:
            let step = Int64.milliseconds(terms.heartbeatMs ?? 2_000) * 2 / 3
            for beat in 1...3 { daemon.at(daemon.time + Int64(beat) * step) { [unowned self] in self.daemon.speak(on: connection) } }
        case 5:
            daemon.disconnect(connection)
            daemon.at(daemon.time + graceUs + random.between(0, 300_000)) { [unowned self] in self.daemon.crash(self.death()) }
        case 6:
            if let id = daemon.journal.guards.values.filter(\.state.isOpen).map(\.id).max(by: { $0.number < $1.number }) {
                daemon.command(.guardRelease(id), on: random.chance(0.5) ? connection : 1)
            }
        // Without a heartbeat it is held for ever.
        default: if terms.heartbeatMs == nil { daemon.disconnect(connection) }
        }
        guard random.chance(0.5) else { return }
        daemon.at(daemon.time + max(1, graceUs - 300_000)) { [unowned self] in
            let accounts = self.random.chance(0.5) ? Array(self.scenario.lines.indices) : [Int(self.random.below(UInt64(self.scenario.lines.count)))]
            self.daemon.part(accounts, forUs: self.random.between(400_000, 5_000_000))
        }
    }
}
