import CLinux
import ControlAPI
import Kernel
import Synchronization
import Transport
import Wire

/// Follows the daemon's events for all pages, while one looks, and hands them to those that wait.
///
/// It takes so many a second and no more. What comes beyond that is left out, and said to be: a page that fell hours behind would tell of another time.
final class ConsoleFollower: Sendable {
    private struct State {
        var list = ConsoleEventList()
        var waiters: [(after: Int64?, until: Int64, responder: any ServerResponder)] = []
        /// When a page last asked.
        var askedAt: Int64 = 0
        var isStopping = false
    }

    static let perSecondMax = 100
    /// Events from before the first page was opened.
    private static let backlog: Int64 = 50
    /// A page's question stands open so long, at most.
    private static let waitUs: Int64 = 15_000_000
    /// See ``Connection``. While the daemon is asked nobody who waits is answered: two questions and `waitUs` are less than a page's patience of 25 s.
    private static let patienceSeconds = 4
    private static let waitersMax = 64
    /// A page that has not asked for so long is gone, or hidden.
    private static let lookUs: Int64 = 150_000_000
    /// Between two looks at what else there is to do.
    private static let sliceMs: Int32 = 250

    private let socketPath: String
    private let poller: Poller
    private let state = Mutex(State())

    init(socketPath: String) throws(SystemError) {
        self.socketPath = socketPath
        poller = try Poller()
    }

    /// Answers with what came behind `after`, now or as soon as something does.
    func answer(after: Int64?, _ responder: any ServerResponder) {
        let now = bootTime()
        let page: [UInt8]? = state.withLock { state in
            state.askedAt = now
            if let page = state.list.page(after: after) { return page }
            guard state.waiters.count < Self.waitersMax, !state.isStopping else { return Self.nothing(state.list) }
            state.waiters.append((after, now + Self.waitUs, responder))
            return nil
        }
        poller.wake()
        if let page { responder.send(.response(ConsoleAnswer.bytes(page, "application/json"))) }
    }

    func stop() {
        state.withLock { $0.isStopping = true }
        poller.wake()
    }

    private static func nothing(_ list: ConsoleEventList) -> [UInt8] { Array("{\"next\":\(list.last),\"events\":[]}".utf8) }

    /// Answers whoever waits for what has come, or has waited long enough.
    private func serve() {
        let now = bootTime()
        let due = state.withLock { state in
            var due: [(page: [UInt8], responder: any ServerResponder)] = []
            state.waiters.removeAll { waiter in
                let page = state.list.page(after: waiter.after) ?? (waiter.until <= now || state.isStopping ? Self.nothing(state.list) : nil)
                guard let page else { return false }
                due.append((page, waiter.responder))
                return true
            }
            return due
        }
        for (page, responder) in due { responder.send(.response(ConsoleAnswer.bytes(page, "application/json"))) }
    }

    /// The thread's body; returns after `stop`.
    func run() {
        var connection: Connection?
        var (last, shown): (Int64?, Int64?) = (nil, nil)
        var (second, inSecond): (Int64, Int) = (0, 0)
        var triedAt: Int64?
        while true {
            serve()
            let (isStopping, askedAt) = state.withLock { ($0.isStopping, $0.askedAt) }
            if isStopping { return serve() }
            let now = bootTime()
            guard askedAt > 0, now - askedAt < Self.lookUs else {
                // Nobody looks: the daemon is left alone, and this thread sleeps until somebody does.
                connection = nil
                _ = poller.wait(until: nil)
                continue
            }
            if now / 1_000_000 != second { (second, inSecond) = (now / 1_000_000, 0) }
            if inSecond >= Self.perSecondMax {
                if connection != nil { add(ConsoleEvent.gap(after: shown)) }
                (connection, last) = (nil, nil)
                _ = poller.wait(until: (second + 1) * 1_000_000)
                continue
            }
            guard let open = connection else {
                if let triedAt, now - triedAt < 1_000_000 {
                    _ = poller.wait(until: triedAt + 1_000_000)
                    continue
                }
                triedAt = now
                // The page says by its status why a daemon cannot be asked; here it is tried again.
                connection = try? subscribed(after: last, isFirst: shown == nil)
                continue
            }
            do throws(Failure) {
                guard let message = try open.message(withinMs: Self.sliceMs) else { continue }
                guard message["method"] == .string("event"), let event = message["params"] else { continue }
                (last, inSecond) = (event["seq"]?.integer ?? last, inSecond + 1)
                shown = last
                add(ConsoleEvent.json(event))
            } catch {
                connection = nil
            }
        }
    }

    private func add(_ event: JSON) { state.withLock { $0.list.add(event) } }

    /// Behind the last event shown, unless the record has gone on too far; at first a few from before.
    private func subscribed(after last: Int64?, isFirst: Bool) throws(Failure) -> Connection {
        let connection = try Connection(path: socketPath, patienceSeconds: Self.patienceSeconds)
        var after = last
        if isFirst || last != nil {
            let seq = try connection.ask(DaemonStatus.self).seq
            let from = max(0, seq - Self.backlog)
            if let last, last < from || last > seq {
                add(ConsoleEvent.gap(after: last < from ? last : nil))
                after = from
            }
            if isFirst { after = from }
        }
        _ = try connection.ask(EventSubscribe.self, EventSubscribe.Parameters(afterSeq: after))
        return connection
    }
}
