import OMSCore
import Simulator
import Testing
import Venues
import Wire

/// An engine with a large book and no venue behind it: what each turn writes.
private final class LargeBook {
    let engine: Engine
    private let journal = MemoryJournal()
    private var calls: UInt64 = 0
    private(set) var at = Moment(monotonic: .seconds(10), wall: 1_795_183_260_000_000)
    /// Rows of each turn since they were counted last, and the rows of the turns in which something was answered.
    private(set) var rows: [Int] = []
    private(set) var replies: [(call: UInt64, reply: Result<Reply, ControlError>, completes: Bool)] = []
    private(set) var counts: [String: Int] = [:]

    init(orders: Int) throws {
        let sample = try House.sample("xt-spot")
        let adapter = try #require(VenueCatalog.adapter(venue: "xt-spot", product: sample.product))
        let setup = AccountSetup(id: "xt-spot", uid: "u", keyFingerprint: "f", rules: adapter)
        var state = JournalState()
        (state.idTag, state.bootID, state.seq) = ("SIMU", "boot", Int64(orders) + 10)
        state.orders = (0..<orders).map { index in
            let number = Int64(index) + 2
            var terms = sample.order
            terms.side = index % 4 == 0 ? .sell : .buy
            var order = Order(
                key: OrderKey(number), clientOrderID: Self.id(index), account: "xt-spot", intent: IntentKey(1), intentID: "old", item: index,
                terms: terms, intendedAt: 1, expiresAt: nil, sequence: .cancelFirst)
            (order.state, order.evidence, order.attempts, order.venueOrderID) = (.acknowledged, .response, 1, VenueOrderID("v\(index)"))
            return order
        }
        engine = Engine(accounts: [setup], state: state, history: journal, seed: 1, bootID: "boot", at: at)
        for _ in 0..<4 { turn() }
        rows = []
    }

    static func id(_ index: Int) -> ClientOrderID { ClientOrderID("o\(index)") }

    func command(_ command: ControlCommand) -> UInt64 {
        calls += 1
        take(.command(command, from: .peer(uid: 0, pid: 1), ticket: Ticket(connection: calls, call: calls)))
        return calls
    }

    func submit(_ id: IntentID, _ change: (inout Intent) -> Void) -> UInt64 {
        var intent = Intent(account: "xt-spot", id: id)
        change(&intent)
        return command(.submit(intent, content: AskedContent(intent) { _ in Digest256([UInt8](repeating: 7, count: 32)) }))
    }

    /// Runs until a call is answered and everything asked for is under way; how many turns it took.
    func run(until call: UInt64) -> Int {
        (rows, counts, replies) = ([], [:], [])
        var turns = 0
        repeat {
            turn()
            turns += 1
        } while turns < 2_000 && (engine.nextWake <= at.monotonic || !replies.contains { $0.call == call })
        return turns
    }

    private func turn() {
        at = Moment(monotonic: at.monotonic + 1_000, wall: at.wall + 1_000)
        let output = engine.finishTurn(at: at, reading: journal)
        rows.append(output.records.count)
        var completes = false
        for record in output.records {
            switch record {
            case .commandBorn(let command, _): counts["\(command.kind) born", default: 0] += 1
            case .commandChanged(let command, let from, _): counts["\(command.kind) \(from) \(command.state)", default: 0] += 1
            case .intentComplete: completes = true
            default: break
            }
        }
        replies += output.replies.map { ($0.ticket.call, $0.reply, completes) }
        for plan in output.sends { answer(plan) }
    }

    /// What the account must know before anything may be asked of it; the rest stays unanswered.
    private func answer(_ plan: RequestPlan) {
        guard case .query(let query) = plan.content, let answer = VenueAnswer.preparing(query, at: at) else { return }
        take(.answered(plan.id, answer, sentAt: at, lastByteAt: at))
    }

    private func take(_ input: Input) { engine.step(input, given: engine.fetch(for: input, from: journal), at: at) }
}

/// No turn grows with the book, or with what an intent asks of it.
@Suite struct EngineSliceTests {
    /// A slice of what is written, one of what begins to move, and the requests that one account may launch in a turn (with the rows of what they carry).
    private static let rowsMax = 2 * 1_000 + 500

    @Test func `cancels and modifies of one intent are found and written slice by slice, and answered with the last`() throws {
        let orders = 100_000
        let book = try LargeBook(orders: orders)
        let modify = book.submit("modify") { intent in
            intent.modify = (0..<orders).map { ModifyItem(clientOrderID: LargeBook.id($0), price: Decimal($0 % 90 + 1_000), quantity: nil) }
        }
        #expect(book.run(until: modify) >= orders / 1_000)
        #expect(book.rows.allSatisfy { $0 <= Self.rowsMax }, "\(book.rows.max() ?? 0) rows in one turn")
        #expect(book.counts["modify born"] == orders)
        #expect(book.replies.filter { $0.call == modify }.map(\.completes) == [true], "told before all of it is on record, or never")

        let sells = book.submit("sells") { $0.cancel = [.matching(symbol: "btc_usdt", side: .sell), .matching(symbol: nil, side: .sell)] }
        #expect(book.run(until: sells) >= orders / 4_000)
        #expect(book.rows.allSatisfy { $0 <= Self.rowsMax } && book.counts["cancel born"] == orders / 4, "\(book.rows.max() ?? 0), \(book.counts)")
        #expect(book.counts["modify requested withdrawn"] == orders / 4, "a cancel takes the place of a modify that has not left: \(book.counts)")

        let all = book.submit("all") { $0.cancel = (0..<orders).map { .order(LargeBook.id($0)) } }
        #expect(book.run(until: all) >= orders / 1_000)
        #expect(book.rows.allSatisfy { $0 <= Self.rowsMax } && book.counts["cancel born"] == orders, "\(book.rows.max() ?? 0), \(book.counts)")
        #expect(book.replies.filter { $0.call == all }.map(\.completes) == [true])
    }

    @Test func `a halt with cancel_open, the cancel of an intent and a deadline take as many turns as they have slices`() throws {
        let orders = 20_000
        let book = try LargeBook(orders: orders)
        let sample = try House.sample("xt-spot").order
        let places = book.submit("places") { intent in
            intent.place = Array(repeating: PlaceItem(terms: sample), count: 10_000)
            intent.expiresAt = book.at.wall + 300_000
        }
        _ = book.run(until: places)
        var expired = 0
        for _ in 0..<400 where expired < 10_000 {
            let wake = book.command(.status)
            _ = book.run(until: wake)
            #expect(book.rows.allSatisfy { $0 <= Self.rowsMax }, "\(book.rows)")
            expired = 10_000 - (book.engine.snapshot().first?.queuePlace ?? 0)
        }
        #expect(expired == 10_000)

        let more = book.submit("more") { $0.place = Array(repeating: PlaceItem(terms: sample), count: 10_000) }
        _ = book.run(until: more)
        let cancel = book.command(.intentCancel("more"))
        #expect(book.run(until: cancel) >= 10)
        #expect(book.rows.allSatisfy { $0 <= Self.rowsMax } && book.counts["cancel born"] == 10_000, "\(book.rows.max() ?? 0), \(book.counts)")
        guard case .success(.canceled(_, let withdrawn, let commands))? = book.replies.first(where: { $0.call == cancel })?.reply else {
            Issue.record("no answer")
            return
        }
        #expect(withdrawn == 10_000 && commands == 0)

        let halt = book.command(.setState("xt-spot", .halted, reason: "test", cancelOpen: true, everything: false))
        #expect(book.run(until: halt) >= orders / 1_000)
        #expect(book.rows.allSatisfy { $0 <= Self.rowsMax } && book.counts["cancel born"] == orders, "\(book.rows.max() ?? 0), \(book.counts)")
    }

    /// Orders that rest, and an engine whose slices are small.
    private static func resting(_ venue: String, _ orders: Int, sliceRows: Int = 3) throws -> VirtualDaemon {
        let daemon = try EngineCancelTests.placed(venue, orders: orders) { $0.sliceRows = sliceRows }
        // What a venue has accepted and not opened yet cannot trade.
        #expect(daemon.run(forUs: .seconds(60)) { daemon.journal.orders.values.allSatisfy { $0.state == .working } })
        return daemon
    }

    private static func other(_ command: ControlCommand, _ daemon: VirtualDaemon, _ connection: UInt64 = 2) -> OMSCore.Ticket {
        let ticket = OMSCore.Ticket(connection: connection, call: 1)
        daemon.step(.command(command, from: .peer(uid: 0, pid: 2), ticket: ticket))
        return ticket
    }

    private static func submitted(_ intent: Intent) -> ControlCommand { .submit(intent, content: AskedContent(intent) { Digest256(sha256($0)) }) }

    /// Runs until so many commands of an intent that is not accepted yet are on record.
    private static func writeHalf(_ daemon: VirtualDaemon, _ count: Int) {
        daemon.run(forUs: .seconds(5)) { daemon.journal.commands.values.count { $0.state.isOpen } >= count }
        #expect(daemon.journal.intents.keys.contains { !daemon.journal.isComplete($0) }, "it is accepted already")
    }

    @Test(arguments: House.venues) func `a crash amid an intent's cancels leaves nothing of them, also of those that ended meanwhile`(venue: String)
        throws
    {
        let daemon = try Self.resting(venue, 30)
        var swap = try House.intent(venue, orders: 2, id: "swap")
        swap.cancel = [.matching(symbol: nil, side: nil)]
        let ticket = daemon.submit(swap)
        Self.writeHalf(daemon, 9)
        let exchange = try #require(daemon.world.venue(named: venue)).exchange
        let first = try #require(daemon.journal.commands.values.min { $0.id < $1.id })
        let id = try #require(daemon.journal.orders[first.order]?.venueOrderID)
        let filled = try #require(exchange.orders.first { $0.id == id.text })
        exchange.fill(filled, at: daemon.world.now)
        #expect(daemon.world.ledger.requests.allSatisfy { $0.kind != .cancel }, "nothing of it leaves before it is accepted")
        daemon.crash()
        #expect(daemon.answers[ticket] == nil)
        try daemon.start()
        daemon.run(forUs: .seconds(20))
        #expect(daemon.journal.commands.isEmpty && daemon.journal.intent("swap") == nil, "\(daemon.journal.commands.count)")
        #expect(daemon.journal.orders.values.count { $0.state.isLive } == 29)
        #expect(try House.error(daemon.submit(swap), daemon) == nil)
        #expect(House.settled(daemon, "swap"))
        #expect(daemon.journal.orders.values.count { $0.state == .canceled } == 29 && daemon.violations.isEmpty, "\(daemon.violations)")
    }

    @Test(arguments: [false, true]) func `a modify is overtaken by one that was accepted, and by no other`(crashes: Bool) throws {
        let daemon = try Self.resting("xt-spot", 30)
        let orders = daemon.journal.orders.values.sorted { $0.key < $1.key }
        daemon.world.setFaults([EngineCancelTests.fault(.rateLimited, .modify, count: 1)])
        func modify(_ orders: some Sequence<Order>, _ id: IntentID, price: Int?, quantity: String?) -> Intent {
            var intent = Intent(account: "xt-spot", id: id)
            intent.modify = orders.map {
                ModifyItem(clientOrderID: $0.clientOrderID, price: price.map { Decimal($0) }, quantity: quantity.flatMap { Decimal($0) })
            }
            return intent
        }
        daemon.submit(modify(orders.prefix(1), "older", price: 38_500, quantity: nil))
        daemon.run(forUs: .milliseconds(300)) { daemon.journal.commands.values.contains { $0.attempts == 1 && $0.state == .requested } }
        let older = try #require(daemon.journal.commands.values.first)
        #expect(older.state == .requested && older.attempts == 1)
        daemon.submit(modify(orders, "newer", price: nil, quantity: "0.02"))
        Self.writeHalf(daemon, 9)
        #expect(daemon.journal.commands[older.id]?.state == .requested, "what a crash would discard takes nobody's place")
        if crashes {
            daemon.crash()
            try daemon.start()
        }
        daemon.run(forUs: .seconds(60))
        let first = try #require(daemon.journal.order(orders[0].clientOrderID))
        #expect(first.price == Decimal(38_500), "\(first.price as Any)")
        #expect(first.quantity == (crashes ? orders[0].quantity : Decimal("0.02")), "\(first.quantity as Any)")
        #expect(daemon.journal.commands[older.id]?.state == (crashes ? .done : .superseded))
        #expect(daemon.journal.commands.values.count == (crashes ? 1 : 31) && daemon.violations.isEmpty, "\(daemon.violations)")
    }

    @Test func `two large intents that modify the same orders are taken one after the other, and the last asked wins`() throws {
        let daemon = try Self.resting("xt-spot", 20)
        let orders = daemon.journal.orders.values.sorted { $0.key < $1.key }
        func modify(_ id: IntentID, _ item: (Order) -> ModifyItem) -> Intent {
            var intent = Intent(account: "xt-spot", id: id)
            intent.modify = orders.map(item)
            return intent
        }
        daemon.submit(modify("one") { ModifyItem(clientOrderID: $0.clientOrderID, price: Decimal(38_500), quantity: nil) })
        Self.writeHalf(daemon, 6)
        let second = modify("two") { ModifyItem(clientOrderID: $0.clientOrderID, price: Decimal(38_600), quantity: Decimal("0.02")) }
        let answer = Self.other(Self.submitted(second), daemon)
        _ = try House.hear(answer, daemon).get()
        daemon.run(forUs: .seconds(60))
        let after = daemon.journal.orders.values.filter { $0.price != Decimal(38_600) || $0.quantity != Decimal("0.02") }
        #expect(after.isEmpty, "\(after.map { "\($0.price as Any) \($0.quantity as Any)" })")
        #expect(daemon.journal.commands.values.allSatisfy { !$0.state.isOpen && $0.state != .refused } && daemon.violations.isEmpty)
    }

    @Test(arguments: House.venues) func `a cancel that is being written with a large intent holds back nobody else's`(venue: String) throws {
        let daemon = try Self.resting(venue, 60, sliceRows: 2)
        var slow = Intent(account: AccountID(venue), id: "slow")
        slow.cancel = [.matching(symbol: nil, side: nil)]
        daemon.submit(slow)
        Self.writeHalf(daemon, 10)
        let first = try #require(daemon.journal.commands.values.min { $0.id < $1.id })
        var now = Intent(account: AccountID(venue), id: "now")
        now.cancel = [.order(first.clientOrderID)]
        let answer = Self.other(Self.submitted(now), daemon)
        daemon.run(forUs: .milliseconds(1)) { daemon.journal.commands.values.contains { $0.state == .submitted } }
        let sent = daemon.journal.commands.values.filter { $0.state == .submitted }.compactMap {
            daemon.journal.intents[$0.intent ?? IntentKey(0)]?.id
        }
        #expect(sent == ["now"] && daemon.journal.intent("slow").map { daemon.journal.isComplete($0.key) } == false, "\(sent)")
        _ = try House.hear(answer, daemon).get()
        #expect(House.settled(daemon, "slow") && House.settled(daemon, "now"))
        #expect(daemon.journal.orders.values.allSatisfy { $0.state == .canceled } && daemon.violations.isEmpty, "\(daemon.violations)")
    }

    @Test(arguments: House.venues) func `what a cancel on record wants gone is not sent, however long it waits for its turn`(venue: String) throws {
        let daemon = try House.ready(venue) { $0.sliceRows = 4 }
        daemon.submit(try House.intent(venue, orders: 120, id: "many"))
        daemon.run(forUs: .seconds(30)) { daemon.journal.orders.values.contains { $0.state == .submitted } }
        let answer = Self.other(Self.submitted(EngineCancelTests.cancelAll(venue, "gone")), daemon)
        daemon.run(forUs: .seconds(30)) { daemon.journal.intent("gone").map { daemon.journal.isComplete($0.key) } ?? false }
        let attempts = daemon.journal.orders.mapValues(\.attempts)
        _ = try House.hear(answer, daemon).get()
        #expect(House.settled(daemon, "gone"))
        for order in daemon.journal.orders.values where attempts[order.key] == 0 {
            #expect(order.attempts == 0 && order.state == .canceled, "\(order.clientOrderID) \(order.state)")
        }
        #expect(daemon.violations.isEmpty, "\(daemon.violations)")
    }

    @Test(arguments: [false, true]) func `a kill amid an intent's cancels and modifies leaves none of its modifies to be sent`(isCrashed: Bool) throws
    {
        let daemon = try Self.resting("xt-spot", 30)
        let orders = daemon.journal.orders.values.sorted { $0.key < $1.key }
        var mix = try House.intent("xt-spot", orders: 4, id: "mix")
        mix.cancel = orders.prefix(10).map { .order($0.clientOrderID) }
        mix.modify = orders.dropFirst(10).map { ModifyItem(clientOrderID: $0.clientOrderID, price: Decimal(38_500), quantity: nil) }
        daemon.submit(mix)
        Self.writeHalf(daemon, 15)
        let kill = ControlCommand.setState("xt-spot", .halted, reason: "kill", cancelOpen: true, everything: false)
        let answer = Self.other(kill, daemon)
        if isCrashed {
            daemon.run(forUs: 10)
            daemon.crash()
            try daemon.start()
        } else {
            _ = try House.hear(answer, daemon).get()
        }
        daemon.run(forUs: .seconds(30))
        _ = try House.hear(daemon.command(.setState("xt-spot", .active, reason: "on", cancelOpen: false, everything: false)), daemon)
        daemon.run(forUs: .seconds(20))
        #expect(daemon.journal.orders.values.allSatisfy { $0.state == .canceled }, "\(daemon.journal.orders.values.map(\.state))")
        #expect(daemon.world.ledger.requests.allSatisfy { $0.kind != .modify } && daemon.journal.orders.values.count { $0.attempts > 0 } == 30)
        #expect(daemon.journal.commands.values.allSatisfy { !$0.state.isOpen } && daemon.violations.isEmpty, "\(daemon.violations)")
    }
}
