import OMSCore
import Testing
import Venues

@testable import OMSDaemon

/// The example and the manual are what an operator copies from: they must be true.
@Suite struct ExampleConfigurationTests {
    private static let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
    private static let keys =
        ["path", "socket", "socket_mode", "viewer", "trader", "operator", "listen", "format"] + AccountReader.keys + AccountReader.limitKeys
        + AccountReader.riskKeys

    private func read(_ path: String) throws -> [UInt8] { try readWholeFile(Self.root + "/" + path, bytesMax: 1 << 20) }

    @Test func `the example configuration is accepted`() throws {
        // The groups and users it names are this machine's only by chance: root's always exist.
        var text = String(decoding: try read("docs/omsd.example.json5"), as: UTF8.self)
        for name in ["group:omsd-audit", "group:trading"] { text = text.replacing(name, with: "group:root") }
        text = text.replacing("user:ops", with: "user:root")

        // By the venue's own profile: what holds of a stream hangs on the venue's own host.
        let configuration = try Configuration.parse(Array(text.utf8), path: "/etc/omsd/omsd.json5", environment: [:]) {
            VenueCatalog.adapter(venue: $0, product: $1)?.profile
        }

        #expect(!configuration.accounts.isEmpty)
    }

    @Test func `the example and the manual name every key`() throws {
        let example = String(decoding: try read("docs/omsd.example.json5"), as: UTF8.self)
        let manual = String(decoding: try read("docs/OPERATING.md"), as: UTF8.self)
        for key in Self.keys {
            #expect(example.contains("\(key):"), "the example lacks \(key)")
            #expect(manual.contains("`\(key)`") || manual.contains(".\(key)`"), "docs/OPERATING.md lacks \(key)")
        }
    }
}
