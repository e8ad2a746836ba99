import Kernel
import OMSCore
import Venues
import Wire

/// `explain`: what a venue's result code, or a word of omsd's own, means. It needs no daemon: the tables are the adapters' own.
enum ExplainVerb {
    static let all: [VerbSpec] = [
        VerbSpec(
            name: "explain", operands: "CODE", operandCount: 1...1,
            summary: "a venue's result code, or a code, reason, state or kind of break of omsd's, in words",
            flags: [.option("--venue", "NAME", "only what this venue means by it")], run: run)
    ]

    @Sendable private static func run(_ context: Context) throws(Failure) -> Exit {
        let code = context.arguments.operands[0]
        let venue = try context.arguments.word("--venue", among: VenueCatalog.all.map(\.venue))
        var found = VenueCatalog.meanings(of: code).filter { venue == nil || $0.venue == venue }.map { (by: $0.venue, words: $0.meaning.words) }
        if venue == nil { found += Self.own.filter { $0.names.contains(code) }.map { (by: "omsd", words: $0.words) } }
        guard !found.isEmpty else { throw .unexplained(code, venue) }
        let rows = found.map { JSON.object([("by", .string($0.by)), ("words", .string($0.words))]) }
        context.show(.object([("code", .string(code)), ("meanings", .array(rows))])) {
            let text = StatusText(now: 0, width: context.terminal.width, hasColor: context.terminal.hasColor)
            // Two lines of one venue, or all of them, often say the same.
            var told: [(by: [String], words: String)] = []
            for (by, words) in found {
                if let index = told.firstIndex(where: { $0.words == words }) { told[index].by.append(by) } else { told.append(([by], words)) }
            }
            return told.map { text.wrapped("\(code) (\($0.by.joined(separator: ", "))): \($0.words)") }.joined()
        }
        return .done
    }

    /// Codes, reasons, states and kinds of breaks of omsd's own.
    static let own: [(names: [String], words: String)] = errors + states.map { ([$0.0.rawValue], $0.1) } + breaks.map { ([$0.0.rawValue], $0.1) }

    private static let errors: [(names: [String], words: String)] = [
        (["1001", "UNKNOWN_ACCOUNT"], "no account of that name is configured: `omsctl status` names those that are"),
        (["1002", "INTENT_CONFLICT"], "the intent id was used before with other content: the first one stands; choose a new id for what is new"),
        (
            ["1003", "INVALID_ORDER"],
            "an item is wrong, and so the whole intent is refused and nothing written down; the details name item, field and rule"
        ),
        (
            ["1004", "TRADING_HALTED"],
            "the account takes no such order now: `omsctl status` shows its state, `omsctl resume ACCOUNT --reason TEXT` opens it"
        ),
        (
            [
                "1005", "RISK_SYMBOLS", "RISK_MAX_OPEN_ORDERS", "RISK_MAX_ORDER_NOTIONAL", "RISK_MAX_ORDER_QUANTITY", "RISK_MAX_ORDERS_PER_S",
                "RISK_PRICE_BAND",
            ],
            "a rule under `risk` of the configuration forbids it; a reload (SIGHUP) takes over new ones"
        ),
        (
            ["1006", "NOT_PERMITTED"],
            "your user has not the role for it: control.roles in the daemon's configuration names who has; groups count as of the login"
        ),
        (["1007", "UNKNOWN_ORDER"], "nothing on record bears that id, or nothing matches the filter: a typing error, or another journal"),
        (["1008", "QUEUE_FULL"], "more waits than queue_max_orders allows: nothing was written down; try again when the queue is shorter"),
        (["1009", "NOT_READY"], "the account cannot take it yet: `omsctl status` says why; try again in a moment"),
        (["1010", "JOURNAL_UNAVAILABLE"], "the journal's disk is full or failing, and nothing new is taken: see the daemon's log"),
        (["-32602", "PARAMS_INVALID"], "a parameter is missing, unknown or of another type: `rpc.discover` names them"),
    ]

    private static let states: [(OrderState, String)] = [
        (.intended, "written down here, and not sent, or surely not executed: it leaves when a permit is free and trading is open"),
        (.submitted, "in a request that may have left; its answer is awaited"),
        (
            .inDoubt,
            "a request carried it and nobody knows what became of it: the venue is asked, and nothing is sent again before it is proven absent"
        ),
        (.acknowledged, "the venue took it; only a receipt"),
        (.working, "the venue says that it rests in the book"),
        (.partiallyFilled, "a part of it was executed, the rest rests"),
        (.filled, "all of it was executed"),
        (.canceled, "its rest is gone by a cancel, or it was withdrawn before it was sent (evidence local, no attempts)"),
        (.expired, "its deadline passed before it was sent, or the venue ended it"),
        (.rejected, "the venue refused it, in the words of reject_text"),
        (.denied, "refused here, and never sent"),
        (.abandoned, "proven absent, or given up by an operator, and not sent again"),
    ]

    private static let breaks: [(BreakKind, String)] = [
        (
            .missingHere,
            "an order of omsd's own shape of id rests at the venue, and the journal never held it: a restored backup, or another journal's"
        ),
        (.missingThere, "the journal has it as live, and the venue does not know it any more"),
        (.quantity, "the venue shows another quantity than the one on record"),
        (.price, "the venue shows another price than the one on record"),
        (.state, "the venue shows another state than the one on record"),
        (.externalOrder, "an order that is not omsd's rests in the account; on_external_order says whether it is cancelled"),
        (.duplicateID, "the venue shows two orders, or another one, under one client id"),
        (.contradiction, "the venue says two things that cannot both be so"),
        (.abandoned, "an order was proven absent and is not sent again"),
        (.limit, "the venue refused for the rate, or shut this client out, below omsd's own count: somebody else sends with the same key or address"),
        (.loop, "the same question or command went round without an end: it is repeated ever more rarely"),
        (.unreadable, "something that the venue lists cannot be read, or cannot be listed"),
        (.identity, "key, uid or place are not those on record, or an order of ours shows under another account: it is left alone"),
        (.cancelRefused, "the venue refuses to cancel an order that it lists as live"),
        (.assumption, "the venue does not behave as omsd takes for granted: nothing new is sent before that is settled"),
    ]
}

extension Failure {
    fileprivate static func unexplained(_ code: String, _ venue: String?) -> Failure {
        let name = code.escapedForTerminal
        let own = ExplainVerb.own.flatMap(\.names)
        let hint = venue == nil ? closest(to: code, among: own).map { "; did you mean \($0)?" } ?? "" : ""
        return Failure(
            exitCode: .denied,
            text:
                "\(name) is in no table\(venue.map { " of \($0)" } ?? "")\(hint). A refusal with a code that omsd does not know ends as rejected, with the"
                + " venue's code and words, once the order is proven absent; it is never sent again")
    }
}
