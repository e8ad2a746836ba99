import CLinux
import OMSCore
import Runtime
import Synchronization
import Transport
import Wire

/// `/metrics` in the Prometheus text format, and `/healthz`: what the core loop published last, at most a second old.
final class MetricsServer: Sendable {
    let server: HTTPServer
    private let page: Page

    private final class Page: Sendable {
        let text = Mutex<(metrics: [UInt8], isHealthy: Bool)>(([], false))
    }

    init(_ listen: ListenAddress) throws {
        let page = Page()
        self.page = page
        let host = listen.host.contains(":") ? "[\(listen.host)]" : listen.host
        server = try HTTPServer(
            address: "\(host):\(listen.port)", tls: nil,
            handler: { request, _, responder in
                let (metrics, isHealthy) = page.text.withLock { $0 }
                switch (request.method, request.path) {
                case ("GET", "/metrics"):
                    let type = HTTPHeader("Content-Type", "text/plain; version=0.0.4")
                    responder.send(.response(HTTPResponse(status: 200, headers: [type], body: metrics)))
                case ("GET", "/healthz"):
                    responder.send(.response(HTTPResponse(status: isHealthy ? 200 : 503, body: Array((isHealthy ? "ok\n" : "not ready\n").utf8))))
                default: responder.send(.response(HTTPResponse(status: 404, body: Array("/metrics and /healthz are here\n".utf8))))
                }
            })
        try server.start()
    }

    func publish(_ accounts: [AccountSnapshot], engine: Engine, wal: WALWatch) {
        var out = ""
        func metric(_ name: String, _ help: String, _ rows: [(labels: String, value: Int64)]) {
            out += "# HELP omsd_\(name) \(help)\n# TYPE omsd_\(name) gauge\n"
            for row in rows { out += "omsd_\(name)\(row.labels) \(row.value)\n" }
        }
        func each(_ value: (AccountSnapshot) -> Int) -> [(labels: String, value: Int64)] {
            accounts.map { ("{account=\"\($0.account.text.escapedForLog)\",venue=\"\($0.venue)\"}", Int64(value($0))) }
        }
        metric("journal_seq", "Last sequence number of the record.", [("", engine.journalSeq)])
        metric("journal_full", "1 while the journal's disk is full.", [("", engine.isJournalFull ? 1 : 0)])
        metric("journal_wal_bytes", "Length of the journal's WAL; above 64 MiB a reader holds it.", [("", Int64(wal.bytes))])
        metric("ready", "1 when the account's first reconciliation is done.", each { $0.isReady ? 1 : 0 })
        metric("trading", "2 active, 1 reducing, 0 halted.", each { $0.state == .active ? 2 : $0.state == .reducing ? 1 : 0 })
        metric("queued_places", "Orders that wait to be sent.", each(\.queuePlace))
        metric("queued_cancels", "Cancels that wait to be sent.", each(\.queueCancel))
        metric("in_flight", "Requests without an answer yet.", each(\.inFlight))
        metric("open_orders", "Orders the venue holds.", each(\.open))
        metric("in_doubt", "Orders whose fate is not known.", each(\.inDoubt))
        let bytes = Array(out.utf8)
        let isHealthy = !engine.isJournalFull && accounts.allSatisfy(\.isReady)
        page.text.withLock { $0 = (bytes, isHealthy) }
    }
}
