/// Where requests go: scheme, host and port.
package struct HTTPOrigin: Hashable, Sendable, CustomStringConvertible {
    package let isTLS: Bool
    /// In lower case, without the dot that ends an absolute name; an IPv6 address without brackets, in its shortest form.
    package let host: String
    package let port: UInt16
    package init(isTLS: Bool, host: String, port: UInt16) { (self.isTLS, self.host, self.port) = (isTLS, host, port) }

    /// Reads `https://host[:port]` or `http://host[:port]` (IPv6 hosts in brackets); nil for anything else, a path or user included.
    package init?(_ url: String) {
        guard let mark = url.firstRange(of: "://") else { return nil }
        let isTLS: Bool
        switch url[..<mark.lowerBound].lowercased() {
        case "https": isTLS = true
        case "http": isTLS = false
        default: return nil
        }
        var rest = url[mark.upperBound...]
        if rest.hasSuffix("/") { rest = rest.dropLast() }
        let host: String
        if rest.hasPrefix("[") {
            guard let end = rest.firstIndex(of: "]"), let groups = Self.groups(rest[rest.index(after: rest.startIndex)..<end]) else { return nil }
            host = Self.text(of: groups)
            rest = rest[rest.index(after: end)...]
        } else {
            // Hosts have no case, and an absolute name is the name.
            var name = rest.prefix { $0 != ":" }
            rest = rest[name.endIndex...]
            if name.hasSuffix(".") { name = name.dropLast() }
            let allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-."
            guard !name.isEmpty, !name.hasSuffix("."), name.utf8.allSatisfy({ allowed.utf8.contains($0) }) else { return nil }
            host = name.lowercased()
        }
        var port: UInt16 = isTLS ? 443 : 80
        if !rest.isEmpty {
            let digits = rest.dropFirst()
            guard rest.first == ":", digits.utf8.allSatisfy({ (48...57).contains($0) }), let number = UInt16(digits), number > 0 else { return nil }
            port = number
        }
        self.init(isTLS: isTLS, host: host, port: port)
    }

    package var description: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return "\(isTLS ? "https" : "http")://\(name):\(port)"
    }

    /// One text for all spellings of one place: `localhost`, `127.0.0.1` and `::1` are the first address of this host's loopback, and `localhost` may mean either
    /// of the others. What an account is pinned to, and what shares of an address's limits are counted by.
    package var place: String {
        let isLoopbackItself = ["localhost", "::1", "::ffff:7f00:1"].contains(host)
        return HTTPOrigin(isTLS: isTLS, host: isLoopbackItself ? "127.0.0.1" : host, port: port).description
    }

    /// 127.0.0.0/8, ::1 and localhost: the only hosts that plain HTTP may go to.
    package var isLoopback: Bool {
        if ["localhost", "::1", "::ffff:7f00:1"].contains(host) { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }

    // MARK: IPv6

    /// The eight groups of an address; nil where it is none. Source: RFC 4291, 2.2.
    private static func groups(_ text: Substring) -> [UInt16]? {
        let halves = text.split(separator: "::", omittingEmptySubsequences: false)
        guard (1...2).contains(halves.count), let first = side(halves[0]) else { return nil }
        guard halves.count == 2 else { return first.count == 8 ? first : nil }
        guard let last = side(halves[1]), first.count + last.count < 8 else { return nil }
        return first + Array(repeating: 0, count: 8 - first.count - last.count) + last
    }

    /// Groups between colons, the last two perhaps as an IPv4 address.
    private static func side(_ text: Substring) -> [UInt16]? {
        guard !text.isEmpty else { return [] }
        var groups: [UInt16] = []
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        for (index, part) in parts.enumerated() {
            if index == parts.count - 1, part.contains(".") {
                let numbers = part.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0).map { UInt16($0) } }.compactMap(\.self)
                guard numbers.count == 4, part.utf8.filter({ $0 == UInt8(ascii: ".") }).count == 3 else { return nil }
                groups += [numbers[0] << 8 | numbers[1], numbers[2] << 8 | numbers[3]]
            } else {
                guard (1...4).contains(part.utf8.count), let group = UInt16(part, radix: 16), part.first != "+" else { return nil }
                groups.append(group)
            }
        }
        return groups
    }

    /// The longest run of zeros left out, the first of equals. Source: RFC 5952, 4.
    private static func text(of groups: [UInt16]) -> String {
        var (longest, run) = (0..<0, 0..<0)
        for (index, group) in groups.enumerated() {
            run = group == 0 ? (run.isEmpty ? index : run.lowerBound)..<index + 1 : 0..<0
            if run.count > longest.count { longest = run }
        }
        func hex(_ part: ArraySlice<UInt16>) -> String { part.map { String($0, radix: 16) }.joined(separator: ":") }
        guard longest.count > 1 else { return hex(groups[...]) }
        return hex(groups[..<longest.lowerBound]) + "::" + hex(groups[longest.upperBound...])
    }
}
