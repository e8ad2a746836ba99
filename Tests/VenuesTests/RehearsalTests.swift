import OMSCore
import Testing
import Wire

@testable import Venues

/// The pure part of a rehearsal: what is asked next, and what is made of what came back.
@Suite struct RehearsalJudgementTests {
    static let venues = VenueCatalog.all.map(\.venue)

    private static func rehearsal(
        _ venue: String, uid: String = "U1", isDemo: Bool = false, change: (inout Rehearsal.Subject) -> Void = { _ in }
    ) throws -> Rehearsal {
        let line = try #require(VenueCatalog.line(venue))
        let product = line.products[0]
        let adapter = try #require(line.adapter(product))
        let ids = (0..<100).map { ClientOrderID("rhaaaaaaaaaaaaaaa\($0 + 100)") }
        var subject = Rehearsal.Subject(
            account: "a", uid: uid, isTLS: true, isDemo: isDemo, freshnessMs: nil, symbol: nil,
            unusedIDs: Array(ids.prefix(max(1, adapter.profile.findMax))))
        change(&subject)
        return Rehearsal(adapter, subject, assumptions: try line.assumptions(product), hasStream: false)
    }

    private static func answer(_ query: QueryAnswer?, _ disposition: VenueAnswer.Disposition = .answered, code: String? = nil) -> VenueAnswer {
        var answer = VenueAnswer(httpStatus: 200, disposition: disposition)
        (answer.query, answer.venueCode, answer.venueText) = (query, code, code.map { "words of \($0)" })
        return answer
    }

    /// What a venue answers that is as its page says.
    private static func good(_ query: Query, agedMs: Int64, now: Int64) -> VenueAnswer {
        guard agedMs == 0 else { return answer(nil, .clockRefused, code: "40008") }
        switch query {
        case .serverTime: return answer(.time(1_763_640_000_000 + now / 1_000))
        case .account: return answer(.account(AccountFacts(group: "6", uid: "U1")))
        case .instruments: return answer(.instruments([Instrument(symbol: "BTCUSDT", tradable: true)]))
        case .find, .openOrders: return answer(.orders([], next: nil))
        case .history:
            var traded = OrderReport(status: .filled, venueState: "filled")
            (traded.venueOrderID, traded.filledQuantity) = ("7", .one)
            return answer(.orders([traded], next: nil))
        case .fills: return answer(.fills([], next: nil))
        case .cancelAll, .countdown: return answer(nil, .inDoubt)
        }
    }

    /// Goes through all of it. `change`: what is answered instead, where anything is.
    private static func run(_ rehearsal: inout Rehearsal, _ change: (Query, Int64) -> Rehearsal.Outcome? = { _, _ in nil }) -> [Query] {
        var (now, asked): (Int64, [Query]) = (1_000_000, [])
        while let step = rehearsal.next() {
            if case .pause(let ms) = step {
                now += ms * 1_000
                rehearsal.heard(.paused)
                continue
            }
            guard case .ask(let query, let agedMs, _) = step else { break }
            asked.append(query)
            now += 20_000
            rehearsal.heard(change(query, agedMs) ?? .answered(good(query, agedMs: agedMs, now: now - 5_000), sent: now - 10_000, read: now))
            #expect(asked.count < 60)
        }
        return asked
    }

    private static func verdicts(_ rehearsal: Rehearsal) -> [String: RehearsalRow.Verdict] {
        Dictionary(rehearsal.seen.map { ($0.name, $0.verdict) }) { first, _ in first }
    }

    @Test(arguments: venues) func `where all is as the page says nothing is contradicted, and every question was a question`(_ venue: String) throws {
        var rehearsal = try Self.rehearsal(venue)
        let asked = Self.run(&rehearsal)
        let verdicts = Self.verdicts(rehearsal)
        #expect(!verdicts.values.contains(.contradicts) && rehearsal.stopped == nil, "\(rehearsal.seen)")
        for name in ["base_url", "tls", "clock", "key", "markets", "history", "unknown_id", "stale_question"] {
            #expect(verdicts[name] == .holds, "\(name)")
        }
        #expect(verdicts["open_orders"] == .notSeen && verdicts["freshness"] == .notSeen && verdicts["memory"] == .notSeen)
        for query in asked { if case .cancelAll = query { Issue.record("it cancels") } }
        #expect(rehearsal.seen.map(\.name) == rehearsal.assumptions.map(\.name) && rehearsal.next() == nil)
    }

    /// What is answered in one place, and what that says.
    private static let broken: [(name: String, isAsked: @Sendable (Query, Int64) -> Bool, answer: VenueAnswer)] = [
        ("stale_question", { $1 > 0 }, answer(.orders([], next: nil))),
        ("key", { query, _ in if case .account = query { true } else { false } }, answer(nil, .halted, code: "refused")),
        ("uid", { query, _ in if case .account = query { true } else { false } }, answer(.account(AccountFacts(group: "6", uid: "U2")))),
        (
            "account_mode", { query, _ in if case .account = query { true } else { false } },
            answer(.account(AccountFacts(group: "6", uid: "U1", problem: "another kind")))
        ),
        ("markets", { query, _ in if case .instruments = query { true } else { false } }, answer(.instruments([]))),
        (
            "open_orders", { query, aged in if case .openOrders = query { aged == 0 } else { false } },
            answer(.orders([OrderReport(status: .unknown, venueState: "odd")], next: nil))
        ),
        (
            "history", { query, _ in if case .history = query { true } else { false } },
            answer(.orders([], next: nil, unreadable: [UnreadableRow(problem: "no id")]))
        ),
        ("unknown_id", { query, _ in if case .find = query { true } else { false } }, answer(.failed("no such page"))),
        ("stamp_margin", { query, _ in if case .account = query { true } else { false } }, answer(nil, .clockRefused, code: "late")),
    ]

    @Test(arguments: venues) func `what is not as the page says is contradicted by its name`(_ venue: String) throws {
        for (name, isAsked, answer) in Self.broken {
            var rehearsal = try Self.rehearsal(venue)
            guard name != "uid" || rehearsal.profile.accountTellsUID else { continue }
            _ = Self.run(&rehearsal) { query, aged in isAsked(query, aged) ? .answered(answer, sent: 1, read: 2) : nil }
            #expect(Self.verdicts(rehearsal)[name] == .contradicts, "\(name): \(rehearsal.seen)")
        }
    }

    @Test func `an order under an id that never was is a contradiction`() throws {
        var rehearsal = try Self.rehearsal("xt-spot")
        let id = rehearsal.subject.unusedIDs[0]
        var shown = OrderReport(status: .open, venueState: "NEW")
        shown.clientOrderID = id
        let answer = Self.answer(.orders([shown], next: nil))
        _ = Self.run(&rehearsal) { query, _ in if case .find = query { .answered(answer, sent: 1, read: 2) } else { nil } }
        #expect(Self.verdicts(rehearsal)["unknown_id"] == .contradicts)
    }

    @Test func `a clock that runs off between readings is seen, whatever the round trips`() throws {
        var rehearsal = try Self.rehearsal("bybit")
        var readings = 0
        _ = Self.run(&rehearsal) { query, _ in
            guard case .serverTime = query else { return nil }
            readings += 1
            let at = Int64(readings) * 1_000_000
            // The last one is 300 ms ahead of the others, which all took 20 ms.
            let ahead: Int64 = readings == 5 ? 300 : 0
            return .answered(Self.answer(.time(1_763_640_000_000 + at / 1_000 + ahead)), sent: at - 10_000, read: at + 10_000)
        }
        #expect(readings == 5 && Self.verdicts(rehearsal)["clock"] == .contradicts)
    }

    @Test func `without a first answer nothing else is asked, and all is not seen`() throws {
        var rehearsal = try Self.rehearsal("az-futures")
        let asked = Self.run(&rehearsal) { _, _ in .unanswered("connection refused") }
        #expect(asked.count == 1 && rehearsal.stopped == "the venue cannot be reached: connection refused")
        #expect(rehearsal.seen.allSatisfy { $0.verdict == .notSeen })
        var certificate = try Self.rehearsal("az-futures")
        _ = Self.run(&certificate) { _, _ in .unanswered("the certificate is of another host") }
        #expect(Self.verdicts(certificate)["tls"] == .contradicts)
    }

    @Test func `a key that is refused is asked for nothing more: venues shut out who goes on`() throws {
        var rehearsal = try Self.rehearsal("bitget-uta")
        let asked = Self.run(&rehearsal) { query, _ in
            if case .account = query { .answered(Self.answer(nil, .halted, code: "40006"), sent: 1, read: 2) } else { nil }
        }
        #expect(asked.last.map { if case .account = $0 { true } else { false } } ?? false)
        #expect(rehearsal.stopped?.contains("40006") ?? false)
    }

    @Test func `a code that is all that the venue says is said once`() throws {
        var rehearsal = try Self.rehearsal("xt-spot")
        var refusal = Self.answer(nil, .halted, code: "AUTH_104")
        refusal.venueText = "AUTH_104"
        _ = Self.run(&rehearsal) { query, aged in
            switch query {
            case .serverTime, .instruments: nil
            default: aged == 0 ? .answered(refusal, sent: 1, read: 2) : nil
            }
        }
        #expect(rehearsal.stopped == "the venue refuses the key: AUTH_104")
    }

    @Test(arguments: venues) func `what was seen is plain text on any terminal`(_ venue: String) throws {
        var rehearsal = try Self.rehearsal(venue)
        _ = Self.run(&rehearsal)
        // What is not is written out, in braces.
        for seen in rehearsal.seen { #expect(!seen.seen.contains("\\u{"), "\(seen)") }
    }

    @Test func `a limit that the venue names lower than the page is a contradiction, a higher one is none`() throws {
        for (permits, verdict) in [(1, RehearsalRow.Verdict.contradicts), (1_000_000, .holds)] {
            var rehearsal = try Self.rehearsal("bybit")
            var answer = Self.answer(.orders([], next: nil))
            answer.limits = [LimitWord(permits: permits)]
            _ = Self.run(&rehearsal) { query, aged in if case .openOrders = query, aged == 0 { .answered(answer, sent: 1, read: 2) } else { nil } }
            let limits = Self.verdicts(rehearsal).filter { $0.key.hasPrefix("limit:") }.values
            #expect(limits.contains(verdict), "\(permits)")
        }
    }

    private static let isHistory: @Sendable (Query) -> Bool = { if case .history = $0 { true } else { false } }

    @Test(arguments: venues) func `a venue that wants to be left alone for longer than a rehearsal waits is asked no more, and shows nothing`(
        _ venue: String
    ) throws {
        let refused = Self.answer(nil, .rateLimited(retryAfterMs: 60_000), code: "429")
        var rehearsal = try Self.rehearsal(venue)
        let asked = Self.run(&rehearsal) { query, _ in Self.isHistory(query) ? .answered(refused, sent: 1, read: 2) : nil }
        #expect(asked.count(where: Self.isHistory) == 1)
        #expect(!Self.verdicts(rehearsal).values.contains(.contradicts), "\(Self.verdicts(rehearsal))")
        #expect(rehearsal.stopped?.contains("rehearse again in 61 s") == true, "\(rehearsal.stopped ?? "-")")
    }

    @Test(arguments: venues) func `one refusal for the rate shows nothing, three a window apart contradict, and nothing where others have a share`(
        _ venue: String
    ) throws {
        let refused = Self.answer(nil, .rateLimited(retryAfterMs: nil), code: "429")
        for (times, share, verdict) in [(1, nil, nil), (3, nil, .contradicts), (3, 1, .notSeen)] as [(Int, Int?, RehearsalRow.Verdict?)] {
            var rehearsal = try Self.rehearsal(venue) { subject in
                guard let share else { return }
                let line = VenueCatalog.line(venue)
                for rule in line?.adapter(line?.products[0] ?? "")?.profile.budgets ?? [] {
                    subject.limits[rule.name] = .init(permits: nil, share: share)
                }
            }
            var left = times
            let asked = Self.run(&rehearsal) { query, _ in
                guard Self.isHistory(query), left > 0 else { return nil }
                left -= 1
                return .answered(refused, sent: 1, read: 2)
            }
            #expect(asked.count(where: Self.isHistory) == (times == 1 ? 2 : 3))
            let limits = Self.verdicts(rehearsal).filter { $0.key.hasPrefix("limit:") }
            #expect(limits.values.contains(.contradicts) == (verdict == .contradicts), "\(limits)")
            #expect((rehearsal.stopped?.contains("refused 3 times for its rate") ?? false) == (times == 3))
            if verdict == .notSeen { #expect(rehearsal.seen.contains { $0.seen.contains("others have a share of it") }) }
        }
    }

    @Test func `a limit that the venue names lower than the page is none where the configuration takes no more`() throws {
        for (own, verdict) in [(5, RehearsalRow.Verdict.holds), (7, .contradicts)] {
            var rehearsal = try Self.rehearsal("bybit") { $0.limits["lookup:realtime"] = .init(permits: own, share: nil) }
            var answer = Self.answer(.orders([], next: nil))
            answer.limits = [LimitWord("lookup:realtime", permits: 5)]
            _ = Self.run(&rehearsal) { query, aged in if case .openOrders = query, aged == 0 { .answered(answer, sent: 1, read: 2) } else { nil } }
            #expect(Self.verdicts(rehearsal)["limit:lookup:realtime"] == verdict, "\(own)")
        }
    }

    @Test(arguments: venues) func `what came and tells nothing is not seen, and is told`(_ venue: String) throws {
        let broken = VenueAnswer(httpStatus: 502, disposition: .inDoubt)
        for outcome in [
            .answered(broken, sent: 1, read: 2), .unanswered("the connection was reset"),
            .answered(Self.answer(nil), sent: 1, read: 2),
            .answered(Self.answer(.time(7)), sent: 1, read: 2), .answered(Self.answer(nil, .busy(retryAfterMs: nil), code: "busy"), sent: 1, read: 2),
        ] as [Rehearsal.Outcome] {
            var rehearsal = try Self.rehearsal(venue)
            _ = Self.run(&rehearsal) { query, _ in Self.isHistory(query) ? outcome : nil }
            #expect(Self.verdicts(rehearsal)["history"] == .notSeen, "\(rehearsal.seen)")
            #expect(rehearsal.remarks.contains { $0.hasPrefix("history: ") }, "\(rehearsal.remarks)")
            #expect(Self.verdicts(rehearsal)["stale_question"] == .holds && rehearsal.stopped == nil)
        }
    }

    @Test(arguments: venues) func `an empty page of executions, and rows for an unknown id that cannot be read, show nothing`(_ venue: String) throws
    {
        var rehearsal = try Self.rehearsal(venue)
        let bad = Self.answer(.orders([], next: nil, unreadable: [UnreadableRow(problem: "no id")]))
        _ = Self.run(&rehearsal) { query, _ in if case .find = query { .answered(bad, sent: 1, read: 2) } else { nil } }
        let verdicts = Self.verdicts(rehearsal)
        #expect(verdicts["unknown_id"] == .notSeen && rehearsal.remarks.contains { $0.contains("cannot be read: no id") }, "\(rehearsal.remarks)")
        if rehearsal.profile.listsFills { #expect(verdicts["fills"] == .notSeen && verdicts["lists_fills"] == .notSeen) }
        #expect(verdicts["quantity_unit"] ?? .notSeen == .notSeen)
    }

    @Test(arguments: venues) func `of a host that the page does not name nothing is seen by another that answers`(_ venue: String) throws {
        var rehearsal = try Self.rehearsal(venue, isDemo: true) { $0.isAtPagesHost = false }
        _ = Self.run(&rehearsal)
        let verdicts = Self.verdicts(rehearsal)
        #expect(verdicts["base_url"] == .notSeen && verdicts["tls"] == .notSeen && verdicts["demo"] ?? .notSeen == .notSeen)
        #expect(verdicts["key"] == .holds)
    }

    @Test func `what rows show of the unit of quantity holds or contradicts, whatever was asked`() throws {
        for verdict in [RehearsalRow.Verdict.holds, .contradicts] {
            var rehearsal = try Self.rehearsal("az-futures")
            _ = Self.run(&rehearsal)
            rehearsal.heard(beside: [RehearsalRow.Seen(name: "quantity_unit", assumed: "", seen: "a row", verdict: verdict, bears: nil)])
            #expect(Self.verdicts(rehearsal)["quantity_unit"] == verdict)
        }
    }

    @Test func `an order is planned where the market is open and its rules leave room, and nowhere else`() throws {
        var market = Instrument(symbol: "BTCUSDT", tradable: true)
        (market.tick, market.lot, market.minNotional) = (Decimal("0.1"), Decimal("0.001"), Decimal("5"))
        func planned(_ symbol: Symbol = "BTCUSDT", at price: String? = "100", _ change: (inout Instrument) -> Void = { _ in }) throws -> String {
            var listed = market
            change(&listed)
            var rehearsal = try Self.rehearsal("bybit")
            let list = Self.answer(.instruments([listed]))
            _ = Self.run(&rehearsal) { query, _ in if case .instruments = query { .answered(list, sent: 1, read: 2) } else { nil } }
            switch rehearsal.planned(in: symbol, at: price.flatMap { Decimal($0) }) {
            case .order(let order, _): return "\(order.quantity) at \(order.price)"
            case .refused(let why): return why
            }
        }
        #expect(try planned() == "0.055 at 100")
        #expect(try planned("ETHUSDT") == "there is no market ETHUSDT")
        #expect(try planned { ($0.tradable, $0.problem) = (false, "suspended") } == "BTCUSDT is closed: suspended")
        #expect(try planned(at: nil).contains("--price P says where"))
        #expect(try planned(at: "0.05") == "the rules of BTCUSDT leave no order at 0.05")
        #expect(try planned { $0.maxQuantity = Decimal("0.01") } == "the rules of BTCUSDT leave no order at 100")
        #expect(try planned { ($0.minQuantity, $0.maxNotional) = (Decimal("1"), Decimal("50")) } == "the rules of BTCUSDT leave no order at 100")
    }

    @Test func `where a promise is contradicted, or not all was asked, nothing is planned`() throws {
        var stale = try Self.rehearsal("bybit")
        _ = Self.run(&stale) { _, aged in aged > 0 ? .answered(Self.answer(.orders([], next: nil)), sent: 1, read: 2) : nil }
        #expect(stale.planned(in: "BTCUSDT", at: .one) == .refused("stale_question is contradicted, which promises rest on"))
        var another = try Self.rehearsal("ascendex")
        let facts = Self.answer(.account(AccountFacts(group: "6", uid: "U2")))
        _ = Self.run(&another) { query, _ in if case .account = query { .answered(facts, sent: 1, read: 2) } else { nil } }
        #expect(another.planned(in: "BTCUSDT", at: .one) == .refused("uid is contradicted: the venue says U2"))
        var away = try Self.rehearsal("bybit")
        _ = Self.run(&away) { _, _ in .unanswered("refused") }
        #expect(away.planned(in: "BTCUSDT", at: .one) == .refused("the venue cannot be reached: refused"))
    }

    @Test func `what is said in hundreds of bytes is cut, and whole characters are left`() {
        let text = String(repeating: "ü", count: 400)
        #expect(text.cut.utf8.count <= 500)
        #expect("short".cut == "short")
    }
}
