import OMSCore
import Testing

/// The moves of docs/ARCHITECTURE.md, written down a second time: a row for each state, in it what may follow.
@Suite struct LifecycleTests {
    static let orderMoves: [OrderState: Set<OrderState>] = [
        .intended: [
            .submitted, .canceled, .expired, .denied, .abandoned, .inDoubt, .acknowledged, .working, .partiallyFilled, .filled, .rejected,
        ],
        .submitted: [.intended, .inDoubt, .acknowledged, .working, .partiallyFilled, .filled, .canceled, .expired, .rejected],
        .inDoubt: [.intended, .acknowledged, .working, .partiallyFilled, .filled, .canceled, .expired, .rejected, .abandoned],
        .acknowledged: [.working, .partiallyFilled, .filled, .canceled, .expired, .rejected, .abandoned],
        .working: [.partiallyFilled, .filled, .canceled, .expired, .rejected],
        .partiallyFilled: [.working, .filled, .canceled, .expired, .rejected],
        .filled: [],
        .canceled: [.acknowledged, .working, .partiallyFilled, .filled, .expired, .rejected],
        .expired: [.acknowledged, .working, .partiallyFilled, .filled, .canceled, .rejected],
        .rejected: [.acknowledged, .working, .partiallyFilled, .filled, .canceled, .expired],
        .denied: [],
        .abandoned: [.acknowledged, .working, .partiallyFilled, .filled, .canceled, .expired, .rejected],
    ]

    static let commandMoves: [CommandState: Set<CommandState>] = [
        .requested: [.submitted, .done, .refused, .withdrawn, .superseded],
        .submitted: [.requested, .acknowledged, .done, .refused, .inDoubt],
        .acknowledged: [.requested, .done, .refused, .superseded],
        .inDoubt: [.requested, .acknowledged, .done, .refused, .superseded],
        .done: [], .refused: [], .withdrawn: [], .superseded: [],
    ]

    @Test(arguments: OrderState.allCases) func `an order moves along the table, and along nothing else`(from: OrderState) throws {
        let allowed = try #require(Self.orderMoves[from])
        for next in OrderState.allCases { #expect(from.mayBecome(next) == allowed.contains(next), "\(from) to \(next)") }
    }

    @Test(arguments: CommandState.allCases) func `a command moves along the table, and along nothing else`(from: CommandState) throws {
        let allowed = try #require(Self.commandMoves[from])
        for next in CommandState.allCases { #expect(from.mayBecome(next) == allowed.contains(next), "\(from) to \(next)") }
    }

    @Test func `an order is sent out of intended only`() {
        let senders = OrderState.allCases.filter { $0.mayBecome(.submitted) }
        #expect(senders == [.intended])
    }

    @Test func `what the venue took is never intended again`() {
        for state in OrderState.allCases where state.isLive || state.isTerminal { #expect(!state.mayBecome(.intended), "\(state)") }
    }

    @Test func `a closed command stays closed`() {
        for state in CommandState.allCases where !state.isOpen {
            for next in CommandState.allCases { #expect(!state.mayBecome(next), "\(state) to \(next)") }
        }
    }

    @Test(arguments: OrderState.allCases) func `an order is undecided, live or over, and never two of these`(state: OrderState) {
        #expect([state.isUnsettled, state.isLive, state.isTerminal].count { $0 } == 1)
    }
}
