import ControlAPI
import Wire

/// `seal`: the head of the chain of seals, to be kept where nobody who can write the journal can write.
enum SealVerb {
    static let all: [VerbSpec] = [
        VerbSpec(
            name: "seal", operands: "", operandCount: 0...0, summary: "the newest seal of the record: keep it elsewhere, for omsd verify --head",
            flags: [], run: run)
    ]

    @Sendable private static func run(_ context: Context) throws(Failure) -> Exit {
        let result = try context.ask(SealGet.self)
        context.show(result) {
            let rest = result.unsealed == 0 ? "" : ", \(result.unsealed) numbers behind it"
            guard let head = result.head else { return "nothing is sealed yet\(rest)\n" }
            let key = head.key.map { "signed with the key \($0)" } ?? "not signed"
            return "\(head.seal)  up to number \(head.lastSeq) at \(utc(head.at)), \(key)\(rest)".escapedForTerminal + "\n"
        }
        return .done
    }
}
