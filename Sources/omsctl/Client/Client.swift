import ControlAPI
import Kernel
import Wire

/// What a verb works with.
final class Context {
    let arguments: Arguments
    let isJSON: Bool
    let terminal: any Terminal
    /// Orders that one intent holds.
    let itemsMax: Int
    let socketPath: String
    /// Somebody named it: what is asked for is of the daemon there, and of no other.
    let isSocketNamed: Bool
    private var opened: Connection?
    /// Held while it waits (`--guard`).
    var guardID: Int64?

    /// - Parameter socketPath: nil: nobody named one.
    init(arguments: Arguments, isJSON: Bool, socketPath: String?, terminal: any Terminal, itemsMax: Int) {
        (self.arguments, self.isJSON, self.terminal, self.itemsMax) = (arguments, isJSON, terminal, itemsMax)
        (self.socketPath, isSocketNamed) = (socketPath ?? "/run/omsd/control.sock", socketPath != nil)
    }

    func connection() throws(Failure) -> Connection {
        if let opened { return opened }
        let made = try Connection(path: socketPath)
        opened = made
        return made
    }

    func ask<M: Method>(_ method: M.Type, _ parameters: M.Parameters = M.Parameters()) throws(Failure) -> Answer<M.Result> {
        try connection().ask(method, parameters)
    }

    /// An intent as somebody wrote it: the daemon judges it.
    func submit(_ intent: JSON) throws(Failure) -> Answer<IntentSubmit.Result> {
        Answer(try connection().call(IntentSubmit.name, intent.serialized()))
    }

    func show<Value: Message>(_ answer: Answer<Value>, _ text: () -> String) { show(answer.json, text) }

    /// The raw result with `--json`, else what `text` makes of it.
    func show(_ result: JSON, _ text: () -> String) { terminal.out(isJSON ? Self.line(result) : text()) }

    static func line(_ value: JSON) -> String { String(decoding: value.serialized(), as: UTF8.self) + "\n" }

    /// Every row of a listing, page by page, as the daemon tells it.
    ///
    /// - Parameter member: The rows' name in the answer.
    func pages<M: Listing>(
        _ method: M.Type, _ member: String, _ parameters: M.Parameters, _ body: ([JSON]) throws(Failure) -> Void
    ) throws(Failure) {
        var parameters = parameters
        parameters.page = Page(limit: 1_000)
        while true {
            let page = try ask(method, parameters)
            let rows = page.json[member]?.array ?? []
            try body(rows)
            guard let next = page.value.next, !rows.isEmpty, next != parameters.page.after else { return }
            parameters.page.after = next
        }
    }
}

enum Client {
    static let version = omsdVersion

    /// Runs one command line; the exit code.
    static func run(_ words: [String], environment: [String: String], terminal: any Terminal, itemsMax: Int = 100_000) -> Int32 {
        do throws(Failure) {
            return try command(words, environment: environment, terminal: terminal, itemsMax: itemsMax).rawValue
        } catch {
            terminal.err("omsctl: \(error.text)\n")
            return error.exitCode.rawValue
        }
    }

    private static func command(
        _ words: [String], environment: [String: String], terminal: any Terminal, itemsMax: Int
    ) throws(Failure) -> Exit {
        var rest: [String] = []
        var verb: String?
        var (isJSON, wantsHelp, wantsVersion, isLiteral) = (false, false, false, false)
        var socketPath = environment["OMSD_SOCKET"]
        var index = 0
        while index < words.count {
            let word = words[index]
            index += 1
            switch word {
            case _ where isLiteral: rest.append(word)
            case "--json": isJSON = true
            case "--help", "-h": wantsHelp = true
            case "--version" where verb == nil: wantsVersion = true
            case "--socket":
                guard index < words.count else { throw .usage("--socket needs a path") }
                socketPath = words[index]
                index += 1
            case _ where word.hasPrefix("--socket="): socketPath = String(word.dropFirst("--socket=".count))
            case _ where verb == nil:
                guard !word.hasPrefix("-") else { throw .usage("unknown option \(word.escapedForTerminal); see `omsctl --help`") }
                verb = word
            default:
                isLiteral = word == "--"
                rest.append(word)
            }
        }
        if wantsVersion {
            terminal.out("omsctl \(version)\n")
            return .done
        }
        guard let verb else {
            if wantsHelp {
                terminal.out(help)
                return .done
            }
            throw .usage("which verb? see `omsctl --help`")
        }
        guard let spec = Verbs.all.first(where: { $0.name == verb }) else {
            let hint = closest(to: verb, among: Verbs.all.map(\.name)).map { "did you mean \($0)?" } ?? "see `omsctl --help`"
            throw .usage("unknown verb \(verb.escapedForTerminal); \(hint)")
        }
        if wantsHelp {
            terminal.out(spec.help)
            return .done
        }
        let arguments = try Arguments(rest, spec: spec)
        let context = Context(arguments: arguments, isJSON: isJSON, socketPath: socketPath, terminal: terminal, itemsMax: itemsMax)
        do throws(Failure) { return try spec.run(context) } catch {
            // A program reads why from standard output, as it reads answers; a person from standard error.
            if isJSON, let answer = error.answer { terminal.out(Context.line(.object([("error", answer)]))) }
            throw error
        }
    }

    static var help: String {
        """
        usage: omsctl [--socket PATH] [--json] VERB …

        Talks to the order-management daemon omsd.

        verbs:
        \(VerbSpec.list(Verbs.all.map { ($0.name + ($0.operands.isEmpty ? "" : " " + $0.operands), $0.summary) }))
        options:
          --socket PATH  the control socket; else OMSD_SOCKET, else /run/omsd/control.sock
          --json         print the raw result
          --help         also after a verb
          --version

        exit codes: 0 done; 1 internal error; 2 usage; 3 denied here; 4 refused by the venue; 5 in doubt or not settled in time; 7 daemon unreachable
        (an interrupt ends it as one, which shells show as 130)

        """
    }
}

enum Verbs {
    static let all: [VerbSpec] =
        SubmitVerbs.all + OrderVerbs.all + ListVerbs.all + StoryVerbs.all + StatusVerb.all + SealVerb.all + BreakVerbs.all + WatchVerbs.all
        + ConsoleVerb.all + AccountVerbs.all + KillVerb.all + GuardVerbs.all + ExportVerb.all + ReportVerb.all + ExplainVerb.all + CompletionVerb.all
}
