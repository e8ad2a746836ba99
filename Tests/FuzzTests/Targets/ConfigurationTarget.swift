import OMSCore
import Venues

@testable import OMSDaemon

/// A configuration: read, or refused with places that are in the text.
enum ConfigurationTarget {
    static func problem(with bytes: [UInt8]) -> String? {
        do throws(ConfigurationError) {
            _ = try Configuration.parse(bytes, path: "/etc/omsd.json5", environment: [:]) { VenueCatalog.adapter(venue: $0, product: $1)?.profile }
            return nil
        } catch {
            if error.problems.isEmpty { return "refused without a word" }
            let lines = bytes.count { $0 == 0x0A } + 1
            for problem in error.problems where !(1...lines).contains(problem.line ?? 1) {
                return "line \(problem.line ?? 0) of \(lines): \(problem)"
            }
            if error.description.utf8.contains(where: { $0 < 0x20 && $0 != 0x0A || $0 == 0x7F }) { return "unescaped text in the words" }
            return nil
        }
    }
}
