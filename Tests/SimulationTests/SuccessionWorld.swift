import Containers
import OMSCore
import Simulator
import Wire

/// Hosts of one group, each with its succession, its journal (the rows it applied) and two connections to a virtual engine, in one time that no host knows.
final class SuccessionWorld {
    struct Faults {
        /// Nodes that lag may be promoted, though never one that lacks an epoch: then the log itself forgot a promise.
        var laggards = false
        var handovers = false
        var kills = true
        var hostFaults = true
        var engineFaults = true
    }

    let engine = VirtualEngine()
    var random: SplitMix64
    var hosts: [SuccessionHost] = []
    let faults: Faults
    /// True time, microseconds.
    private(set) var time: Int64 = 0
    /// Turns that somebody was told of, by number: the digest.
    private(set) var acknowledged: [Int64: Digest256] = [:]
    /// Sends, and by which epoch.
    private(set) var sends = 0
    private(set) var takeovers = 0
    private(set) var longestGap: Int64 = 0
    private var lastSend: Int64 = 0
    private(set) var violations: [String] = []
    private var turns: Int64 = 0

    // Mistakes, to see that the rules above would find them.
    var appliesWhatItSees = false
    var takesDoubtForRefusal = false
    var ownsWithoutLease = false

    init(seed: UInt64, hosts count: Int, faults: Faults = Faults()) {
        random = SplitMix64(seed: seed)
        self.faults = faults
        for index in 0..<count {
            // Clocks have nothing in common: another zero, and up to 450 parts in a million faster or slower.
            let (zero, parts) = (random.between(0, 1 << 50), random.between(-450, 450))
            hosts.append(SuccessionHost("host\(index)", zero: zero, parts: parts, in: self))
        }
    }

    func say(_ words: String) { violations.append("at \(time): \(words)") }

    func nextTurn() -> Int64 {
        turns += 1
        return turns
    }

    func acknowledge(_ row: LogRow, by host: SuccessionHost) {
        if let before = acknowledged[row.turn], before != row.digest { say("turn \(row.turn) was told twice, as two different ones") }
        acknowledged[row.turn] = row.digest
    }

    func sent() {
        sends += 1
        longestGap = max(longestGap, time - lastSend)
        lastSend = time
    }

    func owns(_ host: SuccessionHost) {
        takeovers += 1
        let missing = acknowledged.filter { host.journal[$0.key] != $0.value }.keys.sorted()
        if !missing.isEmpty { say("\(host.name) owns without the turns \(missing.prefix(3)) of \(missing.count), which somebody was told of") }
    }

    /// - Parameter microseconds: how long the world goes on.
    func run(_ microseconds: Int64, withFaults: Bool) {
        let end = time + microseconds
        while time < end {
            time += random.between(1_000, 20_000)
            if withFaults { accident() } else { engine.fillList() }
            moveEngine(calmly: !withFaults)
            for host in hosts where host.isRunning(at: time) { host.run() }
            let senders = hosts.filter { $0.maySend }
            if senders.count > 1 { say("\(senders.map(\.name)) may send, both") }
        }
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
            case 1: engine.emptyList()
            case 2: engine.restartPrimary()
            default: engine.failOver()
            }
        }
        guard random.chance(0.02) else { return }
        let host = hosts[Int(random.below(UInt64(hosts.count)))]
        switch random.below(12) {
        case 0 where faults.hostFaults, 1 where faults.hostFaults: host.pausedUntil = time + random.between(100_000, 6_000_000)
        case 2 where faults.hostFaults, 3 where faults.hostFaults: host.cutUntil = time + random.between(100_000, 6_000_000)
        case 4 where faults.kills: host.die(until: time + random.between(100_000, 6_000_000))
        case 5 where faults.engineFaults: standbysCutUntil = time + random.between(100_000, 2_000_000)
        case 6 where faults.engineFaults: engine.restartPrimary()
        case 7 where faults.engineFaults:
            // Of three nodes one at least has all that was answered.
            engine.failOver()
        case 8 where faults.engineFaults: random.chance(0.5) ? engine.emptyList() : engine.fillList()
        case 9 where faults.engineFaults: engine.isFull.toggle()
        case 10 where faults.handovers: host.tell(.handover(to: random.chance(0.5) ? hosts[0].name : nil))
        case 11 where faults.handovers: host.tell(.promote(now: random.chance(0.5)))
        case 11 where faults.laggards:
            let node = Int(random.below(3))
            if node != engine.primary, engine.lag(of: node).epochs == 0 { engine.promote(node) }
        default:
            engine.fillList()
            engine.isFull = false
        }
    }

    func calm() {
        engine.fillList()
        engine.isFull = false
        for host in hosts { host.recover() }
    }
}
