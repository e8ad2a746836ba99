import OMSCore
import Simulator
import Testing
import Venues
import Wire

/// An engine that knows its markets, one live order (`live`, at the venue `v1`) and nothing else.
private final class Questioned {
    let engine: Engine
    private let journal = MemoryJournal()
    private var at = Moment(monotonic: .seconds(10), wall: 1_795_183_260_000_000)
    private static let id: AccountID = "xt-spot"
    /// A page of open orders that was asked for and is not answered.
    private(set) var page: RequestPlan?

    init() throws {
        let sample = try House.sample("xt-spot")
        let adapter = try #require(VenueCatalog.adapter(venue: "xt-spot", product: sample.product))
        var state = JournalState()
        (state.idTag, state.bootID, state.seq, state.accounts) = ("SIMU", "boot", 10, [Self.id, "gone"])
        state.orders = [Self.order(2, "live", "v1", sample.order)]
        engine = Engine(
            accounts: [AccountSetup(id: Self.id, uid: "u", keyFingerprint: "f", rules: adapter)], state: state, history: journal, seed: 1,
            bootID: "boot", at: at)
        for _ in 0..<6 {
            at = Moment(monotonic: at.monotonic + 1_000, wall: at.wall + 1_000)
            for plan in engine.finishTurn(at: at, reading: journal).sends { answer(plan) }
        }
    }

    static func order(_ number: Int64, _ id: ClientOrderID, _ venueID: VenueOrderID, _ terms: OrderTerms) -> Order {
        var order = Order(
            key: OrderKey(number), clientOrderID: id, account: Self.id, intent: IntentKey(1), intentID: "old", item: 0, terms: terms, intendedAt: 1,
            expiresAt: nil, sequence: .cancelFirst)
        (order.state, order.evidence, order.attempts, order.venueOrderID) = (.acknowledged, .response, 1, venueID)
        return order
    }

    private func answer(_ plan: RequestPlan) {
        guard case .query(let query) = plan.content else { return }
        if case .openOrders = query { page = plan }
        guard let answer = VenueAnswer.preparing(query, at: at) else { return }
        step(.answered(plan.id, answer, sentAt: at, lastByteAt: at), given: Found())
    }

    func step(_ input: Input, given found: Found) { engine.step(input, given: found, at: at) }
    func end() -> TurnOutput { engine.finishTurn(at: at, reading: journal) }

    static func command(_ command: ControlCommand) -> Input {
        .command(command, from: .peer(uid: 0, pid: 1), ticket: Ticket(connection: 1, call: 1))
    }

    static func submit(_ id: IntentID?, _ change: (inout Intent) -> Void) -> Input {
        var intent = Intent(account: Self.id, id: id)
        change(&intent)
        return command(.submit(intent, content: AskedContent(intent) { _ in Digest256([UInt8](repeating: 7, count: 32)) }))
    }

    func listed(_ reports: [OMSCore.OrderReport]) throws -> Input {
        var answer = VenueAnswer(httpStatus: 200, disposition: .answered)
        answer.query = .orders(reports, next: nil)
        return .answered(try #require(page).id, answer, sentAt: at, lastByteAt: at)
    }
}

/// What is fetched in front of a step is what the step asks for.
@Suite struct NeedsTests {
    private static func report(_ client: ClientOrderID?, _ venue: VenueOrderID, filled: Decimal? = nil) -> OMSCore.OrderReport {
        var report = OMSCore.OrderReport(status: .open, venueState: "NEW")
        (report.clientOrderID, report.venueOrderID, report.symbol, report.side, report.filledQuantity) = (client, venue, "btc_usdt", .buy, filled)
        return report
    }

    @Test func `a submit needs the names that memory does not hold, once, and of what it holds nothing`() throws {
        let stage = try Questioned()
        let terms = try House.sample("xt-spot").order
        let input = Questioned.submit("mine") { intent in
            intent.place = [PlaceItem(terms: terms, clientOrderID: "given"), PlaceItem(terms: terms)]
            intent.cancel = [.order("live"), .order("closed"), .venueOrder("v1"), .venueOrder("v9"), .matching(symbol: nil, side: nil)]
        }
        let needs = stage.engine.needs(of: input, given: Found())
        #expect(needs == [.intent("mine"), .order("closed"), .ownOrder("xt-spot", "v9"), .use("given")])
        let known = Questioned.submit(nil) { $0.cancel = [.order("live"), .venueOrder("v1")] }
        #expect(stage.engine.needs(of: known, given: Found()) == [])
        #expect(stage.engine.needs(of: Questioned.command(.status), given: Found()) == [])
    }

    @Test func `what is found leads on to what the step asks behind it`() throws {
        let stage = try Questioned()
        let terms = try House.sample("xt-spot").order
        let input = Questioned.submit(nil) { $0.cancel = [.venueOrder("v9")] }
        var found = Found()
        found.add(.order(Questioned.order(3, "closed", "v9", terms)), to: .ownOrder("xt-spot", "v9"))
        #expect(stage.engine.needs(of: input, given: found) == [.order("closed")], "its cancel is written down by our id")

        let page = try stage.listed([Self.report("live", "v1", filled: .one), Self.report("other", "v8"), Self.report(nil, "v7")])
        #expect(stage.engine.needs(of: page, given: Found()) == [.fills(OrderKey(2)), .order("other"), .owners("v7")])
        found.add(.order(nil), to: .order("other"))
        #expect(stage.engine.needs(of: page, given: found).contains(.owners("v8")), "whose it is may be told by the venue's id alone")
    }

    @Test func `of a caller from whom accounts are kept the step also needs to know whose a name is`() throws {
        let stage = try Questioned()
        let caller = Caller(.peer(uid: 7, pid: 1), Rights(visible: ["xt-spot"], less: ["xt-spot": .trade]))
        func needs(_ command: ControlCommand, by caller: Caller) -> [Need] {
            stage.engine.needs(of: .command(command, from: caller, ticket: Ticket(connection: 1, call: 1)), given: Found())
        }
        var filter = OrderFilter()
        filter.clientOrderID = "closed"
        #expect(needs(.orderList(filter), by: .peer(uid: 0, pid: 1)) == [.use("closed")])
        #expect(Set(needs(.orderList(filter), by: caller)) == [.use("closed"), .order("closed")])
        #expect(needs(.orderGet(filter), by: .peer(uid: 0, pid: 1)) == [])
        #expect(needs(.orderGet(filter), by: caller) == [.order("closed")])
        #expect(needs(.orderTimeline("closed"), by: caller) == [.order("closed")])
        #expect(needs(.orderTimeline("live"), by: caller) == [])
        #expect(needs(.intentGet("mine"), by: .peer(uid: 0, pid: 1)) == [])
        #expect(needs(.intentGet("mine"), by: caller) == [.intent("mine")])
    }

    @Test func `a name that could not be looked up refuses its caller, and what an order rests on ends the turn`() throws {
        let stage = try Questioned()
        let broken = JournalError(.failed, "the disk is gone")
        var found = Found()
        found.add(.failed(broken), to: .intent("mine"))
        stage.step(Questioned.submit("mine") { $0.cancel = [.order("live")] }, given: found)
        let output = stage.end()
        guard case .failure(let error)? = output.replies.first?.reply else {
            Issue.record("accepted without a look at the record")
            return
        }
        #expect(error.code == 1010 && output.unread == nil && error.message.contains("the disk is gone"))

        found.add(.failed(broken), to: .fills(OrderKey(2)))
        let filled = try House.sample("xt-spot").order.quantity
        stage.step(try stage.listed([Self.report("live", "v1", filled: filled)]), given: found)
        let unread = stage.end().unread
        #expect(unread?.description == "the disk is gone" && unread?.isOfArchive == false)
    }

    @Test func `executions that a file of the archive keeps end the turn as that file's fault, not as the journal's`() throws {
        let stage = try Questioned()
        var found = Found()
        found.add(.failed(JournalError(.busy, "2026-08.db cannot be read", isOfArchive: true)), to: .fills(OrderKey(2)))
        let filled = try House.sample("xt-spot").order.quantity

        stage.step(try stage.listed([Self.report("live", "v1", filled: filled)]), given: found)

        let unread = stage.end().unread
        #expect(unread?.isOfArchive == true && unread?.kind == .busy, "\(String(describing: unread))")
    }
}

extension VirtualDaemon {
    /// Takes an input in the middle of a turn, as the runner would.
    func step(_ input: Input) {
        guard let engine else { return }
        engine.step(input, given: engine.fetch(for: input, from: journal), at: now)
    }
}
