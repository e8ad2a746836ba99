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

    private func audit(_ orders: [RecordedOrder], _ held: [String], violations: Int = 0) throws -> Audit {
        let ledger = try JSONParser.parse(
            #"{"orders":[\#(held.joined(separator: ","))],"limits":[{"venue":"xt-spot","budget":"batch-place","violations":\#(violations)}]}"#)
        return try Audit(orders: orders, ledger: ledger, venues: ["xt-spot"])
    }

    private func order(
        _ id: String, _ state: String, _ venueOrderID: String? = nil, attempts: Int = 1, filled: Decimal = .zero
    ) -> RecordedOrder {
        RecordedOrder(clientID: id, venue: "xt-spot", state: state, venueOrderID: venueOrderID, attempts: attempts, filled: filled)
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
        #expect([line.intended, line.placed, line.notPlaced, line.lost, line.twice, line.open, line.overLimit] == [6, 3, 3, 0, 0, 0, 0])
        #expect(
            audit.table.hasPrefix(
                "venue    intended  placed  not placed  lost  twice  open  limits\nxt-spot         6       3           3     0      0     0  kept\n"))
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
        #expect(throws: SimulatorInputError.self) { try Audit(orders: [], ledger: JSONParser.parse(#"{"orders":[{}],"limits":[]}"#)) }
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
