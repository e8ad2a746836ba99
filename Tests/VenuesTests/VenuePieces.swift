import Glibc
import OMSCore
import Simulator
import Wire

@testable import Venues

/// The pieces of a venue outside its folders, by file name.
enum Pieces {
    /// What is not there, in words for whoever adds the venue.
    static func missing(of line: VenueLine, dialects: [DialectLine]) -> [String] {
        let venue = line.venue
        var missing: [String] = []
        if rootText("docs/venues/\(line.page).md")?.contains(venue.split(separator: "-")[0]) != true {
            missing.append("the page docs/venues/\(line.page).md")
        }
        if !dialects.contains(where: { $0.venue == venue && $0.make().venue == venue }) {
            missing.append("a dialect: no line of DialectCatalog.all is of \(venue)")
        }
        if rootText("docs/OMSIM.md")?.contains("| `\(venue)` | ") != true { missing.append("its row in docs/OMSIM.md") }
        if rootText("docs/OMSIM.md")?.contains(line.samples[0].account) != true {
            missing.append("its account in docs/OMSIM.md: \(line.samples[0].account)")
        }
        let products = "`\(venue)` \(line.products.joined(separator: ", "))"
        if rootText("docs/OPERATING.md")?.contains(products) != true { missing.append("its products in docs/OPERATING.md: \(products)") }
        // `bitget` of `bitget-uta`, as a word.
        let exchange = venue.prefix { $0 != "-" }
        for page in ["README.md", "man/omsim.1"] {
            let words = rootText(page)?.lowercased().split { !$0.isLetter && !$0.isNumber } ?? []
            if !words.contains(exchange) { missing.append("its name in \(page)") }
        }
        let folder = "Tests/VenuesTests/Fixtures/\(venue)"
        let (golden, wanted) = ((try? Golden(venue))?.asks ?? [], kinds(of: line))
        if golden.isEmpty {
            missing.append("golden requests: \(folder)/requests.txt")
        } else {
            missing += wanted.filter { kind in !golden.contains { fits($0, kind) } }.map { "a golden request: \($0)" }
        }
        if (try? SignatureVector.all(venue))?.isEmpty != false { missing.append("signature vectors: \(folder)/sign.json") }
        for generation in line.streams where StreamFixture.of(venue, generation).isEmpty {
            missing.append("pushes of its stream: Tests/VenuesTests/Fixtures/\(StreamFixture.file(venue, generation))")
        }
        let asked = AnswerFixture.all(venue).map(\.ask)
        missing += wanted.filter { kind in !asked.contains { fits($0, kind) } }.map { "an answer to \($0)" }
        return missing
    }

    /// The sorts of request that the venue is ever sent, in the words of the fixtures.
    private static func kinds(of line: VenueLine) -> [String] {
        guard let profile = line.adapter(line.samples[0].product)?.profile else { return [] }
        return (profile.mixesPlaceAndCancel ? ["mixed"] : ["place", "cancel"]) + (profile.modifyMax > 0 ? ["modify"] : []) + [
            "time", "account", "instruments", "find",
        ] + ["find-second", "find-third"].prefix(profile.findSteps - 1) + ["open", "history"] + (profile.listsFills ? ["fills"] : [])
            + (profile.cancelsAll ? ["cancel-all"] : []) + (profile.countdownSeconds == nil ? [] : ["countdown", "countdown-off"])
    }

    /// `place-one` is a place, `open:2` an open; a second step of a look-up is one of its own.
    private static func fits(_ ask: String, _ kind: String) -> Bool {
        let name = ask.split(separator: ":")[0]
        return name == kind || name == kind + "-one" || kind == "find" && (name == "find-many" || name == "find-known")
    }
}

/// A file of the tree; nil: there is none.
func rootText(_ name: String) -> String? {
    let root = #filePath.split(separator: "/").dropLast(3).reduce(into: "") { $0 += "/" + $1 }
    return fileBytes(root + "/" + name).map { String(decoding: $0, as: UTF8.self) }
}

/// Golden requests of a venue's product: a section for each, headed `== ask [budgets]`.
struct Golden {
    let written: String
    /// What is asked, in the file's order.
    let asks: [String]

    /// Products with a file of their own; each venue's first has one.
    static let all: [(venue: String, product: String)] = WaitingVenues.known.flatMap { line in
        line.products.filter { $0 == line.products[0] || fileBytes(fixturePath(file(line.venue, $0))) != nil }.map { (line.venue, $0) }
    }

    /// `requests.txt` is of the venue's first product; those of others bear their names.
    static func file(_ venue: String, _ product: String?) -> String {
        let isFirst = product == nil || product == WaitingVenues.line(venue)?.products[0]
        return "\(venue)/requests\(isFirst ? "" : "-\(product ?? "")").txt"
    }

    /// - Throws: where there is no such file.
    init(_ venue: String, _ product: String? = nil) throws {
        guard let bytes = fileBytes(fixturePath(Self.file(venue, product))) else { throw Unreadable("no golden requests of \(venue)") }
        written = String(decoding: bytes, as: UTF8.self)
        asks = written.split(separator: "\n").filter { $0.hasPrefix("== ") }.map { String($0.dropFirst(3).prefix { $0 != " " }) }
    }

    /// A budget's name, of which part of it, and how much where that is not one permit.
    private static func text(_ charge: Charge) -> String {
        charge.budget + (charge.part.isEmpty ? "" : "/\(charge.part)") + (charge.weight == 1 ? "" : "*\(charge.weight)")
    }

    /// The same sections as the adapter makes them now.
    func text(_ situation: Situation) -> String {
        asks.map { ask in
            let request = situation.adapter.request(for: situation.plan(situation.content(ask)))
            let headers = request.headers.map { "\($0.name): \($0.value)\n" }.joined()
            let budgets = situation.adapter.charges(of: situation.content(ask)).map(Self.text).joined(separator: " ")
            let body = String(decoding: request.body, as: UTF8.self)
            return "== \(ask) [\(budgets)]\n\(request.method) \(request.target)\n\(headers)\n\(body)\n"
        }.joined(separator: "\n")
    }
}

/// One signed request, published by the venue or computed by two independent programs: a row of a venue's `sign.json`.
struct SignatureVector {
    let json: JSON

    static func all(_ venue: String) throws -> [SignatureVector] {
        guard let bytes = fileBytes(fixturePath("\(venue)/sign.json")) else { throw Unreadable("no signature vectors of \(venue)") }
        return (try JSONParser.parse(bytes).array ?? []).map { SignatureVector(json: $0) }
    }

    func text(_ name: String) -> String { json[name]?.text ?? "" }
    var name: String { text("name") }
    var timeMs: Int64 { Int64(text("timestamp")) ?? 0 }
    var key: SigningKey { SigningKey(keyID: text("key"), secret: Array(text("secret").utf8), passphrase: json["passphrase"]?.text) }
    /// Path and query as they are sent.
    var target: String {
        let query = json["query_on_wire"]?.text ?? text("query")
        return query.isEmpty ? text("path") : text("path") + "?" + query
    }
    var headers: [HTTPHeader] { (json["headers"]?.object ?? []).map { HTTPHeader($0.key, $0.value.text ?? "") } }
    func request(headers: [HTTPHeader]) -> HTTPRequest { HTTPRequest(text("method"), target, headers: headers, body: Array(text("body").utf8)) }
}
