import Glibc
import Simulator

extension Main {
    /// `omsim explore`.
    static func explore(_ command: ExploreCommand) throws {
        let explorer = Explorer(mutant: command.mutant, venues: command.venues, version: command.version)
        var report = ExploreReport()
        for seed in command.seeds {
            let trace: ((String) -> Void)? = command.traces ? { try? StandardStream.output.write($0 + "\n") } : nil
            report.add(try explorer.run(seed: seed, trace: trace))
            if command.stopsAtFirst, !report.broken.isEmpty { break }
        }
        try StandardStream.output.write("seeds \(command.seeds.lowerBound)..\(command.seeds.upperBound)\n" + report.text)
        if !report.broken.isEmpty { exit(1) }
    }
}
