import CLinux
import Calls
import Control
import ControlAPI
import OMSCore
import Testing
import Wire

struct RoleTests {
    private static func peer(uid: UInt32, groups: Set<UInt32> = []) -> Peer { Peer(uid: uid, pid: 1, groups: groups) }

    @Test func `the highest role of user and groups counts`() throws {
        let table = try RoleTable.granting(viewer: ["user:1001", "group:50"], trader: ["group:60"], operator: ["user:1002"], ownUID: 999)

        #expect(table.role(of: Self.peer(uid: 1001)) == .viewer)
        #expect(table.role(of: Self.peer(uid: 1001, groups: [7, 60])) == .trader)
        #expect(table.role(of: Self.peer(uid: 5, groups: [50])) == .viewer)
        #expect(table.role(of: Self.peer(uid: 1002, groups: [50])) == .operator)
        #expect(table.role(of: Self.peer(uid: 5)) == nil)
    }

    @Test func `root and the daemon's own user are operators whatever the lists say`() throws {
        let table = try RoleTable.granting(viewer: ["user:0", "user:999"], ownUID: 999)
        #expect(table.role(of: Self.peer(uid: 0)) == .operator)
        #expect(table.role(of: Self.peer(uid: 999)) == .operator)
    }

    @Test func `names are resolved by the machine's own lists`() throws {
        let table = try RoleTable.granting(viewer: ["group:daemon"], trader: ["user:daemon"], ownUID: 999)
        #expect(table.role(of: Self.peer(uid: 1)) == .trader)
        #expect(table.role(of: Self.peer(uid: 77, groups: [1])) == .viewer)
    }

    @Test(arguments: ["ops", "user:", ":ops", "role:ops", ""]) func `an entry of another form is told what it should read`(entry: String) {
        #expect { try RoleTable.granting(trader: [entry]) } throws: { "\($0)".hasPrefix("must be user:NAME") }
    }

    /// The highest number means nobody to the kernel.
    @Test(arguments: ["no-such-name", "4294967295", "+5"]) func `a name or number that stands for nobody is refused by name`(name: String) {
        #expect {
            try RoleTable.granting(viewer: ["user:\(name)"])
        } throws: {
            "\($0)" == "no user \"\(name)\" on this machine"
        }
        #expect {
            try RoleTable.granting(viewer: ["group:\(name)"])
        } throws: {
            "\($0)" == "no group \"\(name)\" on this machine"
        }
    }

    @Test func `the kernel's word on a peer has its user and groups`() throws {
        let harness = try Harness()
        let client = try RawClient(harness.path)
        #expect(client.call("daemon.status") != nil)
        let call = try #require(harness.sink.calls.first)
        #expect(call.actor == .peer(uid: getuid(), pid: getpid()))
        #expect(client.call("order.resolve", "{\"client_order_id\":\"c\",\"verdict\":\"absent\",\"reason\":\"r\"}")?["result"] != nil)
    }

    /// Every method, with parameters that are right.
    static let calls: [(String, String, Role)] = [
        ("intent.submit", "{\"account\":\"a\",\"cancel\":[\"x\"]}", .trader), ("intent.get", "{\"intent_id\":\"i\"}", .viewer),
        ("intent.list", "{}", .viewer), ("intent.wait", "{\"intent_id\":\"i\"}", .viewer), ("intent.cancel", "{\"intent_id\":\"i\"}", .trader),
        ("order.get", "{\"client_order_id\":\"c\"}", .viewer), ("order.list", "{}", .viewer),
        ("order.timeline", "{\"client_order_id\":\"c\"}", .viewer),
        ("order.resolve", "{\"client_order_id\":\"c\",\"verdict\":\"absent\",\"reason\":\"r\"}", .operator), ("fill.list", "{}", .viewer),
        ("break.list", "{}", .viewer),
        ("break.acknowledge", "{\"break_id\":1,\"reason\":\"r\"}", .operator), ("instrument.list", "{}", .viewer), ("account.list", "{}", .viewer),
        ("account.set_state", "{\"account\":\"*\",\"state\":\"active\",\"reason\":\"r\"}", .operator),
        ("account.kill_status", "{}", .viewer), ("account.reconcile", "{\"account\":\"a\"}", .trader), ("limit.list", "{}", .viewer),
        ("limit.take", "{\"account\":\"a\",\"budget\":\"batch-place\",\"permits\":1}", .trader), ("limit.release", "{\"permit_id\":1}", .trader),
        ("position.list", "{}", .viewer), ("risk.get", "{}", .viewer),
        ("session.guard", "{\"on_lost\":\"cancel\",\"grace_ms\":0}", .trader), ("session.release", "{\"guard_id\":1}", .trader),
        ("guard.list", "{}", .viewer),
        (
            "rehearsal.record",
            "{\"account\":\"a\",\"orders\":0,\"assumptions\":[{\"name\":\"tls\",\"assumed\":\"a\",\"seen\":\"b\",\"verdict\":\"holds\"}]}", .operator
        ),
        ("event.subscribe", "{}", .viewer), ("event.unsubscribe", "{\"subscription\":1}", .viewer),
        ("stats.get", "{\"from\":0,\"to\":1000000,\"step_ms\":1000}", .viewer), ("seal.get", "{}", .viewer),
        ("daemon.status", "{}", .viewer), ("rpc.discover", "{}", .viewer),
    ]

    @Test func `the list above names every method`() {
        #expect(Self.calls.map(\.0) == CallTable.all.map(\.name))
    }

    @Test(arguments: [nil, Role.viewer, .trader, .operator])
    func `each method asks for its role, and nobody gets in without one`(role: Role?) throws {
        let table = try RoleTable.granting(viewer: ["user:4001"], trader: ["user:4002"], operator: ["user:4003"], ownUID: 999)
        let uid: UInt32 = role.map { 4_000 + UInt32($0.rawValue) } ?? 4_000
        let harness = try Harness(roles: table, peerOf: { _ in Peer(uid: uid, pid: 1, groups: []) })
        let client = try RawClient(harness.path)

        for (method, params, needed) in Self.calls {
            let answer = client.call(method, params)
            let isAllowed = role.map { $0 >= needed } ?? false
            #expect((answer?["result"] != nil) == isAllowed, "\(method)")
            #expect((answer?.code == 1006) == !isAllowed, "\(method)")
            #expect(answer?["id"] == .number("1"))
        }
        // Told once for each user, not for each connection.
        _ = try RawClient(harness.path).call("daemon.status")
        #expect(harness.log.all.filter { $0.contains("uid 4000 pid 1 has no role") }.count == (role == nil ? 1 : 0))
    }

    @Test func `a guard that halts asks for an operator, one that cancels for a trader`() throws {
        let traders = try RoleTable.granting(trader: ["user:4001"], operator: ["user:4002"], ownUID: 999)
        let halt = "{\"on_lost\":\"halt\",\"grace_ms\":0,\"accounts\":[\"a\"]}"
        for (uid, isAllowed) in [(UInt32(4001), false), (4002, true)] {
            let harness = try Harness(roles: traders, peerOf: { _ in Peer(uid: uid, pid: 1, groups: []) })
            let client = try RawClient(harness.path)
            #expect((client.call("session.guard", halt)?.code == 1006) == !isAllowed)
            #expect(client.call("session.guard", "{\"on_lost\":\"cancel\",\"grace_ms\":0}")?["result"] != nil)
        }
    }

    @Test func `a guard's token is another one each time, and no two connections get the same`() throws {
        let harness = try Harness()
        var tokens: Set<String> = []
        for _ in 0..<3 {
            let client = try RawClient(harness.path)
            for _ in 0..<3 { _ = client.call("session.guard", "{\"on_lost\":\"cancel\",\"grace_ms\":0}") }
        }
        for call in harness.sink.calls { if case .guardBegin(_, let token?) = call.command { tokens.insert(token.text) } }
        #expect(tokens.count == 9 && tokens.allSatisfy { $0.utf8.count == 64 })
    }

    @Test func `a reload changes what open connections may do`() throws {
        let viewers = try RoleTable.granting(viewer: ["user:4001"], ownUID: 999)
        let traders = try RoleTable.granting(trader: ["user:4001"], ownUID: 999)
        let harness = try Harness(roles: viewers, peerOf: { _ in Peer(uid: 4001, pid: 1, groups: []) })
        let client = try RawClient(harness.path)
        #expect(client.call("intent.cancel", "{\"intent_id\":\"i\"}")?.code == 1006)

        harness.server.replaceRoles(traders)
        #expect(client.call("intent.cancel", "{\"intent_id\":\"i\"}")?["result"] != nil)

        harness.server.replaceRoles(RoleTable(ownUID: 999))
        #expect(client.call("daemon.status")?.code == 1006)
    }
}
