import Control
import OMSCore
import Runtime
import Simulator
import Store
import Synchronization
import TestSupport
import Venues
import Wire

// Golden: the whole way of a call, from the bytes of its line to the bytes of its answer, and a file of both that clients were written for.

/// The real control server, runner, journal and reader over simulated venues, with every clock, number and name given: the same calls have the same
/// answers, byte for byte.
final class ReplyStage: @unchecked Sendable {
    // Touched by one thread at a time: the server's while a call is under way, the test's between two.
    private let scratch = ScratchDirectory()
    private let clock = GivenClock()
    private let world: VenueWorld
    private let journal: GivenJournal
    private let replies = Answering()
    private let reads: AnsweredReads
    private let runner: Runner
    private let inputs = Inputs()
    private let wire: GivenWire
    private let server: ControlServer
    private let reader: ReaderThread
    private let readerThread: Aside<Void>
    let path: String
    /// The mailbox takes nothing.
    var isFull = false

    static let epoch: Int64 = 1_795_000_000_000_000
    /// Connections come in this order, and have these roles.
    private static let users: [UInt32] = [1_001, 1_002, 1_003]
    private static func usual() throws -> RoleTable {
        try RoleTable.granting(viewer: ["user:1002"], operator: ["user:1001"], ownUID: 999)
    }

    /// - Parameters:
    ///   - users: as whom connections come, in this order, again and again.
    ///   - sliceRows: what an intent is looked through and written by, turn after turn; nil: as usual.
    init(roles: RoleTable? = nil, users: [UInt32] = ReplyStage.users, sliceRows: Int? = nil) throws {
        path = scratch.file("control.sock")
        let setups = try [Self.setup("desk", "bitget-uta"), Self.setup("far", "xt-spot")]
        var options = WorldOptions()
        options.accounts = options.accounts.filter { account in setups.contains { $0.1.uid == account.uid && $0.1.venue == account.venue } }
        world = try VenueWorld(options)
        let clock = clock
        let file = scratch.file("journal.db")
        let accounts = setups.map { JournalAccount(id: $0.0.id, venue: $0.0.rules.profile.venue, product: $0.0.rules.profile.product) }
        let journal = GivenJournal(try SQLiteJournal.open(path: file, accounts: accounts, bootID: "boot", wallClock: { clock.now().wall }))
        self.journal = journal
        wire = GivenWire(world, clock)
        let replies = replies
        reader = ReaderThread(
            reader: try SQLiteJournalReader(path: file, isOpenHere: true), replies: replies, log: { _ in }, storageFailed: { _ in })
        reads = AnsweredReads(reader, replies)
        var links: [AccountID: VenueLink] = [:]
        for (setup, account) in setups {
            guard let adapter = setup.rules as? any VenueAdapter, let origin = HTTPOrigin("http://127.0.0.1:1") else {
                throw Unexpected("no adapter")
            }
            let key = SigningKey(keyID: account.key, secret: Array(account.secret.utf8), passphrase: account.passphrase)
            links[setup.id] = VenueLink(adapter: adapter, origin: origin, key: key)
        }
        let (log, posted) = (Harness.Lines(), inputs)
        runner = try Runner(
            ports: RunnerPorts(
                journal: journal, transport: wire, replies: replies, reads: reads, clock: clock, checkJournal: { () throws(JournalError) in },
                releaseBallast: { journal.isFull = false }, restoreBallast: { true }, log: { log.append($0) }),
            links: links, facts: DaemonFacts(version: "0.0.0", sqliteVersion: "3.0.0", startedAt: Self.epoch), post: { posted.add($0) },
            makeEngine: { state, now in
                let engine = Engine(accounts: setups.map(\.0), state: state, history: journal, seed: 1, bootID: "boot", at: now)
                if let sliceRows { engine.sliceRows = sliceRows }
                return engine
            })
        let connections = Mutex(0)
        server = try ControlServer(
            listener: ControlListener(path: path), roles: roles ?? Self.usual(),
            log: { log.append($0) },
            peerOf: { _ in
                let index = connections.withLock { count in
                    defer { count += 1 }
                    return count
                }
                return Peer(uid: users[index % users.count], pid: 7, groups: [])
            })
        replies.server = server
        let reader = reader
        readerThread = Aside { reader.run() }
        try server.start(sink: self)
    }

    func stop() throws {
        server.stop()
        reader.stop()
        try readerThread.join()
    }

    private static func setup(_ name: AccountID, _ venue: String) throws -> (AccountSetup, SimAccount) {
        guard let sample = VenueCatalog.sample(venue: venue), let adapter = VenueCatalog.adapter(venue: venue, product: sample.product),
            let account = [SimAccount].standard.first(where: { $0.venue == venue && $0.products.contains(sample.product) })
        else { throw Unexpected("no venue \(venue)") }
        var setup = AccountSetup(id: name, uid: account.uid, keyFingerprint: "print", rules: adapter)
        // Listings come when they are asked for.
        setup.reconcileIntervalMs = 86_400_000
        if name == "far" {
            setup.queueMaxOrders = 6
            setup.risk.symbols = ["btc_usdt"]
            setup.risk.maxOpenOrders = 4
            setup.risk.maxOrderNotional = Decimal(1_000)
        }
        return (setup, account)
    }

    /// The configuration was read again. Holds from the next call on.
    func replace(_ roles: RoleTable) { server.replaceRoles(roles) }

    // MARK: What happens meanwhile

    /// Whether venues can be reached.
    func setReachable(_ isReachable: Bool) { wire.isReachable = isReachable }

    /// Whether the journal's disk has space.
    func fillDisk() { journal.isFull = true }

    /// The next commit needs a file of the archive that broke.
    func breakArchive() { journal.brokenFiles = 1 }
    /// Executions on record lie in a file of the archive that broke, or is whole again.
    func breakFills(_ areBroken: Bool) { journal.areFillsBroken = areBroken }

    /// The file of the archive that orders are read from breaks once so many were read; nil: it is put back.
    func breakArchive(afterReads reads: Int?) { journal.readsLeft = reads }

    /// The configuration was read again: `desk` may have so many orders open.
    ///
    /// - Returns: how many reloads are on record then.
    func reload(maxOpenOrders: Int) throws -> Int {
        var setup = try Self.setup("desk", "bitget-uta").0
        setup.risk.maxOpenOrders = maxOpenOrders
        inputs.add(.reload([setup], changes: ["max_open_orders"], by: .daemon))
        run(forUs: 0) { inputs.isEmpty }
        let reader = try SQLiteJournalReader(path: scratch.file("journal.db"), isOpenHere: true)
        return try reader.events(after: 0, of: .all, limit: 10_000).lines.count { String(decoding: $0.members, as: UTF8.self).contains("\"reload\"") }
    }

    /// Lets so much time go by.
    func pass(ms: Int64) { run(forUs: ms * 1_000) { false } }

    /// Runs until every account is ready.
    func getReady() throws {
        guard run(forUs: 60_000_000, until: { self.runner.engine.snapshot().allSatisfy(\.isReady) }) else { throw Unexpected("not ready") }
    }

    /// An order of somebody else rests at the account's venue.
    func placeFromOutside() throws {
        guard let exchange = world.venue(named: "bitget-uta")?.exchange, let uid = world.accounts(of: "bitget-uta").first?.uid,
            let quantity = Decimal("0.02")
        else { throw Unexpected("no venue") }
        var ticket = Simulator.Ticket(symbol: "BTCUSDT", side: .buy, quantity: quantity, clientID: "other1", product: "spot")
        ticket.price = Decimal(50_000)
        _ = exchange.placeExternally(ticket, uid: uid, at: clock.now().wall)
    }

    /// Some of an order is executed at its venue.
    func fill(_ id: String, _ quantity: String) throws {
        guard let exchange = world.venue(named: "bitget-uta")?.exchange, let order = exchange.orders.last(where: { $0.clientID == id }),
            exchange.fill(order, quantity: Decimal(quantity), at: clock.now().wall) != nil
        else { throw Unexpected("nothing to fill") }
    }

    // MARK: Turns

    @discardableResult
    private func run(forUs limit: Int64, until holds: () -> Bool) -> Bool {
        let end = clock.time + limit
        while true {
            do throws(JournalError) { try runner.turn(inputs.take()) } catch { preconditionFailure("\(error)") }
            if holds() { return true }
            if !inputs.isEmpty { continue }
            guard clock.time < end else { return false }
            clock.time += max(1_000, min(end - clock.time, min(runner.engine.nextWake - clock.now().monotonic, 1_000_000)))
        }
    }
}

extension ReplyStage: ControlSink {
    func post(_ command: ControlCommand, from caller: Caller, ticket: OMSCore.Ticket, isLone: Bool) -> Bool {
        guard !isFull else { return false }
        clock.time += 1_000
        inputs.add(.command(given(command), from: caller, ticket: ticket))
        guard run(forUs: 600_000_000, until: { replies.isAnswered(ticket) }) else { preconditionFailure("no answer to \(command)") }
        return true
    }

    func spoke(connection: UInt64) {}
    func changed(_ rights: Rights, of connection: UInt64) {
        inputs.add(.rights(rights, connection: connection))
        run(forUs: 0) { true }
    }

    /// Tokens that are the same in every history.
    private func given(_ command: ControlCommand) -> ControlCommand {
        let text = "token \(clock.time)"
        let token = GuardToken(text: text, digest: Digest256(sha256(Array(text.utf8))))
        return switch command {
        case .guardBegin(let terms, _): .guardBegin(terms, token: token)
        case .guardResume(let presented, _): .guardResume(presented: presented, token: token)
        default: command
        }
    }

    func disconnected(connection: UInt64) {}
}
