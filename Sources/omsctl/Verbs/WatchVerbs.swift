import ControlAPI
import Wire

/// `tail` and `top`.
enum WatchVerbs {
    static let all: [VerbSpec] = [
        VerbSpec(
            name: "tail", operands: "", operandCount: 0...0, summary: "events as they are recorded, gap-free",
            flags: [
                .option("--after", "SEQ", "begin behind this one; default: from now on"), .option("--account", "NAME", "only this account"),
                .option("--count", "N", "end after so many"),
            ], run: tail),
        VerbSpec(
            name: "top", operands: "", operandCount: 0...0, summary: "what status says, refreshed each second; q quits",
            flags: [.option("--count", "N", "end after so many; default: until interrupted, once without a terminal")], run: top),
    ]

    @Sendable private static func tail(_ context: Context) throws(Failure) -> Exit {
        let arguments = context.arguments
        let after = try arguments.integer("--after", in: 0...Int64.max)
        let most = try arguments.integer("--count", in: 1...Int64.max) ?? .max
        let connection = try context.connection()
        _ = try connection.ask(EventSubscribe.self, EventSubscribe.Parameters(afterSeq: after, account: arguments.text("--account")))
        var shown: Int64 = 0
        var last: Int64?
        while shown < most {
            let message: JSON
            do throws(Failure) { message = try connection.message() } catch {
                // Nothing is lost with the connection: the record has it all.
                let next = last.map { "; `omsctl tail --after \($0)` goes on" } ?? ""
                throw Failure(exitCode: error.exitCode, text: "the connection to the daemon ended\(next)")
            }
            guard message["method"] == .string("event"), let event = message["params"] else { continue }
            last = event["seq"]?.integer ?? last
            context.show(event) { line(event) + "\n" }
            shown += 1
        }
        return .done
    }

    /// Members that `detail` says again.
    private static let item: Set<String> = [
        "item", "symbol", "side", "type", "time_in_force", "post_only", "price", "quantity", "quote_quantity", "reduce_only", "position_side",
        "margin_action", "stp", "take_profit", "stop_loss", "expires_at", "trade_id", "fee", "fee_asset", "filled_at",
    ]

    static func line(_ event: JSON) -> String {
        func cell(_ name: String) -> String { Table.cell(event[name], named: name) }
        var out = "\(cell("seq"))  \(cell("at"))  \(cell("kind"))"
        for (name, value) in event.object ?? [] where !["subscription", "seq", "at", "kind"].contains(name) && !value.isNull {
            if Self.item.contains(name), event["detail"]?[name] != nil { continue }
            out += "  \(name)=\(Table.cell(value, named: name))"
        }
        return out.escapedForTerminal
    }

    /// A daemon that is silent for so long stands still: whoever looks is told, and can leave.
    private static let patienceSeconds = 3

    /// What a frame is made of, and when it was so.
    private struct Seen {
        let at: Int64
        let raw: JSON
        var facts: StatusText.Facts
        let requests: [String: Int64]

        init(_ connection: Connection, at now: Int64) throws(Failure) {
            let daemon = try connection.ask(DaemonStatus.self)
            let accounts = try connection.ask(AccountList.self)
            let budgets = try connection.ask(LimitList.self)
            at = now
            raw = .object([("accounts", accounts.json["accounts"] ?? .array([])), ("budgets", budgets.json["budgets"] ?? .array([]))])
            facts = StatusText.Facts(daemon: daemon.value, accounts: accounts.accounts, budgets: budgets.budgets, openBreaks: nil)
            requests = accounts.accounts.reduce(into: [:]) { $0[$1.account] = $1.requests }
        }
    }

    @Sendable private static func top(_ context: Context) throws(Failure) -> Exit {
        let terminal = context.terminal
        let most = try context.arguments.integer("--count", in: 1...Int64.max) ?? (terminal.isInteractive ? .max : 1)
        // On a screen that is left open a daemon that went is waited for; whatever reads the text is told by the exit code.
        let isWatched = terminal.isInteractive && !context.isJSON
        let takesKeys = isWatched && terminal.beginKeys()
        defer { if takesKeys { terminal.endKeys() } }
        var shown: Int64 = 0
        var connection: Connection?
        var last: Seen?
        while shown < most {
            if shown > 0, terminal.pause(ms: 1_000, untilKeys: takesKeys ? "qQ" : "") { return .done }
            var trouble: String?
            do throws(Failure) {
                var seen = try look(&connection, context, patienceSeconds: isWatched ? patienceSeconds : nil)
                if let last { seen.facts.rates = rates(from: last.requests, to: seen.requests, inUs: seen.at - last.at) }
                last = seen
            } catch {
                guard isWatched, last != nil else { throw error }
                trouble = error.text
                last?.facts.rates = [:]
            }
            guard let last else { break }
            context.show(last.raw) { frame(last, trouble: trouble, at: terminal.now(), terminal, takesKeys: takesKeys) }
            shown += 1
        }
        return .done
    }

    /// Over the connection that is there, or a new one where it broke.
    private static func look(_ connection: inout Connection?, _ context: Context, patienceSeconds: Int?) throws(Failure) -> Seen {
        if let open = connection {
            do throws(Failure) { return try Seen(open, at: context.terminal.now()) } catch {
                connection = nil
                if open.isOutOfPatience || error.exitCode != .unreachable { throw error }
            }
        }
        let made = try Connection(path: context.socketPath, patienceSeconds: patienceSeconds)
        let seen = try Seen(made, at: context.terminal.now())
        connection = made
        return seen
    }

    /// Requests a second since the frame before; a daemon that was started meanwhile counts from nothing.
    static func rates(from before: [String: Int64], to now: [String: Int64], inUs span: Int64) -> [String: Double] {
        guard span > 0 else { return [:] }
        return now.reduce(into: [:]) { rates, entry in
            guard let former = before[entry.key], entry.value >= former else { return }
            rates[entry.key] = (Double(entry.value) - Double(former)) * 1e6 / Double(span)
        }
    }

    /// A page as a screen shows it: in place of the one before, cut at the last line but one; anywhere else as it is.
    ///
    /// - Parameter trouble: Why there are no newer facts.
    private static func frame(_ seen: Seen, trouble: String?, at now: Int64, _ terminal: any Terminal, takesKeys: Bool) -> String {
        let text = StatusText(now: now, width: terminal.width, hasColor: terminal.hasColor)
        let heading = utc(now).prefix(19) + "Z" + (takesKeys ? "  q quits" : "")
        let page = (trouble.map { text.old($0, since: seen.at) } ?? "") + text.page(seen.facts)
        var lines = [String(heading.prefix(columns: terminal.width))] + page.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        if lines.last == "" { lines.removeLast() }
        guard terminal.canMove else { return lines.joined(separator: "\n") + "\n" }
        let room = max(2, terminal.height - 1)
        if lines.count > room {
            let rest = lines.count - room + 1
            lines = lines.prefix(room - 1) + [String("… \(rest) more lines".prefix(columns: terminal.width))]
        }
        // Home; each line to its end, and what is below: nothing flickers.
        return "\u{1B}[H" + lines.map { $0 + "\u{1B}[K\n" }.joined() + "\u{1B}[J"
    }
}
