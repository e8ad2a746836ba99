import Containers
import OMSCore
import Simulator
import Wire

/// Hosts of one group, each with its succession, its journal (the rows it applied) and two connections to a virtual engine, before one venue and in one time
/// that no host knows.
final class SuccessionWorld {
    struct Faults {
        /// Nodes that lag may be promoted, though never one that lacks an epoch: then the log itself forgot a promise. Its owner can write what it lacks:
        /// a log that takes no write for a lease is claimed by whoever waits.
        var laggards = false
        var handovers = false
        var kills = true
        var hostFaults = true
        var engineFaults = true
    }

    let engine = VirtualEngine()
    let venue = SuccessionVenue()
    var random: SplitMix64
    var hosts: [SuccessionHost] = []
    let faults: Faults
    let mistake: SuccessionMistake?
    /// True time, microseconds.
    private(set) var time: Int64 = 0
    /// Turns that somebody was told of, by number: the digest.
    private(set) var acknowledged: [Int64: Digest256] = [:]
    private(set) var takeovers = 0
    private(set) var violations: [String] = []
    private var turns: Int64 = 0

    init(seed: UInt64, hosts count: Int, faults: Faults = Faults(), _ mistake: SuccessionMistake? = nil) {
        random = SplitMix64(seed: seed)
        (self.faults, self.mistake) = (faults, mistake)
        switch mistake {
        case .heedsNoWarning: engine.clientsHeedWarnings = false
        case .asksNothingAfter: engine.clientsAskAgain = false
        case .bumpsWhateverItFinds: engine.bumpsCompare = false
        case .appendsUnderAnyEpoch: engine.appendsCompare = false
        default: break
        }
        for index in 0..<count {
            // Clocks have nothing in common: another zero, and up to 450 parts in a million faster or slower.
            let (zero, parts) = (random.between(0, 1 << 50), random.between(-450, 450))
            // So may their configurations be: while they are changed, say.
            hosts.append(SuccessionHost("host\(index)", zero: zero, parts: parts, leaseUs: index == 1 ? 1_200_000 : 2_000_000, in: self))
        }
    }

    var sends: Int { venue.arrivals.count }
    /// Who may send, if anybody.
    var sender: SuccessionHost? { hosts.first { $0.maySend } }

    func say(_ words: String) { violations.append("at \(time): \(words)") }

    func nextTurn() -> Int64 {
        turns += 1
        return turns
    }

    func acknowledge(_ row: LogRow) {
        if let before = acknowledged[row.turn], before != row.digest { say("turn \(row.turn) was told twice, as two different ones") }
        acknowledged[row.turn] = row.digest
    }

    func owns(_ host: SuccessionHost) {
        takeovers += 1
        let missing = acknowledged.filter { host.disk[$0.key]?.digest != $0.value }.keys.sorted()
        if !missing.isEmpty { say("\(host.name) owns without the turns \(missing.prefix(3)) of \(missing.count), which somebody was told of") }
    }

    func left(_ order: Int64, by host: SuccessionHost, answer: @escaping () -> Void) {
        if !host.maySend { say("\(host.name) sent order \(order) past its lease") }
        for other in hosts where other !== host && other.maySend { say("\(host.name) sent order \(order), and \(other.name) may send") }
        venue.sent(order, at: time, &random, answer: answer)
    }

    /// - Parameter microseconds: how long the world goes on.
    func run(_ microseconds: Int64, withFaults: Bool) {
        let end = time + microseconds
        while time < end { step(withFaults: withFaults) }
    }

    func step(withFaults: Bool) {
        time += random.between(1_000, 20_000)
        if withFaults { accident() } else { engine.fillList() }
        moveEngine(calmly: !withFaults)
        venue.run(until: time, &random, say: say)
        for host in hosts where host.isRunning(at: time) { host.run() }
        let senders = hosts.filter { $0.maySend }
        if senders.count > 1 { say("\(senders.map(\.name)) may send, both") }
    }

    /// Orders that the record knows, that the venue lacks, and that nobody looks after: by the owner's word.
    func lost(by owner: SuccessionHost) -> [Int64] {
        guard owner.orders.last > 0 else { return [] }
        return (1...owner.orders.last).filter { owner.orders.isSettled($0) && !venue.has($0) }
    }

    /// Until then no standby of the engine hears of anything.
    private var standbysCutUntil: Int64 = 0

    private func moveEngine(calmly: Bool) {
        while engine.statementsUnderWay > 0, calmly || random.chance(0.9) {
            engine.arrive(Int(random.below(UInt64(engine.statementsUnderWay))))
        }
        guard calmly || time >= standbysCutUntil else { return }
        for node in 0..<3 where calmly || random.chance(node == 2 ? 0.2 : 0.7) {
            engine.replicate(to: node, writes: calmly ? .max : Int(random.between(1, 4)))
        }
    }

    private func accident() {
        if time < standbysCutUntil, faults.engineFaults, random.chance(0.05) {
            switch random.below(4) {
            case 0: engine.cancelWait()
            case 1 where !faults.laggards: engine.emptyList()
            case 2: engine.restartPrimary()
            default: engine.failOver()
            }
        }
        guard random.chance(0.02) else { return }
        let host = hosts[Int(random.below(UInt64(hosts.count)))]
        switch random.below(13) {
        case 0 where faults.hostFaults, 1 where faults.hostFaults: host.pausedUntil = time + random.between(100_000, 6_000_000)
        case 2 where faults.hostFaults, 3 where faults.hostFaults: host.cutUntil = time + random.between(100_000, 6_000_000)
        case 4 where faults.kills: host.die(until: time + random.between(100_000, 6_000_000))
        case 5 where faults.engineFaults: standbysCutUntil = time + random.between(100_000, 2_000_000)
        case 6 where faults.engineFaults: engine.restartPrimary()
        case 7 where faults.engineFaults:
            // Of three nodes one at least has all that was answered.
            engine.failOver()
        case 8 where faults.engineFaults && !faults.laggards: random.chance(0.5) ? engine.emptyList() : engine.fillList()
        case 9 where faults.engineFaults && !faults.laggards: engine.isFull.toggle()
        case 10 where faults.engineFaults && !faults.laggards: engine.isReadOnly.toggle()
        case 11 where faults.handovers: host.tell(.handover(to: random.chance(0.5) ? hosts[0].name : nil))
        case 12 where faults.handovers: host.tell(.promote(now: random.chance(0.5)))
        case 12 where faults.laggards:
            let node = Int(random.below(3))
            if node != engine.primary, engine.lag(of: node).epochs == 0 { engine.promote(node) }
        default:
            engine.fillList()
            (engine.isFull, engine.isReadOnly) = (false, false)
        }
    }

    func calm() {
        engine.fillList()
        (engine.isFull, engine.isReadOnly) = (false, false)
        for host in hosts { host.recover() }
    }
}
