import OMSCore
import TestSupport
import Testing
import Venues
import Wire

/// What is taken for granted of a venue, broken in turn: by real processes against simulated venues.
@Suite struct BrokenAssumptionTests {
    @Test(arguments: VenueCatalog.all) func `every assumption is broken by the simulator, or the list says why no rehearsal shows it`(
        _ line: VenueLine
    )
        throws
    {
        let broken = BrokenAssumption.all.filter { $0.venue == line.venue }.flatMap(\.names)
        let assumptions = try line.assumptions(line.samples[0].product)
        let shown = Set(assumptions.filter { $0.sight != .nothing }.map(\.name))
        #expect(shown.subtracting(broken) == [], "by no switch")
        #expect(Set(broken).subtracting(shown) == [], "though no rehearsal is said to show it")
        #expect(Set(broken).count == broken.count)
        for assumption in assumptions where assumption.sight == .nothing { #expect(assumption.how.contains(" "), "\(assumption.name)") }
    }

    /// Most of them wait for limits and late look-ups: all take twelve minutes, which is for `make soak`; one in seven of every venue's stands for them.
    private static let played = BrokenAssumption.all.enumerated().filter { setting("OMSD_SOAK_BREAKS", 0) > 0 || $0.offset % 7 == 0 }.map(\.element)

    @Test(arguments: BrokenAssumptionTests.played) func `an assumption that the venue breaks is named, and the command ends with 1`(
        _ broken: BrokenAssumption
    )
        throws
    {
        let house = try House(
            [broken.venue], hasStrangers: true, options: broken.switches.flatMap { ["--switch", "\(broken.venue)/\($0)"] },
            everywhere: broken.settings, hasStreams: broken.hasStreams, isTLS: broken.isTLS)
        if broken.isTLS {
            let text = try #require(readText(house.configuration))
            try writeText(text.replacing("ca_file: \"certificate.pem\",", with: ""), to: house.configuration)
        }
        if broken.hasTraded { try Self.trade(house) }
        if !broken.rules.isEmpty {
            try house.pages.setFaults("[\(broken.rules.joined(separator: ", "))]".replacing("STRANGER", with: house.accounts[0].stranger.uid))
        }
        let words: [String] =
            switch broken.part {
            case .asking: []
            case .placing: RehearsalPlacingTests.words(house)
            case .filling: RehearsalFillingTests.words(house)
            }
        let told = try RehearsalTests.rehearse(house, words, seconds: 240)
        #expect(told.code == 1, "\(told.output)")
        #expect(Set(broken.names).subtracting(told.contradicted) == [], "\(told.contradicted) \(told.output)")
        #expect(try house.journal.number("SELECT count(*) FROM v_orders WHERE closed_at IS NULL") == 0)
    }

    /// An order of the account that another hand placed, and that traded.
    static func trade(_ house: House) throws {
        let account = house.accounts[0]
        try house.pages.post(
            "/_sim/place",
            #"{"venue":"\#(account.venue)","account":"\#(account.uid)","product":"\#(account.product)","symbol":"\#(account.symbol)","side":"buy","#
                + #""quantity":"\#(account.quantity)","price":"\#(account.sample.markets[0].price)","client_order_id":"byhand01"}"#)
        try house.pages.post("/_sim/fill", #"{"venue":"\#(account.venue)","client_order_id":"byhand01"}"#)
    }
}
