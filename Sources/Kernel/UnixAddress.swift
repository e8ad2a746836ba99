import CLinux

/// The address of a Unix socket. nil where it does not fit: 1 to 107 bytes, none of them zero.
package struct UnixAddress {
    private let address: sockaddr_un
    private let length: socklen_t

    /// A file of that name, whatever its first letter is.
    package init?(path: String) { self.init(Array(path.utf8), isAbstract: false) }

    /// A path, or a name of this host (network namespace) without a file, written with a leading `@` as systemd and proc(5) do.
    package init?(name: String) {
        var bytes = Array(name.utf8)
        let isAbstract = bytes.first == UInt8(ascii: "@")
        if isAbstract { bytes.removeFirst() }
        self.init((isAbstract ? [0] : []) + bytes, isAbstract: isAbstract)
    }

    private init?(_ bytes: [UInt8], isAbstract: Bool) {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        guard !bytes.isEmpty, bytes.count < MemoryLayout.size(ofValue: address.sun_path), !bytes.dropFirst(isAbstract ? 1 : 0).contains(0) else {
            return nil
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        // An abstract name is as long as it is said to be; a path ends at its zero byte, which is there already.
        let pathOffset = MemoryLayout<sockaddr_un>.offset(of: \.sun_path) ?? MemoryLayout<sa_family_t>.size
        (self.address, length) = (address, socklen_t(pathOffset + bytes.count + (isAbstract ? 0 : 1)))
    }

    /// `bind`, `connect` or `sendto`, which want a pointer and a length.
    package func withPointer<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        withUnsafePointer(to: address) { pointer in pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, length) } }
    }
}
