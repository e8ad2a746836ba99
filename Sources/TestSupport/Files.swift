import CLinux

/// All of a file; nil where it cannot be read.
package func readBytes(_ path: String) -> [UInt8]? {
    let descriptor = omsd_open(path, O_RDONLY, 0)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
        let count = read(descriptor, &chunk, chunk.count)
        guard count > 0 else { return count == 0 ? bytes : nil }
        bytes += chunk[..<count]
    }
}

package func readText(_ path: String) -> String? { readBytes(path).map { String(decoding: $0, as: UTF8.self) } }

/// Writes a file in place of what was there, with exactly this mode.
package func writeBytes(_ bytes: [UInt8], to path: String, mode: mode_t = 0o600) throws {
    let descriptor = omsd_open(path, O_WRONLY | O_CREAT | O_TRUNC, mode)
    guard descriptor >= 0 else { throw Unexpected("\(path) cannot be written") }
    defer { close(descriptor) }
    fchmod(descriptor, mode)
    var at = 0
    while at < bytes.count {
        let count = bytes[at...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        guard count > 0 else { throw Unexpected("\(path) was written in part") }
        at += count
    }
}

package func writeText(_ text: String, to path: String, mode: mode_t = 0o600) throws { try writeBytes(Array(text.utf8), to: path, mode: mode) }

/// What lies in a folder, sorted; nil where there is none.
package func names(in folder: String) -> [String]? {
    guard let stream = opendir(folder) else { return nil }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) { $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) } }
        if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
}
