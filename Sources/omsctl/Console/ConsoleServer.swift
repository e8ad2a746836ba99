import CLinux
import Kernel
import Synchronization
import Transport
import Wire

/// A console: its page for browsers of this host, and two threads that ask the daemon. Bounded in all that a browser, or somebody else, can make it hold.
final class ConsoleServer: Sendable {
    /// With the token: whoever has it may read.
    let url: String
    let port: UInt16
    private let server: HTTPServer
    private let pages: ConsolePages
    private let threads = Mutex<[Thread]>([])

    static let connectionsMax = 256
    /// Longer than a page's question for events stands open.
    private static let connectionUs: Int64 = 30_000_000
    /// A few hundred bytes, on this host: a connection that brings no request makes room for one that does.
    private static let requestUs: Int64 = 3_000_000

    /// - Parameter chartFiles: Where the library for plots may lie.
    /// - Throws: 1, where the address is taken or the system gives nothing more.
    init(listen: ConsoleAddress, socketPath: String, token: String, chartFiles: [String] = ConsolePages.chartFiles) throws(Failure) {
        var address = listen
        do {
            let pages = try ConsolePages(socketPath: socketPath, token: token, chartFiles: chartFiles)
            server = try HTTPServer(
                address: listen.authority, limits: HTTPLimits(headBytes: 16 * 1024, bodyBytes: 1_024), maxConnections: Self.connectionsMax,
                connectionUs: Self.connectionUs, requestUs: Self.requestUs,
                handler: { request, _, responder in pages.answer(request, responder) })
            address.port = server.port
            pages.open(at: address)
            self.pages = pages
        } catch {
            throw Failure(exitCode: .internal, text: "the console cannot listen on \(listen.authority): \(error)")
        }
        (url, port) = ("http://\(address.authority)/?token=\(token)", address.port)
    }

    func start() throws(Failure) {
        let pages = pages
        do {
            let started = [
                try Thread.start("console-desk") { pages.desk.run() }, try Thread.start("console-events") { pages.follower.run() },
            ]
            threads.withLock { $0 = started }
            try server.start()
        } catch { throw Failure(exitCode: .internal, text: "the console cannot start: \(error)") }
    }

    func stop() {
        pages.desk.stop()
        pages.follower.stop()
        for thread in threads.withLock({ $0 }) { thread.join() }
        server.stop()
    }

    /// Requests without the right token that the person at the terminal is to be told of now.
    func guessesToTell(at now: Int64) -> Int { pages.guesses.withLock { $0.toTell(at: now) } }
}

/// What a console answers. Called on the server's thread, where nothing may wait.
final class ConsolePages: Sendable {
    let desk: ConsoleDesk
    let follower: ConsoleFollower
    let guesses = Mutex(ConsoleGuesses())
    private let board = ConsoleBoard()
    private let token: String
    private let socketPath: String
    private let chartFiles: [String]
    private let gate = Mutex<ConsoleGate?>(nil)

    /// Debian's libjs-chart.js. Source: packages.debian.org/bookworm/all/libjs-chart.js/filelist (2026-11-27).
    static let chartFiles = ["/usr/share/javascript/chart.js/chart.min.js", "/usr/share/javascript/chart.js/Chart.min.js"]
    private static let chartBytesMax = 4 << 20

    init(socketPath: String, token: String, chartFiles: [String]) throws(SystemError) {
        (self.socketPath, self.token, self.chartFiles) = (socketPath, token, chartFiles)
        desk = try ConsoleDesk(socketPath: socketPath, board: board)
        follower = try ConsoleFollower(socketPath: socketPath)
    }

    /// From here on requests are let in that name this address.
    func open(at address: ConsoleAddress) { gate.withLock { $0 = ConsoleGate(address: address, token: token) } }

    func answer(_ request: HTTPRequest, _ responder: any ServerResponder) {
        guard let gate = gate.withLock({ $0 }) else { return responder.send(.response(ConsoleAnswer.refusal(503, "not yet"))) }
        switch gate.judge(request) {
        case .refuse(let status, let words): responder.send(.response(ConsoleAnswer.refusal(status, words)))
        case .unknown(let words):
            let isAnswered = guesses.withLock { $0.count(at: bootTime()) }
            responder.send(isAnswered ? .response(ConsoleAnswer.refusal(403, words)) : .reset())
        case .pass(let route): answer(route, responder)
        }
    }

    private func answer(_ route: ConsoleGate.Route, _ responder: any ServerResponder) {
        func send(_ body: [UInt8], _ type: String) { responder.send(.response(ConsoleAnswer.bytes(body, type))) }
        switch route {
        case .page: send(page(), "text/html")
        case .style: send(PackageResources.console_css, "text/css")
        case .script: send(Self.script, "text/javascript")
        case .chart:
            guard let library = chartLibrary() else {
                return responder.send(.response(ConsoleAnswer.refusal(404, "libjs-chart.js is not installed")))
            }
            send(library, "text/javascript")
        case .status:
            desk.look()
            send(board.status(at: bootTime(), wall: omsd_clock_us(CLOCK_REALTIME)), "application/json")
        case .events(let after): follower.answer(after: after, responder)
        case .plots: desk.plots(responder)
        case .find(let id): desk.find(id, responder)
        }
    }

    private static let script = PackageResources.page_js + PackageResources.parts_js + PackageResources.plots_js + PackageResources.console_js

    /// The page with its token filled in, which is hex and needs no escaping.
    private func page() -> [UInt8] {
        let chart = chartFiles.contains { access($0, R_OK) == 0 } ? "<script src=\"chart.js?token=TOKEN\" defer></script>" : ""
        let text = String(decoding: PackageResources.console_html, as: UTF8.self)
        return Array(text.replacing("<!--chart-->", with: chart).replacing("TOKEN", with: token).utf8)
    }

    private func chartLibrary() -> [UInt8]? {
        for path in chartFiles {
            guard let bytes = SystemTerminal().read(path), bytes.count <= Self.chartBytesMax else { continue }
            return bytes
        }
        return nil
    }
}
