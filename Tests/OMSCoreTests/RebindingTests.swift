import Containers
import OMSCore
import Testing

/// Where orders are after rebindings. A place is a user's account at a host; what was sent to one is at no other.
@Suite struct RebindingTests {
    private struct Address: Hashable {
        var uid: String
        var origin: String
    }

    /// A journal as far as rebindings read and write it.
    private struct Record {
        static let account: AccountID = "a1"
        var state = JournalState()

        init(at address: Address) {
            // Its pin is on record, too.
            state.seq = 1
            state.identities[Self.account] = PinnedIdentity(
                account: Self.account, venue: "xt-spot", product: "spot", uid: address.uid, origin: address.origin, keyInUse: "k", keys: ["k"])
        }

        /// An order is born where the account is.
        @discardableResult
        mutating func place(_ orderState: OrderState, attempts: Int = 0, absences: Int = 0) -> OrderKey {
            state.seq += 1
            let key = OrderKey(state.seq)
            var order = Order(
                key: key, clientOrderID: ClientOrderID("c\(key.number)"), account: Self.account, intent: IntentKey(1), intentID: "i", item: 0,
                terms: OrderTerms(symbol: "btc_usdt", side: .buy, type: .limit), intendedAt: 1, expiresAt: nil, sequence: .placeFirst)
            (order.state, order.attempts, order.absences) = (orderState, attempts, absences)
            state.orders.append(order)
            return key
        }

        /// A person says, of one that was left behind, that it is not there: as the engine writes it.
        mutating func resolveAbsent(_ key: OrderKey) throws {
            let index = try #require(state.orders.firstIndex { $0.key == key })
            var order = state.orders.remove(at: index)
            (order.state, order.evidence, order.closedAt) = (order.state == .inDoubt ? .abandoned : .canceled, .operator, 2)
            state.unlisted.append(order)
        }

        @discardableResult
        mutating func rebind(uid: String? = nil, origin: String? = nil, isSame: Bool) throws -> Rebinding.Outcome {
            let rebinding = Rebinding(account: Self.account, uid: uid, origin: origin, reason: "why", isSame: isSame, actor: .daemon)
            let outcome = rebinding.outcome(of: state, known: try #require(state.identities[Self.account]), at: 1)
            for record in outcome.records {
                switch record {
                case .identity(let pinned, let event): (state.identities[Self.account], state.seq) = (pinned, event.seq)
                case .orderChanged(let order, _, _, let event):
                    if let index = state.unlisted.firstIndex(where: { $0.key == order.key }) {
                        state.unlisted[index] = order
                    } else {
                        state.orders[try #require(state.orders.firstIndex { $0.key == order.key })] = order
                    }
                    state.seq = event.seq
                case .unlisted(let key, true): state.unlisted.append(state.orders.remove(at: try #require(state.orders.firstIndex { $0.key == key })))
                case .kill(let row, let event): (state.kills, state.seq) = ([row], event.seq)
                default: Issue.record("a rebinding writes \(record)")
                }
            }
            return outcome
        }

        func order(_ key: OrderKey) throws -> Order { try #require((state.orders + state.unlisted).first { $0.key == key }) }
        func isHere(_ order: Order) throws -> Bool { try #require(state.identities[Self.account]).place(of: order.key) == nil }
    }

    private static let home = Address(uid: "U1", origin: "https://home:443")

    /// An account that was moved without a word of sameness, with one order live and one in doubt at each place.
    private static func moved(to address: Address) throws -> (record: Record, home: [OrderKey], away: [OrderKey]) {
        var record = Record(at: home)
        let first = [record.place(.working), record.place(.inDoubt)]
        try record.rebind(uid: address.uid, origin: address.origin, isSame: false)
        let then = [record.place(.working), record.place(.inDoubt), record.place(.intended)]
        return (record, first, then)
    }

    @Test(arguments: [("U1", "https://away:443"), ("U2", "https://home:443"), ("U2", "https://away:443")])
    func `who goes back with the word "the same" has what was left there, and leaves what was placed in between`(
        uid: String, origin: String
    ) throws {
        var (record, home, away) = try Self.moved(to: Address(uid: uid, origin: origin))
        let outcome = try record.rebind(uid: Self.home.uid, origin: Self.home.origin, isSame: true)
        #expect(
            outcome.words == "1 live order is left behind, 1 in doubt is parked, 1 unsent order is withdrawn, "
                + "1 order in doubt can be looked up again, 1 live order is the account's again")
        #expect(try home.allSatisfy { try record.order($0).bars == [] && record.order($0).parkedAt == nil })
        #expect(try away[..<2].allSatisfy { try record.order($0).bars == .elsewhere })
        #expect(try record.order(away[1]).parkedAt == 1 && record.order(away[2]).state == .canceled)
        // And forth again: each is where it was.
        try record.rebind(uid: uid, origin: origin, isSame: true)
        #expect(try home.allSatisfy { try record.order($0).bars == .elsewhere } && away[..<2].allSatisfy { try record.order($0).bars == [] })
    }

    @Test func `an unsent order that had been sent before is withdrawn as one to be looked for, one that never left is not`() throws {
        var record = Record(at: Self.home)
        let (unsent, refused) = (record.place(.intended), record.place(.intended, attempts: 2))
        let proven = record.place(.intended, attempts: 2, absences: 1)
        let outcome = try record.rebind(origin: "https://away:443", isSame: false)
        #expect(outcome.withdrawnOrders == 3)
        #expect(try [unsent, refused, proven].allSatisfy { try record.order($0).state == .canceled })
        #expect(record.state.unlisted.map(\.key) == [proven])
    }

    @Test func `what a person called absent while it was elsewhere is looked for once the account is back there, and not before`() throws {
        var record = Record(at: Self.home)
        let keys = [record.place(.working, attempts: 1), record.place(.inDoubt, attempts: 1)]
        try record.rebind(origin: "https://away:443", isSame: false)
        for key in keys { try record.resolveAbsent(key) }
        try record.rebind(origin: "https://third:443", isSame: true)
        #expect(try keys.allSatisfy { try record.order($0).bars == .elsewhere })
        let outcome = try record.rebind(origin: Self.home.origin, isSame: true)
        #expect(outcome.words == "2 orders closed without the venue's word are looked for again")
        #expect(try keys.allSatisfy { try record.order($0).bars == [] && record.order($0).isGivenUp })
    }

    @Test func `half a way back, the uid or the host alone, takes no order along`() throws {
        for isUIDFirst in [true, false] {
            var (record, home, away) = try Self.moved(to: Address(uid: "U2", origin: "https://away:443"))
            let steps: [(String?, String?)] = [(Self.home.uid, nil), (nil, Self.home.origin)]
            for (uid, origin) in isUIDFirst ? steps : steps.reversed() { try record.rebind(uid: uid, origin: origin, isSame: true) }
            #expect(try home.allSatisfy { try record.order($0).bars == [] } && away[..<2].allSatisfy { try record.order($0).bars == .elsewhere })
            // The break names where they are: they are had back there.
            try record.rebind(uid: "U2", origin: "https://away:443", isSame: true)
            #expect(try home.allSatisfy { try record.order($0).bars == .elsewhere } && away[..<2].allSatisfy { try record.order($0).bars == [] })
        }
    }

    @Test func `a place that the journal did not know may be any: what is elsewhere is not taken there`() throws {
        var record = Record(at: Self.home)
        record.state.identities[Record.account]?.uid = nil
        record.state.identities[Record.account]?.origin = nil
        let unknown = record.place(.inDoubt)
        try record.rebind(uid: "U1", origin: "https://away:443", isSame: false)
        let away = record.place(.inDoubt)
        try record.rebind(origin: Self.home.origin, isSame: true)
        #expect(try record.order(unknown).bars == .elsewhere && record.order(away).bars == .elsewhere)
    }

    @Test func `a venue that moves takes along what is there, and not what was left elsewhere before`() throws {
        var (record, home, away) = try Self.moved(to: Address(uid: "U1", origin: "https://away:443"))
        let outcome = try record.rebind(origin: "https://new:443", isSame: true)
        #expect(
            outcome.words == "1 order in doubt goes on being looked up, 1 live order stays the account's, "
                + "1 unsent order will be sent where the account is now, 2 orders left behind before stay there")
        #expect(try home.allSatisfy { try record.order($0).bars == .elsewhere } && away.allSatisfy { try record.order($0).bars == [] })
    }

    @Test(arguments: [false, true])
    func `who says "the same" hears of every order that goes along, also where none of them changes`(moves: Bool) throws {
        var record = Record(at: Self.home)
        for _ in 0..<3 { record.place(.working) }
        for _ in 0..<2 { record.place(.intended) }
        let outcome = try record.rebind(origin: moves ? "https://new:443" : nil, isSame: true)
        #expect(outcome.words == "3 live orders stay the account's, 2 unsent orders will be sent where the account is now")
        #expect(outcome.records.count == 1, "the identity alone is written")
        var empty = Record(at: Self.home)
        #expect(try empty.rebind(origin: "https://new:443", isSame: true).words == "no order is concerned")
    }

    @Test func `a cancel-all that was not answered is not asked for elsewhere`() throws {
        for isSame in [false, true] {
            var (record, _, _) = try Self.moved(to: Address(uid: "U1", origin: "https://away:443"))
            record.state.kills = [KillRow(account: Record.account, since: 7, cancelAll: .unanswered)]
            let outcome = try record.rebind(origin: Self.home.origin, isSame: isSame)
            #expect(record.state.kills == [KillRow(account: Record.account, since: 7, cancelAll: .notAsked)] && outcome.endsCancelAll)
        }
        var stays = Record(at: Self.home)
        stays.state.kills = [KillRow(account: Record.account, since: nil, cancelAll: .unanswered)]
        try stays.rebind(origin: "https://new:443", isSame: true)
        #expect(stays.state.kills.first?.cancelAll == .unanswered)
    }

    /// Persons who say nothing untrue: of a true place that it is the same under a new name, that they are back where the account was, that it is elsewhere.
    @Test(arguments: UInt64(1)...400)
    func `on no way through several places is an order taken for one that is where the account is`(seed: UInt64) throws {
        var dice = SplitMix64(seed: seed)
        var addresses = ["U1", "U2"].flatMap { uid in ["https://h1:443", "https://h2:443"].map { Address(uid: uid, origin: $0) } }
        var (here, names, isRenamed) = (0, 0, false)
        var visited: Set<Int> = [0]
        var placed: [OrderKey: Int] = [:]
        var record = Record(at: addresses[0])
        for step in 0..<30 {
            let target = Int.random(in: 0..<addresses.count, using: &dice)
            let next = addresses[target]
            var hasComeBack = false
            switch Int.random(in: 0..<10, using: &dice) {
            case 0..<3: placed[record.place([.working, .inDoubt, .intended].randomElement(using: &dice) ?? .working)] = here
            case 3..<5:
                try record.rebind(uid: next.uid, origin: next.origin, isSame: false)
                here = target
            case 5..<8 where visited.contains(target) && target != here:
                switch Int.random(in: 0..<4, using: &dice) {
                case 0:
                    try record.rebind(uid: next.uid, isSame: true)
                    try record.rebind(origin: next.origin, isSame: true)
                case 1:
                    try record.rebind(origin: next.origin, isSame: true)
                    try record.rebind(uid: next.uid, isSame: true)
                case 2:
                    try record.rebind(uid: next.uid, origin: next.origin, isSame: false)
                    try record.rebind(isSame: true)
                default: try record.rebind(uid: next.uid, origin: next.origin, isSame: true)
                }
                (here, hasComeBack) = (target, true)
            case 8 where seed.isMultiple(of: 2):
                names += 1
                isRenamed = true
                if Bool.random(using: &dice) { addresses[here].uid = "N\(names)" } else { addresses[here].origin = "https://n\(names):443" }
                try record.rebind(uid: addresses[here].uid, origin: addresses[here].origin, isSame: true)
            default:
                try record.rebind(isSame: true)
                hasComeBack = true
            }
            visited.insert(here)
            for order in record.state.orders where !order.state.isTerminal {
                let isHere = try record.isHere(order)
                let wasPlacedHere = placed[order.key] == here
                #expect(!isHere || wasPlacedHere, "seed \(seed), step \(step): \(order.clientOrderID) of place \(placed[order.key] ?? -1) at \(here)")
                #expect(isHere != order.bars.contains(.elsewhere), "seed \(seed), step \(step): \(order.clientOrderID)")
                if hasComeBack, !isRenamed { #expect(isHere == wasPlacedHere, "seed \(seed), step \(step): \(order.clientOrderID)") }
            }
        }
    }
}

/// A venue's stream that moved.
@Suite struct StreamRebindingTests {
    private static func rebound(
        _ origin: String?, _ stream: String?, isSame: Bool = false
    ) throws -> (pinned: PinnedIdentity, records: Int, words: String) {
        var state = JournalState()
        var known = PinnedIdentity(
            account: "a", venue: "az-futures", product: "usdt", uid: "1", origin: "https://a:443", keyInUse: "k", keys: ["k"])
        known.streamOrigin = "wss://s:443"
        state.identities["a"] = known
        let rebinding = Rebinding(account: "a", uid: nil, origin: origin, streamOrigin: stream, reason: "why", isSame: isSame, actor: .daemon)
        let outcome = rebinding.outcome(of: state, known: known, at: 1)
        guard case .identity(let pinned, let event)? = outcome.records.first else { throw Missing() }
        return (pinned, outcome.records.count, event.note ?? "")
    }
    private struct Missing: Error {}

    @Test func `a stream that moved moves no order and costs no key, and both places are on record`() throws {
        let (pinned, records, words) = try Self.rebound(nil, "wss://t:443")
        #expect(pinned.streamOrigin == "wss://t:443" && pinned.origin == "https://a:443" && pinned.keyInUse == "k" && pinned.keys == ["k"])
        #expect(pinned.former.isEmpty && records == 1)
        #expect(words.contains("wss://s:443") && words.contains("wss://t:443") && words.contains("why"))
    }

    @Test func `an account that moved hears its stream where the next configuration says, or where this says`() throws {
        #expect(try Self.rebound("https://b:443", nil).pinned.streamOrigin == nil)
        #expect(try Self.rebound("https://b:443", "wss://t:443", isSame: true).pinned.streamOrigin == "wss://t:443")
        #expect(try Self.rebound(nil, nil, isSame: true).pinned.streamOrigin == "wss://s:443")
    }
}
