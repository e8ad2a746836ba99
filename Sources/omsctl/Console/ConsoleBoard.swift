import Synchronization
import Wire

/// What the threads of a console share: the newest of what is known of the daemon, and how old it is.
final class ConsoleBoard: Sendable {
    private struct Content {
        /// The model's JSON text, as the page takes it.
        var facts: [UInt8]?
        /// When they were asked for, by the boot clock.
        var factsAt: Int64 = 0
        /// Why the last question went wrong.
        var trouble: String?
        /// Since when a question waits for its answer.
        var askedAt: Int64?
    }
    private let content = Mutex(Content())

    /// An answer may take so long before it is called missing.
    static let lateUs: Int64 = 5_000_000

    func asks(at now: Int64) { content.withLock { $0.askedAt = now } }

    func publish(_ facts: [UInt8], askedAt: Int64) {
        content.withLock { ($0.facts, $0.factsAt, $0.trouble, $0.askedAt) = (facts, askedAt, nil, nil) }
    }

    func failed(_ words: String) { content.withLock { ($0.trouble, $0.askedAt) = (words, nil) } }

    /// `{"now_us","age_ms"|null,"trouble"|null,"facts"|null}`: the facts that were there last, whatever has happened since.
    ///
    /// - Parameters:
    ///   - now: the boot clock's.
    ///   - wall: microseconds since 1970 UTC.
    func status(at now: Int64, wall: Int64) -> [UInt8] {
        let content = content.withLock { $0 }
        let late = content.askedAt.map { now - $0 }.flatMap { $0 > Self.lateUs ? $0 : nil }
        var out = JSONWriter(reserving: (content.facts?.count ?? 0) + 256)
        out.beginObject()
        out.member("now_us", wall)
        out.member("age_ms", content.facts == nil ? nil : (now - content.factsAt) / 1_000)
        out.member("trouble", late.map { "omsd has taken the question, and not answered for \($0 / 1_000_000) s" } ?? content.trouble)
        out.key("facts")
        if let facts = content.facts { out.raw(facts) } else { out.null() }
        out.endObject()
        return out.bytes
    }
}
