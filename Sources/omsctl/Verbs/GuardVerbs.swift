import ControlAPI
import Wire

/// `guards` and `guard`: dead man's switches of clients, and the one that `submit --guard` holds.
enum GuardVerbs {
    static let columns: [(heading: String, member: String)] = [
        (">guard", "guard_id"), ("state", "state"), (">user", "user"), ("on lost", "on_lost"), (">heartbeat ms", "heartbeat_ms"),
        (">grace ms", "grace_ms"), (">live", "live"), ("since", "since"), ("trips at", "trips_at"), ("reason", "reason"),
    ]

    static let all: [VerbSpec] = [
        VerbSpec(
            name: "guards", operands: "", operandCount: 0...0, summary: "dead man's switches of clients, and what hangs on them", flags: [],
            run: { @Sendable context throws(Failure) in
                let result = try context.ask(GuardList.self)
                context.show(result) {
                    let rows = result.json["guards"]?.array ?? []
                    return rows.isEmpty ? "no guards\n" : Table.of(rows, columns: columns).text
                }
                return .done
            }),
        VerbSpec(
            name: "guard", operands: "release ID", operandCount: 2...2, summary: "ends a guard of yours: what was submitted under it stays as it is",
            flags: [], run: release),
    ]

    @Sendable private static func release(_ context: Context) throws(Failure) -> Exit {
        let (word, text) = (context.arguments.operands[0], context.arguments.operands[1])
        guard word == "release" else { throw .usage("usage: omsctl guard release ID") }
        guard let id = Int64(text), id >= 0 else {
            throw .usage("\(text.escapedForTerminal) is no number of a guard; `omsctl guards` lists them")
        }
        let row = try context.ask(SessionRelease.self, SessionRelease.Parameters(id))
        context.show(row) { "guard \(row.guardID) is released: nothing hangs on it any more\n" }
        return .done
    }
}

extension Context {
    static let guardFlags: [VerbSpec.Flag] = [
        .switch("--guard", "cancel its orders if this command ends before all is settled"),
        .option("--grace", "TIME", "with --guard: how long after its death; default 5s"),
    ]

    /// Holds a guard over all that this command submits from now on, where it was asked to.
    func holdGuard() throws(Failure) {
        guard arguments.has("--guard") else {
            if arguments.text("--grace") != nil { throw .usage("--grace goes with --guard") }
            return
        }
        guard !arguments.has("--no-wait") else { throw .usage("--guard holds as long as this command waits: leave --no-wait out") }
        var asked = SessionGuard.Parameters()
        (asked.onLost, asked.graceMs) = ("cancel", try arguments.duration("--grace") ?? 5_000)
        guardID = try ask(SessionGuard.self, asked).guardID
    }

    /// All is settled: what rests then is no longer this command's. A wait that ran out is an end before that, and the guard trips.
    func releaseGuard(isSettled: Bool) throws(Failure) {
        guard let id = guardID else { return }
        guard isSettled else {
            terminal.err("omsctl: not settled in time: guard \(id) trips now, and cancels what this command submitted\n")
            return
        }
        guardID = nil
        _ = try ask(SessionRelease.self, SessionRelease.Parameters(id))
    }
}
