import CLinux
import OMSCore
import Store
import Wire

/// `report`: one file that needs nothing else, made from a journal. Asks a daemon at most where that lies.
enum ReportVerb {
    static let journal = "/var/lib/omsd/journal.db"
    static let journalDefault = "default the running daemon's, without one \(journal)"

    static let all: [VerbSpec] = [
        VerbSpec(
            name: "report", operands: "", operandCount: 0...0,
            summary: "what was asked for and what became of it, as one HTML file (-o) or JSON, from the journal",
            flags: [
                .option("-o", "FILE", "where to write it; - is standard output"),
                .option("--journal", "FILE", "the journal, live, stopped or a backup; \(journalDefault)"),
                .option("--archive", "FOLDER", "where its archive lies; default where its daemon has it"),
                .option("--from", "TIME", "from then on: 2026-11-20T17:03:04Z or +02:00, 2026-11-20 (UTC), or -90m, -24h, -7d; default all"),
                .option("--to", "TIME", "up to, and without, then; default all"),
                .option("--account", "NAME", "only this account"),
                .switch("--no-verify", "do not check the journal itself, which takes longest"),
            ], run: run)
    ]

    @Sendable private static func run(_ context: Context) throws(Failure) -> Exit {
        let (arguments, terminal) = (context.arguments, context.terminal)
        let now = terminal.now()
        let scope = try scope(arguments, now: now)
        let target = arguments.text("-o") ?? (context.isJSON ? "-" : nil)
        guard let target else { throw .usage("where to? -o FILE, or -o - for standard output") }
        let path = try context.journalPath()
        let progress = Progress(terminal)
        let contents: Report
        do throws(JournalError) {
            let archive = arguments.text("--archive")
            let verdict =
                arguments.has("--no-verify") ? nil : try JournalVerifier.verify(path: path, archive: archive) { progress.say("checking: \($0)") }
            let figures = try FiguresReader.read(path: path, archive: archive, scope: scope) { progress.say("reading \($0)") }
            contents = Report(figures: figures, scope: scope, verdict: verdict, path: path, madeAt: now, warning: SQLiteJournal.nameWarning(path))
        } catch {
            progress.end()
            let hint = "--journal names the file; members of omsd-audit may read it"
            throw Failure(exitCode: .internal, text: "\(error.description.escapedForTerminal)\n  \(hint)")
        }
        progress.end()
        let text = context.isJSON ? contents.json : contents.page
        if target == "-" { terminal.out(text) } else { try write(text, to: target) }
        if target != "-" {
            let said: [(key: String, value: JSON)] = [("file", .string(target)), ("journal", .string(path))] + contents.counts
            context.show(.object(said)) { "\(target.escapedForTerminal): \(contents.summary)\n" }
        }
        guard let verdict = contents.verdict, !verdict.isSound else { return .done }
        terminal.err("omsctl: the journal is not sound: \(verdict.problemCount) problems, see the report\n")
        return .internal
    }

    private static func scope(_ arguments: Arguments, now: Int64) throws(Failure) -> JournalFigures.Scope {
        let (from, to) = try ReportTime.stretch(arguments, now: now)
        return JournalFigures.Scope(from: from, to: to, account: arguments.text("--account").map { AccountID($0) })
    }

    /// Complete under its name or not there: written beside it first. Others of the group may read it, nobody else: it tells of trades.
    private static func write(_ text: String, to path: String) throws(Failure) {
        let beside = "\(path).\(getpid()).part"
        func failed(_ what: String) -> Failure {
            let words = String(cString: strerror(omsd_errno()))
            unlink(beside)
            return Failure(exitCode: .internal, text: "\(path.escapedForTerminal) cannot be \(what): \(words)")
        }
        let descriptor = omsd_open(beside, O_WRONLY | O_CREAT | O_EXCL, 0o640)
        guard descriptor >= 0 else { throw failed("written") }
        var text = text
        let isWritten = text.withUTF8 { bytes in
            var at = 0
            while at < bytes.count {
                let count = CLinux.write(descriptor, bytes.baseAddress! + at, bytes.count - at)
                if count < 0, omsd_errno() == EINTR { continue }
                guard count > 0 else { return false }
                at += count
            }
            return true
        }
        guard isWritten else {
            let failure = failed("written")
            close(descriptor)
            throw failure
        }
        guard close(descriptor) == 0, rename(beside, path) == 0 else { throw failed("put in place") }
    }
}

/// What is written: figures, and how they came about.
struct Report {
    let figures: JournalFigures
    let scope: JournalFigures.Scope
    /// nil: the journal was not checked.
    let verdict: VerifyReport?
    let path: String
    let madeAt: Int64
    /// What those should know who read a file that no daemon would open.
    let warning: String?

    var summary: String {
        let total = figures.total
        return "\(ReportTime.grouped(total.all)) orders, \(ReportTime.grouped(total[.submitted, .inDoubt])) of them without a known fate"
    }

    /// The same for a program.
    var counts: [(key: String, value: JSON)] {
        let total = figures.total
        return [("orders", .number(String(total.all))), ("without_known_fate", .number(String(total[.submitted, .inDoubt])))]
    }
}
