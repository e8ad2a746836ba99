import Containers
import OMSCore

/// The streams of all venues. The state of ``VenueWorld``'s part that deals with them.
final class StreamDesk {
    /// Open ones, by number.
    var open: [Int: LiveStream] = [:]
    /// Every one that was ever open, oldest first; those that ended as they ended.
    var ended: [StreamSession] = []
    var count = 0
    /// Upgrades that were refused, by venue.
    var refused: [String: Int] = [:]
    /// Nothing is drawn for the time until a push leaves: it leaves with the event.
    var tellsAtOnce = false
    /// What is drawn of streams, apart from all else: a history without them stays as it is.
    var random: SplitMix64

    init(seed: UInt64) { random = SplitMix64(seed: mixedSeed(seed, "streams")) }

    /// Open streams in the order of their numbers.
    var inOrder: [LiveStream] { open.values.sorted { $0.session.id < $1.session.id } }
}

/// A stream with the way to its client.
final class LiveStream {
    var session: StreamSession
    let venue: VenueWorld.Venue
    let gateway: any StreamGateway
    /// Takes what leaves, in order. Called while the world's time advances, never while a request or message is being taken.
    let deliver: (StreamOutput) -> Void
    /// When the last message leaves the venue that none may pass, and when the last one is at the client.
    var lastLeaves: Int64
    var lastDelivered: Int64
    /// When the client's last message is at the venue.
    var lastArrives: Int64
    /// Pushes that a fault keeps back, each with its number among all that set out.
    var kept: [(number: Int, push: StreamPush)] = []
    var setOut = 0
    /// The time of change that the last push of an order bore.
    var lastChange: [String: Int64] = [:]
    /// A cut has been announced.
    var isNoticed = false

    init(_ session: StreamSession, _ venue: VenueWorld.Venue, _ gateway: any StreamGateway, _ deliver: @escaping (StreamOutput) -> Void) {
        (self.session, self.venue, self.gateway, self.deliver) = (session, venue, gateway, deliver)
        (lastLeaves, lastDelivered, lastArrives) = (session.openedAt, session.openedAt, session.openedAt)
    }
}
