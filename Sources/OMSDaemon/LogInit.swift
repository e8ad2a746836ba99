import Kernel
import Replica

/// `omsd log-init`: makes the tables of a group's log.
struct LogInit: Equatable {
    /// In libpq's words, without a password.
    let log: String
    let daemonRole: String

    init(_ words: ArraySlice<String>) throws(ArgumentError) {
        let options = try CommandWords(words, values: ["--log", "--daemon-role"], flags: [])
        log = try options.required("--log", "CONNINFO")
        daemonRole = try options.required("--daemon-role", "ROLE")
        // PostgreSQL cuts longer names off without a word, and would mean another role.
        guard (1...63).contains(daemonRole.utf8.count) else { throw ArgumentError("--daemon-role must be a role's name of 1 to 63 bytes") }
    }

    func run() -> ExitCode {
        let library: PostgresLibrary
        do throws(LogProblem) {
            library = try PostgresLibrary()
            try library.check(log)
        } catch {
            writeToStandardError("omsd: \(error.description.escapedForLog)\n")
            return .configuration
        }
        do throws(LogProblem) {
            try LogTables.make(library, place: log, daemonRole: daemonRole)
            writeToStandardOutput("the log's tables are there, version \(LogSchema.version); \(daemonRole.escapedForLog) may use them\n")
            return .done
        } catch {
            writeToStandardError("omsd: \(error.description.escapedForLog)\n")
            return .inputOutput
        }
    }
}
