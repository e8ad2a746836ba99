import CLinux
import TestSupport
import Testing
import Wire

/// A guard whose holder is killed, over real processes: what it stands for is cancelled at each venue as fast as its limits let, each order once, and told.
@Suite(.serialized) struct GuardTests {
    private static let venues = ["bitget-margin", "bitget-uta", "xt-spot", "az-futures", "ascendex"]
    private static let ordersEach = 400
    private static let graceMs: Int64 = 500
    /// An answer in a debug build, beside whatever else this machine builds and tests.
    private static let roundTripMs: Int64 = 250
    private static let slackMs: Int64 = 2_000

    /// 2,000 orders that rest, submitted under a guard that a process of its own holds.
    private struct Scene {
        let house: House
        let watcher: ControlClient
        let holder: ChildProcess
        let guardID: Int64

        init() throws {
            house = try House(GuardTests.venues)
            watcher = try house.start()
            // Handed on and closed here: the connection lives as long as that process does.
            var client: ControlClient? = try house.client()
            let held = try #require(try client?.call("session.guard", "{on_lost: 'cancel', grace_ms: \(GuardTests.graceMs)}"))
            guardID = try #require(held["guard_id"]?.integer)
            for account in house.accounts { try client?.submit(account.intent("rest-\(account.name)", orders: GuardTests.ordersEach)) }
            for account in house.accounts { try watcher.wait("rest-\(account.name)", seconds: 170) }
            let descriptor = try #require(client?.descriptor)
            holder = try ChildProcess("/bin/sleep", ["600"], log: house.scratch.file("holder.log"), descriptors: [descriptor])
            client = nil
            #expect(try Self.live(house) == GuardTests.venues.count * GuardTests.ordersEach)
        }

        static func live(_ house: House) throws -> Int { try house.journal.number("SELECT count(*) FROM v_open") }

        /// By the simulator's clock.
        func now() throws -> Int64 { try #require(try house.pages.ledger()["now"]?.integer) }

        func waitUntilOver() throws {
            try pollUntil("the guard's orders are closed: \(house.daemon?.tail ?? "")", seconds: 120) { try Self.live(house) == 0 }
            try pollUntil("the guard has tripped", seconds: 30) {
                try house.journal.texts("SELECT state FROM v_guards WHERE guard_id = \(guardID)") == ["tripped"]
            }
        }

        func cancels(of account: TestAccount, since: Int64) throws -> [JSON] {
            try house.pages.requests {
                $0["account"]?.string == account.uid && $0["at"]?.integer ?? 0 > since && ["cancel", "mixed"].contains($0["kind"]?.string ?? "")
            }
        }

        /// All orders are gone at the venues, and what the journal says is so.
        func check() throws {
            let orders = try #require(try house.pages.ledger()["orders"]?.array)
            #expect(orders.count == GuardTests.venues.count * GuardTests.ordersEach && orders.allSatisfy { $0["state"]?.string == "canceled" })
            let told = try house.journal.texts(
                "SELECT to_state FROM v_timeline WHERE kind = 'guard' AND to_state IN ('lost', 'tripping', 'tripped') ORDER BY seq")
            #expect(Set(told) == ["lost", "tripping", "tripped"] && told.last == "tripped", "\(told)")
            #expect(told.count { $0 == "tripped" } == 1)
            let (code, report) = try house.verify()
            #expect(code == 0, "\(report)")
            let audit = try house.audit()
            #expect(audit.code == 0, "\(audit.output)")
        }
    }

    /// As long as so many cancel requests take at most, behind the grace.
    private static func boundMs(_ account: TestAccount, requests: Int) throws -> Int64 {
        let names = ["batch-cancel", "batch-place"]
        let rule = try #require(names.lazy.compactMap { name in account.profile.budgets.first { $0.name == name } }.first)
        let waves = Int64((requests + rule.permits - 1) / rule.permits)
        return waves * (Int64(rule.windowMs) + 20 + roundTripMs)
    }

    @Test func `a client that is killed with 2,000 orders at five venues has each cancelled once, as fast as the limits let, and it is told`() throws
    {
        let scene = try Scene()
        let killedAt = try scene.now()
        scene.holder.signal(SIGKILL)
        try scene.waitUntilOver()
        for account in scene.house.accounts {
            let cancels = try scene.cancels(of: account, since: killedAt)
            let items = cancels.reduce(0) { $0 + ($1["items"]?.integer ?? 0) }
            #expect(items == Int64(Self.ordersEach), "\(account.name): \(items) cancels")
            let times = cancels.compactMap { $0["at"]?.integer }
            let tookMs = (try #require(times.max()) - killedAt) / 1_000
            let boundMs = try Self.graceMs + Self.boundMs(account, requests: cancels.count)
            say("guard: \(account.name): \(cancels.count) requests, the last \(tookMs) ms behind the kill, of \(boundMs) ms")
            #expect(tookMs >= Self.graceMs - 50, "\(account.name): not within the grace")
            #expect(tookMs <= boundMs + Self.slackMs, "\(account.name): \(tookMs) ms of \(boundMs)")
        }
        #expect(try scene.house.journal.number("SELECT count(*) FROM v_commands") == Self.venues.count * Self.ordersEach)
        #expect(try scene.house.journal.number("SELECT count(*) FROM v_commands WHERE attempts <> 1") == 0)
        try scene.check()
    }

    @Test func `the same with the daemon killed in the middle: the next one goes on with it`() throws {
        let scene = try Scene()
        let house = scene.house
        scene.holder.signal(SIGKILL)
        try pollUntil("some are cancelled \(house.daemon?.tail ?? "")", seconds: 60) {
            let gone = try house.journal.number("SELECT count(*) FROM v_orders WHERE state = 'canceled'")
            return (1..<Self.venues.count * Self.ordersEach - 100).contains(gone)
        }
        try house.killDaemon()
        let left = try Scene.live(house)
        #expect(left > 0, "killed in the middle")
        let restartedAt = try scene.now()
        try house.start(untilReady: false)
        try scene.waitUntilOver()
        for account in house.accounts {
            let cancels = try scene.cancels(of: account, since: restartedAt)
            let times = cancels.compactMap { $0["at"]?.integer }
            let tookMs = ((times.max() ?? restartedAt) - restartedAt) / 1_000
            // What was out when the daemon died holds its permits, and its orders are looked up first.
            let holdMs: Int64 = 1_000 + 3_000
            let boundMs = try Self.boundMs(account, requests: cancels.count) + holdMs
            say("guard: \(account.name): \(cancels.count) requests behind the restart, the last after \(tookMs) ms, of \(boundMs) ms")
            #expect(tookMs <= boundMs + 2 * Self.slackMs, "\(account.name): \(tookMs) ms of \(boundMs)")
        }
        try scene.check()
    }
}
