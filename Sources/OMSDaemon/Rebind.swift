import CLinux
import Kernel
import OMSCore
import Store
import Wire

/// `omsd rebind`: records that an account is somebody else, or somewhere else, than the journal has it.
struct Rebind: Equatable {
    let journal: String
    let account: String
    let baseURL: HTTPOrigin?
    let uid: String?
    /// As the journal pins it.
    let stream: String?
    let reason: String
    let isSame: Bool

    init(_ words: ArraySlice<String>) throws(ArgumentError) {
        let options = try CommandWords(
            words, values: ["--journal", "--account", "--base-url", "--uid", "--stream-url", "--reason"], flags: ["--same-venue"])
        journal = try options.required("--journal")
        account = try options.required("--account", "NAME")
        reason = try options.required("--reason", "TEXT")
        guard reason.contains(where: { !$0.isWhitespace }) else { throw ArgumentError("--reason needs words: they go on record") }
        isSame = options.has("--same-venue")
        uid = options.text("--uid")
        if let uid, !AccountReader.isUID(uid) { throw ArgumentError("--uid must be \(AccountReader.uidRule)") }
        let streamOrigin = options.text("--stream-url").flatMap { StreamConfiguration.origin($0) }
        stream = streamOrigin.map { StreamConfiguration.place(of: $0) }
        baseURL = options.text("--base-url").flatMap { HTTPOrigin($0) }
        // Without either it would part the account from its orders, and not say whose or where it is now.
        guard isSame || ["--base-url", "--uid", "--stream-url"].contains(where: { options.text($0) != nil }) else {
            throw ArgumentError("what changes? name --base-url, --uid or --stream-url, or say --same-venue")
        }
        if options.text("--stream-url") != nil {
            guard let streamOrigin else { throw ArgumentError("--stream-url must be wss://HOST[:PORT], without user, path or query") }
            guard streamOrigin.isTLS || streamOrigin.isLoopback else {
                throw ArgumentError("--stream-url: ws:// is for loopback addresses only; use wss://")
            }
        }
        if options.text("--base-url") != nil {
            guard let baseURL else { throw ArgumentError("--base-url must be https://HOST[:PORT], without user, path or query") }
            guard baseURL.isTLS || baseURL.isLoopback else { throw ArgumentError("--base-url: http:// is for loopback addresses only; use https://") }
        }
    }

    func run() -> ExitCode {
        let name = AccountID(account)
        do {
            guard access(journal, F_OK) == 0 else {
                writeToStandardError("omsd: \(journal.escapedForLog): \(errorText(omsd_errno()))\n")
                return .inputOutput
            }
            let file = try SQLiteJournal.open(path: journal, accounts: [], bootID: Daemon.bootID())
            for warning in file.warnings { Log.warning(.problem, warning) }
            guard let known = try file.account(name) else {
                let names = file.accounts.map(\.text).joined(separator: ", ")
                writeToStandardError(
                    "omsd: \(journal.escapedForLog) knows no account \"\(account.escapedForLog)\"; it knows: \(names.escapedForLog)\n")
                return .usage
            }
            let rebinding = Rebinding(
                account: name, uid: uid,
                // A demo that moves is a demo.
                origin: baseURL.map { AccountIdentity.place($0.place, isDemo: known.origin.map(AccountIdentity.isDemo) ?? false) },
                streamOrigin: stream, reason: reason, isSame: isSame, actor: .peer(uid: getuid(), pid: getpid()))
            let outcome = rebinding.outcome(of: try file.load(), known: known, at: omsd_clock_us(CLOCK_REALTIME))
            try file.commit(outcome.records)
            writeToStandardOutput("\(account.escapedForLog): recorded; \(outcome.words)\n")
            return .done
        } catch let error as OpenError {
            writeToStandardError("omsd: \(error.description.escapedForLog)\n")
            return ExitCode(rawValue: error.exitCode) ?? .inputOutput
        } catch let error as JournalError {
            writeToStandardError("omsd: \(error.description.escapedForLog)\n")
            return ExitCode(rawValue: error.exitCode) ?? .inputOutput
        } catch {
            writeToStandardError("omsd: \("\(error)".escapedForLog)\n")
            return .inputOutput
        }
    }
}
