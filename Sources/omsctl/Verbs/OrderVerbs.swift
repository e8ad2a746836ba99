import ControlAPI
import Kernel
import Wire

/// `modify`, `cancel`, `cancel-all`, `wait`, `resolve`.
enum OrderVerbs {
    /// Orders whose commands are looked at one by one after a cancel or modify.
    private static let lookedAtMax = 1_000

    static let all: [VerbSpec] = [
        VerbSpec(
            name: "modify", operands: "ID", operandCount: 1...1, summary: "changes price or quantity of a live order",
            flags: [
                .option("--price", "DECIMAL", "the new price"), .option("--quantity", "DECIMAL", "the new total quantity"),
                .option("--on-failure", "keep|cancel", "what the order does when the venue refuses; default keep"),
                .option("--intent-id", "ID", "idempotency key"),
            ] + Context.waitFlags, run: modify),
        VerbSpec(
            name: "cancel", operands: "[ID…]", operandCount: 0...10_000,
            summary: "cancels orders by id, an intent's, or all that match --account, --symbol, --side, --tag",
            flags: [
                .option("--account", "NAME", "required without ids and --tag"), .option("--symbol", "NAME", "only this symbol"),
                .option("--side", "buy|sell", "only this side"), .option("--tag", "TAG", "only orders of intents that bear it"),
                .option("--intent", "ID", "this intent: withdraws what is unsent, cancels what is live"),
                .option("--venue-order-id", "ID", "the order that bears this id at its venue"), .option("--intent-id", "ID", "idempotency key"),
            ] + Context.waitFlags, run: cancel),
        VerbSpec(
            name: "cancel-all", operands: "[ACCOUNT…]", operandCount: 0...1_000, summary: "cancels every live order of the accounts, or of all",
            flags: [.option("--tag", "TAG", "only orders of intents that bear it")] + Context.waitFlags, run: cancelAll),
        VerbSpec(
            name: "wait", operands: "ID", operandCount: 1...1, summary: "waits until an intent, or the one of an order, is settled",
            flags: [
                .option("--until", "acknowledged|settled", "default settled"), .option("--timeout", "TIME", "such as 30s or 2m; default 60s"),
            ], run: wait),
        VerbSpec(
            name: "resolve", operands: "ID absent|placed", operandCount: 2...2, summary: "a person's verdict on an order in doubt",
            flags: [.option("--reason", "TEXT", "what was seen at the venue; required")], run: resolve),
    ]

    @Sendable private static func modify(_ context: Context) throws(Failure) -> Exit {
        let arguments = context.arguments
        let id = arguments.operands[0]
        guard arguments.has("--price") || arguments.has("--quantity") else { throw .usage("name --price, --quantity, or both") }
        let order = try context.ask(OrderGet.self, OrderGet.Parameters(id))
        var item: [(key: String, value: JSON)] = [("client_order_id", .string(id))]
        _ = try arguments.word("--on-failure", among: ["keep", "cancel"])
        for (name, option) in [("price", "--price"), ("quantity", "--quantity"), ("on_failure", "--on-failure")] {
            if let value = arguments.json(option) { item.append((name, value)) }
        }
        return try act(context, account: order.account, list: "modify", items: [.object(item)], ids: [id], kind: "modify")
    }

    @Sendable private static func cancel(_ context: Context) throws(Failure) -> Exit {
        let arguments = context.arguments
        var ids = arguments.operands
        if let intent = arguments.text("--intent") {
            guard ids.isEmpty, ["--account", "--symbol", "--side", "--tag", "--venue-order-id", "--intent-id"].allSatisfy({ !arguments.has($0) })
            else {
                throw .usage("--intent stands alone: it names all orders of that intent")
            }
            return try cancel(intent: intent, context)
        }
        if let venueID = arguments.text("--venue-order-id") {
            guard ids.isEmpty, !filters.contains(where: arguments.has) else { throw .usage("--venue-order-id names one order, alone") }
            ids = [try order(atVenue: venueID, context)]
        }
        if ids.isEmpty {
            let accounts = arguments.text("--account").map { [$0] } ?? []
            guard !accounts.isEmpty || arguments.has("--tag") else { throw .usage("--account is missing") }
            return try cancelMatching(of: accounts, context)
        }
        guard !filters.contains(where: arguments.has) else { throw .usage("\(filters.joined(separator: ", ")) go without ids") }
        var accounts: [(name: String, ids: [String])] = []
        for id in ids {
            let name: String
            if let account = arguments.text("--account") {
                name = account
            } else {
                name = try context.ask(OrderGet.self, OrderGet.Parameters(id)).account
            }
            if let index = accounts.firstIndex(where: { $0.name == name }) { accounts[index].ids.append(id) } else { accounts.append((name, [id])) }
        }
        guard accounts.count == 1 || !arguments.has("--intent-id") else { throw .usage("--intent-id goes with orders of one account") }
        var exit = Exit.done
        for (name, ids) in accounts {
            exit = exit.and(
                try act(context, account: name, list: "cancel", items: ids.map { .string($0) }, ids: ids, kind: "cancel"))
        }
        return exit
    }

    private static let filters = ["--symbol", "--side", "--tag"]

    /// All that match the filters, of these accounts; none: of all. Of several those where nothing bears the tag are passed over.
    private static func cancelMatching(of named: [String], _ context: Context) throws(Failure) -> Exit {
        let arguments = context.arguments
        _ = try arguments.tag()
        let item = JSON.object(filters.compactMap { flag in arguments.json(flag).map { (key: String(flag.dropFirst(2)), value: $0) } })
        let accounts = named.isEmpty ? try context.ask(AccountList.self).accounts.map(\.account) : named
        guard accounts.count == 1 || !arguments.has("--intent-id") else { throw .usage("--intent-id goes with orders of one account") }
        var exits: [Exit] = []
        var missing: Failure?
        for account in accounts {
            do throws(Failure) {
                exits.append(try act(context, account: account, list: "cancel", items: [item], ids: [], kind: "cancel"))
            } catch {
                guard accounts.count > 1, error.isUnknownOrder, arguments.has("--tag") else { throw error }
                missing = error
            }
        }
        if exits.isEmpty, let missing {
            // Each was asked, and the last one's words are of it alone.
            let asked = accounts.map { $0.escapedForTerminal }.joined(separator: ", ")
            let tag = (arguments.text("--tag") ?? "").escapedForTerminal
            throw Failure(
                exitCode: missing.exitCode, text: "no live order of any account matches the tag \(tag); looked at: \(asked)", answer: missing.answer)
        }
        return exits.reduce(.done) { $0.and($1) }
    }

    /// Withdraws and cancels, waits, and says how many of each.
    private static func cancel(intent: String, _ context: Context) throws(Failure) -> Exit {
        _ = try context.timeoutMs()
        let asked = try context.ask(IntentCancel.self, IntentCancel.Parameters(intent))
        if !context.isJSON {
            let words = "intent \(intent): \(asked.withdrawn) orders withdrawn, \(asked.cancels) cancels asked for"
            context.terminal.out(words.escapedForTerminal + "\n")
        } else if context.arguments.has("--no-wait") {
            context.show(asked) { "" }
        }
        if context.arguments.has("--no-wait") { return .done }
        guard let result = try context.waitUntilSettled([intent], total: 0).first else { return .internal }
        let counts = ["withdrawn", "cancels"].compactMap { name in asked.json[name].map { (key: name, value: $0) } }
        context.show(.object((result.json.object ?? []) + counts)) { Context.summary(result.standing, isTimedOut: result.isTimedOut) }
        return Exit.of(intent: result.value)
    }

    /// The order that bears this id at the venue: of the account that is named, or of the only one that knows it.
    private static func order(atVenue id: String, _ context: Context) throws(Failure) -> String {
        var accounts = context.arguments.text("--account").map { [$0] } ?? []
        if accounts.isEmpty { accounts = try context.ask(AccountList.self).accounts.map(\.account) }
        var found: [String] = []
        for account in accounts {
            do throws(Failure) {
                found.append(try context.ask(OrderGet.self, OrderGet.Parameters(account: account, venueOrderID: id)).clientOrderID)
            } catch {
                guard error.isUnknownOrder else { throw error }
            }
        }
        guard let only = found.first else {
            throw Failure(
                exitCode: .denied,
                text: "no order on record bears \(id.escapedForTerminal) at its venue; one that others placed is not ours to name: "
                    + "`omsctl breaks --open --kind external_order`", isUnknownOrder: true)
        }
        guard found.count == 1 else { throw .usage("orders of several accounts bear \(id.escapedForTerminal); name one by --account") }
        return only
    }

    @Sendable private static func cancelAll(_ context: Context) throws(Failure) -> Exit {
        try cancelMatching(of: context.arguments.operands, context)
    }

    /// Submits, waits, and reads from the orders' commands how it went.
    private static func act(_ context: Context, account: String, list: String, items: [JSON], ids: [String], kind: String) throws(Failure) -> Exit {
        let intentID =
            context.arguments.text("--intent-id") ?? SubmitVerbs.newIntentID(context) + "-"
            + account.filter { $0.isASCII && ($0.isLetter || $0.isNumber) }.prefix(20)
        var (exit, intent) = try context.submitAndWait(
            .object([("account", .string(account)), ("intent_id", .string(intentID)), (list, .array(items))]))
        guard let intent else { return exit }
        if ids.isEmpty, !context.isJSON {
            let count = intent.standing.intent.commands
            let words =
                count == 0
                ? "no order to \(kind): none of the account is live, unsent or in doubt"
                : "\(count) \(count == 1 ? "order" : "orders") matched, \(kind) asked for"
            context.terminal.out("\(account): \(words)".escapedForTerminal + "\n")
        }
        for id in ids.prefix(lookedAtMax) {
            let commands = try context.ask(OrderTimeline.self, OrderTimeline.Parameters(id)).commands
            guard let command = commands.filter({ $0.kind == kind }).max(by: { $0.commandID < $1.commandID }) else { continue }
            let outcome = Self.exit(of: command)
            exit = exit.and(outcome)
            if !context.isJSON {
                let words = [command.rejectCode, command.rejectText].compactMap(\.self).joined(separator: " ")
                context.terminal.out(
                    "\(kind) of \(id): \(command.state.orDash)\(words.isEmpty ? "" : ", " + words)".escapedForTerminal + "\n")
            }
        }
        return exit
    }

    private static func exit(of command: ShownCommand) -> Exit {
        switch command.state {
        case "done", "withdrawn", "superseded": .done
        case "refused": command.requestID == nil ? .denied : .refused
        default: .inDoubt
        }
    }

    @Sendable private static func wait(_ context: Context) throws(Failure) -> Exit {
        let id = context.arguments.operands[0]
        let until = try context.arguments.word("--until", among: ["acknowledged", "settled"]) ?? "settled"
        _ = try context.timeoutMs()
        let intent = try intent(of: id, context)
        let total = Int(clamping: intent.orders)
        guard let result = try context.waitUntilSettled([intent.intentID.isEmpty ? id : intent.intentID], total: total, until: until).first else {
            return .internal
        }
        context.show(result) { Context.summary(result.standing, isTimedOut: result.isTimedOut) }
        if until == "acknowledged" {
            // Only what can never be acknowledged, or was not in time, is told apart from done.
            return result.isTimedOut ? .inDoubt : Exit.of(intent: result.value)
        }
        return .of(intent: result.value)
    }

    /// The intent of that id, or the one that an order of that id came with.
    private static func intent(of id: String, _ context: Context) throws(Failure) -> ShownIntent {
        do throws(Failure) { return try context.ask(IntentGet.self, IntentGet.Parameters(id)).intent } catch {
            guard error.isUnknownOrder, let order = try? context.ask(OrderGet.self, OrderGet.Parameters(id)), let intent = order.intentID else {
                throw error
            }
            return try context.ask(IntentGet.self, IntentGet.Parameters(intent)).intent
        }
    }

    @Sendable private static func resolve(_ context: Context) throws(Failure) -> Exit {
        let (id, verdict) = (context.arguments.operands[0], context.arguments.operands[1])
        guard ["absent", "placed"].contains(verdict) else {
            let hint = closest(to: verdict, among: ["absent", "placed"]).map { "; did you mean \($0)?" } ?? ""
            throw .usage("the verdict should be absent or placed\(hint)")
        }
        let reason = try context.arguments.required("--reason")
        let order = try context.ask(OrderResolve.self, OrderResolve.Parameters(id, verdict: verdict, reason: reason))
        context.show(order) { "\(id): \(order.state.orDash)".escapedForTerminal + "\n" }
        return .done
    }
}
