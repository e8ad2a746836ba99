import OMSCore
import Simulator
import Testing
import Venues
import Wire

/// The throw-away venue of docs/ADDING_A_VENUE.md. `EveryVenueTests` runs it beside those of the catalogue; scripts/try-venue makes the whole of it.
@Suite struct `The page on adding a venue` {
    /// The page's blocks of Swift: the file that each names, and its lines without imports.
    private static func blocks() throws -> [(path: String, code: String)] {
        let page = try #require(rootText("docs/ADDING_A_VENUE.md"))
        return page.split(separator: "```swift\n").dropFirst().map { rest in
            let lines = rest.prefix(upTo: rest.firstRange(of: "```")?.lowerBound ?? rest.endIndex).split(
                separator: "\n", omittingEmptySubsequences: false)
            return (String(lines[0].dropFirst(3)), Self.code(lines.dropFirst().joined(separator: "\n")))
        }
    }

    private static func code(_ text: String) -> String {
        text.split(separator: "\n").filter { !$0.hasPrefix("import ") }.joined(separator: "\n")
    }

    @Test func `its code is what is compiled and tried here`() throws {
        let blocks = try Self.blocks()
        #expect(
            blocks.map(\.path) == [
                "Sources/Venues/Northgate/Northgate.swift", "Sources/Venues/Northgate/Northgate+Line.swift",
                "Sources/Simulator/Venues/Northgate/NorthgateDialect.swift", "Sources/Simulator/Venues/Northgate/NorthgateDialect+Line.swift",
            ])
        for (path, code) in blocks {
            let name = try #require(path.split(separator: "/").last)
            let folder = #filePath.split(separator: "/").dropLast().reduce(into: "") { $0 += "/" + $1 }
            let compiled = try #require(fileBytes("\(folder)/\(name)"), "Tests/VenuesTests/Northgate/\(name) is missing")
            #expect(Self.code(String(decoding: compiled, as: UTF8.self)) == code, "\(path) on the page is not Tests/VenuesTests/Northgate/\(name)")
        }
    }

    @Test func `its venue takes an order, signed by the adapter, at the path it claims, and finds it again`() throws {
        let (sample, adapter) = (Northgate.line.samples[0], try #require(Northgate.line.adapter("spot")))
        let account = SimAccount(venue: "northgate", products: ["spot"], uid: "U1", key: "key", secret: "secret", name: sample.account)
        var options = WorldOptions()
        options.accounts = [account]
        let world = try VenueWorld(options, dialects: DialectCatalog.dialects() + [NorthgateDialect.line.make()])
        let timeMs: Int64 = 1_763_640_000_123
        func ask(_ content: RequestPlan.Content) throws -> VenueAnswer {
            let plan = RequestPlan(
                id: 1, account: "mm", content: content, timeMs: timeMs, facts: nil, freshnessMs: 5_000, staleAt: .max, timeoutMs: 5_000)
            var request = adapter.request(for: plan)
            adapter.sign(&request, timeMs: timeMs, with: SigningKey(keyID: "key", secret: Array("secret".utf8), passphrase: nil))
            guard case .response(let response, _) = world.handle(request, from: "127.0.0.1:1", at: timeMs * 1_000) else {
                throw SimulatorInputError("no answer to \(request.target)")
            }
            return adapter.answer(to: plan, from: response)
        }

        let placed = try ask(.place([PlaceTicket(order: 1, clientOrderID: "int000001a1", terms: sample.order)], isSingle: false))
        let subject = FindSubject(
            order: 1, clientOrderID: "int000001a1", venueOrderID: nil, predictedIDs: [], terms: sample.order, sinceMs: timeMs - 1_000)
        let found = try ask(.query(.find([subject], step: 0)))

        guard case .acknowledged(let id, _) = placed.places.first else { return #expect(Bool(false), "\(placed)") }
        guard case .orders(let reports, nil, _) = found.query else { return #expect(Bool(false), "\(found)") }
        #expect(reports.map(\.venueOrderID) == [id] && reports.map(\.status) == [.open])
        #expect(world.venue(named: "northgate")?.exchange.orders.count == 1 && world.venue(named: "xt-spot")?.exchange.orders.isEmpty == true)
    }
}
