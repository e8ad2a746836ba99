import Kernel
import OMSCore
import Store
import Wire

/// `omsd verify`: checks a journal, by itself and by what is known of its seals from elsewhere.
struct Verify: Equatable {
    let journal: String
    let head: Digest256?
    let publicKey: String?
    /// The folder of its archive.
    let archive: String?
    let isJSON: Bool

    init(_ words: ArraySlice<String>) throws(ArgumentError) {
        let options = try CommandWords(words, values: ["--journal", "--archive", "--head", "--public-key"], flags: ["--json"])
        journal = try options.required("--journal")
        publicKey = options.text("--public-key")
        archive = options.text("--archive")
        isJSON = options.has("--json")
        head = options.text("--head").flatMap { Self.digest($0) }
        if let text = options.text("--head"), head == nil {
            throw ArgumentError("--head must be the 64 hex digits that omsctl seal or the log printed, not \"\(text.prefix(80).escapedForLog)\"")
        }
    }

    private static func digest(_ text: String) -> Digest256? {
        let digits = text.utf8.compactMap { hexDigit($0) }
        guard digits.count == 64, text.utf8.count == 64 else { return nil }
        return Digest256((0..<32).map { digits[2 * $0] << 4 | digits[2 * $0 + 1] })
    }

    func run() -> ExitCode {
        Main.warnOfNames(journal)
        var witness = SealWitness(head: head)
        if let publicKey {
            do {
                witness.publicKey = try Ed25519PublicKey(pem: readWholeFile(publicKey, bytesMax: 1 << 16))
            } catch let error as Ed25519Error {
                writeToStandardError("omsd: \(publicKey.escapedForLog) \(error)\n")
                return .usage
            } catch {
                writeToStandardError("omsd: \(publicKey.escapedForLog): \("\(error)".escapedForLog)\n")
                return .inputOutput
            }
        }
        do throws(JournalError) {
            let report = try JournalVerifier.verify(
                path: journal, witness: witness, archive: archive, progress: { if !isJSON { writeToStandardError("omsd: checking \($0)\n") } })
            writeToStandardOutput(isJSON ? Self.json(report) : text(report))
            return report.isSound ? .done : .journal
        } catch {
            writeToStandardError("omsd: \(error.description.escapedForLog)\n")
            return error.kind == .damaged ? .journal : .inputOutput
        }
    }

    private func text(_ report: VerifyReport) -> String {
        let counts =
            "\(report.orders) orders, \(report.events) events, \(report.commands) commands, \(report.requests) requests, \(report.seals.count) seals"
        let verdict = report.isSound ? "sound" : "\(report.problemCount) problems"
        return report.problems.map { "broken: \($0.escapedForLog)\n" }.joined() + report.notes.map { "note: \($0.escapedForLog)\n" }.joined()
            + "\(journal.escapedForLog): \(counts): \(verdict)\n"
    }

    private static func json(_ report: VerifyReport) -> String {
        var out = JSONWriter()
        out.beginObject()
        out.member("sound", report.isSound)
        out.member("orders", report.orders)
        out.member("events", report.events)
        out.member("commands", report.commands)
        out.member("requests", report.requests)
        out.member("problem_count", report.problemCount)
        out.member("problems", report.problems)
        out.member("notes", report.notes)
        out.key("seals")
        out.beginObject()
        out.member("count", report.seals.count)
        out.member("head", report.seals.head.map { hex($0.digest.bytes) })
        out.member("last_seq", report.seals.head?.last)
        out.member("key", report.seals.head?.signature?.key)
        out.member("unsealed", report.seals.unsealed)
        out.member("not_checked", report.seals.notChecked)
        out.key("broken")
        out.beginArray()
        for range in report.seals.broken {
            out.beginArray()
            out.integer(range.lowerBound)
            out.integer(range.upperBound)
            out.endArray()
        }
        out.endArray()
        out.endObject()
        out.key("archive")
        out.beginObject()
        out.member("files", report.archive.files)
        out.member("numbers", report.archive.numbers)
        out.member("checked", report.archive.isChecked)
        out.endObject()
        out.endObject()
        return String(decoding: out.bytes, as: UTF8.self) + "\n"
    }
}
