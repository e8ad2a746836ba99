import CLinux
import Kernel
import TestSupport
import Wire

/// A client of the control socket: one line out, one line in, every wait bounded.
final class ControlClient {
    let descriptor: Int32
    private var pending: [UInt8] = []
    private var lastID = 0
    /// Answers and notifications that came while another answer was awaited.
    private(set) var aside: [JSON] = []

    /// - Throws: ``Unexpected`` when nobody listens.
    init(_ path: String, patience seconds: Int = 200) throws {
        descriptor = socket(AF_UNIX, omsd_stream_socket_type(), 0)
        guard let address = UnixAddress(path: path) else { throw Unexpected("\(path) is too long for a socket") }
        let code = address.withPointer { omsd_connect(descriptor, $0, $1) }
        // A whole object whose initialiser throws is closed by `deinit`: closing here too would take somebody else's descriptor.
        guard code == 0 else { throw Unexpected("nobody listens at \(path)") }
        var patience = timeval(tv_sec: seconds, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(descriptor) }

    /// - Returns: false when the daemon has closed the connection or takes nothing more.
    @discardableResult
    func send(raw bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes { CLinux.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    /// The next line; nil when the daemon closed the connection.
    func line() throws -> [UInt8]? {
        var chunk = [UInt8](repeating: 0, count: 65_536)
        var searched = 0
        while true {
            if let end = pending[searched...].firstIndex(of: 0x0A) {
                let line = Array(pending[..<end])
                pending.removeSubrange(...end)
                return line
            }
            searched = pending.count
            let count = recv(descriptor, &chunk, chunk.count, 0)
            if count == 0 { return nil }
            guard count > 0 else {
                if omsd_errno() == ECONNRESET { return nil }
                throw Unexpected("no answer on the control socket")
            }
            pending += chunk[..<count]
        }
    }

    func message() throws -> JSON? { try line().map { try JSONParser.parse($0) } }

    /// The whole answer to a request: `result` or `error`.
    func ask(_ method: String, _ params: JSON = .object([])) throws -> JSON {
        lastID += 1
        let id = lastID
        let request = JSON.object([
            (key: "jsonrpc", value: .string("2.0")), (key: "id", value: .number("\(id)")), (key: "method", value: .string(method)),
            (key: "params", value: params),
        ])
        guard send(raw: request.serialized() + [0x0A]) else { throw Unexpected("the daemon takes no request") }
        return try answer(to: id)
    }

    func ask(_ method: String, _ params: String) throws -> JSON { try ask(method, JSONParser.parse(params, options: .init(isJSON5: true))) }

    private func answer(to id: Int) throws -> JSON {
        if let index = aside.firstIndex(where: { $0["id"]?.integer == Int64(id) }) { return aside.remove(at: index) }
        while let message = try message() {
            if message["id"]?.integer == Int64(id) { return message }
            aside.append(message)
        }
        throw Unexpected("the daemon closed the connection")
    }

    /// The result. - Throws: ``Unexpected`` with the daemon's error.
    func call(_ method: String, _ params: JSON = .object([])) throws -> JSON {
        let answer = try ask(method, params)
        guard let result = answer["result"] else { throw Unexpected("\(method): \(String(decoding: answer.serialized(), as: UTF8.self))") }
        return result
    }

    func call(_ method: String, _ params: String) throws -> JSON { try call(method, JSONParser.parse(params, options: .init(isJSON5: true))) }

    /// Submits and returns the client order ids.
    @discardableResult
    func submit(_ intent: String) throws -> [String] {
        try call("intent.submit", intent)["orders"]?.array?.compactMap(\.string) ?? []
    }

    /// Waits for an intent. - Returns: `intent.get`'s answer.
    @discardableResult
    func wait(_ intent: String, until: String = "settled", seconds: Int = 55) throws -> JSON {
        let result = try call("intent.wait", "{intent_id: '\(intent)', until: '\(until)', timeout_ms: \(seconds * 1_000)}")
        guard result["timed_out"]?.bool == false else {
            throw Unexpected("\(intent) is not \(until) after \(seconds) s: \(String(decoding: result.serialized(), as: UTF8.self))")
        }
        return result
    }
}

extension JSON {
    /// The member reached by these names.
    func member(_ path: String...) -> JSON? { path.reduce(self as JSON?) { $0?[$1] } }
    var lines: String { String(decoding: serialized(), as: UTF8.self) }
}
