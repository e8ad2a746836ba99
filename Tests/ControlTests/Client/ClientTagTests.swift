import OMSCore
import TestSupport
import Testing

@testable import Control
@testable import omsctl

struct ClientTagTests {
    @Test func `a tag goes with what is submitted, and cancels and listings by tag mean what bears it`() throws {
        let daemon = try ScriptedDaemon { command in
            switch command {
            case .accountList: return "{\"accounts\":[{\"account\":\"a\"},{\"account\":\"mm\"}]}"
            case .submit(let intent, _):
                let isNowhere = intent.cancel == [.matching(symbol: nil, side: nil, tag: "nobodys")]
                if intent.account == "a" && !intent.cancel.isEmpty || isNowhere {
                    throw ControlError.unknownOrder("no live order of account a matches")
                }
                return "{\"intent_id\":\"\(intent.id?.text ?? "")\",\"duplicate\":false,\"accepted_at\":1,\"orders\":[],\"planned_requests\":1}"
            case .intentWait(let id, _, _): return "{\"intent_id\":\"\(id)\",\"commands\":4,\"counts\":{\"canceled\":5},\"timed_out\":false}"
            case .intentList(_, "grid", _, _): return "{\"intents\":[{\"intent_id\":\"i1\",\"tag\":\"grid\"}],\"next\":null}"
            case .orderList(let filter) where filter.tag == "grid":
                return "{\"orders\":[{\"client_order_id\":\"o1\",\"tag\":\"grid\"}],\"next\":null}"
            case .fillList(let filter) where filter.tag == "grid": return "{\"fills\":[{\"trade_id\":\"t1\",\"tag\":\"grid\"}],\"next\":null}"
            default: return nil
            }
        }
        daemon.terminal.files["i.json"] = "{\"account\":\"mm\",\"tag\":\"grid\",\"cancel\":[\"o1\"]}"
        daemon.terminal.files["o.jsonl"] = "{\"symbol\":\"b\",\"side\":\"buy\",\"type\":\"limit\",\"price\":\"1\",\"quantity\":\"2\"}"
        #expect(daemon.run("submit", "i.json") == 0 && daemon.run("submit", "o.jsonl", "--account", "mm", "--tag", "grid") == 0)
        #expect(daemon.run("submit", "i.json", "--tag", "other") == 2 && daemon.run("submit", "i.json", "--tag", "a b") == 2)
        #expect(daemon.run("submit", "i.json", "--tag", String(repeating: "x", count: 65)) == 2)
        #expect(daemon.run("place", "--account", "mm", "--symbol", "b", "--side", "buy", "--price", "1", "--quantity", "2", "--tag", "grid") == 0)
        #expect(daemon.submitted.map(\.tag) == ["grid", "grid", "grid"])
        for (verb, shown) in [("intents", "i1"), ("orders", "o1"), ("fills", "t1")] {
            #expect(daemon.run(verb, "--tag", "grid") == 0 && daemon.terminal.output.contains(shown), "\(verb)")
        }
        #expect(daemon.run("cancel", "--tag", "grid", "--account", "mm", "--side", "sell") == 0)
        #expect(daemon.submitted.last?.cancel == [.matching(symbol: nil, side: .sell, tag: "grid")])
        // Of all accounts those that bear it; one that is named and does not bear it is told so.
        #expect(daemon.run("cancel-all", "--tag", "grid") == 0 && daemon.submitted.last?.account == "mm")
        #expect(daemon.submitted.last?.cancel == [.matching(symbol: nil, side: nil, tag: "grid")])
        #expect(daemon.run("cancel-all", "--tag", "nobodys") == 3 && daemon.terminal.errors.hasSuffix("matches the tag nobodys; looked at: a, mm\n"))
        #expect(daemon.run("cancel-all", "a", "--tag", "grid") == 3 && daemon.run("cancel", "o1", "--tag", "grid") == 2)
    }
}
