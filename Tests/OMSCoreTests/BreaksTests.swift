@testable import OMSCore
import Testing

/// Differences between the record and a venue, built alone, with values.
@Suite struct `Breaks of an account` {
    private let breaks = Breaks()
    private let turn = Turn(5)

    @discardableResult private func found(_ kind: BreakKind, _ place: Breaks.Place, detail: String = "words") -> Break? {
        let client: ClientOrderID? = if case .order(let id) = place { id } else { nil }
        let venue: VenueOrderID? = if case .external(let id) = place { id } else { nil }
        return breaks.found(kind, place, of: "a", (client, venue), detail: detail, in: turn)
    }

    @Test func `are found once while they stand, each with a row and a notice, and again once they were over`() {
        #expect(found(.missingThere, .order("c")) != nil && found(.missingThere, .order("c")) == nil)
        #expect(found(.loop, .order("c")) != nil && found(.missingThere, .order("d")) != nil)
        breaks.mended(.missingThere, .order("c"), in: turn)
        breaks.mended(.missingThere, .order("c"), in: turn)
        #expect(found(.missingThere, .order("c")) != nil)

        let output = turn.take()
        #expect(output.records.count == 5 && output.notices.count == 5)
        #expect(breaks.standing.count == 3 && breaks.hasAny(of: "c"))
    }

    @Test func `of one kind are told apart by what they are about`() {
        #expect(found(.identity, .account(subject: "x")) != nil && found(.identity, .account(subject: "y")) != nil)
        #expect(found(.externalOrder, .external("v")) != nil && found(.missingHere, .external("v")) == nil, "one tells of a stranger")
        breaks.mended(.identity, .account(subject: "x"), in: turn)

        #expect(breaks[.identity, "x"] == nil && breaks[.identity, "y"] != nil && breaks[VenueOrderID("v")]?.kind == .externalOrder)
        #expect(breaks.ofAccount.count == 1 && breaks.externals.count == 1)
    }

    @Test func `stand on when a person takes note, unless nothing else could end them`() throws {
        let kinds = BreakKind.allCases
        let lasting = try #require(kinds.first { $0.endsByItself && !$0.isOfStrangers })
        let passing = try #require(kinds.first { !$0.endsByItself && !$0.isOfStrangers })
        let one = try #require(found(lasting, .order("c")))
        let other = try #require(found(passing, .order("c")))
        #expect(breaks.unacknowledged == [lasting: 1, passing: 1])

        for id in [one.id, other.id, one.id] { breaks.acknowledge(id, reason: "seen", from: .daemon, in: turn) }

        #expect(breaks[one.id]?.acknowledgedAt != nil && breaks[other.id] == nil && breaks.unacknowledged.isEmpty)
        #expect(turn.records.count == 4, "taking note twice says nothing new")
        #expect(found(lasting, .order("c")) == nil && found(passing, .order("c")) != nil)
    }

    @Test func `are shown as a person should see them: strangers at the venue, then what nobody took note of, each by age`() throws {
        let kind = try #require(BreakKind.allCases.first { $0.endsByItself && !$0.isOfStrangers })
        let stranger = try #require(BreakKind.allCases.first { $0.isOfStrangers })
        let seen = try #require(found(kind, .order("c")))
        let unseen = try #require(found(kind, .order("d")))
        let external = try #require(found(stranger, .external("v")))
        breaks.acknowledge(seen.id, reason: "", from: .daemon, in: turn)

        #expect(breaks.inOrder.map(\.id) == [external.id, unseen.id, seen.id])
    }

    @Test func `of an account that is not configured can be taken note of, and nothing else`() {
        breaks.restore(Break(id: 9, account: "gone", kind: .loop, clientOrderID: "c", venueOrderID: nil, detail: "", at: 0), at: nil)
        #expect(breaks[9] != nil && !breaks.hasAny(of: "c"))
        breaks.acknowledge(9, reason: "", from: .daemon, in: turn)
        #expect(turn.rows == 1)
    }
}
