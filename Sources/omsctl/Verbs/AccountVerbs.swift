import ControlAPI
import Wire

/// `reconcile`, `halt`, `reduce`, `resume`.
enum AccountVerbs {
    static let all: [VerbSpec] = [
        VerbSpec(
            name: "reconcile", operands: "ACCOUNT", operandCount: 1...1, summary: "compares an account with its venue now", flags: [], run: reconcile),
        state("halt", "halted", "only cancels go out; resting orders stay"),
        state("reduce", "reducing", "only cancels and what closes positions go out"),
        state("resume", "active", "opens trading again"),
    ]

    private static func state(_ verb: String, _ state: String, _ summary: String) -> VerbSpec {
        VerbSpec(
            name: verb, operands: "ACCOUNT|*", operandCount: 1...1, summary: summary,
            flags: [.option("--reason", "TEXT", "for the record; default: omsctl \(verb)")],
            run: { @Sendable context throws(Failure) in
                let account = context.arguments.operands[0]
                let reason = context.arguments.text("--reason") ?? "omsctl \(verb)"
                let result = try context.ask(
                    AccountSetState.self, AccountSetState.Parameters(account: account, state: state, reason: reason))
                context.show(result) {
                    let names = result.accounts.map(\.account)
                    let touched = names.isEmpty ? account : names.joined(separator: ", ")
                    let count = names.count > 1 ? "\(names.count) accounts: " : ""
                    return "\(count)\(touched): \(state), on record".escapedForTerminal + "\n"
                }
                return .done
            })
    }

    @Sendable private static func reconcile(_ context: Context) throws(Failure) -> Exit {
        let account = context.arguments.operands[0]
        let result = try context.ask(AccountReconcile.self, AccountReconcile.Parameters(account))
        context.show(result) {
            var out = account.escapedForTerminal
            for (name, value) in result.json.object ?? [] where value.array == nil {
                out += "  \(name) \(Table.cell(value, named: name))".escapedForTerminal
            }
            let breaks = result.json["breaks"]?.array ?? []
            return out + "\n" + (breaks.isEmpty ? "no breaks\n" : Table.of(breaks, columns: BreakVerbs.columns).text)
        }
        return .done
    }
}
