import CLinux
import Kernel
import Synchronization
import Transport
import Wire

/// Asks the daemon on behalf of all pages: one connection, one question at a time, and only while somebody looks. It asks what a viewer may, whatever its
/// user's role is, and nothing that changes anything.
final class ConsoleDesk: Sendable {
    private enum Job: Sendable {
        /// A page looks.
        case look
        case find(String, any ServerResponder)
        case plots(any ServerResponder)
        case stop
    }

    /// Between two questions about how the daemon stands, in microseconds: while a page asks, and while one may lie in the background, where browsers let
    /// it ask once a minute.
    private static let pauseUs: Int64 = 2_000_000
    private static let longPauseUs: Int64 = 8_000_000
    /// A page that has not asked for so long is in the background, or gone.
    private static let seenUs: Int64 = 10_000_000
    private static let lookUs: Int64 = 150_000_000
    /// See ``Connection``.
    static let patienceSeconds = 10
    /// Searches and plots that wait; who comes then is told to try again.
    private static let waitingMax = 16

    private let socketPath: String
    private let board: ConsoleBoard
    private let poller: Poller
    private let mailbox: LoopMailbox<Job>
    private let waiting = Mutex(0)

    init(socketPath: String, board: ConsoleBoard) throws(SystemError) {
        (self.socketPath, self.board) = (socketPath, board)
        let poller = try Poller()
        self.poller = poller
        mailbox = LoopMailbox(wake: { poller.wake() })
    }

    func look() { _ = mailbox.post(.look) }
    func stop() { _ = mailbox.post(.stop) }
    func find(_ id: String, _ responder: any ServerResponder) { take(.find(id, responder), responder) }
    func plots(_ responder: any ServerResponder) { take(.plots(responder), responder) }

    private func take(_ job: Job, _ responder: any ServerResponder) {
        let isTaken = waiting.withLock { waiting in
            guard waiting < Self.waitingMax else { return false }
            waiting += 1
            return true
        }
        guard isTaken, mailbox.post(job) else {
            return responder.send(.response(ConsoleAnswer.json(.object([("words", .string("too much is asked at once: try again"))]), status: 503)))
        }
    }

    /// The thread's body; returns after `stop`.
    func run() {
        mailbox.own()
        var questions = ConsoleQuestions(socketPath: socketPath)
        var lookedAt = bootTime()
        var askedAt: Int64?
        while true {
            for job in mailbox.drain() {
                switch job {
                case .look: lookedAt = bootTime()
                case .find(let id, let responder): answer(responder) { () throws(Failure) in try questions.find(id) }
                case .plots(let responder): answer(responder) { () throws(Failure) in try questions.plots(now: omsd_clock_us(CLOCK_REALTIME)) }
                case .stop: return
                }
            }
            let now = bootTime()
            let isWatched = now - lookedAt < Self.lookUs
            let pause = now - lookedAt < Self.seenUs ? Self.pauseUs : Self.longPauseUs
            if isWatched, askedAt.map({ now - $0 >= pause }) ?? true {
                board.asks(at: now)
                do throws(Failure) {
                    board.publish(ConsoleModel(answers: try questions.standing(now: now)).json.serialized(), askedAt: now)
                } catch {
                    questions.hangUp()
                    board.failed(error.text)
                }
                askedAt = bootTime()
            }
            _ = poller.wait(until: !mailbox.isEmpty ? 0 : isWatched ? (askedAt ?? now) + pause : nil)
        }
    }

    private func answer(_ responder: any ServerResponder, _ question: () throws(Failure) -> JSON) {
        waiting.withLock { $0 -= 1 }
        do throws(Failure) {
            responder.send(.response(ConsoleAnswer.json(try question())))
        } catch {
            responder.send(.response(ConsoleAnswer.json(.object([("words", .string(error.text))]))))
        }
    }
}
