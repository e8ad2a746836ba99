import CLinux
import COpenSSL
import Kernel
import TestSupport
import Testing
import Wire

@testable import Transport

@Suite struct `Old TLS is not spoken` {
    @Test(arguments: [(TLS1_VERSION, "TLSv1"), (TLS1_1_VERSION, "TLSv1.1")])
    func `a server that offers no more than TLS 1.0 or 1.1 gets no byte of a request`(newest: Int32, name: String) throws {
        let server = try CappedServer(newest: newest)
        let client = try Client()
        let origin = HTTPOrigin(isTLS: true, host: "127.0.0.1", port: server.port)
        try client.transport.configure(origin, maxConnections: 2, caFile: Certificates.shared.authority)

        let end = try client.sendAndWait(to: origin)

        #expect(end.notSentReason?.contains("TLS") == true, "\(end)")
        #expect(server.heard.now.isEmpty, "\(server.heard.now)")
        // It was not the server's fault: whoever is content with that version is served.
        #expect(try handshake(with: server.port, newest: newest) == name)
    }

    @Test func `the same server is sent its request once it offers TLS 1.2`() throws {
        let server = try CappedServer(newest: TLS1_2_VERSION)
        let client = try Client()
        let origin = HTTPOrigin(isTLS: true, host: "127.0.0.1", port: server.port)
        try client.transport.configure(origin, maxConnections: 2, caFile: Certificates.shared.authority)

        let end = try client.sendAndWait(to: origin)

        #expect(end.answer?.status == 200, "\(end)")
        #expect(server.heard.now.map(\.version) == ["TLSv1.2"])
        #expect(server.heard.now.first?.text.hasPrefix("POST /order HTTP/1.1") == true)
    }

    /// The version that a client without any demands agrees on.
    private func handshake(with port: UInt16, newest: Int32) throws -> String {
        let context = try LaxContext(isServer: false, newest: newest)
        let address = try #require(SocketAddress(numeric: "127.0.0.1", port: port))
        let descriptor = omsd_tcp_socket(AF_INET)
        defer { close(descriptor) }
        _ = omsd_tcp_connect(descriptor, address.bytes, socklen_t(address.bytes.count))
        let session = try #require(SSL_new(context.handle))
        defer { SSL_free(session) }
        SSL_set_fd(session, descriptor)
        try #require(context.complete(session, descriptor) { SSL_connect($0) } == 1)
        return String(cString: SSL_get_version(session))
    }
}

/// What OpenSSL still does when nobody forbids it: any version from TLS 1.0 up to one, any cipher, any key.
private final class LaxContext: @unchecked Sendable {
    let handle: OpaquePointer

    init(isServer: Bool, newest: Int32) throws {
        handle = try #require(SSL_CTX_new(isServer ? TLS_server_method() : TLS_client_method()))
        SSL_CTX_set_security_level(handle, 0)
        // Macros in C: SSL_CTX_set_min_proto_version, SSL_CTX_set_max_proto_version.
        SSL_CTX_ctrl(handle, SSL_CTRL_SET_MIN_PROTO_VERSION, Int(TLS1_VERSION), nil)
        SSL_CTX_ctrl(handle, SSL_CTRL_SET_MAX_PROTO_VERSION, Int(newest), nil)
        try #require(SSL_CTX_set_cipher_list(handle, "ALL:@SECLEVEL=0") == 1)
    }

    deinit { SSL_CTX_free(handle) }

    /// Repeats a step of a conversation over a socket that does not block, until it succeeds or fails.
    func complete(_ session: OpaquePointer, _ descriptor: Int32, _ step: (OpaquePointer) -> Int32) -> Int32 {
        while true {
            let result = step(session)
            guard result <= 0 else { return result }
            switch SSL_get_error(session, result) {
            case SSL_ERROR_WANT_READ: guard waitReadable(descriptor, 10_000) else { return result }
            case SSL_ERROR_WANT_WRITE: guard waitWritable(descriptor, 10_000) else { return result }
            default: return result
            }
        }
    }
}

/// Speaks TLS up to a version under the tests' own certificate, answers whatever it is told, and remembers it.
private final class CappedServer: Sendable {
    struct Heard {
        let version: String
        let text: String
    }
    let heard: Shared<[Heard]>
    private let server: RawServer
    var port: UInt16 { server.port }

    init(newest: Int32) throws {
        let context = try LaxContext(isServer: true, newest: newest)
        let files = Certificates.shared.files("good")
        try #require(SSL_CTX_use_certificate_chain_file(context.handle, files.certificateFile) == 1)
        try #require(SSL_CTX_use_PrivateKey_file(context.handle, files.keyFile, SSL_FILETYPE_PEM) == 1)
        let heard = Shared<[Heard]>([])
        self.heard = heard
        server = try RawServer { descriptor, _ in
            guard let session = SSL_new(context.handle) else { return }
            defer { SSL_free(session) }
            SSL_set_fd(session, descriptor)
            guard context.complete(session, descriptor, { SSL_accept($0) }) == 1 else { return }
            var room = [UInt8](repeating: 0, count: 4_096)
            let count = context.complete(session, descriptor) { SSL_read($0, &room, 4_096) }
            guard count > 0 else { return }
            let text = String(decoding: room[..<Int(count)], as: UTF8.self)
            heard.value.withLock { $0.append(Heard(version: String(cString: SSL_get_version(session)), text: text)) }
            let answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
            _ = context.complete(session, descriptor) { SSL_write($0, answer, Int32(answer.utf8.count)) }
            drain(descriptor)
        }
    }
}
