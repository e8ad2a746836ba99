import Glibc
import OMSCore
import Simulator
import Synchronization
import Transport
import Wire

extension Main {
    /// `omsim audit`: exit 0 when every order is where the journal says, once, with its executions, and no limit was broken; else 1.
    static func audit(_ command: AuditCommand) throws {
        // The journal first: what it calls placed by then, the ledger must show.
        let orders = try RecordedOrders.read(command.journal, archive: command.archive)
        let ledger = try fetchLedger(from: command)
        let audit = try Audit(orders: orders, ledger: ledger)
        if command.isJSON {
            try StandardStream.output.write(audit.json + [UInt8(ascii: "\n")])
        } else {
            try StandardStream.output.write(audit.table)
        }
        guard audit.holds else { exit(1) }
    }

    private static func fetchLedger(from command: AuditCommand) throws -> JSON {
        var settings = TLSTransport.Settings()
        // A million orders with their requests, at about 300 bytes each.
        settings.limits.bodyBytes = 1 << 30
        let transport = try TLSTransport(settings: settings)
        defer { transport.shutdown(graceMs: 0) }
        try transport.configure(command.origin, maxConnections: 1, caFile: command.caFile)
        let answer = Answer()
        let exchange = HTTPExchange(
            id: 1, origin: command.origin, request: HTTPRequest("GET", "/_sim/ledger"), sign: { _ in }, staleAt: .max, timeoutMs: 60_000
        ) { answer.set($0) }
        transport.send([exchange])
        switch answer.wait() {
        case .answered(let response, _, _):
            guard response.status == 200 else { throw ProgramFailure(text: "\(command.origin) answers HTTP \(response.status)", code: 74) }
            return try JSONParser.parse(response.body)
        case .notSent(let why), .lost(let why, _, _):
            throw ProgramFailure(text: "no ledger from \(command.origin): \(why.escapedForLog)", code: 74)
        }
    }

    /// Where the transport's thread puts the answer.
    private final class Answer: Sendable {
        private let end = Mutex<HTTPExchangeEnd?>(nil)
        private let pipe: (read: Int32, write: Int32)

        init() {
            var ends: [Int32] = [-1, -1]
            guard Glibc.pipe(&ends) == 0 else { preconditionFailure("the kernel gives no pipe") }
            pipe = (ends[0], ends[1])
        }
        deinit {
            close(pipe.read)
            close(pipe.write)
        }

        func set(_ value: HTTPExchangeEnd) {
            end.withLock { $0 = value }
            var byte: UInt8 = 1
            while write(pipe.write, &byte, 1) < 0, errno == EINTR {}
        }
        func wait() -> HTTPExchangeEnd {
            var byte: UInt8 = 0
            while read(pipe.read, &byte, 1) < 0, errno == EINTR {}
            guard let value = end.withLock({ $0 }) else { preconditionFailure("woken without an answer") }
            return value
        }
    }
}
