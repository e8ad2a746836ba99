import OMSCore
import Testing
import Wire

@testable import Venues

/// What a venue's stream says and what that must be read as: the sections of `Fixtures/<venue>/stream/<generation>.txt`, a heading `== sentence`, the
/// message, and a line `=> …` for each thing that it tells.
struct StreamFixture: CustomTestStringConvertible, Sendable {
    let venue: String
    let generation: StreamGeneration
    let sentence: String
    let message: [UInt8]
    let expected: [String]
    var testDescription: String { "\(venue) \(generation): \(sentence)" }

    /// One that any product of the venue reads alike: a connection is shared.
    var dialect: any StreamDialect {
        guard let line = WaitingVenues.line(venue), let dialect = line.stream(line.products[0], generation: generation) else {
            preconditionFailure("\(venue) has no stream")
        }
        return dialect
    }

    static let all = WaitingVenues.known.flatMap { line in StreamGeneration.allCases.flatMap { of(line.venue, $0) } }

    static func file(_ venue: String, _ generation: StreamGeneration) -> String { "\(venue)/stream/\(generation.rawValue).txt" }

    /// None where there is no such file.
    static func of(_ venue: String, _ generation: StreamGeneration) -> [StreamFixture] {
        guard let bytes = fileBytes(fixturePath(file(venue, generation))) else { return [] }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n== ").map { section in
            var lines = section.split(separator: "\n")
            let heading = lines.removeFirst()
            let told = lines.filter { $0.hasPrefix("=> ") }.map { String($0.dropFirst(3)) }
            let message = lines.filter { !$0.hasPrefix("=> ") }.joined(separator: "\n")
            return StreamFixture(
                venue: venue, generation: generation, sentence: String(heading.hasPrefix("== ") ? heading.dropFirst(3) : heading[...]),
                message: Array(message.utf8), expected: told)
        }
    }

    /// The section with what is told now.
    func text(_ told: [String]) -> String {
        "== \(sentence)\n\(String(decoding: message, as: UTF8.self))\n" + told.map { "=> \($0)\n" }.joined()
    }
}

/// What was told, a line for each; fields that are not said are left out.
func told(_ news: [StreamNews]) -> [String] { news.isEmpty ? ["nothing"] : news.map(\.line) }

extension StreamNews {
    var line: String {
        func fields(_ pairs: [(String, (any CustomStringConvertible)?)]) -> String {
            pairs.compactMap { name, value in value.map { "\(name)=\($0)" } }.joined(separator: " ")
        }
        switch self {
        case .pong: return "pong"
        case .ping(let answer): return "ping, to be answered by \(answer)"
        case .greeting(let isAuthorized): return isAuthorized ? "greeted" : "greeted as a stranger"
        case .loginAccepted: return "login accepted"
        case .loginRefused(let kind, let code, let text): return "login refused (\(kind)) \(code): \(text)"
        case .subscribed(let channel): return "subscribed \(channel)"
        case .subscribeRefused(let channel, let code, let text): return "subscription refused \(channel?.text ?? "of anything") \(code): \(text)"
        case .goingAway(let words): return "going away: \(words)"
        case .tooFast(let words): return "too fast: \(words)"
        case .tokenRefused(let words): return "token refused: \(words)"
        case .unknown(let words): return "unknown: \(words)"
        case .order(let heard):
            let report = heard.report
            return "order "
                + fields([
                    ("product", heard.product), ("id", report.venueOrderID), ("client", report.clientOrderID), ("symbol", report.symbol),
                    ("side", report.side?.rawValue), ("status", report.status.rawValue), ("word", report.venueState), ("price", report.price),
                    ("quantity", report.quantity), ("filled", report.filledQuantity), ("average", report.averagePrice),
                    ("version", report.version), ("pushed", heard.pushedVersion), ("unit", heard.unit?.rawValue), ("reason", report.reason),
                ])
        case .fill(let heard):
            return "fill "
                + fields([
                    ("product", heard.product), ("trade", heard.fill.tradeID), ("id", heard.fill.venueOrderID), ("client", heard.clientOrderID),
                    ("symbol", heard.symbol), ("side", heard.side?.rawValue), ("quantity", heard.fill.quantity), ("price", heard.fill.price),
                    ("fee", heard.fill.fee), ("asset", heard.fill.feeAsset), ("at", heard.fill.at),
                ])
        case .fillsDue(let heard):
            return "fills due "
                + fields([
                    ("product", heard.product), ("id", heard.venueOrderID), ("client", heard.clientOrderID), ("symbol", heard.symbol),
                    ("called", heard.calls.map { "(\($0))" }),
                ])
        }
    }
}
