import CLinux
import Calls
import Control
import ControlAPI
import OMSCore
import TestSupport
import Testing
import Wire

/// Who has which role on which account, and what others are told of it: all over the socket, with the real runner and journal behind it.
@Suite struct AccountRolesTests {
    /// `boss` may do all, `near` trades on `desk` and knows of no `far`, `away` operates `far` and only looks at `desk`, `blind` sees nothing.
    private enum User {
        static let (boss, near, away, blind): (UInt32, UInt32, UInt32, UInt32) = (1_001, 1_002, 1_003, 1_004)
        static let all = [boss, near, away, blind]
    }

    private static func roles() throws -> RoleTable {
        var table = try RoleTable.granting(
            viewer: ["user:\(User.blind)"], trader: ["user:\(User.near)"], operator: ["user:\(User.boss)", "user:\(User.away)"], ownUID: 999)
        table.limit("desk", to: try grants(viewer: [User.away], trader: [User.near], operator: [User.boss]))
        table.limit("far", to: try grants(operator: [User.boss, User.away]))
        return table
    }

    private static func grants(viewer: [UInt32] = [], trader: [UInt32] = [], operator: [UInt32] = []) throws -> RoleGrants {
        var grants = RoleGrants()
        for user in viewer { try grants.grant(.viewer, to: "user:\(user)") }
        for user in trader { try grants.grant(.trader, to: "user:\(user)") }
        for user in `operator` { try grants.grant(.operator, to: "user:\(user)") }
        return grants
    }

    private static let order =
        "{\"symbol\":\"BTCUSDT\",\"side\":\"buy\",\"type\":\"limit\",\"price\":\"60000\",\"quantity\":\"0.01\",\"client_order_id\":\"mine1\"}"
    private static func hers(_ id: String) -> String {
        "{\"symbol\":\"btc_usdt\",\"side\":\"buy\",\"type\":\"limit\",\"price\":\"39000\",\"quantity\":\"0.01\",\"client_order_id\":\"\(id)\"}"
    }

    /// An order, an intent and a tag of each account, and a break of `desk`.
    private struct Scene {
        let stage: ReplyStage
        let boss, near, away, blind: RawClient
        let breakID: Int64

        init() throws {
            stage = try ReplyStage(roles: roles(), users: User.all)
            var clients: [RawClient] = []
            for _ in User.all {
                let client = try RawClient(stage.path)
                // Answered, so that the next one comes behind it.
                #expect(client.call("rpc.discover") != nil)
                clients.append(client)
            }
            (boss, near, away, blind) = (clients[0], clients[1], clients[2], clients[3])
            stage.setReachable(true)
            try stage.getReady()
            for (account, id, tag, item) in [("desk", "ours", "t-desk", order), ("far", "hers", "t-far", hers("far1"))] {
                let intent = "{\"account\":\"\(account)\",\"intent_id\":\"\(id)\",\"tag\":\"\(tag)\",\"place\":[\(item)]}"
                #expect(boss.call("intent.submit", intent)?.code == nil)
            }
            for id in ["ours", "hers"] { #expect(boss.call("intent.wait", "{\"intent_id\":\"\(id)\"}")?["result"]?["timed_out"]?.bool == false) }
            try stage.fill("mine1", "0.004")
            try stage.placeFromOutside()
            #expect(boss.call("account.reconcile", "{\"account\":\"desk\"}")?.code == nil)
            #expect(boss.call("account.reconcile", "{\"account\":\"far\"}")?.code == nil)
            // Until what was executed is listed.
            stage.pass(ms: 10_000)
            breakID = try #require(boss.call("break.list", "{\"open\":true}")?["result"]?["breaks"]?.array?.first?["break_id"]?.integer)
        }
    }

    /// Calls that name an account, or something of one, by the names of what is there and of what is not.
    private static let nearCalls: [(method: String, params: String)] = [
        ("intent.submit", "{\"account\":\"far\",\"place\":[\(hers("new1"))]}"),
        ("intent.submit", "{\"account\":\"far\",\"dry_run\":true,\"cancel\":[{}]}"),
        ("intent.get", "{\"intent_id\":\"hers\"}"), ("intent.wait", "{\"intent_id\":\"hers\"}"), ("intent.cancel", "{\"intent_id\":\"hers\"}"),
        ("intent.cancel", "{\"tag\":\"t-far\"}"), ("intent.cancel", "{\"tag\":\"t-far\",\"account\":\"far\"}"),
        ("intent.list", "{\"account\":\"far\"}"),
        ("intent.list", "{\"tag\":\"t-far\"}"), ("order.get", "{\"client_order_id\":\"far1\"}"),
        ("order.get", "{\"account\":\"far\",\"venue_order_id\":\"1\"}"), ("order.list", "{\"account\":\"far\"}"),
        ("order.list", "{\"intent_id\":\"hers\"}"), ("order.list", "{\"tag\":\"t-far\"}"), ("order.timeline", "{\"client_order_id\":\"far1\"}"),
        ("fill.list", "{\"account\":\"far\"}"), ("fill.list", "{\"client_order_id\":\"far1\"}"), ("fill.list", "{\"tag\":\"t-far\"}"),
        ("break.list", "{\"account\":\"far\"}"), ("break.list", "{\"client_order_id\":\"far1\"}"), ("instrument.list", "{\"account\":\"far\"}"),
        ("account.kill_status", "{\"account\":\"far\"}"), ("account.reconcile", "{\"account\":\"far\"}"),
        ("limit.take", "{\"account\":\"far\",\"budget\":\"batch-place\",\"permits\":1}"), ("position.list", "{\"account\":\"far\"}"),
        ("risk.get", "{\"account\":\"far\"}"), ("session.guard", "{\"accounts\":[\"desk\",\"far\"],\"on_lost\":\"cancel\",\"grace_ms\":0}"),
        ("event.subscribe", "{\"account\":\"far\"}"), ("stats.get", "{\"account\":\"far\",\"from\":0,\"to\":1000000,\"step_ms\":1000}"),
        ("intent.submit", "{\"account\":\"desk\",\"cancel\":[\"far1\"]}"),
        ("intent.submit", "{\"account\":\"desk\",\"modify\":[{\"client_order_id\":\"far1\",\"price\":\"1\"}]}"),
    ]
    private static let names = [("far1", "not1"), ("hers", "none"), ("t-far", "t-not"), ("far", "not")]

    private static func asUnknown(_ text: String) -> String { names.reduce(text) { replaced($1.0, by: $1.1, in: $0) } }

    private static func replaced(_ name: String, by other: String, in text: String) -> String {
        var (rest, out) = (text[...], "")
        while let found = rest.firstRange(of: name) {
            out += rest[..<found.lowerBound] + other
            rest = rest[found.upperBound...]
        }
        return out + rest
    }

    @Test func `an account that one may not see is answered about as one that is not there, by every method that names one`() throws {
        let scene = try Scene()
        for (method, params) in Self.nearCalls {
            let hidden = try #require(scene.near.call(method, params))
            let unknown = try #require(scene.near.call(method, Self.asUnknown(params)))
            #expect(unknown.code != nil, "\(method) \(params): what is not there is refused")
            #expect(Self.asUnknown(text(hidden)) == text(unknown), "\(method) \(params)")
        }
        // What an operator names, and breaks: of who may do all that there is elsewhere.
        scene.stage.replace(try Self.awayAlone())
        for (method, params) in [
            ("order.resolve", "{\"client_order_id\":\"mine1\",\"verdict\":\"absent\",\"reason\":\"r\"}"),
            ("account.set_state", "{\"account\":\"desk\",\"state\":\"halted\",\"reason\":\"r\"}"),
            ("break.acknowledge", "{\"break_id\":\(scene.breakID),\"reason\":\"r\"}"),
        ] {
            let hidden = try #require(scene.away.call(method, params))
            func other(_ text: String) -> String {
                [("mine1", "not1"), ("desk", "not"), ("\(scene.breakID)", "999999")].reduce(text) { Self.replaced($1.0, by: $1.1, in: $0) }
            }
            let unknown = try #require(scene.away.call(method, other(params)))
            #expect(unknown.code != nil && other(text(hidden)) == text(unknown), "\(method): \(text(hidden))")
        }
        try scene.stage.stop()
    }

    /// `away` has nothing on `desk` any more.
    private static func awayAlone() throws -> RoleTable {
        var table = try roles()
        table.limit("desk", to: try grants(trader: [User.near], operator: [User.boss]))
        return table
    }

    @Test func `lists, totals and events of who may not see an account hold nothing of it`() throws {
        let scene = try Scene()
        let lists = [
            ("intent.list", "{}"), ("order.list", "{}"), ("fill.list", "{}"), ("break.list", "{}"), ("instrument.list", "{\"limit\":1000}"),
            ("account.list", "{}"), ("account.kill_status", "{}"), ("limit.list", "{}"), ("position.list", "{}"), ("risk.get", "{}"),
            ("daemon.status", "{}"), ("guard.list", "{}"), ("order.list", "{\"states\":[\"working\"]}"), ("order.list", "{\"symbol\":\"BTCUSDT\"}"),
        ]
        _ = scene.away.call("session.guard", "{\"accounts\":[\"far\"],\"on_lost\":\"cancel\",\"grace_ms\":600000}")
        for (method, params) in lists {
            let all = try #require(scene.boss.call(method, params))
            let seen = text(try #require(scene.near.call(method, params)))
            #expect(seen.contains("result") && !seen.contains("far") && !seen.contains("btc_usdt"), "\(method): \(seen.prefix(400))")
            if !["guard.list", "risk.get"].contains(method), params == "{}" {
                #expect(text(all).contains("desk") && seen.contains("desk"), "\(method)")
            }
            let nothing = text(try #require(scene.blind.call(method, params)))
            #expect(!nothing.contains("desk") && !nothing.contains("far"), "\(method): \(nothing.prefix(400))")
        }
        #expect(scene.near.call("order.list", "{\"symbol\":\"btc_usdt\"}")?.code == 1003, "a market of accounts that are not seen is none")
        let window = "{\"from\":\(ReplyStage.epoch),\"to\":\(ReplyStage.epoch + 3_600_000_000),\"step_ms\":3600000}"
        func requests(_ client: RawClient) throws -> (requests: Int64, fills: Int64) {
            let point = try #require(client.call("stats.get", window)?["result"]?["points"]?.array?.first)
            return (try #require(point["requests"]?.integer), try #require(point["fills"]?.integer))
        }
        let (all, near, blind) = (try requests(scene.boss), try requests(scene.near), try requests(scene.blind))
        #expect(near.requests > 0 && near.requests < all.requests && near.fills == all.fills && all.fills > 0)
        #expect(blind == (0, 0))

        let followed = try follow(scene.near, to: try #require(scene.boss.call("daemon.status")?["result"]?["seq"]?.integer), by: scene.boss)
        #expect(followed.contains("\"account\":\"desk\"") && followed.contains("\"kind\":\"execution\"") && !followed.contains("far"))
        try scene.stage.stop()
    }

    @Test func `a role on an account bounds what the socket's role allows there, and no more`() throws {
        let scene = try Scene()
        // An operator on the socket who only looks at this account.
        for (method, params, role) in [
            ("intent.submit", "{\"account\":\"desk\",\"cancel\":[\"mine1\"]}", "trader"), ("intent.cancel", "{\"intent_id\":\"ours\"}", "trader"),
            ("account.reconcile", "{\"account\":\"desk\"}", "trader"),
            ("session.guard", "{\"accounts\":[\"desk\"],\"on_lost\":\"cancel\",\"grace_ms\":0}", "trader"),
            ("account.set_state", "{\"account\":\"desk\",\"state\":\"halted\",\"reason\":\"r\"}", "operator"),
            ("order.resolve", "{\"client_order_id\":\"mine1\",\"verdict\":\"absent\",\"reason\":\"r\"}", "operator"),
            ("break.acknowledge", "{\"break_id\":\(scene.breakID),\"reason\":\"r\"}", "operator"),
        ] {
            let answer = try #require(scene.away.call(method, params))
            let words = "the role \(role) on account desk; yours there is viewer"
            #expect(answer.code == 1006 && answer.message.contains(words), "\(method): \(text(answer))")
        }
        #expect(scene.away.call("order.get", "{\"client_order_id\":\"mine1\"}")?["result"]?["account"]?.string == "desk")
        // The role there is no more than the one on the socket.
        var table = try Self.roles()
        table.limit("desk", to: try Self.grants(operator: [User.near]))
        scene.stage.replace(table)
        #expect(scene.near.call("account.set_state", "{\"account\":\"desk\",\"state\":\"halted\",\"reason\":\"r\"}")?.code == 1006)
        #expect(scene.near.call("intent.submit", "{\"account\":\"desk\",\"dry_run\":true,\"cancel\":[{}]}")?.code == nil)
        try scene.stage.stop()
    }

    @Test func `a command for all accounts is one for those on which its caller has the role`() throws {
        let scene = try Scene()
        let halt = "{\"account\":\"*\",\"state\":\"halted\",\"reason\":\"all of mine\"}"
        let halted = try #require(scene.away.call("account.set_state", halt)?["result"]?["accounts"]?.array)
        #expect(halted.map { $0["account"]?.string } == ["far"])
        let states = try #require(scene.boss.call("account.list")?["result"]?["accounts"]?.array).map { $0["state"]?.string }
        #expect(states == ["active", "halted"])
        // A tag that both accounts know: only the orders of one's own go.
        let both = "{\"account\":\"far\",\"intent_id\":\"same\",\"tag\":\"t-desk\",\"place\":[\(Self.hers("far2"))]}"
        #expect(scene.boss.call("account.set_state", "{\"account\":\"*\",\"state\":\"active\",\"reason\":\"on\"}")?.code == nil)
        #expect(scene.boss.call("intent.submit", both)?.code == nil)
        #expect(scene.boss.call("intent.wait", "{\"intent_id\":\"same\"}")?.code == nil)
        #expect(scene.near.call("intent.cancel", "{\"tag\":\"t-desk\"}")?["result"]?["intents"]?.integer == 1)
        #expect(scene.boss.call("intent.wait", "{\"intent_id\":\"ours\"}")?["result"]?["counts"]?["canceled"]?.integer == 1)
        #expect(scene.boss.call("order.get", "{\"client_order_id\":\"far2\"}")?["result"]?["closed_at"]?.isNull == true)
        // Who has the role nowhere.
        var table = try Self.roles()
        table.limit("far", to: try Self.grants(viewer: [User.away]))
        scene.stage.replace(table)
        #expect(scene.away.call("account.set_state", halt)?.code == 1006)
        try scene.stage.stop()
    }

    @Test func `an id that is in use on an account out of sight is refused, and nothing is told of what bears it`() throws {
        let scene = try Scene()
        let mine = "{\"account\":\"desk\",\"intent_id\":\"hers\",\"place\":[\(replacedID("new1"))]}"
        let intent = try #require(scene.near.call("intent.submit", mine))
        #expect(intent.code == 1002 && !text(intent).contains("far"))
        let order = try #require(scene.near.call("intent.submit", "{\"account\":\"desk\",\"place\":[\(replacedID("far1"))]}"))
        #expect(order.code == 1003 && order.details.count == 1)
        let own = try #require(scene.near.call("intent.submit", "{\"account\":\"desk\",\"place\":[\(replacedID("mine1"))]}"))
        #expect(Self.replaced("far1", by: "mine1", in: text(order)) == text(own))
        try scene.stage.stop()
    }

    private func replacedID(_ id: String) -> String { Self.replaced("mine1", by: id, in: Self.order) }

    @Test func `a reload opens and shuts accounts to connections that are open, and to what they follow`() throws {
        let scene = try Scene()
        let seq = try #require(scene.boss.call("daemon.status")?["result"]?["seq"]?.integer)
        #expect(scene.near.call("event.subscribe", "{\"after_seq\":\(seq)}")?.code == nil)
        func halt(_ account: String, _ reason: String) {
            for state in ["halted", "active"] {
                let params = "{\"account\":\"\(account)\",\"state\":\"\(state)\",\"reason\":\"\(reason)\"}"
                #expect(scene.boss.call("account.set_state", params)?.code == nil)
            }
        }
        /// What `near` is told up to a line.
        func told(upTo words: String) -> String {
            var told = ""
            while !told.contains(words), let line = scene.near.line() { told += String(decoding: line, as: UTF8.self) }
            return told
        }
        halt("far", "unseen")
        halt("desk", "between")
        #expect(!told(upTo: "desk active: between").contains("unseen"))
        var table = try Self.roles()
        table.limit("far", to: nil)
        scene.stage.replace(table)
        // The next call comes behind the reload.
        #expect(scene.blind.call("daemon.status") != nil)
        halt("far", "seen")
        let seen = told(upTo: "far active: seen")
        #expect(seen.contains("far halted: seen") && !seen.contains("unseen"))

        scene.stage.replace(RoleTable(ownUID: 999))
        #expect(scene.blind.call("daemon.status")?.code == 1006)
        scene.stage.replace(try Self.roles())
        #expect(scene.blind.call("daemon.status") != nil)
        halt("far", "shut")
        halt("desk", "own")
        #expect(!told(upTo: "desk active: own").contains("shut"))
        try scene.stage.stop()
    }

    @Test func `root and the daemon's own user see every account, whatever its roles say`() throws {
        var table = try RoleTable.granting(viewer: ["user:5"], ownUID: 999)
        table.limit("a", to: RoleGrants())
        table.limit("b", to: nil)
        for uid: UInt32 in [0, 999] { #expect(table.rights(of: Peer(uid: uid, pid: 1, groups: [])) == .all) }
        let rights = table.rights(of: Peer(uid: 5, pid: 1, groups: []))
        #expect(!rights.sees("a") && rights.sees("b"))
        #expect(!rights.sees("gone"), "whose an account was that is configured no more is not known")
        #expect(table.rights(of: Peer(uid: 6, pid: 1, groups: [])) == .none)
        table.limit("a", to: nil)
        #expect(table.rights(of: Peer(uid: 5, pid: 1, groups: [])) == .all)
    }

    private func text(_ json: JSON) -> String { String(decoding: json.serialized(), as: UTF8.self) }

    /// What is told of the record from its beginning up to a number.
    private func follow(_ client: RawClient, to seq: Int64, by boss: RawClient) throws -> String {
        #expect(client.call("event.subscribe", "{\"after_seq\":0}")?.code == nil)
        // Something of its own account ends what is looked at.
        let halt = "{\"account\":\"desk\",\"state\":\"halted\",\"reason\":\"the end\"}"
        #expect(boss.call("account.set_state", halt)?.code == nil)
        var told = ""
        while !told.contains("the end"), let line = client.line() { told += String(decoding: line, as: UTF8.self) }
        return told
    }
}
