import CLinux
import ControlAPI
import Kernel
import Wire

/// A connection to the daemon's control socket: one call after another.
final class Connection {
    private let descriptor: Int32
    private let path: String
    private var input: [UInt8] = []
    private var lastID: Int64 = 0
    /// See `init`.
    private let patienceSeconds: Int
    /// That time went by without a byte.
    private(set) var isOutOfPatience = false

    /// - Parameter patienceSeconds: How long the daemon may be silent while something is asked; nil: for ever, as each call is answered in the time it was given.
    /// - Throws: 7 when nobody answers, with the next step.
    init(path: String, patienceSeconds: Int? = nil) throws(Failure) {
        (self.path, self.patienceSeconds) = (path, patienceSeconds ?? 0)
        descriptor = socket(AF_UNIX, omsd_stream_socket_type(), 0)
        if let patienceSeconds, descriptor >= 0 {
            var time = timeval(tv_sec: patienceSeconds, tv_usec: 0)
            for option in [SO_RCVTIMEO, SO_SNDTIMEO] { setsockopt(descriptor, SOL_SOCKET, option, &time, socklen_t(MemoryLayout<timeval>.size)) }
        }
        guard descriptor >= 0, let address = UnixAddress(path: path) else {
            throw Failure.usage("\(path.escapedForTerminal): no usable socket path")
        }
        guard address.withPointer({ omsd_connect(descriptor, $0, $1) }) == 0 else {
            let code = omsd_errno()
            var text = "the daemon cannot be reached on \(path.escapedForTerminal): \(errorText(code))\n"
            switch code {
            case ENOENT, ECONNREFUSED:
                text += "  start it with `systemctl start omsd` or `omsd --config FILE`; --socket or OMSD_SOCKET name another socket"
            case EACCES: text += "  your user may not open the socket: see socket_mode and roles under control in the configuration"
            default: text += "  --socket or OMSD_SOCKET name another socket"
            }
            throw Failure(exitCode: .unreachable, text: text)
        }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    private var lost: Failure {
        if isOutOfPatience {
            return Failure(
                exitCode: .unreachable, text: "the daemon on \(path.escapedForTerminal) has taken the call, and not answered for \(patienceSeconds) s"
            )
        }
        return Failure(
            exitCode: .unreachable,
            text: "the connection to the daemon on \(path.escapedForTerminal) broke; what was asked may or may not have been taken: "
                + "ask again with the same intent id, or look with `omsctl intents`")
    }

    /// Asks and waits for the answer; notifications in between are dropped.
    ///
    /// - Parameter parameters: JSON text of an object.
    /// - Throws: the daemon's error answer, or 7 when the connection breaks.
    func call(_ method: String, _ parameters: [UInt8] = Array("{}".utf8)) throws(Failure) -> JSON {
        lastID += 1
        var writer = JSONWriter(reserving: parameters.count + 80)
        writer.beginObject()
        writer.member("jsonrpc", "2.0")
        writer.member("id", lastID)
        writer.member("method", method)
        writer.key("params")
        writer.raw(parameters)
        writer.endObject()
        try send(writer.bytes + [UInt8(ascii: "\n")])
        while true {
            let answer = try message()
            guard answer["method"] == nil else { continue }
            if let error = answer["error"] { throw Failure(answer: error) }
            if answer["id"]?.integer == lastID, let result = answer["result"] { return result }
        }
    }

    func ask<M: Method>(_ method: M.Type, _ parameters: M.Parameters = M.Parameters()) throws(Failure) -> Answer<M.Result> {
        Answer(try call(M.name, parameters.sent()))
    }

    /// The next message, whatever it is. Waits without bound: the daemon answers each call in the time it was given.
    func message() throws(Failure) -> JSON {
        guard let line = nextLine() else { throw lost }
        do throws(JSONError) {
            return try JSONParser.parse(line)
        } catch {
            throw Failure(exitCode: .internal, text: "the daemon's answer cannot be read: \(error); is something else listening on \(path)?")
        }
    }

    /// The next message; nil where none begins within so many milliseconds.
    func message(withinMs: Int32) throws(Failure) -> JSON? {
        if !input.contains(UInt8(ascii: "\n")) {
            var wait = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            if poll(&wait, 1, withinMs) == 0 { return nil }
        }
        return try message()
    }

    private func send(_ bytes: [UInt8]) throws(Failure) {
        var at = 0
        while at < bytes.count {
            let count = bytes.withUnsafeBufferPointer { CLinux.send(descriptor, $0.baseAddress! + at, bytes.count - at, Int32(MSG_NOSIGNAL)) }
            if count < 0, omsd_errno() == EINTR { continue }
            guard count > 0 else {
                isOutOfPatience = count < 0 && omsd_errno() == EAGAIN
                throw lost
            }
            at += count
        }
    }

    private func nextLine() -> [UInt8]? {
        var scanned = 0
        while true {
            if let newline = input[scanned...].firstIndex(of: UInt8(ascii: "\n")) {
                defer { input.removeSubrange(...newline) }
                return Array(input[..<newline])
            }
            scanned = input.count
            let count = withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 1 << 16) { buffer in
                let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
                if count > 0 { input.append(contentsOf: buffer[..<count]) }
                return count
            }
            if count < 0, omsd_errno() == EINTR { continue }
            if count <= 0 {
                isOutOfPatience = count < 0 && omsd_errno() == EAGAIN
                return nil
            }
        }
    }
}
