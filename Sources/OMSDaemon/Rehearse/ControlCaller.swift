import CLinux
import ControlAPI
import Kernel
import Wire

/// A caller of a daemon's control socket: one call after another.
final class ControlCaller {
    /// Why a call has no result.
    enum Problem: Error, CustomStringConvertible {
        case unreachable(String)
        case refused(code: Int64, String)

        var description: String {
            switch self {
            case .unreachable(let words), .refused(_, let words): words
            }
        }
    }

    private let descriptor: Int32
    private var input: [UInt8] = []
    private var lastID: Int64 = 0

    /// - Parameter patienceSeconds: How long an answer may take.
    init(path: String, patienceSeconds: Int) throws(Problem) {
        descriptor = socket(AF_UNIX, omsd_stream_socket_type(), 0)
        guard descriptor >= 0, let address = UnixAddress(path: path) else { throw .unreachable("\(path.escapedForLog) is no usable socket path") }
        var time = timeval(tv_sec: patienceSeconds, tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] { setsockopt(descriptor, SOL_SOCKET, option, &time, socklen_t(MemoryLayout<timeval>.size)) }
        guard address.withPointer({ omsd_connect(descriptor, $0, $1) }) == 0 else {
            throw .unreachable("\(path.escapedForLog): \(errorText(omsd_errno()))")
        }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    func ask<M: Method>(_ method: M.Type, _ parameters: M.Parameters = M.Parameters()) throws(Problem) -> M.Result {
        lastID += 1
        var writer = JSONWriter(reserving: 1_024)
        writer.beginObject()
        writer.member("jsonrpc", "2.0")
        writer.member("id", lastID)
        writer.member("method", M.name)
        writer.key("params")
        writer.raw(parameters.sent())
        writer.endObject()
        try send(writer.bytes + [UInt8(ascii: "\n")])
        while true {
            guard let answer = try? JSONParser.parse(try line()) else { throw .unreachable("the daemon's answer cannot be read") }
            guard answer["id"]?.integer == lastID else { continue }
            if let error = answer["error"] {
                throw .refused(code: error["code"]?.integer ?? 0, (error["message"]?.string ?? "refused").escapedForLog)
            }
            guard let result = answer["result"].flatMap({ M.Result($0) }) else {
                throw .unreachable("the daemon's answer to \(M.name) cannot be read")
            }
            return result
        }
    }

    private func send(_ bytes: [UInt8]) throws(Problem) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes { CLinux.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if count < 0, omsd_errno() == EINTR { continue }
            guard count > 0 else { throw lost }
            sent += count
        }
    }

    private func line() throws(Problem) -> [UInt8] {
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            if let end = input.firstIndex(of: UInt8(ascii: "\n")) {
                defer { input.removeSubrange(...end) }
                return Array(input[..<end])
            }
            let count = recv(descriptor, &chunk, chunk.count, 0)
            if count < 0, omsd_errno() == EINTR { continue }
            guard count > 0 else { throw lost }
            input += chunk[..<count]
        }
    }

    private var lost: Problem { .unreachable("the daemon did not answer, or its connection ended") }
}
