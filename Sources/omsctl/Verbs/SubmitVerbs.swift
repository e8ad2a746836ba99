import CLinux
import Kernel
import Wire

/// `submit` and `place`.
enum SubmitVerbs {
    /// A line's bound (CONTRACT 4), less room for the envelope and the intent's own members.
    static let bytesMax = (32 << 20) - 4_096

    static let all: [VerbSpec] = [
        VerbSpec(
            name: "submit", operands: "FILE|-", operandCount: 1...1,
            summary: "sends an intent: a JSON object, or JSON Lines of orders with --account",
            flags: [
                .option("--account", "NAME", "for JSON Lines, or an intent that names none"),
                .option("--intent-id", "ID", "idempotency key: repeating the command with the same file sends nothing twice"),
                tag, .switch("--dry-run", "show the plan, journal nothing"),
            ] + Context.guardFlags + Context.waitFlags, run: submit),
        VerbSpec(
            name: "place", operands: "", operandCount: 0...0, summary: "places one order",
            flags: [.option("--account", "NAME", "required")] + fields.map { .option("--" + $0.option, $0.value, $0.note) }
                + switches.map { .switch("--" + $0, "") }
                + [
                    .option("--intent-id", "ID", "idempotency key"), .option("--expires-at", "MICROS", "not sent after it; since 1970 UTC"),
                    tag, .switch("--dry-run", "show the plan, journal nothing"),
                ] + Context.waitFlags, run: place),
    ]

    private static let tag = VerbSpec.Flag.option("--tag", "TAG", "what it belongs to, a strategy say: shown with its orders and fills")

    private static let fields: [(option: String, value: String, note: String)] = [
        ("symbol", "NAME", "in the venue's form; required"), ("side", "buy|sell", "required"), ("type", "limit|market", "default limit"),
        ("price", "DECIMAL", "limit orders"), ("quantity", "DECIMAL", ""), ("quote-quantity", "DECIMAL", "market buys"),
        ("time-in-force", "gtc|ioc|fok", "default gtc"), ("client-order-id", "ID", ""),
        ("slice-quantity", "DECIMAL", "cut into children of at most this"),
        ("position-side", "long|short", ""), ("margin-action", "ACTION", "normal, auto_borrow, auto_repay, auto_borrow_repay"),
        ("stp", "MODE", "none, cancel_taker, cancel_maker, cancel_both"), ("take-profit", "DECIMAL", ""), ("stop-loss", "DECIMAL", ""),
    ]
    private static let switches = ["post-only", "reduce-only"]

    private static func member(_ option: String) -> String { String(option.map { $0 == "-" ? "_" : $0 }) }

    @Sendable static func place(_ context: Context) throws(Failure) -> Exit {
        let arguments = context.arguments
        var item: [(key: String, value: JSON)] = []
        for field in fields {
            if let value = arguments.text("--" + field.option) { item.append((member(field.option), .string(value))) }
        }
        if arguments.text("--type") == nil { item.append(("type", .string("limit"))) }
        for name in switches where arguments.has("--" + name) { item.append((member(name), .bool(true))) }
        _ = try arguments.required("--symbol")
        _ = try arguments.required("--side")
        let account = try arguments.required("--account")
        var intent: [(key: String, value: JSON)] = [
            ("account", .string(account)), ("intent_id", .string(arguments.text("--intent-id") ?? newIntentID(context))),
            ("place", .array([.object(item)])),
        ]
        if let at = try arguments.integer("--expires-at", in: 0...Int64.max) { intent.append(("expires_at", .number(String(at)))) }
        if let tag = try arguments.tag() { intent.append(("tag", .string(tag))) }
        if arguments.has("--dry-run") { intent.append(("dry_run", .bool(true))) }
        return try context.submitAndWait(.object(intent)).exit
    }

    /// Named here, so that a person can repeat the command when the connection breaks before the answer.
    static func newIntentID(_ context: Context) -> String { "omsctl-\(String(context.terminal.now(), radix: 36))-\(getpid())" }

    @Sendable static func submit(_ context: Context) throws(Failure) -> Exit {
        let arguments = context.arguments
        let path = arguments.operands[0]
        let tag = try arguments.tag()
        guard let bytes = context.terminal.read(path) else {
            throw .usage("\(path.escapedForTerminal) cannot be read: \(errorText(omsd_errno()))")
        }
        var intents = try intents(in: bytes, path: path, arguments: arguments, newID: newIntentID(context), itemsMax: context.itemsMax)
        if let tag {
            guard intents.allSatisfy({ $0["tag"] == nil || $0["tag"] == .string(tag) }) else {
                throw .usage("the intent names another tag than --tag")
            }
            intents = intents.map { set($0, "tag", .string(tag)) }
        }
        if arguments.has("--dry-run") { intents = intents.map { set($0, "dry_run", .bool(true)) } }
        guard intents.count > 1 else { return try context.submitAndWait(intents[0]).exit }
        return try submitAll(intents, context)
    }

    /// Numbered intents, each durable before the next is sent; then the wait for all.
    private static func submitAll(_ intents: [JSON], _ context: Context) throws(Failure) -> Exit {
        _ = try context.timeoutMs()
        if !context.arguments.has("--dry-run") { try context.holdGuard() }
        var (ids, orders, touched): ([String], Int, [[String]]) = ([], 0, [])
        for intent in intents {
            do throws(Failure) {
                let accepted = try context.submit(intent)
                ids.append(accepted.intentID)
                context.sayIfDuplicate(accepted)
                if !context.arguments.has("--dry-run") { context.sayWhenInterrupted(waitingFor: ids) }
                orders += accepted.orders.count
                if context.isJSON { touched.append(Context.touched(by: intent, accepted)) }
                if context.arguments.has("--dry-run") || context.arguments.has("--no-wait") {
                    context.show(accepted) { Context.describe(accepted, isPlan: context.arguments.has("--dry-run")) }
                }
            } catch {
                var failure = error
                failure.text = "intent \(ids.count + 1) of \(intents.count) failed, \(ids.count) were accepted before it: \(error.text)"
                throw failure
            }
        }
        if context.arguments.has("--dry-run") || context.arguments.has("--no-wait") { return .done }
        let results = try context.waitUntilSettled(ids, total: orders)
        try context.releaseGuard(isSettled: results.allSatisfy { !$0.isTimedOut })
        for (index, result) in results.enumerated() { context.show(result, touching: context.isJSON ? touched[index] : []) }
        return results.reduce(.done) { $0.and(.of(intent: $1.value)) }
    }

    /// What the file asks for: one intent, or as many as its JSON Lines need.
    static func intents(in bytes: [UInt8], path: String, arguments: Arguments, newID: String, itemsMax: Int) throws(Failure) -> [JSON] {
        let id = arguments.text("--intent-id") ?? newID
        if let whole = try? JSONParser.parse(bytes), let members = whole.object, !members.contains(where: { $0.key == "symbol" }) {
            var intent = whole
            if intent["intent_id"] == nil || arguments.has("--intent-id") { intent = set(intent, "intent_id", .string(id)) }
            if let account = arguments.text("--account") {
                guard intent["account"] == nil || intent["account"] == .string(account) else {
                    throw .usage("the intent names another account than --account")
                }
                intent = set(intent, "account", .string(account))
            }
            return [intent]
        }
        return try lines(in: bytes, path: path, arguments: arguments, id: id, itemsMax: itemsMax)
    }

    private static func lines(in bytes: [UInt8], path: String, arguments: Arguments, id: String, itemsMax: Int) throws(Failure) -> [JSON] {
        var (chunks, chunk, size): ([[JSON]], [JSON], Int) = ([], [], 0)
        for (number, line) in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
            if line.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) { continue }
            let item: JSON
            do throws(JSONError) { item = try JSONParser.parse(Array(line)) } catch {
                throw .usage("\(path.escapedForTerminal): line \(number + 1), column \(error.column): \(error.problem)")
            }
            guard item.object != nil else { throw .usage("\(path.escapedForTerminal): line \(number + 1): should be an order, a JSON object") }
            let length = item.serialized().count + 1
            if chunk.count == itemsMax || size + length > bytesMax {
                chunks.append(chunk)
                (chunk, size) = ([], 0)
            }
            chunk.append(item)
            size += length
        }
        if !chunk.isEmpty { chunks.append(chunk) }
        guard !chunks.isEmpty else { throw .usage("\(path.escapedForTerminal) holds no orders") }
        let account = try arguments.required("--account")
        return chunks.enumerated().map { index, items in
            .object([
                ("account", .string(account)), ("intent_id", .string(chunks.count == 1 ? id : "\(id)-\(index + 1)")), ("place", .array(items)),
            ])
        }
    }

    private static func set(_ object: JSON, _ name: String, _ value: JSON) -> JSON {
        .object((object.object ?? []).filter { $0.key != name } + [(key: name, value: value)])
    }
}
