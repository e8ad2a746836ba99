import CLinux
import TestSupport
import Wire

/// The simulator's own pages, by one plain HTTP exchange each.
struct SimulatorPages: Sendable {
    let port: UInt16

    func get(_ path: String) throws -> JSON { try exchange(HTTPRequest("GET", path)) }
    @discardableResult
    func post(_ path: String, _ body: String) throws -> JSON { try exchange(HTTPRequest("POST", path, body: Array(body.utf8))) }
    func ledger() throws -> JSON { try get("/_sim/ledger") }
    /// Replaces the fault rules.
    func setFaults(_ rules: String) throws { try post("/_sim/faults", rules) }

    /// Requests of the ledger that match.
    func requests(_ isMeant: (JSON) -> Bool) throws -> [JSON] { try ledger()["requests"]?.array?.filter(isMeant) ?? [] }

    /// Any page of a plain server on that port, whatever it says.
    func page(_ path: String) throws -> (status: Int, body: String) {
        let response = try answer(to: HTTPRequest("GET", path))
        return (response.status, String(decoding: response.body, as: UTF8.self))
    }

    private func exchange(_ request: HTTPRequest) throws -> JSON {
        let response = try answer(to: request)
        guard response.status == 200 else { throw Unexpected("\(request.target): \(String(decoding: response.body, as: UTF8.self))") }
        return try JSONParser.parse(response.body)
    }

    private func answer(to request: HTTPRequest) throws -> HTTPResponse {
        let descriptor = omsd_tcp_socket(AF_INET)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        _ = omsd_tcp_connect(descriptor, &address, socklen_t(MemoryLayout<sockaddr_in>.size))
        var left =
            Array(
                "\(request.method) \(request.target) HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Length: \(request.body.count)\r\n\r\n"
                    .utf8) + request.body
        while !left.isEmpty {
            try ready(descriptor, POLLOUT)
            let count = left.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { throw Unexpected("omsim takes no request") }
            left.removeFirst(count)
        }
        var parser = HTTPResponseParser(limits: HTTPLimits(bodyBytes: 1 << 30))
        var chunk = [UInt8](repeating: 0, count: 262_144)
        while true {
            try ready(descriptor, POLLIN)
            let count = recv(descriptor, &chunk, chunk.count, 0)
            guard count > 0 else { throw Unexpected("omsim's answer to \(request.target) breaks off") }
            if let response = try parser.consume(Array(chunk[..<count])) { return response }
        }
    }

    private func ready(_ descriptor: Int32, _ events: Int32) throws {
        var waiting = pollfd(fd: descriptor, events: Int16(events), revents: 0)
        guard CLinux.poll(&waiting, 1, 30_000) == 1 else { throw Unexpected("omsim does not answer within 30 s") }
    }
}
