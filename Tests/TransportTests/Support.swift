import CLinux
import Kernel
import Synchronization
import TestSupport
import Testing
import Wire

@testable import Transport

/// Certificates made for one run of the tests: an authority, and leaves that are fine, for another host, and expired.
struct Certificates: Sendable {
    private let scratch = ScratchDirectory()
    private var folder: String { scratch.path }
    static let shared = Certificates()

    var authority: String { folder + "/ca.pem" }
    var stranger: String { folder + "/stranger.pem" }
    func files(_ leaf: String) -> (certificateFile: String, keyFile: String) { ("\(folder)/\(leaf).pem", "\(folder)/\(leaf).key") }

    private init() {
        let folder = scratch.path
        func openssl(_ arguments: String) {
            let words = arguments.split(separator: " ").map(String.init)
            precondition(runProgram(["/usr/bin/openssl"] + words) == 0, "openssl \(arguments)")
        }
        func write(_ name: String, _ text: String) {
            do { _ = try scratch.write(name, text) } catch { preconditionFailure("\(error)") }
        }
        atexit { Certificates.shared.scratch.remove() }
        let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
        for name in ["ca", "stranger"] {
            openssl("req -x509 \(key) -subj /CN=\(name) -keyout \(folder)/\(name).key -out \(folder)/\(name).pem -days 2")
        }
        let leaves = [
            ("good", "DNS:localhost,IP:127.0.0.1", 2), ("elsewhere", "DNS:other.example,IP:127.0.0.9", 2),
            ("expired", "DNS:localhost,IP:127.0.0.1", -1),
        ]
        for (name, hosts, days) in leaves {
            write("\(name).cnf", "subjectAltName=\(hosts)\n")
            openssl("req \(key) -subj /CN=leaf -keyout \(folder)/\(name).key -out \(folder)/\(name).csr")
            openssl(
                "x509 -req -in \(folder)/\(name).csr -CA \(folder)/ca.pem -CAkey \(folder)/ca.key -CAcreateserial -extfile \(folder)/\(name).cnf "
                    + "-days \(days) -out \(folder)/\(name).pem")
        }
    }
}

/// A server that counts what arrives, and answers as told.
final class CountingServer: Sendable {
    let server: HTTPServer
    let isTLS: Bool
    private let log: Shared<[HTTPRequest]>

    init(leaf: String? = nil, _ reply: @escaping @Sendable (HTTPRequest, _ arrival: Int) -> ServerReply) throws {
        let log = Shared<[HTTPRequest]>([])
        server = try HTTPServer(address: "127.0.0.1:0", tls: leaf.map { Certificates.shared.files($0) }) { request, _, responder in
            let arrival = log.value.withLock { log in
                log.append(request)
                return log.count
            }
            responder.send(reply(request, arrival))
        }
        (isTLS, self.log) = (leaf != nil, log)
        try server.start()
    }

    deinit { server.stop() }

    var arrivals: [HTTPRequest] { log.now }
    var origin: HTTPOrigin { HTTPOrigin(isTLS: isTLS, host: "127.0.0.1", port: server.port) }
}

/// A port of this machine whose connections are handled by hand, each on its own thread; closed at first, if wanted.
final class RawServer: Sendable {
    let port: UInt16
    private let listener: Int32
    private let thread = Mutex<Thread?>(nil)
    private let handle: @Sendable (_ fd: Int32, _ number: Int) -> Void

    /// - Parameter isOpen: False holds the port but refuses connections until ``open()``.
    init(isOpen: Bool = true, _ handle: @escaping @Sendable (_ fd: Int32, _ number: Int) -> Void) throws {
        let address = try #require(SocketAddress(numeric: "127.0.0.1", port: 0))
        listener = omsd_tcp_socket(AF_INET)
        #expect(omsd_tcp_bind(listener, address.bytes, socklen_t(address.bytes.count)) == 0)
        port = try Socket(fd: listener).ownPort()
        self.handle = handle
        if isOpen { try open() }
    }

    func open() throws {
        let (fd, handle) = (listener, handle)
        #expect(listen(fd, 64) == 0)
        let started = try Thread.start("raw-server") {
            var number = 0
            while waitReadable(fd, testPatienceMs) {
                let peer = omsd_tcp_accept(fd, nil, nil)
                guard peer >= 0 else { return }
                number += 1
                let count = number
                guard
                    let worker = try? Thread.start(
                        "raw-peer",
                        {
                            handle(peer, count)
                            close(peer)
                        })
                else { return }
                worker.letGo()
            }
        }
        thread.withLock { $0 = started }
    }

    var origin: HTTPOrigin { HTTPOrigin(isTLS: false, host: "127.0.0.1", port: port) }

    deinit {
        shutdown(listener, Int32(SHUT_RDWR))
        thread.withLock { $0 }?.join()
        close(listener)
    }
}

/// Takes whatever comes until the other side ends.
func drain(_ fd: Int32) {
    var room = [UInt8](repeating: 0, count: 4_096)
    while waitReadable(fd, testPatienceMs), recv(fd, &room, room.count, 0) > 0 {}
}

/// Reads one request off a raw connection. Nil when it ends first.
func readRequest(_ fd: Int32) -> HTTPRequest? {
    var parser = HTTPRequestParser()
    var room = [UInt8](repeating: 0, count: 4_096)
    while waitReadable(fd, testPatienceMs) {
        let count = recv(fd, &room, room.count, 0)
        guard count > 0 else { return nil }
        parser.append(Array(room.prefix(count)))
        if let request = try? parser.next() { return request }
    }
    return nil
}

func sendRaw(_ fd: Int32, _ text: String) -> Bool { send(fd, text, text.utf8.count, Int32(MSG_NOSIGNAL)) == text.utf8.count }

/// A transport with times short enough for tests, and what they ask of it.
final class Client: Sendable {
    let transport: TLSTransport
    private static let lastID = Atomic<Int64>(0)

    init(_ change: (inout TLSTransport.Settings) -> Void = { _ in }) throws {
        var settings = TLSTransport.Settings()
        settings.connectTimeoutMs = 2_000
        change(&settings)
        transport = try TLSTransport(settings: settings)
    }

    deinit { transport.shutdown(graceMs: 0) }

    /// Sends one exchange and waits for its end.
    func send(
        _ request: HTTPRequest = HTTPRequest("POST", "/order", body: Array("{}".utf8)), to origin: HTTPOrigin, staleInMs: Int64 = 5_000,
        timeoutMs: Int64 = 5_000, sign: @escaping @Sendable (inout HTTPRequest) -> Void = { _ in }
    ) async -> HTTPExchangeEnd {
        await withCheckedContinuation { continuation in
            start(request, to: origin, staleInMs: staleInMs, timeoutMs: timeoutMs, sign: sign) { continuation.resume(returning: $0) }
        }
    }

    /// The same without giving the thread away: for a peer that waits for as long only.
    func sendAndWait(to origin: HTTPOrigin) throws -> HTTPExchangeEnd {
        let end = Shared<HTTPExchangeEnd?>(nil)
        start(HTTPRequest("POST", "/order", body: Array("{}".utf8)), to: origin, staleInMs: 5_000, timeoutMs: 5_000, sign: { _ in }) { outcome in
            end.value.withLock { $0 = outcome }
        }
        let deadline = bootTime() + 20_000_000
        while end.now == nil, bootTime() < deadline { usleep(1_000) }
        return try #require(end.now, "the exchange never ended")
    }

    private func start(
        _ request: HTTPRequest, to origin: HTTPOrigin, staleInMs: Int64, timeoutMs: Int64, sign: @escaping @Sendable (inout HTTPRequest) -> Void,
        completion: @escaping @Sendable (HTTPExchangeEnd) -> Void
    ) {
        let exchange = HTTPExchange(
            id: Self.lastID.add(1, ordering: .relaxed).newValue, origin: origin, request: request, sign: sign,
            staleAt: bootTime() + staleInMs * 1_000, timeoutMs: timeoutMs, completion: completion)
        transport.send([exchange])
    }
}

extension HTTPExchangeEnd {
    var answer: HTTPResponse? { if case .answered(let response, _, _) = self { response } else { nil } }
    var lostReason: String? { if case .lost(let reason, _, _) = self { reason } else { nil } }
    var notSentReason: String? { if case .notSent(let reason) = self { reason } else { nil } }
}
