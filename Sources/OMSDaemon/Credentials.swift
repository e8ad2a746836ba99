import CLinux
import Kernel
import Wire

/// An account's key as it was read from its file: the only place where a secret enters the process.
struct Credentials: Sendable {
    let key: SigningKey
    /// First 12 hex digits of the key id's SHA-256: names the owner of apikey budgets in journal and logs.
    let fingerprint: String

    /// Reads `{"key": …, "secret": …, "passphrase": …}`.
    ///
    /// The file's bytes are wiped before this returns; the secret is never held as text.
    /// - Parameters:
    ///   - isManaged: The file lies in systemd's credentials folder, whose modes are systemd's affair.
    ///   - needsPassphrase: The venue signs with one.
    /// - Throws: ``ConfigurationError`` naming file, line and key; never a value.
    static func load(_ path: String, isManaged: Bool, needsPassphrase: Bool) throws(ConfigurationError) -> Credentials {
        try CredentialsText.withBytes(of: path, isManaged: isManaged) { bytes throws(ConfigurationError) in
            try read(bytes, path: path, needsPassphrase: needsPassphrase)
        }
    }

    private static func read(
        _ bytes: UnsafeRawBufferPointer, path: String, needsPassphrase: Bool
    ) throws(ConfigurationError) -> Credentials {
        // The parser sees the text with every value blanked out: it makes strings of what it reads, and strings cannot be wiped.
        let masked = CredentialsText.masked(bytes)
        let reader = ConfigurationReader(file: path, bytes: masked)
        guard let section = reader.document(.init(), keys: ["key", "secret", "passphrase"]) else {
            throw ConfigurationError(problems: reader.problems)
        }
        var values: [String: [UInt8]] = [:]
        defer { for name in values.keys { values[name]?.withUnsafeMutableBytes { CredentialsText.wipe($0) } } }
        for name in ["key", "secret", "passphrase"] {
            let isRequired = name != "passphrase" || needsPassphrase
            guard section.text(name, isRequired: isRequired) != nil, let node = section.member(name) else { continue }
            let (value, problem) = CredentialsText.value(at: node.offset, in: bytes)
            values[name] = value
            if let problem { section.report(problem, name) }
        }
        // Taken out of the dictionary, so that these are the only copies and the wipe meets the bytes themselves.
        guard reader.problems.isEmpty, let key = values.removeValue(forKey: "key"), var secret = values.removeValue(forKey: "secret") else {
            throw ConfigurationError(problems: reader.problems)
        }
        defer { secret.withUnsafeMutableBytes { CredentialsText.wipe($0) } }
        // Header values are text; these two leave the process in every request.
        let signingKey = SigningKey(
            keyID: String(decoding: key, as: UTF8.self), secret: secret, passphrase: values["passphrase"].map { String(decoding: $0, as: UTF8.self) })
        return Credentials(key: signingKey, fingerprint: String(hex(sha256(key)).prefix(12)))
    }
}

/// The bytes of a credentials file, handled so that none outlive their use.
enum CredentialsText {
    private static let bytesMax = 1 << 16

    /// Reads a file with a secret: a regular one, of a sane size, that nobody else can read.
    ///
    /// - Parameter isManaged: It lies in systemd's credentials folder, whose modes are systemd's affair.
    /// - Throws: ``ConfigurationError`` naming the file.
    static func withBytes<Result>(
        of path: String, isManaged: Bool, _ body: (UnsafeRawBufferPointer) throws(ConfigurationError) -> Result
    ) throws(ConfigurationError) -> Result {
        let problem: String
        let descriptor = omsd_open_to_read(path)
        if descriptor >= 0 {
            defer { close(descriptor) }
            var status = stat()
            if fstat(descriptor, &status) != 0 {
                problem = "cannot be read: \(SystemError("stat"))"
            } else if status.st_mode & UInt32(S_IFMT) != UInt32(S_IFREG) {
                problem = "is not a regular file"
            } else if !isManaged, status.st_mode & 0o077 != 0 {
                let mode = String(status.st_mode & 0o777, radix: 8)
                problem = "is open to group or others (mode 0\(mode)); chmod 600 it and treat the key as seen"
            } else if status.st_size > bytesMax {
                problem = "is larger than \(bytesMax) bytes"
            } else {
                return try withBytes(of: descriptor, path: path, bytesMax: bytesMax, body)
            }
        } else {
            problem = "cannot be read: \(SystemError("open"))"
        }
        throw ConfigurationError(problems: [ConfigurationProblem(file: path, line: nil, column: nil, key: "", problem: problem)])
    }

    /// Reads the file into memory that is kept out of swap, hands it over, and wipes it.
    private static func withBytes<Result>(
        of descriptor: Int32, path: String, bytesMax: Int, _ body: (UnsafeRawBufferPointer) throws(ConfigurationError) -> Result
    ) throws(ConfigurationError) -> Result {
        let room = UnsafeMutableRawBufferPointer.allocate(byteCount: bytesMax + 1, alignment: 4096)
        // Refused where the lock limit is spent: then the wipe below has to do.
        if let start = room.baseAddress { _ = mlock(start, room.count) }
        defer {
            wipe(room)
            if let start = room.baseAddress { _ = munlock(start, room.count) }
            room.deallocate()
        }
        var used = 0
        while used < room.count {
            let count = readSome(descriptor, UnsafeMutableRawBufferPointer(rebasing: room[used...]))
            if count == 0 { break }
            if count > 0 {
                used += count
            } else if omsd_errno() != EINTR {
                let problem = "cannot be read: \(SystemError("read"))"
                throw ConfigurationError(problems: [ConfigurationProblem(file: path, line: nil, column: nil, key: "", problem: problem)])
            }
        }
        guard used <= bytesMax else {
            let problem = "is larger than \(bytesMax) bytes"
            throw ConfigurationError(problems: [ConfigurationProblem(file: path, line: nil, column: nil, key: "", problem: problem)])
        }
        return try body(UnsafeRawBufferPointer(rebasing: room[..<used]))
    }

    /// Overwrites with zeros, in a way no compiler leaves out.
    static func wipe(_ bytes: UnsafeMutableRawBufferPointer) {
        if let start = bytes.baseAddress { explicit_bzero(start, bytes.count) }
    }

    private static func readSome(_ descriptor: Int32, _ room: UnsafeMutableRawBufferPointer) -> Int {
        guard let start = room.baseAddress else { return 0 }
        return read(descriptor, start, room.count)
    }

    /// The same text, as long, with everything in quotes behind a colon written as `x`: structure without values.
    static func masked(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(bytes.count)
        var isValue = false
        var at = 0
        while at < bytes.count {
            let byte = bytes[at]
            guard byte == UInt8(ascii: "\"") else {
                if byte == UInt8(ascii: ":") { isValue = true } else if byte == UInt8(ascii: ",") || byte == UInt8(ascii: "{") { isValue = false }
                // Outside quotes only structure and words of JSON belong; a secret without quotes must not reach a message either.
                let isPlain = byte < 0x30 || byte == UInt8(ascii: ":") || "[]{}truefalsn".utf8.contains(byte)
                out.append(isPlain ? byte : UInt8(ascii: "0"))
                at += 1
                continue
            }
            out.append(byte)
            at += 1
            while at < bytes.count, bytes[at] != UInt8(ascii: "\"") {
                // An escaped character is two bytes of the value.
                let length = bytes[at] == UInt8(ascii: "\\") && at + 1 < bytes.count ? 2 : 1
                for index in at..<at + length { out.append(isValue ? UInt8(ascii: "x") : bytes[index]) }
                at += length
            }
            if at < bytes.count {
                out.append(UInt8(ascii: "\""))
                at += 1
            }
        }
        return out
    }

    /// The value in quotes that starts at `offset`, and what is wrong with it.
    static func value(at offset: Int, in bytes: UnsafeRawBufferPointer) -> (value: [UInt8], problem: String?) {
        // At its full size from the start: an array that grows leaves copies behind.
        var value: [UInt8] = []
        value.reserveCapacity(bytes.count)
        var at = offset + 1
        var problem: String?
        while at < bytes.count, bytes[at] != UInt8(ascii: "\"") {
            var byte = bytes[at]
            at += 1
            if byte == UInt8(ascii: "\\"), at < bytes.count {
                switch bytes[at] {
                case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): byte = bytes[at]
                case UInt8(ascii: "n"), UInt8(ascii: "r"): byte = 0x0A
                default: problem = problem ?? "holds an escape; write the character itself"
                }
                at += 1
            }
            value.append(byte)
        }
        if value.last == 0x0A {
            problem = problem ?? "ends in a line break"
        } else if value.contains(where: { !(0x20...0x7E).contains($0) }) {
            problem = problem ?? "holds a character that is not printable ASCII"
        } else if value.first == 0x20 || value.last == 0x20 {
            problem = problem ?? "starts or ends with a space"
        }
        return (value, problem)
    }
}
