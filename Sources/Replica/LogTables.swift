import CPQ
import Glibc

/// Makes the log's tables where they are to be: what a person runs once, by the role that is to own them.
package enum LogTables {
    /// Waits for the server, as a command may and a daemon may not.
    ///
    /// - Throws: ``LogProblem``, with the server's words. Nothing was made then: the script is one transaction.
    package static func make(_ library: PostgresLibrary, place: String, daemonRole: String) throws(LogProblem) {
        let pq = library.functions
        let settings: [(String, String)] = [
            ("connect_timeout", "10"), ("application_name", "omsd log-init"), ("dbname", place), ("target_session_attrs", "read-write"),
            ("client_encoding", "UTF8"),
            // A log that has no standby yet would wait for ever. Tables that are lost with the one node are made again.
            ("options", "-c synchronous_commit=local -c client_min_messages=warning"),
        ]
        let texts = settings.flatMap { [strdup($0.0), strdup($0.1)] }
        defer { texts.forEach { free($0) } }
        let keys: [UnsafePointer<CChar>?] = stride(from: 0, to: texts.count, by: 2).map { UnsafePointer(texts[$0]) } + [nil]
        let values: [UnsafePointer<CChar>?] = stride(from: 1, to: texts.count, by: 2).map { UnsafePointer(texts[$0]) } + [nil]
        guard let handle = pq.connect_now(keys, values, 1) else { throw LogProblem("no memory for a connection") }
        defer { pq.finish(handle) }
        func words() -> String { pq.error_message(handle).map { PostgresLibrary.line($0) } ?? "" }
        guard pq.status(handle) == CONNECTION_OK else { throw LogProblem("the log cannot be reached: \(words())") }
        let result = pq.execute(handle, LogSchema.statements(daemonRole: daemonRole))
        defer { if let result { pq.clear(result) } }
        guard let result, pq.result_status(result) == PGRES_COMMAND_OK else { throw LogProblem("the log's tables were not made: \(words())") }
    }
}
