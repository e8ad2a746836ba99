import Glibc
import OMSCore
import Testing
import Wire

@testable import Venues

/// One answer of a venue and what it must be read as: a file of `Fixtures/<venue>/`, `{ask, status, headers?, body, expected}`.
struct AnswerFixture: CustomTestStringConvertible, Sendable {
    let venue: String
    let name: String
    let ask: String
    let response: HTTPResponse
    let expected: [String]
    var testDescription: String { "\(venue)/\(name)" }

    /// All answers of a venue; none where it has no folder.
    static func all(_ venue: String) -> [AnswerFixture] {
        fixtureNames(venue).filter { $0.hasSuffix(".json") && $0 != "sign.json" }.map { file in
            guard let json = try? JSONParser.parse(fixtureBytes("\(venue)/\(file)")), let ask = json["ask"]?.string,
                let status = json["status"]?.integer, let body = json["body"]
            else { preconditionFailure("\(venue)/\(file) is no fixture") }
            let headers = (json["headers"]?.object ?? []).map { HTTPHeader($0.key, $0.value.text ?? "") }
            // A text is what stood in the body; anything else is JSON.
            let bytes = body.string.map { Array($0.utf8) } ?? body.serialized()
            return AnswerFixture(
                venue: venue, name: file, ask: ask, response: HTTPResponse(status: Int(status), headers: headers, body: bytes),
                expected: (json["expected"]?.array ?? []).compactMap(\.string))
        }
    }

    /// Writes down what was told, in a file that says nothing of it yet: to be read by a person, not to be believed.
    func record(_ told: [String]) throws {
        var text = String(decoding: fixtureBytes("\(venue)/\(name)"), as: UTF8.self)
        guard let end = text.lastIndex(of: "}") else { throw Unreadable("\(name) is no object") }
        let lines = told.map { "  " + String(decoding: JSON.string($0).serialized(), as: UTF8.self) }.joined(separator: ",\n")
        text = text[..<end].trimmed + ",\n \"expected\": [\n\(lines)\n ]\n}\n"
        try writeFixture("\(venue)/\(name)", text)
    }
}

extension Substring {
    fileprivate var trimmed: Substring {
        var rest = self
        while rest.last?.isWhitespace == true { rest.removeLast() }
        return rest
    }
}

/// `OMSD_WRITE_FIXTURES=1` writes golden requests and what fixtures are read as, where files do not say it yet.
let recordsFixtures = getenv("OMSD_WRITE_FIXTURES") != nil

func writeFixture(_ name: String, _ text: String) throws {
    guard let file = fopen(fixturePath(name), "w") else { throw Unreadable("\(name) cannot be written") }
    defer { fclose(file) }
    fputs(text, file)
}

func fixturePath(_ name: String) -> String {
    #filePath.split(separator: "/").dropLast().reduce(into: "") { $0 += "/" + $1 } + "/Fixtures/" + name
}

/// What a file below `Fixtures/` holds. - Precondition: it is there.
func fixtureBytes(_ name: String) -> [UInt8] {
    guard let bytes = fileBytes(fixturePath(name)) else { preconditionFailure("no fixture \(name)") }
    return bytes
}

/// nil: there is no such file.
func fileBytes(_ path: String) -> [UInt8]? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
        let count = fread(&buffer, 1, buffer.count, file)
        if count == 0 { return bytes }
        bytes += buffer[..<count]
    }
}

/// What lies in a folder below `Fixtures/`, in order; nothing where there is none.
func fixtureNames(_ folder: String) -> [String] {
    guard let directory = opendir(fixturePath(folder)) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
        names.append(
            withUnsafePointer(to: entry.pointee.d_name) { tuple in
                tuple.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            })
    }
    return names.filter { !$0.hasPrefix(".") }.sorted()
}
