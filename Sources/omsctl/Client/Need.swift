import ControlAPI
import Wire

/// Something that does not end by itself: what it is, and the lines that go on from there.
struct Need: Equatable {
    /// A sentence's part: words, or a line to type at a terminal. Kept apart, so that no text from outside can pass for a line of ours.
    enum Part: Equatable {
        case words(String)
        case command(String)
        /// A verb that wants more than is known here: named, not to be typed as it is.
        case verb(String)
    }
    /// Space on the journal's disk below which a person is told: some tens of thousands of orders before nothing new is accepted.
    static let scarce: Int64 = 128 << 20

    /// nil: the daemon as a whole.
    let account: String?
    let parts: [Part]

    /// As a terminal shows it: `NAME: words: `line``.
    var text: String {
        (account.map { $0 + ": " } ?? "")
            + parts.map { part in
                switch part {
                case .words(let words): words
                case .command(let line), .verb(let line): "`\(line)`"
                }
            }.joined()
    }

    /// All that a daemon's answers tell, gravest first.
    ///
    /// - Parameter openBreaks: of an account, in words; empty: none.
    static func all(daemon: DaemonStatus.Result, accounts: [ShownAccount], openBreaks: (ShownAccount) -> String) -> [Need] {
        var needs: [Need] = []
        switch daemon.journal {
        case "ok":
            if let free = daemon.journalFreeBytes, free < Self.scarce {
                let words = "the journal's disk has \(max(0, free) >> 20) MiB left: free space on it; once it is full nothing new is accepted"
                needs.append(Need(account: nil, parts: [.words(words)]))
            }
        case "full": needs.append(Need(account: nil, parts: [.words("the journal's disk is full: free space on it; nothing new is accepted")]))
        case "wal_held":
            needs.append(
                Need(account: nil, parts: [.words("a reader holds the journal's WAL: "), .verb("fuser -v"), .words(" on the journal names it")]))
        case let other: needs.append(Need(account: nil, parts: [.words("journal: \(other)")]))
        }
        if let problem = daemon.replica?.problem {
            needs.append(Need(account: nil, parts: [.words("the group's log takes nothing, and nothing leaves until it does: \(problem)")]))
        }
        for account in accounts { needs += of(account, openBreaks: openBreaks(account)) }
        for account in daemon.unconfigured { needs.append(unconfigured(account)) }
        return needs
    }

    private static func of(_ account: ShownAccount, openBreaks: String) -> [Need] {
        let name = account.account.orDash
        let word = name.quotedForShell
        var needs: [Need] = []
        let parked = account.parked
        if parked > 0 {
            needs.append(
                Need(
                    account: name,
                    parts: [
                        .words("\(parked) parked: look at the venue, "), .command("omsctl orders --account \(word) --state in_doubt"), .words(", "),
                        .verb("omsctl resolve"),
                    ]))
        }
        if !account.isReady {
            let reason = account.reason ?? account.lastError ?? "no reconciliation yet"
            needs.append(Need(account: name, parts: [.words("not ready: \(reason)")]))
        }
        if account.state == "halted" {
            needs.append(
                Need(
                    account: name,
                    parts: [.words("halted\(account.whyState): "), .command("omsctl resume \(word) --reason TEXT"), .words(" opens it")]))
        }
        if !openBreaks.isEmpty {
            needs.append(
                Need(
                    account: name,
                    parts: [
                        .words("open breaks: \(openBreaks): "), .command("omsctl breaks --account \(word) --open"), .words(", "),
                        .verb("omsctl break acknowledge"),
                    ]))
        }
        return needs
    }

    private static func unconfigured(_ account: DaemonStatus.Unconfigured) -> Need {
        let (orders, unsent) = (account.orders, account.unsent)
        var counts: [String] = []
        if orders > unsent { counts.append("\(orders - unsent) live or in doubt") }
        if unsent > 0 { counts.append("\(unsent) unsent") }
        if counts.isEmpty { counts.append("\(account.intents) intents") }
        return Need(
            account: account.account.orDash,
            parts: [.words("not configured; \(counts.joined(separator: ", ")): nothing is done for them until it is again")])
    }
}

extension Need {
    /// The parts of words of omsd's own, in which lines stand between backticks. Not for text from outside.
    static func parts(ofOwnWords text: String) -> [Part] {
        text.split(separator: "`", omittingEmptySubsequences: false).enumerated().compactMap { index, piece in
            piece.isEmpty ? nil : index % 2 == 0 ? .words(String(piece)) : .verb(String(piece))
        }
    }

    static func json(_ parts: [Part]) -> JSON {
        .array(
            parts.map { part in
                switch part {
                case .words(let words): .object([("words", .string(words.escapedForTerminal))])
                case .command(let line): .object([("command", .string(line.escapedForTerminal))])
                case .verb(let verb): .object([("verb", .string(verb.escapedForTerminal))])
                }
            })
    }
}

extension ShownAccount {
    /// ` by uid:0, because of TEXT`: who took it out of trading, and why.
    var whyState: String {
        (stateBy.map { " by \($0)" } ?? "") + (stateReason.map { $0.isEmpty ? "" : ", because of \"\($0)\"" } ?? "")
    }
}

extension String {
    /// One word of a shell's command line, whatever it holds: names and ids may bear characters that a shell acts on.
    var quotedForShell: String {
        let isPlain =
            !isEmpty
            && utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"): true
                default: "._:/@%+=,-".utf8.contains(byte)
                }
            }
        return isPlain ? self : "'" + split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }
}
