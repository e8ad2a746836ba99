import OMSCore
import Simulator
import Testing

/// The owner's rules where the engine asks them: for what is placed, and for what a modify comes to.
@Suite struct EngineRiskTests {
    private static func ready(_ change: @escaping (inout RiskSetting) -> Void) throws -> VirtualDaemon {
        try House.ready("xt-spot") { change(&$0.setups[0].risk) }
    }

    @Test func `a modify is judged by what the order comes to, by each rule, and one that is refused changes nothing`() throws {
        let sample = try House.sample("xt-spot").order
        let (price, quantity) = (try #require(sample.price), try #require(sample.quantity))
        let double = try #require(quantity.adding(quantity))
        let dear = try #require(price.adding(price))
        let daemon = try Self.ready {
            $0.maxOrderQuantity = [sample.symbol: quantity]
            $0.priceBand = [sample.symbol: .init(low: .one, high: price)]
        }
        daemon.submit(try House.intent("xt-spot", orders: 1, id: "one"))
        #expect(House.settled(daemon, "one"))
        let order = try #require(daemon.journal.orders.values.first)
        func modify(_ id: IntentID, price: Decimal? = nil, quantity: Decimal? = nil) throws -> ControlError? {
            var change = Intent(account: "xt-spot", id: id)
            change.modify = [ModifyItem(clientOrderID: order.clientOrderID, price: price, quantity: quantity)]
            return try House.error(daemon.submit(change), daemon)
        }
        let more = try modify("more", quantity: double)
        #expect(more?.code == 1005 && more?.reason == "RISK_MAX_ORDER_QUANTITY", "\(String(describing: more))")
        #expect(more?.message.contains("the limit is \(quantity)") == true && more?.message.contains("would have been \(double)") == true)
        #expect(more?.details.map(\.list) == ["modify"] && more?.details.first?.index == 0)
        #expect(try modify("dear", price: dear)?.reason == "RISK_PRICE_BAND")
        #expect(daemon.journal.commands.isEmpty)
        var placed = try House.intent("xt-spot", orders: 3, id: "placed")
        placed.place[2].terms.price = dear
        let refusal = try House.error(daemon.submit(placed), daemon)
        #expect(refusal?.reason == "RISK_PRICE_BAND" && refusal?.message.contains("place[2]") == true, "\(String(describing: refusal))")
        #expect(daemon.journal.orders.count == 1)
    }

    @Test func `no second sees more orders than max_orders_per_s, whatever intents they come in, and a dry run takes none`() throws {
        let daemon = try Self.ready { $0.maxOrdersPerSecond = 10 }
        daemon.run(forUs: .seconds(2))
        func submit(_ orders: Int, _ id: String, isDry: Bool = false) throws -> String? {
            var intent = try House.intent("xt-spot", orders: orders, id: id)
            intent.dryRun = isDry
            return try House.error(daemon.submit(intent), daemon)?.reason
        }
        let rule = "RISK_MAX_ORDERS_PER_S"
        #expect(try submit(11, "large") == rule, "it can never pass")
        #expect(try submit(10, "plan", isDry: true) == nil)
        #expect(try submit(6, "first") == nil && submit(5, "second") == rule && submit(4, "third") == nil && submit(1, "fourth") == rule)
        daemon.run(forUs: .seconds(1))
        #expect(try submit(10, "later") == nil && submit(1, "latest") == rule)
        // A new process does not know what went out before it.
        daemon.crash()
        try daemon.start()
        let early = try submit(1, "early")
        #expect(early == nil || early == rule)
        daemon.run(forUs: .seconds(2))
        #expect(try submit(10, "again") == nil)
    }

    @Test func `a reload takes over rules, also such that what lives already breaks`() throws {
        let daemon = try Self.ready { _ in }
        daemon.submit(try House.intent("xt-spot", orders: 5, id: "five"))
        #expect(House.settled(daemon, "five"))
        var setups = daemon.setups
        (setups[0].risk.maxOpenOrders, setups[0].risk.maxOrderNotional) = (2, .one)
        daemon.step(.reload(setups, changes: [], by: .daemon))
        let more = try House.error(daemon.submit(try House.intent("xt-spot", orders: 1, id: "more")), daemon)
        #expect(more?.reason == "RISK_MAX_ORDER_NOTIONAL", "\(String(describing: more))")
        // What lives goes on, and may be cancelled.
        #expect(try House.error(daemon.submit(EngineCancelTests.cancelAll("xt-spot", "away")), daemon) == nil)
        #expect(House.settled(daemon, "away", withinUs: .seconds(60)))
        #expect(daemon.journal.orders.values.allSatisfy { $0.state == .canceled } && daemon.violations.isEmpty)
    }

    @Test func `what a reload took over holds on behind a turn that found no space`() throws {
        let daemon = try Self.ready { _ in }
        var setups = daemon.setups
        setups[0].risk.maxOpenOrders = 2
        daemon.engine?.step(.reload(setups, changes: [], by: .daemon), given: Found(), at: daemon.now)
        daemon.run(forUs: .seconds(1))
        let former = daemon.engine
        daemon.setDisk(full: true)
        daemon.submit(try House.intent("xt-spot", orders: 1, id: "full"))
        daemon.run(forUs: .seconds(2)) { daemon.engine !== former }
        #expect(daemon.engine !== former, "no turn failed")
        daemon.setDisk(full: false)
        daemon.run(forUs: .seconds(30)) { daemon.engine?.snapshot().allSatisfy(\.isReady) == true && daemon.engine?.isJournalFull == false }

        let more = try House.error(daemon.submit(try House.intent("xt-spot", orders: 3, id: "more")), daemon)

        #expect(more?.reason == "RISK_MAX_OPEN_ORDERS", "\(String(describing: more))")
    }

    @Test func `a rule of a market that the venue does not have is told at the first table, at a reload and by risk.get`() throws {
        let symbol = try House.sample("xt-spot").order.symbol
        let wrong = Symbol(symbol.text.uppercased() + "X")
        let meant = Symbol(symbol.text.uppercased())
        let daemon = try Self.ready {
            $0.maxPosition = [wrong: PositionLimit(max: .one), symbol: PositionLimit(max: .one)]
            ($0.maxOrderQuantity, $0.symbols) = ([meant: .one], [symbol, wrong])
        }
        func told() -> [String] { daemon.journal.events.compactMap(\.event.note).filter { $0.contains("bound nothing") } }
        let words = try #require(told().first)
        #expect(told().count == 1 && words.contains("risk.max_position: ") && words.contains("has no market \(wrong)"), "\(told())")
        #expect(words.contains("risk.max_order_quantity: ") && words.contains("did you mean \(symbol)?") && words.contains("risk.symbols: "))
        daemon.step(.reload(daemon.setups, changes: [], by: .daemon))
        daemon.run(forUs: .milliseconds(10))
        #expect(told().count == 2)
        let rules = try House.hear(daemon.command(.riskGet(nil)), daemon).get()["rules"]?.array ?? []
        func note(_ rule: String, _ symbol: Symbol?) -> String? {
            rules.first { $0["rule"]?.string == rule && (symbol == nil || $0["symbol"]?.string == symbol?.text) }?["note"]?.string
        }
        #expect(note("max_position", wrong)?.contains("has no market \(wrong)") == true, "\(rules)")
        #expect(note("max_order_quantity", meant)?.contains("did you mean \(symbol)?") == true && note("symbols", nil)?.contains("\(wrong)") == true)
        #expect(note("max_position", symbol)?.contains("has no market") == false)
    }
}
