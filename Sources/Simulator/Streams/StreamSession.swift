/// One client's stream as the venue keeps it, from the upgrade to its end. Times are microseconds of the world's clock.
package struct StreamSession {
    package let id: Int
    package let venue: String
    /// The client's address without port.
    package let peer: String
    package let openedAt: Int64

    /// Whose it is; nil before the login.
    package internal(set) var account: SimAccount?
    /// The token or key under which it is served, where the venue gives such.
    var credential: String?
    /// What it is subscribed to, in the venue's words, in the order asked.
    package internal(set) var channels: [String] = []
    /// When its last `ping` came, or whatever counts for the heartbeat.
    var lastBeatAt: Int64
    /// Beats that it may still miss, where the venue counts them (AscendEX's `hp`).
    var health = 3
    /// Nothing is pushed any more, though pings are answered (a fault).
    var isMute = false
    /// Pings are not answered any more (a fault).
    var isDeaf = false

    // What the ledger shows.
    package internal(set) var logins = 0
    package internal(set) var subscribes = 0
    /// Messages of the client, pings among them.
    package internal(set) var messages = 0
    /// Messages to the client that tell of orders.
    package internal(set) var pushes = 0
    /// Limits that were passed, each once.
    package internal(set) var over: [String] = []
    package internal(set) var endedAt: Int64?
    /// Why it ended, in a few words.
    package internal(set) var end: String?

    init(id: Int, venue: String, peer: String, at: Int64) {
        (self.id, self.venue, self.peer, openedAt, lastBeatAt) = (id, venue, peer, at, at)
    }

    package var isOpen: Bool { endedAt == nil }

    func isSubscribed(_ channel: String) -> Bool { channels.contains(channel) }

    mutating func subscribe(_ channel: String) { if !isSubscribed(channel) { channels.append(channel) } }
    mutating func unsubscribe(_ channel: String) { channels.removeAll { $0 == channel } }
}
