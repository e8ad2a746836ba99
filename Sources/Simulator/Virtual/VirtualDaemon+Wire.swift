import OMSCore
import Transport
import Wire

/// What the network does by chance: probabilities for each request.
package struct Weather: Sendable {
    /// No connection: not a byte leaves.
    package var connectFailure = 0.0
    /// The request is under way for long, up to the moment at which an unanswered one can no longer arrive.
    package var late = 0.0
    /// The connection is reset at once and the request still arrives, as above.
    package var resetThenLate = 0.0
    /// At a crash: lost with the process, or delivered late.
    package var droppedAtCrash = 0.25
    package var lateAtCrash = 0.25
    /// What a commit may take, microseconds.
    package var slowDiskUs: Int64 = 0
    package init() {}
}

/// One request between the daemon and a venue.
final class Flight {
    let exchange: HTTPExchange
    /// When its socket dies at the latest, microseconds of the history.
    var resetBy: Int64
    let holdUs: Int64
    var arrivesAt: Int64
    var hasArrived = false
    var isDropped = false

    init(_ exchange: HTTPExchange, resetBy: Int64, holdUs: Int64, arrivesAt: Int64) {
        (self.exchange, self.resetBy, self.holdUs, self.arrivesAt) = (exchange, resetBy, holdUs, arrivesAt)
    }
}

extension VirtualDaemon {
    private func latency() -> Int64 { random.between(latencyUs.lowerBound, latencyUs.upperBound) }

    func send(_ exchanges: [HTTPExchange]) {
        for exchange in exchanges {
            if exchanges.count > 1, dies(at: .crashBetweenSends) { return }
            leave(exchange)
        }
        _ = dies(at: .crashBeforeReply)
    }

    private func leave(_ exchange: HTTPExchange) {
        let account = Int(exchange.origin.port) - 1
        let setup = options.setups[account]
        let epoch = crashes
        let sentAt = clock.transportTime
        let left = clock.time
        var isOver = false
        // Held by events that may never come due: it must not hold the daemon.
        let end: (HTTPExchangeEnd) -> Void = { [unowned self] how in
            guard !isOver else { return }
            isOver = true
            if epoch == self.crashes { exchange.completion(how) }
        }
        func fail(_ point: FaultPoint, _ reason: String) {
            note(point)
            later(latency()) { end(.notSent(reason)) }
        }
        if sentAt.monotonic > exchange.staleAt { return fail(.requestStale, "the stamp went stale") }
        let isPartitioned = left < partitionedUntil[account, default: 0]
        if isPartitioned, random.chance(0.5) { return fail(.connectFailed, "connection refused") }
        if random.chance(weather.connectFailure) { return fail(.connectFailed, "connection refused") }
        auditor.left(exchange, account: setup.id, at: sentAt.wall)
        tell("-> \(setup.id) request \(exchange.id) \(exchange.request.method) \(exchange.request.target.prefix(60)) \(words(exchange.request.body))")

        let timeout = left + exchange.timeoutMs * 1_000
        let flight = Flight(exchange, resetBy: timeout, holdUs: setup.holdUnansweredMs * 1_000, arrivesAt: left + latency())
        if random.chance(weather.late) {
            note(.requestLate)
            flight.arrivesAt = left + random.between(latencyUs.upperBound, exchange.timeoutMs * 1_000 + flight.holdUs - 1)
        } else if random.chance(weather.resetThenLate) {
            note(.resetThenLate)
            let reset = left + latency()
            events.add(at: reset) { [unowned self] _ in end(.lost("connection reset", sentAt: sentAt, resetAt: self.clock.transportTime)) }
            flight.resetBy = reset
            flight.arrivesAt = random.between(reset, reset + flight.holdUs - 1)
        }
        if isPartitioned {
            note(.partition)
            flight.isDropped = random.chance(0.7)
        }
        events.add(at: timeout) { [unowned self] _ in end(.lost("no answer in time", sentAt: sentAt, resetAt: self.clock.transportTime)) }
        flights.append(flight)
        travel(flight, account: account, sentAt: sentAt, end: end)
    }

    private func travel(_ flight: Flight, account: Int, sentAt: TransportTime, end: @escaping (HTTPExchangeEnd) -> Void) {
        events.add(at: flight.arrivesAt) { [unowned self] at in
            guard !flight.isDropped else { return }
            guard flight.arrivesAt <= at else { return self.travel(flight, account: account, sentAt: sentAt, end: end) }
            flight.hasArrived = true
            var request = flight.exchange.request
            flight.exchange.sign(&request)
            request.headers.append(HTTPHeader("Host", "127.0.0.1:1"))
            let reply = self.world.handle(request, from: "127.0.0.1:9", at: self.clock.venueTime)
            self.auditor.arrived(of: self.options.setups[account].id)
            self.tell("   \(self.options.setups[account].id) request \(flight.exchange.id) arrives: \(self.words(reply))")
            func back(_ afterUs: Int64, _ how: @escaping (TransportTime) -> HTTPExchangeEnd) {
                self.later(afterUs + self.latency()) {
                    if self.clock.time < self.partitionedUntil[account, default: 0] { return self.note(.partition) }
                    if self.clock.time >= flight.resetBy { self.note(.answerTooLate) }
                    end(how(self.clock.transportTime))
                }
            }
            switch reply {
            case .response(let response, let afterUs) where response.body.count > HTTPLimits().bodyBytes:
                // No more of it is taken than the client allows.
                back(afterUs) { .lost("an answer beyond \(HTTPLimits().bodyBytes) bytes", sentAt: sentAt, resetAt: $0) }
            case .response(let response, let afterUs):
                back(afterUs) { .answered(response, sentAt: sentAt, lastByteAt: self.options.mutant == .freePermitAtSend ? sentAt : $0) }
            case .raw(let bytes, let afterUs, _):
                var parser = HTTPResponseParser()
                if let response = (try? parser.consume(bytes)) ?? nil {
                    back(afterUs) { .answered(response, sentAt: sentAt, lastByteAt: $0) }
                } else {
                    back(afterUs) { .lost("unreadable answer", sentAt: sentAt, resetAt: $0) }
                }
            case .reset(let afterUs): back(afterUs) { .lost("connection reset", sentAt: sentAt, resetAt: $0) }
            case .silence, .upgrade: break
            }
        }
    }

    /// Decides what becomes of what was on its way when the process died.
    func strand(_ how: Death) {
        flights.removeAll { $0.hasArrived || $0.isDropped }
        let dropped = how == .kill ? weather.droppedAtCrash : 0.7
        for flight in flights {
            if random.chance(dropped) {
                flight.isDropped = true
                note(.requestDropped)
                continue
            }
            // The socket died now at the latest: nothing arrives later than this.
            let last = min(flight.resetBy, clock.time) + flight.holdUs - 1
            if random.chance(weather.lateAtCrash), flight.arrivesAt < last {
                note(.requestLateAfterCrash)
                flight.arrivesAt = random.between(flight.arrivesAt, last)
            } else if flight.arrivesAt > last {
                flight.isDropped = true
            }
        }
    }

    private func words(_ body: [UInt8]) -> String { trace == nil ? "" : String(decoding: body.prefix(400), as: UTF8.self) }

    private func words(_ reply: ServerReply) -> String {
        guard trace != nil else { return "" }
        let fault = world.ledger.requests.last?.fault.map { " [\($0)]" } ?? ""
        return switch reply {
        case .response(let response, let afterUs): "\(response.status)\(fault) after \(afterUs) us \(words(response.body))"
        case .raw(let bytes, _, _): "\(bytes.count) raw bytes\(fault)"
        case .reset: "reset\(fault)"
        case .silence, .upgrade: "silence\(fault)"
        }
    }
}

extension VirtualDaemon {
    /// Cuts accounts (by their place in the options) off from their venues.
    package func part(_ accounts: [Int], forUs duration: Int64) {
        for account in accounts { partitionedUntil[account] = clock.time + duration }
        tell("partition of \(accounts.map { options.setups[$0].id.text }.joined(separator: ", ")) for \(duration) us")
    }

    /// The faults are over: what is under way arrives, and nothing more goes wrong. Venues' clocks stay as they are.
    package func calm() {
        (weather, partitionedUntil, latencyUs) = (Weather(), [:], 500...20_000)
        disk.isFull = false
        disarm()
        calmStreams()
        world.setFaults(options.world.faults.filter { if case .clock = $0.fault { true } else { false } })
        tell("the faults are over")
    }

    /// The same, but for some faults; venues' clocks run on as they do.
    package func calm(keeping rules: [FaultRule]) {
        (weather, partitionedUntil, latencyUs) = (Weather(), [:], 500...20_000)
        disk.isFull = false
        disarm()
        calmStreams()
        world.endFaults(but: rules)
        tell("the faults are over\(rules.isEmpty ? "" : ", but for \(rules.count)")")
    }
}
