import CPQ

/// PostgreSQL's client library, opened at run time.
package final class PostgresLibrary: @unchecked Sendable {
    // Set once, by `init`, and read by any thread.
    let functions: omsd_pq

    /// Debian's package `libpq5` has this name.
    package static let name = "libpq.so.5"

    /// - Throws: ``LogProblem``, which says what to install.
    package init(_ name: String = PostgresLibrary.name) throws(LogProblem) {
        var functions = omsd_pq()
        if let missing = omsd_pq_open(name, &functions) {
            throw LogProblem(
                "a replica section needs PostgreSQL's client library, version 14 or later: \(String(cString: missing)) (Debian: apt-get install libpq5)"
            )
        }
        self.functions = functions
    }

    /// Checks what a person wrote where the log is.
    ///
    /// - Throws: ``LogProblem`` where it cannot be read, or holds a password: configurations are shown, and travel.
    package func check(_ place: String) throws(LogProblem) {
        var words: UnsafeMutablePointer<CChar>?
        guard let options = functions.parse(place, &words) else {
            defer { functions.free_memory(words) }
            throw LogProblem("the log's place cannot be read: \(words.map { Self.line($0) } ?? "no memory")")
        }
        defer { functions.free_options(options) }
        var at = options
        while let keyword = at.pointee.keyword {
            if String(cString: keyword) == "password", let value = at.pointee.val, value.pointee != 0 {
                throw LogProblem("the log's place holds a password: use a certificate, or passfile=FILE")
            }
            at += 1
        }
    }

    static func line(_ text: UnsafePointer<CChar>) -> String {
        String(decoding: String(cString: text).utf8.map { $0 == 0x0A ? 0x20 : $0 }, as: UTF8.self).trimmed
    }
}

extension String {
    fileprivate var trimmed: String {
        var text = self[...]
        while text.last == " " { text.removeLast() }
        return String(text)
    }
}

/// What is wrong with the log's place, in words for a person.
package struct LogProblem: Error, Sendable, Equatable, CustomStringConvertible {
    package let description: String
    package init(_ description: String) { self.description = description }
}
