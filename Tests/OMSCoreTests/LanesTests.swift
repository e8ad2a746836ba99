@testable import OMSCore
import Testing

/// Queues of what is to leave, built alone, with keys.
@Suite struct `The lanes of an account` {
    private let lanes = Lanes(patience: Patience())
    private let patience = Patience()

    private func takeCancels(again: Bool = false, most: Int = 10, groups: [CommandID: String] = [:], caps: [CommandID: Int] = [:]) -> [CommandID] {
        lanes.takeCancels(again: again, most: most) { (PlaceGroup(key: groups[$0] ?? ""), caps[$0] ?? .max) }
    }

    private func stranger(_ id: VenueOrderID, _ symbol: Symbol) -> CancelTicket {
        CancelTicket(unwanted: id, clientOrderID: nil, terms: OrderTerms(symbol: symbol, side: .buy, type: .limit))
    }

    // MARK: Cancels

    @Test func `hold a cancel once, however often it is asked for, until it is taken or cannot leave`() {
        for _ in 0..<3 { lanes.cancel(1, isAgain: false, at: 0) }
        lanes.cancel(2, isAgain: false, at: 0)
        #expect(lanes.cancelsWaiting == 2)

        #expect(lanes.takeCancels(again: false, most: 9) { $0 == 1 ? nil : (PlaceGroup(), 9) } == [2])

        #expect(lanes.cancelsWaiting == 0 && !lanes.hasCancels)
        lanes.cancel(1, isAgain: false, at: 0)
        #expect(takeCancels() == [1])
    }

    @Test func `give cancels of one group a batch, and leave the others in front`() {
        for id in 1...5 { lanes.cancel(CommandID(Int64(id)), isAgain: false, at: 0) }
        let groups: [CommandID: String] = [2: "B", 4: "B"]

        #expect(takeCancels(groups: groups) == [1, 3, 5])
        lanes.cancel(6, isAgain: false, at: 0)
        #expect(takeCancels(groups: groups) == [2, 4])
        #expect(takeCancels(groups: groups) == [6])
    }

    @Test func `make a batch no larger than the least that one of it bears`() {
        for id in 1...4 { lanes.cancel(CommandID(Int64(id)), isAgain: false, at: 0) }

        #expect(takeCancels(caps: [2: 2]) == [1, 2])
        #expect(takeCancels(caps: [3: 1, 4: 1]) == [3])
        #expect(takeCancels() == [4])
    }

    @Test func `let what came back wait for company, and go at once when it has enough`() {
        #expect(lanes.cancelsAgainAt(full: 2) == .max)
        lanes.cancel(1, isAgain: true, at: 100)
        #expect(lanes.cancelsAgainAt(full: 2) == 100 + patience.gatheringUs && !lanes.hasCancels && lanes.hasCancelsAgain)

        lanes.cancel(2, isAgain: true, at: 200)
        #expect(lanes.cancelsAgainAt(full: 2) == .min)
        #expect(takeCancels(again: true) == [1, 2])
    }

    @Test func `fill a request of cancels with orders of others, of one symbol where the venue wants that`() {
        lanes.wantGone(stranger("x", "A"))
        lanes.wantGone(stranger("y", "B"))
        #expect(lanes.isWantedGone("x") && !lanes.isWantedGone("z"))

        var tickets: [CancelTicket] = []
        #expect(lanes.addStrangers(to: &tickets, most: 9, bySymbol: true))
        #expect(tickets.map(\.venueOrderID) == ["x"] && lanes.hasStrangers)
        #expect(!lanes.addStrangers(to: &tickets, most: 9, bySymbol: true), "of another symbol")
        #expect(lanes.addStrangers(to: &tickets, most: 9, bySymbol: false) && !lanes.hasCancels)
    }

    // MARK: Places

    @Test func `count the places that wait, not those that were withdrawn and stand in the queue`() {
        lanes.place(1, of: 9, group: PlaceGroup())
        lanes.place(2, of: 9, group: PlaceGroup())
        lanes.stoppedWaiting()
        #expect(lanes.placesWaiting == 1 && lanes.hasPlaces)

        let batch = lanes.takePlaces(max: 9, verdict: { $0 == 1 ? .drop : .take }, cap: { _ in 9 })
        #expect(batch?.orders == [2] && !lanes.hasPlaces)

        lanes.placeAgain([2], of: 9, group: PlaceGroup())
        lanes.unplace(2, of: 9)
        #expect(!lanes.hasPlaces)
    }

    // MARK: Modifies

    @Test func `offer each order's modify once a batch, and go on behind one that does not leave`() {
        for order in [1, 1, 2, 3] as [OrderKey] { lanes.modify(order, isAgain: false, at: 0) }
        var offered: [OrderKey] = []

        lanes.takeModifies(again: false, most: 2) {
            offered.append($0)
            return $0 != 2
        }

        #expect(offered == [1, 2, 3] && !lanes.hasModifies)
    }

    @Test func `let an order's modify wait once in each lane, however often it is said to be ready`() {
        for _ in 0..<3 {
            lanes.modify(1, isAgain: false, at: 0)
            lanes.modify(1, isAgain: true, at: 0)
        }
        #expect(lanes.modifiesWaiting == 1)
        for again in [false, true] { lanes.takeModifies(again: again, most: 1) { _ in true } }
        #expect(!lanes.hasModifies, "what left waits no more, or it would leave as new when it came back")
        lanes.modify(1, isAgain: false, at: 0)
        #expect(lanes.hasNewModifies)
    }

    // MARK: Put off

    @Test func `bring back what was put off in the order of its times, and not before`() {
        lanes.putOff(.command(1), until: 20)
        lanes.putOff(.order(2), until: 10)
        #expect(lanes.nextPutOff == 10 && lanes.popPutOff(at: 9) == nil)

        guard case .order(2)? = lanes.popPutOff(at: 20), case .command(1)? = lanes.popPutOff(at: 20) else {
            return #expect(Bool(false), "the earlier one first")
        }
        #expect(lanes.nextPutOff == nil)
    }
}
