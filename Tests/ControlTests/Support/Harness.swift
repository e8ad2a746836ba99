import CLinux
import Control
import Kernel
import OMSCore
import Synchronization
import TestSupport
import Wire

/// A server on a socket in a folder of its own, with a sink that records.
final class Harness {
    private let folder = ScratchDirectory()
    let path: String
    let sink: FakeSink
    let server: ControlServer
    let log = Lines()

    init(
        sink: FakeSink = FakeSink(), limits: ControlLimits = ControlLimits(), roles: RoleTable? = nil,
        peerOf: @escaping @Sendable (Int32) -> Peer? = { Peer(ofSocket: $0) }
    ) throws {
        path = folder.file("control.sock")
        self.sink = sink
        let log = log
        server = try ControlServer(
            listener: ControlListener(path: path), roles: roles ?? RoleTable(), limits: limits, log: { log.append($0) }, peerOf: peerOf)
        sink.attach(server)
        try server.start(sink: sink)
    }

    deinit {
        server.stop()
        sink.detach()
    }

    struct Unusable: Error {}

    final class Lines: Sendable {
        private let lines = Mutex<[String]>([])
        func append(_ line: String) { lines.withLock { $0.append(line) } }
        var all: [String] { lines.withLock { $0 } }
    }
}

/// A blocking client that sees the bytes as they are.
final class RawClient {
    let descriptor: Int32
    private var input: [UInt8] = []
    private var head = 0

    init(_ path: String) throws {
        descriptor = socket(AF_UNIX, omsd_stream_socket_type(), 0)
        guard let address = UnixAddress(path: path), address.withPointer({ omsd_connect(descriptor, $0, $1) }) == 0 else {
            throw Harness.Unusable()
        }
        var patience = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(descriptor) }

    /// False when the server has closed.
    @discardableResult func send(_ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBufferPointer { CLinux.send(descriptor, $0.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL)) }
            if count <= 0 { return false }
            sent += count
        }
        return true
    }

    @discardableResult func send(_ text: String) -> Bool { send(Array(text.utf8)) }
    func finishSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// The next line without its newline; nil at the end of the stream or after 20 seconds.
    func line() -> [UInt8]? {
        var scanned = head
        while true {
            if let newline = input[scanned...].firstIndex(of: 0x0A) {
                defer { head = newline + 1 }
                return Array(input[head..<newline])
            }
            if head > 1 << 20 {
                input.removeSubrange(..<head)
                head = 0
            }
            scanned = input.count
            let count = withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 65_536) { buffer in
                let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
                if count > 0 { input.append(contentsOf: buffer[..<count]) }
                return count
            }
            if count <= 0 { return nil }
        }
    }

    func answer() -> JSON? { line().flatMap { try? JSONParser.parse($0) } }

    /// Sends a line and reads one.
    func ask(_ line: String) -> JSON? {
        send(line + "\n")
        return answer()
    }

    func call(_ method: String, _ params: String = "{}", id: String = "1") -> JSON? {
        ask("{\"jsonrpc\":\"2.0\",\"id\":\(id),\"method\":\"\(method)\",\"params\":\(params)}")
    }
}

extension JSON {
    var code: Int64? { self["error"]?["code"]?.integer }
    var message: String { self["error"]?["message"]?.string ?? "" }
    var details: [JSON] { self["error"]?["data"]?["details"]?.array ?? [] }
}

extension RoleTable {
    /// As a configuration would grant them.
    static func granting(
        viewer: [String] = [], trader: [String] = [], operator: [String] = [], ownUID: UInt32 = geteuid()
    ) throws(RoleEntryError) -> RoleTable {
        var table = RoleTable(ownUID: ownUID)
        for entry in viewer { try table.grant(.viewer, to: entry) }
        for entry in trader { try table.grant(.trader, to: entry) }
        for entry in `operator` { try table.grant(.operator, to: entry) }
        return table
    }
}
