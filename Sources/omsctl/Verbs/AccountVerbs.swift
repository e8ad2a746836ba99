import Wire

/// `reconcile`, `halt`, `reduce`, `resume`, `break`.
enum AccountVerbs {
    static let all: [VerbSpec] = [
        VerbSpec(
            name: "reconcile", operands: "ACCOUNT", operandCount: 1...1, summary: "compares an account with its venue now", flags: [], run: reconcile),
        state("halt", "halted", "only cancels go out; resting orders stay"),
        state("reduce", "reducing", "only cancels and what closes positions go out"),
        state("resume", "active", "opens trading again"),
        VerbSpec(
            name: "break", operands: "acknowledge ID", operandCount: 2...2, summary: "takes note of a break: it is listed as open no more",
            flags: [.option("--reason", "TEXT", "why, for the record; required")], run: takeNote),
    ]

    @Sendable private static func takeNote(_ context: Context) throws(Failure) -> Exit {
        let (word, id) = (context.arguments.operands[0], context.arguments.operands[1])
        guard word == "acknowledge" else { throw .usage("break acknowledge ID --reason TEXT is all there is; `omsctl breaks` lists them") }
        guard let number = Int64(id), number >= 0 else { throw .usage("\(id) should be the number of a break: `omsctl breaks` shows it") }
        let reason = try context.arguments.required("--reason")
        let row = try context.call("break.acknowledge", [("break_id", .number(String(number))), ("reason", .string(reason))])
        context.show(row) { Table.of([row], columns: ListVerbs.breakColumns).text }
        return .done
    }

    private static func state(_ verb: String, _ state: String, _ summary: String) -> VerbSpec {
        VerbSpec(
            name: verb, operands: "ACCOUNT|*", operandCount: 1...1, summary: summary,
            flags: [.option("--reason", "TEXT", "for the record; default: omsctl \(verb)")],
            run: { @Sendable context throws(Failure) in
                let account = context.arguments.operands[0]
                let reason = context.arguments.text("--reason") ?? "omsctl \(verb)"
                let result = try context.call(
                    "account.set_state", [("account", .string(account)), ("state", .string(state)), ("reason", .string(reason))])
                context.show(result) { "\(account == "*" ? "all accounts" : account): \(state), on record".escapedForTerminal + "\n" }
                return .done
            })
    }

    @Sendable private static func reconcile(_ context: Context) throws(Failure) -> Exit {
        let account = context.arguments.operands[0]
        let result = try context.call("account.reconcile", [("account", .string(account))])
        context.show(result) {
            var out = account.escapedForTerminal
            for (name, value) in result.object ?? [] where value.array == nil {
                out += "  \(name) \(Table.cell(value, named: name))".escapedForTerminal
            }
            let breaks = result["breaks"]?.array ?? []
            return out + "\n" + (breaks.isEmpty ? "no breaks\n" : Table.of(breaks, columns: ListVerbs.breakColumns).text)
        }
        return .done
    }
}
