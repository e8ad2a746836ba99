import OMSCore
import Simulator
import Testing

/// A refusal is a refusal: at once where the code is known as final, after one proof of absence where it is not, never sent a second time.
@Suite struct `Refusals of whole requests at XT, AZ, AscendEX, Bybit and OKX` {
    private static func refused(_ venue: String, code: String, message: String, status: Int = 200, orders: Int) throws -> VirtualDaemon {
        let daemon = try House.ready(venue)
        var rule = FaultRule(.venueError(code: code, message: message, status: status, executes: false))
        rule.kind = try House.placeKind(venue)
        daemon.world.setFaults([rule])
        daemon.submit(try House.intent(venue, orders: orders, id: "no"))
        return daemon
    }

    @Test(arguments: [("xt-spot", "ORDER_003"), ("az-futures", "symbol_is_not_trading"), ("bybit", "170131"), ("okx", "51121")])
    func `a batch refused whole by a final code is rejected at once, every order of it, in the venue's words`(venue: String, code: String) throws {
        let daemon = try Self.refused(venue, code: code, message: "closed for the night", orders: 7)
        #expect(House.settled(daemon, "no", withinUs: .seconds(2)))
        let orders = daemon.journal.orders.values
        #expect(orders.count == 7 && orders.allSatisfy { $0.state == .rejected && $0.rejectCode == code && $0.attempts == 1 })
        #expect(orders.allSatisfy { $0.rejectText?.contains("closed for the night") == true }, "\(orders.first?.rejectText ?? "-")")
    }

    @Test(arguments: [
        ("xt-spot", "ORDER_4711", 200), ("xt-spot", "ORDER_4711", 400), ("az-futures", "new_rule_17", 400), ("ascendex", "345678", 200),
        ("bybit", "345678", 200), ("bybit", "345678", 400), ("okx", "345678", 200), ("okx", "345678", 400),
    ])
    func `a code in no table is looked into once, then rejected with code and words`(venue: String, code: String, status: Int) throws {
        let daemon = try Self.refused(venue, code: code, message: "no such thing", status: status, orders: 3)
        #expect(House.settled(daemon, "no", withinUs: .seconds(120)))
        let orders = daemon.journal.orders.values
        #expect(orders.allSatisfy { $0.state == .rejected && $0.rejectCode == code && $0.attempts == 1 }, "\(orders.map { ($0.state, $0.attempts) })")
        #expect(orders.allSatisfy { $0.rejectText?.contains("no such thing") == true }, "\(orders.first?.rejectText ?? "-")")
        #expect(daemon.violations.isEmpty, "\(daemon.violations)")
    }

    /// Words that hold a syllable of a busy system or of a rate, and are about the order or the account.
    private static let near = [
        "Too many open orders", "This symbol is unavailable for your account", "Order price is abnormal, please check",
        "Service unavailable in your region", "system busy, try again",
    ]

    @Test(arguments: House.venues, near)
    func `no words make a code in no table a licence to send again: one proof, then rejected with code and words`(
        venue: String, words: String
    ) throws {
        let daemon = try Self.refused(venue, code: "98765", message: words, status: 400, orders: 2)
        #expect(House.settled(daemon, "no", withinUs: .seconds(120)))
        let orders = daemon.journal.orders.values
        let ends = orders.map { ($0.state, $0.attempts) }
        #expect(orders.allSatisfy { $0.state == .rejected && $0.rejectCode == "98765" && $0.attempts == 1 }, "\(ends)")
        #expect(orders.allSatisfy { $0.rejectText?.contains(words) == true }, "\(orders.first?.rejectText ?? "-")")
        #expect(daemon.violations.isEmpty, "\(daemon.violations)")
    }

    @Test(arguments: House.venues, near) func `nor of an item that a batch lists as refused`(venue: String, words: String) throws {
        let daemon = try House.ready(venue)
        var rule = FaultRule(.itemError(code: venue == "xt-spot" ? words : "98765", message: words, share: 1))
        rule.kind = try House.placeKind(venue)
        daemon.world.setFaults([rule])
        daemon.submit(try House.intent(venue, orders: 2, id: "no"))
        #expect(House.settled(daemon, "no", withinUs: .seconds(120)))
        let orders = daemon.journal.orders.values
        #expect(orders.allSatisfy { $0.state == .rejected && $0.attempts == 1 && $0.rejectCode != nil }, "\(orders.map { ($0.state, $0.attempts) })")
    }

    @Test(arguments: ["25102", "25004"], [false, true])
    func `an item that is put off again and again is told of, with the venue's words, and goes once it is taken`(code: String, crashes: Bool) throws {
        let daemon = try House.ready("bitget-uta")
        var rule = FaultRule(.itemError(code: code, message: "not now", share: 1))
        rule.kind = try House.placeKind("bitget-uta")
        daemon.world.setFaults([rule])
        daemon.submit(try House.intent("bitget-uta", orders: 1, id: "wait"))
        func broken() -> Break? { daemon.journal.breaks.values.first { $0.kind == .loop } }
        #expect(daemon.run(forUs: .seconds(400)) { broken() != nil })
        let told = try #require(broken())
        #expect(told.detail.contains("put off 10 times by the venue") && told.detail.contains("\(code) not now"), "\(told.detail)")
        let order = try #require(daemon.journal.orders.values.first)
        #expect(order.rejectCode == code && order.rejectText == "not now")
        // The next process counts anew, and the break is the record's.
        if crashes { daemon.crash() }
        daemon.world.setFaults([])
        if crashes { try daemon.start() }
        #expect(House.settled(daemon, "wait", withinUs: .seconds(120)))
        #expect(daemon.journal.orders.values.allSatisfy { $0.state.isLive && $0.rejectCode == nil } && broken() == nil)
    }

    @Test(arguments: [("xt-spot", "ORDER_4712"), ("az-futures", "odd"), ("ascendex", "345679"), ("bybit", "345679"), ("okx", "345679")])
    func `an unknown code whose words speak of a busy system leaves the order in doubt, and what was taken all the same is found`(
        venue: String, code: String
    ) throws {
        let daemon = try House.ready(venue)
        var rule = FaultRule(.venueError(code: code, message: "system busy, try again", status: 200, executes: true))
        (rule.kind, rule.count) = (try House.placeKind(venue), 1)
        daemon.world.setFaults([rule])
        daemon.submit(try House.intent(venue, orders: 2, id: "yes"))
        #expect(House.settled(daemon, "yes", withinUs: .seconds(120)))
        #expect(daemon.journal.orders.values.allSatisfy { $0.state.isLive && $0.rejectCode == nil && $0.attempts == 1 })
        #expect(daemon.world.duplicates.isEmpty)
    }

    @Test(arguments: House.venues, [429, 500, 503, 408])
    func `a code in no table is one refusal under any status, and what else was said is kept by what is given up`(venue: String, status: Int) throws {
        let odd = try Self.refused(venue, code: "77777", message: "odd words", status: status, orders: 2)
        #expect(House.settled(odd, "no", withinUs: .seconds(120)))
        let refused = odd.journal.orders.values
        #expect(refused.allSatisfy { $0.state == .rejected && $0.rejectCode == "77777" && $0.attempts == 1 }, "\(refused.map(\.state))")
        #expect(refused.allSatisfy { $0.rejectText?.contains("odd words") == true }, "\(refused.first?.rejectText ?? "-")")

        let busy = try Self.refused(venue, code: "77777", message: "system busy", status: status, orders: 2)
        #expect(House.settled(busy, "no", withinUs: .seconds(600)))
        let given = busy.journal.orders.values
        #expect(given.allSatisfy { $0.state == .abandoned && $0.rejectCode == "77777" && $0.attempts == 5 }, "\(given.map(\.state))")
        let words = "system busy; proven absent; not sent again"
        #expect(given.allSatisfy { $0.rejectText?.hasPrefix(words) == true }, "\(given.first?.rejectText ?? "-")")
        #expect(odd.violations.isEmpty && busy.violations.isEmpty, "\(odd.violations) \(busy.violations)")
    }

    @Test(arguments: House.venues, ["X9_ODD", "999999999999999999999999"])
    func `an item refused by a code that is no number of ours ends as rejected, with it, after one send`(venue: String, code: String) throws {
        let daemon = try House.ready(venue)
        var rule = FaultRule(.itemError(code: code, message: "odd words", share: 1))
        rule.kind = try House.placeKind(venue)
        daemon.world.setFaults([rule])
        daemon.submit(try House.intent(venue, orders: 2, id: "no"))
        #expect(House.settled(daemon, "no", withinUs: .seconds(120)))
        let orders = daemon.journal.orders.values
        #expect(orders.allSatisfy { $0.state == .rejected && $0.attempts == 1 }, "\(orders.map { ($0.state, $0.attempts) })")
        // Margin's items name codes by number alone, and XT has no field beside its words.
        let isNamed = venue != "bitget-margin" && venue != "xt-spot"
        #expect(orders.allSatisfy { !isNamed || $0.rejectCode == code }, "\(orders.map { $0.rejectCode ?? "-" })")
        #expect(orders.allSatisfy { $0.rejectText?.isEmpty == false && $0.rejectCode != nil })
    }

    @Test(arguments: House.venues) func `words of an answer that left it open are forgotten once the venue has the order`(venue: String) throws {
        let daemon = try House.ready(venue)
        var rule = FaultRule(.venueError(code: "77777", message: "system busy", status: 500, executes: false))
        (rule.kind, rule.count) = (try House.placeKind(venue), 1)
        daemon.world.setFaults([rule])
        daemon.submit(try House.intent(venue, orders: 2, id: "later"))
        #expect(
            daemon.run(forUs: .seconds(5)) {
                daemon.journal.orders.values.contains { $0.rejectCode == "77777" && $0.rejectText == "system busy" }
            })
        #expect(House.settled(daemon, "later", withinUs: .seconds(120)))
        #expect(daemon.journal.orders.values.allSatisfy { $0.state.isLive && $0.rejectCode == nil && $0.rejectText == nil && $0.attempts == 2 })
        #expect(daemon.violations.isEmpty, "\(daemon.violations)")
    }
}
