import OMSCore
import Simulator
import Testing

/// Random accidents over two and three hosts. A seed that fails is played again by its number.
@Suite struct SuccessionScheduleTests {
    private static func play(
        _ seed: UInt64, _ faults: SuccessionWorld.Faults = .init(), change: (SuccessionWorld) -> Void = { _ in }
    ) -> SuccessionWorld {
        let world = SuccessionWorld(seed: seed, hosts: seed % 2 == 0 ? 2 : 3, faults: faults)
        change(world)
        world.run(15_000_000, withFaults: true)
        world.calm()
        world.run(6_000_000, withFaults: false)
        return world
    }

    @Test func `of hosts that are paused, cut and killed never two may send, no turn that was told of is lost, and one owns again`() {
        for seed in 1...16 as ClosedRange<UInt64> {
            let world = Self.play(seed)
            #expect(world.violations.isEmpty, "seed \(seed): \(world.violations.prefix(3))")
            #expect(world.hosts.contains { $0.isOwner && $0.maySend }, "seed \(seed): \(world.hosts.map { "\($0.succession.role)" })")
            #expect(world.hosts.allSatisfy { if case .stopped = $0.end { false } else { true } }, "seed \(seed): \(world.hosts.map(\.end))")
            #expect(world.sends > 20 && world.takeovers > 0, "seed \(seed): \(world.sends) sends, \(world.takeovers) takeovers")
        }
    }

    @Test func `the same holds while people hand the group over and promote hosts without waiting`() {
        var faults = SuccessionWorld.Faults()
        faults.handovers = true
        for seed in 1_001...1_012 as ClosedRange<UInt64> {
            let world = Self.play(seed, faults)
            #expect(world.violations.isEmpty, "seed \(seed): \(world.violations.prefix(3))")
            #expect(world.hosts.contains { $0.isOwner }, "seed \(seed): \(world.hosts.map { "\($0.succession.role)" })")
        }
    }

    @Test func `an owner that lives gives a log that lost rows what it lacks, and nobody else takes the group meanwhile`() {
        var faults = SuccessionWorld.Faults()
        (faults.laggards, faults.kills, faults.hostFaults) = (true, false, false)
        for seed in 2_001...2_010 as ClosedRange<UInt64> {
            let world = Self.play(seed, faults)
            #expect(world.violations.isEmpty, "seed \(seed): \(world.violations.prefix(3))")
        }
    }

    @Test func `the same seed gives the same run`() {
        let (one, other) = (Self.play(7), Self.play(7))
        #expect(one.sends == other.sends && one.takeovers == other.takeovers && one.acknowledged == other.acknowledged)
    }

    // MARK: Mistakes that the rules must find

    static let mistakes: [(name: String, change: @Sendable (SuccessionWorld) -> Void)] = [
        ("a warning is taken for success", { $0.engine.clientsHeedWarnings = false }),
        ("nobody asks after a write whether the engine still waits", { $0.engine.clientsAskAgain = false }),
        ("a bump takes whatever lease it finds", { $0.engine.bumpsCompare = false }),
        ("rows are applied when they are seen", { $0.appliesWhatItSees = true }),
        ("a turn in doubt is taken back", { $0.takesDoubtForRefusal = true }),
        ("an owner sends while it thinks to own", { $0.ownsWithoutLease = true }),
    ]

    @Test(arguments: mistakes.indices) func `each mistake is found within some seeds`(_ index: Int) {
        let mistake = Self.mistakes[index]
        var faults = SuccessionWorld.Faults()
        faults.handovers = true
        let found = (1...120 as ClosedRange<UInt64>).first { seed in
            let world = Self.play(seed, faults, change: mistake.change)
            return !world.violations.isEmpty || world.hosts.contains { if case .stopped = $0.end { true } else { $0.succession.stuck != nil } }
        }
        print("\(mistake.name): \(found.map { "seed \($0)" } ?? "not found")")
        #expect(found != nil, "\(mistake.name)")
    }
}
