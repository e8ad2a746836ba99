import CLinux
import ControlAPI
import Kernel
import Wire

/// A connection to the daemon's control socket: calls one by one, or lines poured in with many unanswered.
final class ControlClient {
    let descriptor: Int32
    private var input: [UInt8] = []

    /// nil while nobody listens.
    init?(path: String) {
        descriptor = socket(AF_UNIX, omsd_stream_socket_type(), 0)
        guard descriptor >= 0, let address = UnixAddress(path: path) else { preconditionFailure("no socket for \(path)") }
        guard address.withPointer({ omsd_connect(descriptor, $0, $1) }) == 0 else { return nil }
    }

    deinit { close(descriptor) }

    static func line(_ method: String, _ parameters: String = "{}") -> [UInt8] {
        Array("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\(method)\",\"params\":\(parameters)}\n".utf8)
    }

    func send(_ bytes: [UInt8]) throws {
        var at = 0
        while at < bytes.count {
            let count = bytes.withUnsafeBufferPointer { CLinux.send(descriptor, $0.baseAddress! + at, bytes.count - at, Int32(MSG_NOSIGNAL)) }
            if count < 0, omsd_errno() == EINTR { continue }
            guard count > 0 else { throw BenchError("the daemon closed the connection") }
            at += count
        }
    }

    /// The next answer's line, unparsed.
    func answer() throws -> [UInt8] {
        var scanned = 0
        while true {
            if let newline = input[scanned...].firstIndex(of: UInt8(ascii: "\n")) {
                defer { input.removeSubrange(...newline) }
                return Array(input[..<newline])
            }
            scanned = input.count
            guard try receive() else { throw BenchError("the daemon closed the connection") }
        }
    }

    private func receive() throws -> Bool {
        let count = withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 1 << 16) { buffer in
            let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
            if count > 0 { input.append(contentsOf: buffer[..<count]) }
            return count
        }
        return count > 0 || (count < 0 && omsd_errno() == EINTR)
    }

    func call(_ method: String, _ parameters: String = "{}") throws -> JSON {
        try Self.result(try ask(Self.line(method, parameters)))
    }

    func ask<M: Method>(_ method: M.Type, _ parameters: M.Parameters = M.Parameters()) throws -> M.Result {
        let result = try call(M.name, String(decoding: parameters.sent(), as: UTF8.self))
        guard let read = M.Result(result) else { throw BenchError("the answer to \(M.name) is none") }
        return read
    }

    /// Sends a line and waits for the answer's.
    func ask(_ line: [UInt8]) throws -> [UInt8] {
        try send(line)
        return try answer()
    }

    static func result(_ line: [UInt8]) throws -> JSON {
        let message = try JSONParser.parse(line)
        guard let result = message["result"] else { throw BenchError("the daemon refused: \(String(decoding: line, as: UTF8.self))") }
        return result
    }

    /// Answers that are there now, after a readiness report. Throws at the first that is an error.
    fileprivate func countAnswers() throws -> Int {
        guard try receive() else { throw BenchError("the daemon closed the connection") }
        var count = 0
        var start = 0
        while let newline = input[start...].firstIndex(of: UInt8(ascii: "\n")) {
            // An answer begins {"jsonrpc":"2.0","id":1,"result" or "error": told apart without parsing.
            if input[start..<newline].prefix(48).contains(sequence: Self.errorWord) { _ = try Self.result(Array(input[start..<newline])) }
            count += 1
            start = newline + 1
        }
        input.removeSubrange(..<start)
        return count
    }

    private static let errorWord = Array("\"error\"".utf8)

    /// Pours the same line into several connections, each with `depth` of them unanswered, until `enough` (asked with the answers so far) says so or
    /// `most` are sent; then waits for what is out.
    ///
    /// - Returns: the answers at the time when `enough` said so; all of them if it never did.
    static func pour(
        _ line: [UInt8], into clients: [ControlClient], depth: Int, most: Int = .max, until enough: (Int) -> Bool = { _ in false }
    ) throws -> Int {
        var out = [Int](repeating: 0, count: clients.count)
        var answered = 0
        var sent = 0
        var atStop: Int?
        var polls = clients.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
        while true {
            if atStop == nil, enough(answered) { atStop = answered }
            for (index, client) in clients.enumerated() where atStop == nil {
                while out[index] < depth, sent < most {
                    try client.send(line)
                    out[index] += 1
                    sent += 1
                }
            }
            if atStop != nil || sent == most, out.allSatisfy({ $0 == 0 }) { return atStop ?? answered }
            guard poll(&polls, nfds_t(polls.count), 10_000) > 0 else { throw BenchError("the daemon did not answer for ten seconds") }
            for index in polls.indices where polls[index].revents != 0 {
                let count = try clients[index].countAnswers()
                out[index] -= count
                answered += count
            }
        }
    }
}

extension Collection where Element: Equatable {
    fileprivate func contains(sequence other: [Element]) -> Bool {
        var start = startIndex
        while start != endIndex {
            if self[start...].starts(with: other) { return true }
            start = index(after: start)
        }
        return false
    }
}
