import Wire

/// An Ed25519 key made on the spot, in the forms in which `openssl genpkey` and `openssl pkey -pubout` write one.
package struct SealKeys {
    package let key: Ed25519Key
    package let privatePEM: String

    /// - Parameter seed: another one, another key.
    package init(seed: UInt8) throws {
        // RFC 8410, 7: PKCS #8 around the 32 bytes.
        let der: [UInt8] = [0x30, 0x2E, 2, 1, 0, 0x30, 5, 6, 3, 0x2B, 0x65, 0x70, 4, 0x22, 4, 0x20] + [UInt8](repeating: seed, count: 32)
        let pem = "-----BEGIN PRIVATE KEY-----\n\(base64(der))\n-----END PRIVATE KEY-----\n"
        privatePEM = pem
        key = try Array(pem.utf8).withUnsafeBytes { try Ed25519Key(pem: $0) }
    }

    package var publicPEM: String {
        // RFC 8410, 4.
        let der: [UInt8] = [0x30, 0x2A, 0x30, 5, 6, 3, 0x2B, 0x65, 0x70, 3, 0x21, 0] + key.publicBytes
        return "-----BEGIN PUBLIC KEY-----\n\(base64(der))\n-----END PUBLIC KEY-----\n"
    }

    package var publicKey: Ed25519PublicKey { get throws { try Ed25519PublicKey(pem: Array(publicPEM.utf8)) } }
}
