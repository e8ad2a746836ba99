import OMSCore
import TestSupport
import Testing
import Venues

/// How the simulator breaks what is taken for granted of a venue, and in which part of a rehearsal that shows.
struct BrokenAssumption: CustomTestStringConvertible, Sendable {
    enum Part: Sendable { case asking, placing, filling }

    let venue: String
    /// What one switch breaks at once.
    let names: [String]
    var part = Part.asking
    var hasStreams = false
    /// Rules of the simulator, in which somebody else's uid is STRANGER.
    var rules: [String] = []
    /// Switches of the venue.
    var switches: [String] = []
    /// Lines of the account's entry.
    var settings = ""
    /// An order of the account traded before, by another hand.
    var hasTraded = false
    /// The certificate of the host is one that nobody vouches for.
    var isTLS = false
    var testDescription: String { "\(venue) \(names.joined(separator: " "))" }

    init(_ account: TestAccount, _ names: String...) { (venue, self.names) = (account.venue, names) }

    private func with(_ change: (inout BrokenAssumption) -> Void) -> BrokenAssumption {
        var copy = self
        change(&copy)
        return copy
    }

    private func by(_ rules: String...) -> BrokenAssumption { with { $0.rules = rules } }
    private func by(switch words: String...) -> BrokenAssumption { with { $0.switches = words } }
    private func at(_ part: Part) -> BrokenAssumption { with { $0.part = part } }
    private var heard: BrokenAssumption { with { $0.hasStreams = true } }
    private var traded: BrokenAssumption { with { $0.hasTraded = true } }
    private func set(_ settings: String) -> BrokenAssumption { with { $0.settings = settings } }
    private var overTLS: BrokenAssumption { with { $0.isTLS = true } }

    // MARK: All of them

    static let all: [BrokenAssumption] = TestAccount.all().flatMap { account in
        asked(account) + limits(account) + placed(account) + bought(account) + heard(account)
    }

    /// By the venue's budget of a question: rules strike what is counted under it.
    private static func budgets(_ account: TestAccount, _ query: Query) -> [String] {
        let adapter = VenueCatalog.adapter(venue: account.venue, product: account.product)
        return (adapter?.charges(of: .query(query)) ?? []).map { String($0.budget.prefix { $0 != "/" }) }
    }

    private static func find(_ account: TestAccount, step: Int = 0) -> Query {
        let terms = account.sample.order
        let subject = FindSubject(
            order: OrderKey(0), clientOrderID: "rhx", venueOrderID: "1", predictedIDs: ["1"], terms: terms, sinceMs: 0)
        return .find([subject], step: step)
    }

    private static func fills(_ account: TestAccount) -> Query {
        guard case .find(let subjects, _) = find(account) else { preconditionFailure("it is a look-up") }
        return .fills(subjects[0], page: nil)
    }

    /// The venue says something else than what it was asked for.
    private static func failing(_ account: TestAccount, _ query: Query, after: Int = 0) -> String {
        "{ kind: 'lookup', budget: '\(budgets(account, query).first ?? "")', after: \(after), fault: { type: 'venue_error', code: '98765', message: 'no', status: 200 } }"
    }

    private static func asked(_ account: TestAccount) -> [BrokenAssumption] {
        let (profile, venue) = (account.profile, account.venue)
        var all = [
            BrokenAssumption(account, "base_url").by("{ kind: 'public', fault: { type: 'unknown_endpoint' } }"),
            BrokenAssumption(account, "tls").overTLS,
            BrokenAssumption(account, "clock").by("{ fault: { type: 'clock', offset_ms: 0, drift_ppm: 400000 } }"),
            BrokenAssumption(account, "key", "rights", "address").by("{ kind: 'lookup', fault: { type: 'wrong_account' } }"),
            BrokenAssumption(account, "markets").by("{ kind: 'public', fault: { type: 'null_market' } }"),
            BrokenAssumption(account, "stamp_margin").by(
                "{ kind: 'lookup', fault: { type: 'venue_error', code: '\(clockCodes[venue] ?? "")', message: 'timestamp', status: 200 } }"),
            BrokenAssumption(account, "history").by(failing(account, .history(symbol: nil, sinceMs: 0, page: nil))),
        ]
        if profile.signatureMs == nil {
            all.append(BrokenAssumption(account, "stale_question").by(switch: "old_stamps=taken"))
        } else {
            all.append(BrokenAssumption(account, "stale_question", "signature").by(switch: "old_stamps=taken"))
        }
        let open = failing(account, .openOrders(symbol: nil, page: nil))
        all.append(BrokenAssumption(account, "open_orders").by(open))
        if profile.listsBySymbol { all.append(BrokenAssumption(account, "lists_by_symbol").by(open)) }
        if profile.recvwindowFloorMs > 0 { all.append(BrokenAssumption(account, "recvwindow_floor").by(open)) }
        if profile.saysUnknown {
            all.append(BrokenAssumption(account, "unknown_id", "says_unknown").by(failing(account, find(account))))
        } else {
            all.append(BrokenAssumption(account, "unknown_id").by(failing(account, find(account))))
        }
        if profile.findMax > 1 { all.append(BrokenAssumption(account, "find_max", "find_ids_max").by(failing(account, find(account), after: 1))) }
        if profile.listsFills { all.append(BrokenAssumption(account, "fills", "lists_fills").by(failing(account, fills(account))).traded) }
        if profile.accountTellsUID {
            let budget = budgets(account, .account)[0]
            all += [
                BrokenAssumption(account, "uid").by("{ kind: 'lookup', fault: { type: 'other_account', uid: 'STRANGER' } }"),
                BrokenAssumption(account, "account_tells_uid").by("{ budget: '\(budget)', kind: 'lookup', fault: { type: 'unknown_endpoint' } }"),
            ]
        }
        if profile.needsAccountFacts {
            all.append(
                BrokenAssumption(account, "needs_account_facts", "account_mode").by(
                    "{ endpoint: 'info', fault: { type: 'odd_number', form: 'null', field: 'accountGroup' } }"))
        }
        switch venue {
        case "bybit": all.append(BrokenAssumption(account, "account_mode").by(switch: "lpa=off"))
        case "okx": all.append(BrokenAssumption(account, "account_mode").by(switch: "permissions=read_only"))
        case "bitget-margin", "bitget-uta":
            all.append(BrokenAssumption(account, "account_mode").by("{ kind: 'lookup', fault: { type: 'wrong_account' } }"))
        default: break
        }
        if case .at = profile.demo {
            let demo = venue == "okx" ? ["demo=on"] : []
            all += [
                BrokenAssumption(account, "demo").by(refusedKey(venue)).set("demo: true,").with { $0.switches = demo },
                BrokenAssumption(account, "stream:demo_url").by("{ fault: { type: 'upgrade_refused', status: 503 } }").set("demo: true,").heard
                    .with { $0.switches = demo },
            ]
        }
        return all
    }

    /// The code by which a venue refuses a stamp.
    private static let clockCodes = [
        "bybit": "10002", "okx": "50102", "bitget-margin": "40008", "bitget-uta": "40008", "xt-spot": "AUTH_105", "az-futures": "403",
        "ascendex": "100011",
    ]

    private static func refusedKey(_ venue: String) -> String {
        let code = venue == "okx" ? "50111" : "40006"
        return "{ kind: 'lookup', fault: { type: 'venue_error', code: '\(code)', message: 'Invalid key', status: 200 } }"
    }

    /// Of each limit that a refused question is put down to.
    private static func limits(_ account: TestAccount) -> [BrokenAssumption] {
        let names = (try? VenueCatalog.line(account.venue)?.assumptions(account.product)) ?? []
        return names.filter { $0.name.hasPrefix("limit:") && $0.sight == .reading }.map { assumption in
            let budget = assumption.name.dropFirst("limit:".count)
            let strikes = publicPages["\(account.venue) \(budget)"].map { "endpoint: '\($0)'" } ?? "budget: '\(budget)'"
            return BrokenAssumption(account, assumption.name).by("{ \(strikes), fault: { type: 'rate_limit_429' } }").traded
        }
    }

    /// Pages that the simulator's venue counts otherwise than ours.
    private static let publicPages = [
        "az-futures lookup:time": "time", "az-futures lookup:symbol": "symbol-list", "ascendex lookup:products": "products",
        "ascendex lookup:exchange-info": "exchange-info",
    ]

    private static func placed(_ account: TestAccount) -> [BrokenAssumption] {
        let profile = account.profile
        let late = profile.visibilityDelayMs
        var all = [
            BrokenAssumption(account, "visibility_delay").at(.placing).by(
                "{ kind: '\(account.placeKind)', fault: { type: 'late_visibility', delay_ms: \(late + 2_000) } }"),
            BrokenAssumption(account, "find_steps").at(.placing).by(
                "{ kind: '\(account.placeKind)', fault: { type: 'late_visibility', delay_ms: \(late + 60_000) } }"),
        ]
        if profile.freshnessMsByKind[.cancel] == nil {
            all.append(BrokenAssumption(account, "freshness").at(.placing).by(switch: "old_stamps=orders"))
        } else {
            all.append(BrokenAssumption(account, "freshness", "freshness:cancel").at(.placing).by(switch: "old_stamps=orders"))
        }
        if profile.looksUpByVenueID {
            all.append(BrokenAssumption(account, "looks_up_by_venue_id").at(.placing).by("{ kind: 'place', fault: { type: 'strange_id' } }"))
        }
        if ["bybit", "okx", "bitget-margin", "bitget-uta"].contains(account.venue) {
            all.append(BrokenAssumption(account, "duplicate_id").at(.placing).by(switch: "open_ids=taken"))
        }
        return all
    }

    private static func bought(_ account: TestAccount) -> [BrokenAssumption] {
        let (profile, venue) = (account.profile, account.venue)
        // Four orders, one behind the other, a further one under the id of one of them, and one too late; where they share requests, their cancels, too.
        let before = profile.mixesPlaceAndCancel ? 9 : ["bybit", "okx", "bitget-margin", "bitget-uta"].contains(venue) ? 6 : 5
        let code = ["bybit": "170131", "okx": "51008", "bitget-margin": "43012", "bitget-uta": "40762", "xt-spot": "ORDER_002"][venue] ?? "300011"
        var all = [
            BrokenAssumption(account, "batch_items").at(.filling).by(
                "{ kind: '\(account.placeKind)', after: \(before), count: 1, fault: { type: 'item_error', code: '\(code)', message: 'insufficient balance' } }"
            )
        ]
        if profile.quantityUnit != nil { all.append(BrokenAssumption(account, "quantity_unit").at(.filling).by(switch: "quantity_unit=base")) }
        return all
    }

    private static func heard(_ account: TestAccount) -> [BrokenAssumption] {
        guard let stream = VenueCatalog.stream(venue: account.venue, product: account.product)?.profile else { return [] }
        var all = [
            BrokenAssumption(account, "stream:heartbeat").heard.by("{ channel: 'ping', fault: { type: 'stream_deaf' } }"),
            BrokenAssumption(account, "stream:fills").heard.at(.filling).by("{ fault: { type: 'push_lost' } }"),
        ]
        let older = BrokenAssumption(account, "stream:versions").heard.at(.filling).by("{ fault: { type: 'push_old_time' } }")
        switch account.venue {
        case "bitget-margin": all.append(older.by(switch: "stream_update_time=present"))
        case "xt-spot": all.append(older.by(switch: "stream_new_fields=all"))
        default: all.append(older)
        }
        let (url, silent) = ("{ fault: { type: 'upgrade_refused', status: 503 } }", "{ fault: { type: 'ack_missing' } }")
        switch stream.login {
        case .message:
            all += [
                BrokenAssumption(account, "stream:url").heard.by(url), BrokenAssumption(account, "stream:subscription").heard.by(silent),
                BrokenAssumption(account, "stream:login").heard.by("{ channel: 'login', fault: { type: 'stream_close' } }"),
            ]
        case .upgrade:
            all += [
                BrokenAssumption(account, "stream:url", "stream:login").heard.by(url),
                BrokenAssumption(account, "stream:subscription").heard.by(silent),
            ]
        case .subscription:
            all += [
                BrokenAssumption(account, "stream:url").heard.by(url),
                BrokenAssumption(account, "stream:subscription", "stream:login").heard.by("{ fault: { type: 'subscribe_refused' } }"),
            ]
        }
        if stream.isBySymbol { all.append(BrokenAssumption(account, "stream:by_symbol").heard.by(silent)) }
        if stream.greets { all.append(BrokenAssumption(account, "stream:greets").heard.by(switch: "stream_greeting=none")) }
        if stream.token != nil {
            all.append(
                BrokenAssumption(account, "stream:token").heard.by(
                    "{ kind: 'session', fault: { type: 'venue_error', code: '98765', message: 'no', status: 200 } }"))
        }
        return all
    }
}
