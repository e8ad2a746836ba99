import Glibc
import OMSCore
import Testing
import Wire

@testable import Calls

/// Digests that journals hold, kept: who sends an intent again must be known by them for ever.
struct IntentDigestTests {
    private static let here = "/" + "\(#filePath)".split(separator: "/").dropLast().joined(separator: "/")

    @Test func `what callers asked for has the digests that were recorded, in each form`() throws {
        var count = 0
        for line in try Self.text(of: Self.here + "/Fixtures/intent-digests.jsonl").split(separator: "\n") {
            let json = try JSONParser.parse(String(line))
            let request = JSON.object([
                (key: "jsonrpc", value: .string("2.0")), (key: "id", value: .number("1")), (key: "method", value: .string("intent.submit")),
                (key: "params", value: try #require(json["intent"])),
            ])
            let decoded = request.serialized().withUnsafeBufferPointer { RequestDecoder.decodeCarefully($0, role: .operator) }
            guard case .command(.submit(let intent, let content), _) = decoded else {
                Issue.record("\(line): \(decoded)")
                continue
            }
            let digests = try #require(json["digests"]?.object)
            #expect(digests.count == Intent.canonicalVersion, "\(line)")
            for (version, digest) in digests {
                let version = try #require(Int(version))
                let bytes = try #require(intent.canonicalBytes(version: version))
                #expect(Digest256(sha256(bytes)).hex == digest.string, "form \(version) of \(line)")
                #expect(content.isSame(as: IntentContent(version: version, digest: Digest256(sha256(bytes))), asked: intent))
            }
            count += 1
        }
        #expect(count >= 6)
    }

    private static func text(of path: String) throws -> String {
        let file = try #require(fopen(path, "r"), "\(path) is not there")
        defer { fclose(file) }
        var chunk = [UInt8](repeating: 0, count: 65_536)
        return String(decoding: chunk[..<fread(&chunk, 1, chunk.count, file)], as: UTF8.self)
    }
}
