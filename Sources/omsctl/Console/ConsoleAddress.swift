import Kernel

/// Where a console listens, and under which names a browser may call it.
struct ConsoleAddress: Equatable {
    /// Digits, without brackets.
    let host: String
    /// 0: any free one.
    var port: UInt16

    /// - Throws: usage, for what is no address of this host alone: the page travels in plain HTTP.
    init(listen text: String) throws(Failure) {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            throw .usage("--listen: \(text.escapedForTerminal) should be ADDRESS:PORT, such as 127.0.0.1:0")
        }
        var name = text[..<colon]
        if name.hasPrefix("["), name.hasSuffix("]") { name = name.dropFirst().dropLast() }
        let host = name == "localhost" ? "127.0.0.1" : String(name)
        guard let address = SocketAddress(numeric: host, port: port) else {
            throw .usage("--listen: \(text.escapedForTerminal) is no address in digits, such as 127.0.0.1:0 or [::1]:0")
        }
        guard address.isLoopback else {
            throw .usage(
                "--listen: \(text.escapedForTerminal) can be reached from elsewhere, and the page travels in plain HTTP: listen on 127.0.0.1, and from another\n"
                    + "  machine use `ssh -L PORT:127.0.0.1:PORT THIS-HOST`")
        }
        (self.host, self.port) = (host, port)
    }

    /// `127.0.0.1:8123`, `[::1]:8123`: as a URL and a Host header say it.
    var authority: String { (host.contains(":") ? "[\(host)]" : host) + ":\(port)" }

    /// Whether a Host header names this console. Anything else was led here by a name that somebody else owns.
    func isOwn(_ header: String) -> Bool {
        let asked = header.lowercased()
        return asked == authority || asked == "localhost:\(port)"
    }
}
