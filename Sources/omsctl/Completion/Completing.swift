import ControlAPI

/// What may stand at a place of the command line, read from the same table as the help.
enum Completing: Equatable, Sendable {
    /// One of these.
    case words([String])
    /// A file's path.
    case files
    /// What the running daemon knows.
    case live(Live)
    /// Nobody can say.
    case anything

    /// Lists that the daemon is asked for; the raw value is the word behind `omsctl completions`.
    enum Live: String, CaseIterable, Sendable { case accounts, orders, intents, breaks, symbols }

    /// Of an option's value, by what the help calls it.
    init(option flag: VerbSpec.Flag) {
        switch (flag.name, flag.value ?? "") {
        case ("--account", _): self = .live(.accounts)
        case ("--symbol", _): self = .live(.symbols)
        case ("--order", _): self = .live(.orders)
        case ("--intent", _): self = .live(.intents)
        case ("--state", _): self = .words(Words.orderState)
        case ("--kind", _): self = .words(Words.breakKind)
        case (_, let value): self = Self.named(value, orders: false)
        }
    }

    /// Of each operand, by what the help calls them; the last one counts for any further.
    static func operands(of spec: VerbSpec) -> [Completing] {
        spec.operands.split(separator: " ").map { word in
            let isRepeated = word.contains("…")
            let name = word.filter { !"[]…".contains($0) }
            if spec.name == "break", name == "ID" { return .live(.breaks) }
            return isRepeated && name == "ID" ? .live(.orders) : named(name, orders: true)
        }
    }

    private static func named(_ value: String, orders: Bool) -> Completing {
        if value.contains("FILE") || value == "PATH" { return .files }
        if value.contains("ACCOUNT") { return .live(.accounts) }
        if value == "ID" { return orders ? .live(.orders) : .anything }
        let words = value.split(separator: "|").map(String.init)
        let areWords = !words.isEmpty && words.allSatisfy { $0.allSatisfy { $0.isLowercase || $0 == "-" || $0 == "_" } }
        return areWords ? .words(words) : .anything
    }

    /// As the scripts are told: a list's name, `files`, `words:a b`, or nothing.
    var text: String {
        switch self {
        case .words(let words): "words:" + words.joined(separator: " ")
        case .files: "files"
        case .live(let live): live.rawValue
        case .anything: ""
        }
    }
}
