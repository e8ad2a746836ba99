import Glibc

/// Standard output and error, written whole.
enum StandardStream: Int32 {
    case output = 1
    case error = 2

    func write(_ text: String) throws {
        try writeAll(Array(text.utf8), to: rawValue, named: "standard output")
    }
    func write(_ bytes: [UInt8]) throws {
        try writeAll(bytes, to: rawValue, named: "standard output")
    }
}

/// Reads a whole file. - Throws: ``ProgramFailure`` naming it.
func contents(of path: String) throws -> [UInt8] {
    let fd = open(path, O_RDONLY | O_CLOEXEC)
    guard fd >= 0 else { throw failure("cannot read \(path)") }
    defer { close(fd) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
        let count = read(fd, &chunk, chunk.count)
        if count == 0 { return bytes }
        if count < 0 {
            if errno == EINTR { continue }
            throw failure("cannot read \(path)")
        }
        bytes += chunk[..<count]
    }
}

/// Writes a file that only its owner may read, in place of what was there.
func writePrivately(_ bytes: [UInt8], to path: String) throws {
    let fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard fd >= 0 else { throw failure("cannot write \(path)") }
    defer { close(fd) }
    // An older file keeps its mode when truncated.
    guard fchmod(fd, 0o600) == 0 else { throw failure("cannot protect \(path)") }
    try writeAll(bytes, to: fd, named: path)
}

/// Makes a folder for its owner alone; one that is there stays as it is.
func makeFolder(_ path: String) throws {
    guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw failure("cannot make \(path)") }
}

/// The path from the root on; a name that is not there yet stays as it is.
func absolute(_ path: String) throws -> String {
    if path.hasPrefix("/") { return path }
    guard let folder = getcwd(nil, 0) else { throw failure("cannot tell the working directory") }
    defer { free(folder) }
    return path == "." ? String(cString: folder) : String(cString: folder) + "/" + path
}

private func writeAll(_ bytes: [UInt8], to fd: Int32, named name: String) throws {
    var sent = 0
    while sent < bytes.count {
        let count = bytes.withUnsafeBytes {
            write(fd, $0.baseAddress.map { $0 + sent }, bytes.count - sent)
        }
        if count > 0 {
            sent += count
        } else if errno != EINTR {
            throw failure("cannot write \(name)")
        }
    }
}

private func failure(_ what: String) -> ProgramFailure {
    ProgramFailure(text: "\(what): \(String(cString: strerror(errno)))", code: 74)
}
