import OMSCore
import Venues

/// What a stream's words must not repeat: a venue may say back whatever it was told. Signatures and tokens go by their looks as well.
struct StreamSecrets: Sendable {
    private let words: [String]

    /// Short ones would take words out of a sentence, as in ``VenueStream/masked(_:)``.
    init(_ words: [String]) { self.words = words.filter { $0.utf8.count >= 8 }.sorted { $0.utf8.count > $1.utf8.count } }

    func masked(_ text: String) -> String { words.reduce(text) { $0.replacing($1, with: "…") }.maskedForLog }

    /// The same of the words of a piece of news; what it tells of orders holds ids and amounts, and the venue's reason.
    func masked(_ news: StreamNews) -> StreamNews {
        switch news {
        case .loginRefused(let refusal, let code, let text): return .loginRefused(refusal, code: masked(code), text: masked(text))
        case .subscribeRefused(let channel, let code, let text): return .subscribeRefused(channel, code: masked(code), text: masked(text))
        case .goingAway(let words): return .goingAway(masked(words))
        case .tooFast(let words): return .tooFast(masked(words))
        case .tokenRefused(let words): return .tokenRefused(masked(words))
        case .unknown(let words): return .unknown(masked(words))
        case .order(var heard):
            heard.report.reason = heard.report.reason.map { masked($0) }
            return .order(heard)
        case .pong, .ping, .greeting, .loginAccepted, .subscribed, .fill, .fillsDue: return news
        }
    }
}
