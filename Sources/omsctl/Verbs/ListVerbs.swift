import ControlAPI
import Wire

/// Listings: `intents`, `orders`, `instruments`, `fills`, `positions`, `risk`, `limits`.
enum ListVerbs {
    static let account = VerbSpec.Flag.option("--account", "NAME", "only this account")
    static let symbol = VerbSpec.Flag.option("--symbol", "NAME", "only this symbol")
    static let tag = VerbSpec.Flag.option("--tag", "TAG", "only of intents that bear it")
    static let limit = VerbSpec.Flag.option("--limit", "N", "the newest N rows; default 100, 0 for all")

    static let all: [VerbSpec] = [
        list("intents", "intents, oldest first", IntentList.self, IntentList.Parameters.init(filter:), [account, tag, limit], intentColumns),
        list(
            "orders", "orders, oldest first", OrderList.self, OrderList.Parameters.init(filter:),
            [
                account, symbol, .option("--state", "STATE,…", "only these states"), .option("--intent", "ID", "only this intent's"), tag, limit,
            ], orderColumns),
        list(
            "instruments", "the markets' rules", InstrumentList.self, AccountAndMarket.init(filter:), [account, symbol, limit],
            instrumentColumns),
        list(
            "fills", "executions", FillList.self, FillList.Parameters.init(filter:),
            [
                account, symbol, .option("--intent", "ID", "only of this intent's orders"), .option("--order", "ID", "only of this order"), tag,
                limit,
            ], fillColumns),
        list(
            "positions", "what own orders came to, by market", PositionList.self, AccountAndMarket.init(filter:), [account, symbol, limit],
            positionColumns),
        VerbSpec(
            name: "risk", operands: "", operandCount: 0...0, summary: "the rules under `risk`, and what is used of them", flags: [account],
            run: { @Sendable context throws(Failure) in
                var asked = RiskGet.Parameters()
                asked.account = context.arguments.text("--account")
                let result = try context.ask(RiskGet.self, asked)
                context.show(result) { Table.of(result.json["rules"]?.array ?? [], columns: ruleColumns).text }
                return .done
            }),
        VerbSpec(
            name: "limits", operands: "", operandCount: 0...0, summary: "the venues' budgets and what is taken of them", flags: [],
            run: { @Sendable context throws(Failure) in
                let result = try context.ask(LimitList.self)
                context.show(result) { Table.of(result.json["budgets"]?.array ?? [], columns: limitColumns).text }
                return .done
            }),
    ]

    static let orderColumns: [(heading: String, member: String)] = [
        ("client_order_id", "client_order_id"), ("account", "account"), ("symbol", "symbol"), ("side", "side"), ("type", "type"), (">price", "price"),
        (">quantity", "quantity"), (">filled", "filled_quantity"), ("state", "state"), ("evidence", "evidence"), (">tries", "attempts"),
        ("intended_at", "intended_at"), ("tag", "tag"),
    ]
    static let intentColumns: [(heading: String, member: String)] = [
        ("intent_id", "intent_id"), ("account", "account"), ("state", "state"), (">orders", "orders"), ("accepted_at", "accepted_at"),
        ("settled_at", "settled_at"), ("tag", "tag"),
    ]
    static let instrumentColumns: [(heading: String, member: String)] = [
        ("account", "account"), ("symbol", "symbol"), (">tick", "tick"), (">lot", "lot"), (">min quantity", "min_quantity"),
        (">max quantity", "max_quantity"), (">min notional", "min_notional"), ("tradable", "tradable"),
    ]
    static let fillColumns: [(heading: String, member: String)] = [
        ("at", "at"), ("client_order_id", "client_order_id"), ("account", "account"), ("trade_id", "trade_id"), (">quantity", "quantity"),
        (">price", "price"), (">fee", "fee"), ("fee asset", "fee_asset"), ("tag", "tag"),
    ]
    static let positionColumns: [(heading: String, member: String)] = [
        ("account", "account"), ("symbol", "symbol"), ("side", "position_side"), (">position", "position"), (">bought", "bought"), (">sold", "sold"),
        (">fees in base", "fees_in_base"), (">fills", "fills"), ("last fill", "last_fill_at"), (">unlisted bought", "unlisted_bought"),
        (">unlisted sold", "unlisted_sold"), (">in doubt", "in_doubt"),
    ]
    static let ruleColumns: [(heading: String, member: String)] = [
        ("account", "account"), ("rule", "rule"), ("symbol", "symbol"), ("side", "position_side"), (">used", "used"), (">limit", "limit"),
        ("note", "note"),
    ]
    static let limitColumns: [(heading: String, member: String)] = [
        ("account", "account"), ("venue", "venue"), ("product", "product"), ("budget", "budget"), ("scope", "scope"), (">permits", "permits"),
        (">window ms", "window_ms"), (">in use", "in_use"), (">share", "share"), (">reserved", "reserved"), (">busiest", "busiest_window"),
        ("next free", "next_free_at"),
    ]

    /// What options narrow a listing to.
    struct Filter {
        var selection: Selection
        var intentID, clientOrderID, tag: String?
        var kinds: [String]?
        var isOpen: Bool?

        init(_ arguments: Arguments, ofBreaks isOfBreaks: Bool = false) throws(Failure) {
            if arguments.text("--state") == "open" {
                let meant = isOfBreaks ? "--open" : "--state acknowledged,working,partially_filled"
                throw .usage("--state: \"open\" is no state of an order; did you mean \(meant)?")
            }
            selection = Selection(
                account: arguments.text("--account"), symbol: arguments.text("--symbol"),
                states: try arguments.words("--state", among: Words.orderState))
            (intentID, clientOrderID) = (arguments.text("--intent"), arguments.text("--order"))
            tag = try arguments.tag()
            kinds = try arguments.words("--kind", among: Words.breakKind)
            isOpen = arguments.has("--open") ? true : nil
        }
    }

    static func list<M: Listing>(
        _ name: String, _ summary: String, _ method: M.Type, _ parameters: @escaping @Sendable (Filter) -> M.Parameters, _ flags: [VerbSpec.Flag],
        _ columns: [(heading: String, member: String)]
    ) -> VerbSpec {
        VerbSpec(
            name: name, operands: "", operandCount: 0...0, summary: summary, flags: flags,
            run: { @Sendable context throws(Failure) in
                let most = Int(try context.arguments.integer("--limit", in: 0...1_000_000_000) ?? 100)
                var rows: [JSON] = []
                var left = 0
                // Pages run from the oldest on: what is shown is their end.
                try context.pages(method, name, parameters(try Filter(context.arguments, ofBreaks: name == "breaks"))) { page in
                    rows += page
                    if most > 0, rows.count > most {
                        left += rows.count - most
                        rows.removeFirst(rows.count - most)
                    }
                }
                if left > 0 { context.terminal.err("\(left) earlier rows are not shown; --limit 0 shows all\n") }
                context.show(.object([(name, .array(rows))])) { Table.of(rows, columns: columns).text }
                return .done
            })
    }
}

extension IntentList.Parameters {
    init(filter: ListVerbs.Filter) {
        self.init()
        (account, tag) = (filter.selection.account, filter.tag)
    }
}

extension OrderList.Parameters {
    init(filter: ListVerbs.Filter) {
        self.init()
        (selection, intentID, tag) = (filter.selection, filter.intentID, filter.tag)
    }
}

extension FillList.Parameters {
    init(filter: ListVerbs.Filter) {
        self.init()
        (selection, intentID, clientOrderID, tag) = (filter.selection, filter.intentID, filter.clientOrderID, filter.tag)
    }
}

extension BreakList.Parameters {
    init(filter: ListVerbs.Filter) {
        self.init()
        (isOpen, kinds) = (filter.isOpen, filter.kinds)
        (selection, intentID, clientOrderID) = (filter.selection, filter.intentID, filter.clientOrderID)
    }
}

extension AccountAndMarket {
    init(filter: ListVerbs.Filter) {
        self.init()
        (account, symbol) = (filter.selection.account, filter.selection.symbol)
    }
}
