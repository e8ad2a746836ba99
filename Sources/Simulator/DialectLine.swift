/// One simulated venue as its folder registers it: how its language is made, and what histories about it may draw.
package struct DialectLine: Sendable {
    /// As `VenueLine` names it.
    package let venue: String
    package let make: @Sendable () -> any Dialect
    /// The first version of histories (``Scenario/version(of:)``) that draws it: seeds that were named before it came keep their meaning.
    let since: Int
    /// Venues of one name here answer the time from one clock.
    let clock: String
    /// Which mode an account is in that names none.
    let accountMode: SimAccount.Mode
    /// The switch that bounds an account's open orders; nil: the venue has none.
    let openOrdersSwitch: String?
    /// Where everything is cancelled at once; nil: nowhere.
    let cancelAllEndpoint: String?
    /// An id that is taken is refused at once, also while look-ups do not know its order yet.
    let refusesTakenIDs: Bool
    /// Stamps ahead of the venue's clock are taken: nothing but a measurement tells of a clock that stepped back.
    let takesFutureStamps: Bool
    /// Fields of answers that nothing rests on, beside `fee`.
    let optionalFigures: [String]

    package init(
        _ venue: String, since: Int = 1, clock: String? = nil, accountMode: SimAccount.Mode = .classic, openOrdersSwitch: String? = nil,
        cancelAllEndpoint: String? = nil, refusesTakenIDs: Bool = false, takesFutureStamps: Bool = false, optionalFigures: [String] = [],
        make: @escaping @Sendable () -> any Dialect
    ) {
        (self.venue, self.make, self.since) = (venue, make, since)
        (self.clock, self.accountMode) = (clock ?? venue, accountMode)
        (self.openOrdersSwitch, self.cancelAllEndpoint) = (openOrdersSwitch, cancelAllEndpoint)
        (self.refusesTakenIDs, self.takesFutureStamps, self.optionalFigures) = (refusesTakenIDs, takesFutureStamps, optionalFigures)
    }
}

/// All venues that the simulator speaks: one line each.
package enum DialectCatalog {
    /// In the order in which paths are offered to them.
    package static let all: [DialectLine] = [
        BitgetMarginDialect.line, BitgetUTADialect.line, XTSpotDialect.line, AZFuturesDialect.line, AscendEXDialect.line, BybitDialect.line,
        OKXDialect.line,
    ]

    /// nil for a name that no venue bears.
    package static func line(_ venue: String) -> DialectLine? { all.first { $0.venue == venue } }

    /// Each venue's language, new.
    package static func dialects() -> [any Dialect] { all.map { $0.make() } }
}

/// What histories of a version may draw of venues.
struct DrawnVenues {
    /// In the catalogue's order.
    let lines: [DialectLine]

    /// - Parameter named: Venues that are asked for by name, whenever they came; nil: none is.
    init(version: Int, named: [String]?) {
        lines = DialectCatalog.all.filter { $0.since <= version || named?.contains($0.venue) ?? false }
    }

    func holds(_ venue: String) -> Bool { lines.contains { $0.venue == venue } }

    /// Venues that answer the time from one clock, clock by clock.
    var sharedClocks: [[String]] {
        Dictionary(grouping: lines, by: \.clock).values.filter { $0.count > 1 }.map { $0.map(\.venue).sorted() }.sorted { $0[0] < $1[0] }
    }
    /// Venues whose clock nobody shares.
    var ownClocks: [String] { lines.map(\.venue).filter { venue in !sharedClocks.contains { $0.contains(venue) } }.sorted() }

    var cancelAllEndpoints: [String] { Self.distinct(lines.compactMap(\.cancelAllEndpoint)) }
    var optionalFigures: [String] { Self.distinct(["fee"] + lines.flatMap(\.optionalFigures)) }
    /// Venues that refuse a taken id at once.
    var refusingTakenIDs: [String] { lines.filter(\.refusesTakenIDs).map(\.venue) }

    private static func distinct(_ names: [String]) -> [String] {
        names.enumerated().filter { index, name in names.firstIndex(of: name) == index }.map(\.element)
    }
}
