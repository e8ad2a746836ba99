import OMSCore
import Testing
import Wire

@testable import Simulator

/// What the audit finds when journal and ledger disagree: a check that could not fail would prove nothing.
@Suite struct AuditTests {
    private static func held(
        _ clientID: String, _ orderID: String, _ state: String = "open", filled: String = "0", request: Int = 1, account: String = "U1"
    ) -> String {
        let ids = #""venue":"xt-spot","account":"\#(account)","client_order_id":"\#(clientID)","order_id":"\#(orderID)""#
        return #"{\#(ids),"state":"\#(state)","filled":"\#(filled)","request_n":\#(request)}"#
    }

    private func audit(_ orders: [RecordedOrder], _ held: [String], _ executions: [String] = [], violations: Int = 0) throws -> Audit {
        let limit = #"{"venue":"xt-spot","budget":"batch-place","violations":\#(violations)}"#
        let (orderRows, executionRows) = (held.joined(separator: ","), executions.joined(separator: ","))
        let ledger = try JSONParser.parse(#"{"orders":[\#(orderRows)],"executions":[\#(executionRows)],"limits":[\#(limit)]}"#)
        return try Audit(orders: orders, ledger: ledger, venues: ["xt-spot"])
    }

    private func order(
        _ id: String, _ state: String, _ venueOrderID: String? = nil, attempts: Int = 1, filled: Decimal = .zero,
        executions: [RecordedExecution] = [], awaitsExecutions: Bool = false
    ) -> RecordedOrder {
        RecordedOrder(
            clientID: id, venue: "xt-spot", state: state, venueOrderID: venueOrderID, attempts: attempts, filled: filled, executions: executions,
            awaitsExecutions: awaitsExecutions)
    }

    private func execution(_ trade: String, _ quantity: String = "0.5", price: String = "7", fee: String? = "0.01", order: String = "1") throws
        -> RecordedExecution
    {
        RecordedExecution(
            tradeID: trade, venueOrderID: order, quantity: try #require(Decimal(quantity)), price: try #require(Decimal(price)),
            fee: try fee.map { try #require(Decimal($0)) })
    }

    private static func executed(_ trade: String, order: String = "1") -> String {
        #"{"venue":"xt-spot","order_id":"\#(order)","trade_id":"\#(trade)","quantity":"0.5","price":"7","fee":"0.01"}"#
    }

    @Test func `orders that are where the journal says, once, leave nothing to find`() throws {
        let audit = try audit(
            [
                order("a", "working", "1"), order("b", "filled", "2"), order("c", "canceled", "3"), order("d", "canceled", attempts: 0),
                order("e", "rejected"),
                order("f", "abandoned"),
            ], [Self.held("a", "1"), Self.held("b", "2", "filled"), Self.held("c", "3", "canceled"), Self.held("e", "9", "rejected")])
        #expect(audit.holds, "\(audit.findings)")
        let line = try #require(audit.lines.first)
        #expect(
            [line.intended, line.placed, line.notPlaced, line.lost, line.twice, line.open, line.executions, line.overLimit] == [
                6, 3, 3, 0, 0, 0, 0, 0,
            ])
        #expect(
            audit.table.hasPrefix(
                "venue    intended  placed  not placed  lost  twice  open  executions  limits\n"
                    + "xt-spot         6       3           3     0      0     0           0  kept\n"))
    }

    @Test func `executions that are on record as the venue has them leave nothing to find`() throws {
        let half = try #require(Decimal("0.5"))
        let orders = [
            order("a", "canceled", "1", filled: half, executions: [try execution("t")]),
            // Live ones may be ahead at the venue, and of a closed one the record may say that rows are to come.
            order("b", "partially_filled", "2"), order("c", "canceled", "3", filled: half, awaitsExecutions: true),
        ]
        let held = [
            Self.held("a", "1", "canceled", filled: "0.5"), Self.held("b", "2", "partially_filled", filled: "0.5"),
            Self.held("c", "3", "canceled", filled: "0.5"),
        ]
        let audit = try audit(orders, held, [Self.executed("t"), Self.executed("u", order: "2"), Self.executed("v", order: "3")])
        #expect(audit.holds, "\(audit.findings)")
        #expect(audit.lines.first?.executions == 1)
    }

    @Test func `an execution that is missing, one too many, or other than the venue has it, is found`() throws {
        let half = try #require(Decimal("0.5"))
        let wrong: [([RecordedExecution], String)] = [
            ([], "execution t there, 0.5 at 7, is on no record"),
            ([try execution("t"), try execution("u")], "execution u here, 0.5 at 7, is none of it at the venue"),
            ([try execution("t", "0.4")], "execution t: quantity 0.4 here, 0.5 there"),
            ([try execution("t", price: "8")], "execution t: price 8 here, 7 there"),
            ([try execution("t", fee: "0.02")], "execution t: fee 0.02 here, 0.01 there"),
            ([try execution("t", fee: nil)], "execution t: fee not known here, 0.01 there"),
            ([try execution("t", order: "2")], "execution t: order 2 here, 1 there"),
        ]
        for (executions, problem) in wrong {
            let orders = [order("a", "filled", "1", filled: half, executions: executions)]
            let audit = try audit(orders, [Self.held("a", "1", "filled", filled: "0.5")], [Self.executed("t")])
            #expect(audit.findings.map(\.problem) == [problem])
        }
    }

    @Test(arguments: [
        ("working", "1", 1, [String](), "unknown to the venue"),
        ("acknowledged", "1", 1, [Self.held("a", "1"), Self.held("a", "2")], "2 orders at the venue: 1 2"),
        ("working", "1", 1, [Self.held("a", "2")], "known as 1 here and as 2 there"),
        ("working", nil, 1, [Self.held("a", "2")], "without the venue's id"),
        ("filled", "1", 1, [Self.held("a", "1", "open")], "filled here, open there"),
        ("canceled", "1", 1, [Self.held("a", "1")], "canceled here, open there"),
        ("abandoned", nil, 2, [Self.held("a", "1", "accepted")], "abandoned here, accepted there"),
        ("canceled", nil, 0, [Self.held("a", "1", "canceled")], "never sent by the record"),
        ("in_doubt", nil, 1, [], "its fate is not known"), ("submitted", nil, 1, [Self.held("a", "1")], "its fate is not known"),
    ])
    func `an order that is not where the journal says is found, by its id`(
        state: String, venueOrderID: String?, attempts: Int, held: [String], problem: String
    ) throws {
        let audit = try audit([order("a", state, venueOrderID, attempts: attempts)], held)
        #expect(!audit.holds)
        #expect(audit.findings.contains { $0.id == "a" && $0.problem.contains(problem) }, "\(audit.findings)")
    }

    @Test(arguments: ["canceled", "expired", "rejected", "denied", "abandoned", "filled"])
    func `executions that the record of a closed order lacks, or has too many of, are found`(state: String) throws {
        let (here, there) = (try #require(Decimal("0.3")), try #require(Decimal("0.5")))
        let id = state == "abandoned" || state == "rejected" ? nil : "1"
        for held in ["filled", "canceled"] where state != "filled" || held == "filled" {
            let lacking = try audit([order("a", state, id, filled: here)], [Self.held("a", "1", held, filled: "0.5")])
            let problem = "\(state) here with 0.3 executed, there with 0.5"
            #expect(lacking.findings.contains { $0.id == "a" && $0.problem == problem }, "\(lacking.findings)")
            #expect(try !audit([order("a", state, id, filled: there)], [Self.held("a", "1", held, filled: "0.3")]).holds)
            #expect(try audit([order("a", state, id, filled: there)], [Self.held("a", "1", held, filled: "0.5")]).holds)
        }
        if state != "filled" { #expect(try !audit([order("a", state, id, filled: here)], []).holds) }
    }

    @Test func `an order on no record is found unless somebody else placed it, and so is a broken limit`() throws {
        let mine = [order("a", "working", "1")]
        #expect(try !audit(mine, [Self.held("a", "1"), Self.held("x", "2")]).holds)
        #expect(try audit(mine, [Self.held("a", "1"), Self.held("x", "2", request: 0), Self.held("y", "3", account: "U2")]).holds)
        let over = try audit(mine, [Self.held("a", "1")], violations: 2)
        #expect(over.findings.map(\.id) == ["batch-place"] && over.lines.first?.overLimit == 2)
    }

    @Test func `what is no ledger is refused`() throws {
        #expect(throws: SimulatorInputError.self) { try Audit(orders: [], ledger: JSONParser.parse(#"{"orders":[{}],"executions":[],"limits":[]}"#)) }
        #expect(throws: SimulatorInputError.self) { try Audit(orders: [], ledger: JSONParser.parse("{}")) }
    }

    @Test func `audit's words are read`() throws {
        guard case .audit(let command) = try SimulatorCommand.read(["audit", "--url", "http://127.0.0.1:1", "--journal", "j", "--json"]) else {
            Issue.record("no audit command")
            return
        }
        #expect(command.journal == "j" && command.isJSON && command.origin.port == 1)
        for words in [["audit"], ["audit", "--url", "x", "--journal", "j"], ["audit", "--url", "http://127.0.0.1:1"], ["audit", "--what"]] {
            #expect(throws: SimulatorInputError.self) { try SimulatorCommand.read(words) }
        }
    }
}
