import Containers
import Transport
import Wire

/// The network between a client and the venues: how long a request and its answer are under way together.
///
/// How much of it passes before the request arrives is drawn as well, so that what was sent first may arrive last, and a venue may see as one burst what left
/// far apart: what a client that counts its own sendings gets wrong.
package struct Latency: Sendable, Equatable {
    /// Microseconds.
    package let low: Int64
    package let high: Int64

    package init(lowMs: Int64, highMs: Int64) {
        precondition(0 <= lowMs && lowMs <= highMs)
        (low, high) = (lowMs * 1_000, highMs * 1_000)
    }

    func draw(_ random: inout SplitMix64) -> (there: Int64, back: Int64) {
        let whole = random.between(low, high)
        let there = random.between(0, whole)
        return (there, whole - there)
    }
}

extension VenueWorld {
    /// Takes one request that was sent and has its way before it.
    ///
    /// It is counted, judged and executed when it arrives: when ``advance(to:)`` passes that moment. Whether its sender still waits then does not matter. The
    /// simulator's own pages are no network away.
    ///
    /// - Parameters:
    ///   - moment: When it was sent; else as in ``handle(_:from:at:)``.
    ///   - reply: Called once, on arrival, with what goes back and how much later.
    package func receive(_ request: HTTPRequest, from peer: String, at moment: Int64, reply: @escaping @Sendable (ServerReply) -> Void) {
        guard let latency = options.latency, !request.path.hasPrefix("/_sim/") else { return reply(handle(request, from: peer, at: moment)) }
        advance(to: moment)
        let way = latency.draw(&ways)
        events.add(at: now + way.there) { [unowned self] _ in reply(self.arrive(request, from: peer).later(way.back)) }
    }
}

extension ServerReply {
    func later(_ us: Int64) -> ServerReply {
        switch self {
        case .response(let response, let afterUs): .response(response, afterUs: afterUs + us)
        case .raw(let bytes, let afterUs, let thenClose): .raw(bytes, afterUs: afterUs + us, thenClose: thenClose)
        case .reset(let afterUs): .reset(afterUs: afterUs + us)
        case .silence, .upgrade: self
        }
    }
}
