import COpenSSL

/// SHA-256 over bytes that come piece by piece.
package final class RunningDigest {
    private let context: OpaquePointer

    package init() {
        guard let made = EVP_MD_CTX_new(), EVP_DigestInit_ex(made, EVP_sha256(), nil) == 1 else { preconditionFailure("OpenSSL has no SHA256") }
        context = made
    }

    private init(copyOf other: RunningDigest) {
        guard let made = EVP_MD_CTX_new(), EVP_MD_CTX_copy_ex(made, other.context) == 1 else { preconditionFailure("OpenSSL copies no digest") }
        context = made
    }

    deinit { EVP_MD_CTX_free(context) }

    /// With all that came so far: what comes to one does not come to the other.
    package func copy() -> RunningDigest { RunningDigest(copyOf: self) }

    package func add(_ bytes: UnsafeRawBufferPointer) {
        precondition(EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) == 1, "SHA256 failed")
    }

    package func add(_ bytes: [UInt8]) { bytes.withUnsafeBytes { add($0) } }

    /// Once, at the end.
    package func finish() -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 32)
        precondition(EVP_DigestFinal_ex(context, &digest, nil) == 1, "SHA256 failed")
        return digest
    }
}
