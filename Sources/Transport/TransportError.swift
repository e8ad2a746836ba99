import COpenSSL
import Kernel

/// Set-up that failed: an address, a certificate or a system call. Exchanges never throw; they end.
package struct TransportError: Error, Equatable, CustomStringConvertible {
    package enum Kind: Sendable {
        /// The text does not name an address to listen on.
        case address
        /// A certificate, key or CA file that cannot be used.
        case certificate
        /// The kernel said no.
        case system
    }
    package let kind: Kind
    package let description: String

    init(_ kind: Kind, _ description: String) { (self.kind, self.description) = (kind, description) }

    /// The last failed system call, by name.
    static func system(_ call: String) -> TransportError { TransportError(.system, SystemError(call).description) }

    /// What `body` says, whose only errors are the kernel's.
    static func rethrowing<Result>(_ body: () throws(SystemError) -> Result) throws(TransportError) -> Result {
        do throws(SystemError) { return try body() } catch { throw TransportError(.system, error.description) }
    }
}

/// The oldest error in OpenSSL's queue of this thread, which is then empty.
func takeTLSErrorText() -> String {
    let code = ERR_get_error()
    ERR_clear_error()
    guard code != 0 else { return "no reason given" }
    guard let reason = ERR_reason_error_string(code) else { return "error \(code)" }
    return String(cString: reason)
}
