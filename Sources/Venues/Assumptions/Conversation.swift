import OMSCore

/// What is taken for granted of any conversation with a venue, whatever its profile says: that it is the venue, that it knows the key, that what it lists is
/// what its page says.
struct Conversation: Sendable {
    let name: String
    private let sight: Assumption.Sight
    private let how: String
    private let bears: Assumption.Promise?
    private let isBySource: Bool
    private let words: @Sendable (VenueProfile) -> String?

    private init(
        _ name: String, _ sight: Assumption.Sight, _ how: String, bears: Assumption.Promise? = nil, isBySource: Bool = false,
        _ words: @escaping @Sendable (VenueProfile) -> String?
    ) {
        (self.name, self.sight, self.how, self.bears, self.isBySource, self.words) = (name, sight, how, bears, isBySource, words)
    }

    /// By questions.
    private init(_ name: String, _ how: String, bears: Assumption.Promise? = nil, _ words: @escaping @Sendable (VenueProfile) -> String?) {
        self.init(name, .reading, how, bears: bears, words)
    }

    /// nil: not of this venue.
    func told(of profile: VenueProfile) -> ToldFact? {
        words(profile).map { ToldFact(name: name, words: $0, sight: sight, how: how, bears: bears, isBySource: isBySource) }
    }

    static let all: [Conversation] = [
        .init("tls", "the certificate of the connection") { _ in "the host proves its name" },
        .init("clock", "offsets of several readings, each within half of its round trip", bears: .neverTwice) { _ in
            "the venue's clock runs as ours does"
        },
        .init("key", "a signed question is answered") { _ in "key and signature are accepted" },
        .init("uid", "the uid that the venue tells of the key") { $0.accountTellsUID ? "the key is of the configured uid" : nil },
        .init("rights", "what the account's page says of the key") { _ in "the key may trade, and not withdraw" },
        .init("address", "a signed question from here is answered") { _ in "requests from this address are allowed" },
        .init("account_mode", "what the account's page says of it") { _ in "the account is of the kind that the adapter speaks to" },
        .init("markets", "every row of the table of markets") { _ in "every market can be read" },
        .init("open_orders", "every row of the first page of open orders", bears: .neverLost) { _ in "every row can be read, and each word is known"
        },
        .init("history", "every row of the first page of closed orders", bears: .neverLost) { _ in "every row can be read, and each word is known" },
        .init("fills", .filling, "every row of the executions of the newest filled order, and of one that is bought, which come to what executed") {
            $0.listsFills ? "every row can be read" : nil
        },
        .init("unknown_id", "each look-up of an id that never was", bears: .neverTwice) { _ in
            "a look-up of an id that never was is answered, and shows no order"
        },
        .init("stale_question", "a signed question stamped longer ago than the window", bears: .neverTwice) {
            "a question stamped more than \($0.signatureMs ?? $0.freshnessMs) ms ago is refused for its stamp"
        },
        .init("duplicate_id", .placing, "a further order under the id of one that is open", isBySource: true) { _ in
            "a further order under the id of an open one is refused in words for it"
        },
        .init("batch_items", .filling, "three orders in one request, of which one can neither rest nor trade") { _ in
            "what becomes of one order of a batch is no other's end"
        },
    ]

    static let ofStreams: [Conversation] = [
        .init("stream:subscription", "each channel is acknowledged") { _ in "every channel is acknowledged" }
    ]
}
