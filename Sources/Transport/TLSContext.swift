import CLinux
import COpenSSL
import Kernel

/// Keys and trust of one end. OpenSSL locks a context itself, so it may be used from several threads.
final class TLSContext: @unchecked Sendable {
    let handle: OpaquePointer
    let isServer: Bool

    private init(isServer: Bool) throws(TransportError) {
        guard let made = omsd_tls_context(isServer ? 1 : 0) else { throw TransportError(.certificate, "OpenSSL: \(takeTLSErrorText())") }
        (handle, self.isServer) = (made, isServer)
    }

    deinit { SSL_CTX_free(handle) }

    /// Trusts the system's certificates and those of `caFile` (PEM). `SSL_CERT_FILE` and `SSL_CERT_DIR` of the environment have no say.
    static func client(caFile: String?) throws(TransportError) -> TLSContext {
        let context = try TLSContext(isServer: false)
        if let folder = X509_get_default_cert_dir(), SSL_CTX_load_verify_dir(context.handle, folder) != 1 {
            throw TransportError(.certificate, "system certificates: \(takeTLSErrorText())")
        }
        if let file = X509_get_default_cert_file(), access(file, R_OK) == 0, SSL_CTX_load_verify_file(context.handle, file) != 1 {
            throw TransportError(.certificate, "system certificates: \(takeTLSErrorText())")
        }
        if let caFile, SSL_CTX_load_verify_file(context.handle, caFile) != 1 {
            throw TransportError(.certificate, "ca_file \(caFile): \(takeTLSErrorText())")
        }
        return context
    }

    static func server(certificateFile: String, keyFile: String) throws(TransportError) -> TLSContext {
        let context = try TLSContext(isServer: true)
        guard SSL_CTX_use_certificate_chain_file(context.handle, certificateFile) == 1 else {
            throw TransportError(.certificate, "certificate \(certificateFile): \(takeTLSErrorText())")
        }
        guard SSL_CTX_use_PrivateKey_file(context.handle, keyFile, SSL_FILETYPE_PEM) == 1, SSL_CTX_check_private_key(context.handle) == 1 else {
            throw TransportError(.certificate, "key \(keyFile): \(takeTLSErrorText())")
        }
        return context
    }
}

/// One TLS conversation over memory: bytes of the socket go in and come out by hand.
///
/// So each byte reaches the kernel through the transport's own `send`, which knows exactly whether any was accepted, and never raises SIGPIPE.
final class TLSSession {
    enum Reading {
        case bytes(Int)
        /// Nothing more until the socket brings more.
        case dry
        /// The other side said that it is done (close_notify).
        case closed
        case failed(String)
    }
    enum Handshake {
        case done
        case goingOn
        case failed(String)
    }

    private let handle: OpaquePointer
    private let incoming: OpaquePointer
    private let outgoing: OpaquePointer

    /// - Parameter host: Whom the other side must prove to be; nil on a server.
    init(_ context: TLSContext, host: String?) throws(TransportError) {
        guard let handle = SSL_new(context.handle), let incoming = BIO_new(BIO_s_mem()), let outgoing = BIO_new(BIO_s_mem()) else {
            throw TransportError(.certificate, "OpenSSL: \(takeTLSErrorText())")
        }
        (self.handle, self.incoming, self.outgoing) = (handle, incoming, outgoing)
        SSL_set_bio(handle, incoming, outgoing)
        if context.isServer {
            SSL_set_accept_state(handle)
            return
        }
        SSL_set_connect_state(handle)
        guard let host, omsd_tls_expect(handle, host, SocketAddress(numeric: host, port: 0) == nil ? 0 : 1) == 1 else {
            throw TransportError(.certificate, "no host name that a certificate could prove: \(takeTLSErrorText())")
        }
    }

    deinit { SSL_free(handle) }

    /// Hands over what the socket brought.
    func feed(_ bytes: UnsafeRawBufferPointer) -> Bool {
        bytes.isEmpty || BIO_write(incoming, bytes.baseAddress, Int32(bytes.count)) == Int32(bytes.count)
    }

    /// Appends what is to go to the socket.
    func drain(into out: inout [UInt8]) {
        let waiting = Int(omsd_bio_pending(outgoing))
        guard waiting > 0 else { return }
        let start = out.count
        out.append(contentsOf: repeatElement(0, count: waiting))
        let read = out.withUnsafeMutableBytes { room in
            BIO_read(outgoing, room.baseAddress.map { $0 + start }, Int32(waiting))
        }
        out.removeLast(waiting - Int(max(read, 0)))
    }

    func handshake() -> Handshake {
        ERR_clear_error()
        let result = SSL_do_handshake(handle)
        if result == 1 {
            let verdict = SSL_get_verify_result(handle)
            return verdict == X509_V_OK ? .done : .failed(Self.words(verdict))
        }
        let code = SSL_get_error(handle, result)
        if code == SSL_ERROR_WANT_READ || code == SSL_ERROR_WANT_WRITE { return .goingOn }
        let verdict = SSL_get_verify_result(handle)
        let text = takeTLSErrorText()
        return .failed(verdict == X509_V_OK ? text : "\(text): \(Self.words(verdict))")
    }

    func read(into room: UnsafeMutableRawBufferPointer) -> Reading {
        ERR_clear_error()
        let count = SSL_read(handle, room.baseAddress, Int32(room.count))
        if count > 0 { return .bytes(Int(count)) }
        switch SSL_get_error(handle, count) {
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return .dry
        case SSL_ERROR_ZERO_RETURN: return .closed
        default: return .failed(takeTLSErrorText())
        }
    }

    /// Whether bytes of the other side wait inside, such as a record that is not complete.
    var hasUnread: Bool { omsd_bio_pending(incoming) > 0 || SSL_has_pending(handle) == 1 }

    /// Encrypts all of `bytes` into memory; nothing has left yet.
    func write(_ bytes: [UInt8]) -> Bool {
        ERR_clear_error()
        return bytes.isEmpty || SSL_write(handle, bytes, Int32(bytes.count)) == Int32(bytes.count)
    }

    /// Says that no more will be sent.
    func sendCloseNotify() {
        ERR_clear_error()
        _ = SSL_shutdown(handle)
    }

    private static func words(_ verdict: Int) -> String {
        X509_verify_cert_error_string(verdict).map { String(cString: $0) } ?? "verification failed"
    }
}

extension TLSTransport {
    /// The release of OpenSSL that was loaded.
    package static var libraryVersion: String { omsd_openssl_version().map { String(cString: $0) } ?? "" }
}
