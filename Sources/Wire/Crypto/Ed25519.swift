import COpenSSL

/// Why a file holds no key to sign with, or to check with, in words that hold nothing of it.
package struct Ed25519Error: Error, Equatable, Sendable, CustomStringConvertible {
    package let description: String
}

/// A private Ed25519 key. Only OpenSSL holds it, wiped when it goes; it prints as nothing.
package final class Ed25519Key: @unchecked Sendable, CustomStringConvertible, CustomReflectable {
    private let key: OpaquePointer
    /// What others know it by: 32 bytes.
    package let publicBytes: [UInt8]
    package var fingerprint: String { Ed25519.fingerprint(publicBytes) }

    /// Reads PKCS #8 in PEM, as `openssl genpkey -algorithm ed25519` writes it. The caller wipes its own bytes.
    package init(pem: UnsafeRawBufferPointer) throws(Ed25519Error) {
        (key, publicBytes) = try Ed25519.key(in: pem, isPrivate: true)
    }

    deinit { EVP_PKEY_free(key) }

    /// 64 bytes.
    package func sign(_ message: [UInt8]) -> [UInt8] {
        let context = EVP_MD_CTX_new()
        defer { EVP_MD_CTX_free(context) }
        var (signature, count) = ([UInt8](repeating: 0, count: 64), 64)
        let isSigned =
            EVP_DigestSignInit(context, nil, nil, nil, key) == 1 && EVP_DigestSign(context, &signature, &count, message, message.count) == 1
        precondition(isSigned && count == 64, "Ed25519 failed")
        return signature
    }

    package var description: String { "key(…)" }
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}

/// A public Ed25519 key.
package final class Ed25519PublicKey: @unchecked Sendable {
    private let key: OpaquePointer
    package let fingerprint: String

    /// Reads SubjectPublicKeyInfo in PEM, as `openssl pkey -pubout` writes it.
    package init(pem: [UInt8]) throws(Ed25519Error) {
        let found = pem.withUnsafeBytes { bytes in Result { () throws(Ed25519Error) in try Ed25519.key(in: bytes, isPrivate: false) } }
        let (key, bytes) = try found.get()
        (self.key, fingerprint) = (key, Ed25519.fingerprint(bytes))
    }

    deinit { EVP_PKEY_free(key) }

    package func isSignature(_ signature: [UInt8], of message: [UInt8]) -> Bool {
        let context = EVP_MD_CTX_new()
        defer {
            EVP_MD_CTX_free(context)
            // What does not match leaves an entry behind that others would find.
            ERR_clear_error()
        }
        return EVP_DigestVerifyInit(context, nil, nil, nil, key) == 1
            && EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
    }
}

private enum Ed25519 {
    static func key(in pem: UnsafeRawBufferPointer, isPrivate: Bool) throws(Ed25519Error) -> (OpaquePointer, publicBytes: [UInt8]) {
        defer { ERR_clear_error() }
        guard let bio = BIO_new_mem_buf(pem.baseAddress, Int32(clamping: pem.count)) else {
            throw Ed25519Error(description: "is not read: no memory")
        }
        defer { BIO_free(bio) }
        let found = isPrivate ? PEM_read_bio_PrivateKey(bio, nil, noPassword, nil) : PEM_read_bio_PUBKEY(bio, nil, noPassword, nil)
        guard let found else {
            throw Ed25519Error(
                description: isPrivate
                    ? "holds no private key in PEM without a password; `openssl genpkey -algorithm ed25519` makes one"
                    : "holds no public key in PEM; `openssl pkey -in KEY -pubout` writes it")
        }
        var (bytes, count) = ([UInt8](repeating: 0, count: 32), 32)
        guard EVP_PKEY_is_a(found, "ED25519") == 1, EVP_PKEY_get_raw_public_key(found, &bytes, &count) == 1, count == 32 else {
            EVP_PKEY_free(found)
            throw Ed25519Error(description: "holds a key of another kind than Ed25519")
        }
        return (found, bytes)
    }

    /// First 16 hex digits of the SHA-256 of the 32 bytes that others know it by.
    static func fingerprint(_ publicBytes: [UInt8]) -> String { String(hex(sha256(publicBytes)).prefix(16)) }
}

/// Nobody is there to be asked for the password of an encrypted key.
private func noPassword(_: UnsafeMutablePointer<CChar>?, _: Int32, _: Int32, _: UnsafeMutableRawPointer?) -> Int32 { -1 }
