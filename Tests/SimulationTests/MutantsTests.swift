import Simulator
import Testing

@Suite struct MutantsTests {
    @Test(arguments: Mutant.allCases) func `breaking a rule is noticed within two thousand histories`(mutant: Mutant) throws {
        let explorer = Explorer(mutant: mutant)
        let first = mutant.firstSeed
        var noticed: HistoryResult?
        for seed in first..<first + 2_000 {
            let result = try explorer.run(seed: seed)
            guard result.violations.isEmpty else {
                noticed = result
                break
            }
        }

        let result = try #require(noticed, "\(mutant.rawValue) went unnoticed")
        print("\(mutant.rawValue): seed \(result.seed): \(result.violations[0].prefix(160))")
    }
}
