import CLinux
import Synchronization
import TestSupport
import Wire

/// A subscriber of events. It keeps the lines as they came, but for the number of its subscription.
final class Follower {
    private let client: ControlClient
    private(set) var lines: [[UInt8]] = []
    private(set) var lastSeq: Int = 0

    /// - Parameter parameters: of `event.subscribe`.
    init(_ socket: String, _ parameters: String) throws {
        client = try ControlClient(socket)
        _ = try client.call("event.subscribe", parameters)
        for message in client.aside { keep(message.serialized()) }
    }

    private func keep(_ line: [UInt8]) {
        // {"jsonrpc":"2.0","method":"event","params":{"subscription":1,"seq":…}}
        let mark = Array(#""seq":"#.utf8)
        guard let start = line.indices.first(where: { line[$0...].starts(with: mark) }) else { return }
        lines.append(Array(line[start...]))
        lastSeq = line[(start + mark.count)...].prefix { (0x30...0x39).contains($0) }.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    }

    /// Reads until the event of that number came, or a later one.
    func read(to seq: Int) throws {
        while lastSeq < seq {
            guard let line = try client.line() else { throw Unexpected("the daemon closed a subscriber's connection") }
            keep(line)
        }
    }

    var events: [JSON] {
        get throws { try lines.map { try JSONParser.parse([UInt8(ascii: "{")] + $0.dropLast()) } }
    }
}
