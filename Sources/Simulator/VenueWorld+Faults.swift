import Containers
import OMSCore
import Transport
import Wire

/// What becomes of a request that a fault strikes.
extension VenueWorld {
    func strike(_ fault: Fault, rule: Int, _ arrival: Arrival, _ route: Route) -> ServerReply {
        let (dialect, exchange, record) = (arrival.venue.dialect, arrival.venue.exchange, arrival.record)
        if case .executeLate(let delay, let lost) = fault {
            // Still under way: it is counted when it arrives, which is what a client's hold on unanswered requests is for.
            record.outcome = .underWay
            events.add(at: now + faults.draw(rule) { delay.draw(&$0) }) { [unowned self] at in
                record.executedAt = at
                record.status = self.execute(arrival, route).status
            }
            return loss(lost)
        }
        let call = call(arrival, route, as: fault.account(in: arrival.account))
        guard count(arrival, call) else {
            record.fault = nil
            return reply(limited(arrival, call), to: record)
        }

        func executed(visibilityDelayUs: Int64 = 0) -> HTTPResponse { answer(arrival, call, visibilityDelayUs: visibilityDelayUs) }
        func refused(_ why: Refusal) -> ServerReply {
            record.outcome = .refused
            return reply(dialect.refuse(why, call), to: record)
        }
        func edited(_ change: (inout [JSON], inout SplitMix64) -> Void) -> ServerReply {
            reply(tampered(executed(), rule, route, record, change), to: record)
        }
        func rewrite(_ change: (JSON) -> JSON?) -> ServerReply { reply(rewritten(executed(), record, change), to: record) }
        /// The fault does not fit this request.
        func untouched() -> ServerReply {
            record.fault = nil
            return reply(executed(), to: record)
        }
        func notExecuted(_ reply: ServerReply) -> ServerReply {
            record.outcome = .notExecuted
            return reply
        }

        switch fault {
        case .executeLate, .clock, .stream: preconditionFailure("handled before")
        case .loseReplyBeforeExecution(let lost): return notExecuted(loss(lost))
        case .reset: return notExecuted(.reset())
        case .loseReplyAfterExecution(let lost):
            record.status = executed().status
            return loss(lost)
        case .delay(let delay):
            let response = executed()
            return reply(response, to: record, afterUs: faults.draw(rule) { delay.draw(&$0) })
        case .earlyPush(let delay):
            streams.tellsAtOnce = true
            defer { streams.tellsAtOnce = false }
            let response = executed()
            return reply(response, to: record, afterUs: faults.draw(rule) { delay.draw(&$0) })
        case .serverError(let status, let body, let executes):
            if executes { _ = executed() } else { record.outcome = .notExecuted }
            return reply(serverError(status, body), to: record)
        case .rateLimited: return refused(.rateLimited)
        case .ban(let status, let lasts, let saysWhen):
            let until = now + faults.draw(rule) { lasts.draw(&$0) }
            let ban = Ban(venue: dialect.venue, peer: arrival.peer, until: until, status: status, saysWhen: saysWhen)
            bans = bans.filter { $0.until > now } + [ban]
            record.outcome = .refused
            return reply(ban.answer(at: now), to: record)
        case .maintenance: return refused(.maintenance)
        case .wrongAccount: return refused(.wrongAccount)
        case .venueError(let code, let message, let status, let executes):
            let refusal = Refusal.venueError(code: code, message: message, status: status)
            guard executes else { return refused(refusal) }
            _ = executed()
            return reply(dialect.refuse(refusal, call), to: record)
        case .truncate:
            let response = executed()
            record.status = response.status
            let bytes = serialized(response)
            let cut = faults.draw(rule) { Int($0.below(UInt64(max(bytes.count - 1, 1)))) }
            return .raw(Array(bytes.prefix(cut)), thenClose: true)
        case .garbage(let isHTTP):
            record.status = executed().status
            let noise = faults.draw(rule) { random in (0..<(64 + Int(random.below(192)))).map { _ in UInt8(truncatingIfNeeded: random.next()) } }
            return isHTTP
                ? .response(HTTPResponse(status: 200, headers: [HTTPHeader("Content-Type", "application/json")], body: noise))
                : .raw(noise, thenClose: true)
        case .missingItem:
            return edited { items, random in items.remove(at: Int(random.below(UInt64(items.count)))) }
        case .repeatedItem:
            return edited { items, random in
                items.insert(items[Int(random.below(UInt64(items.count)))], at: Int(random.below(UInt64(items.count + 1))))
            }
        case .reorderedItems:
            return edited { items, random in
                let before = items
                items.shuffle(using: &random)
                if items == before { items.append(items.removeFirst()) }
            }
        case .lateVisibility(let delay):
            let us = faults.draw(rule) { delay.draw(&$0) }
            return reply(executed(visibilityDelayUs: us), to: record)
        case .duplicateExecution:
            let response = executed()
            _ = executed()
            return reply(response, to: record)
        case .unknownEndpoint: return refused(.unknownEndpoint)
        case .otherAccount: return reply(executed(), to: record)
        case .strangeID where !dialect.derivesIDs: return untouched()
        case .itemError, .strangeID, .lateEffect:
            trouble(fault, rule, call)
            return reply(executed(), to: record)
        case .staleReplica(let age):
            guard route.kind == .lookup else { return untouched() }
            let us = faults.draw(rule) { age.draw(&$0) }
            exchange.view.asOf = call.at - us
            defer { exchange.view.asOf = nil }
            return reply(executed(), to: record)
        case .mixedProducts:
            guard route.kind == .lookup else { return untouched() }
            exchange.view.mixesProducts = true
            defer { exchange.view.mixesProducts = false }
            return reply(executed(), to: record)
        case .contradictingPage(.repeated):
            guard route.kind == .lookup, let page = pageBefore(arrival, call) else { return untouched() }
            _ = executed()
            return reply(page, to: record)
        case .contradictingPage(let how):
            guard route.kind == .lookup else { return untouched() }
            return rewrite { Self.contradicting(how, $0, route, dialect) }
        case .oddNumber(let odd):
            guard route.kind == .lookup || route.kind == .public else { return untouched() }
            return rewrite { root in faults.draw(rule) { self.odd(odd, route, arrival.venue, &$0, root) } }
        case .nullMarket(let symbol):
            guard route.kind == .public else { return untouched() }
            return edited { items, random in
                let key = dialect.rowNames.market
                guard let index = Self.market(symbol, key, in: items, &random), let row = items[index].object else { return }
                items.insert(.object(row.map { $0.key == key ? ($0.key, .null) : $0 }), at: index)
            }
        case .missingMarket(let symbol):
            guard route.kind == .public else { return untouched() }
            return edited { items, random in
                if let index = Self.market(symbol, dialect.rowNames.market, in: items, &random) { items.remove(at: index) }
            }
        case .giantAnswer(let bytes):
            var response = executed()
            // White space is no word of JSON: what is said stays, only larger than a caller may take.
            response.body += Array(repeating: UInt8(ascii: " "), count: max(0, bytes - response.body.count))
            return reply(response, to: record)
        }
    }

    /// What a fault asks of the dialect itself.
    private func trouble(_ fault: Fault, _ rule: Int, _ call: Call) {
        switch fault {
        case .itemError(let code, let message, let share):
            call.refusesItem = { [unowned self] in self.faults.draw(rule) { $0.chance(share) } ? (code, message) : nil }
        case .strangeID(let how): call.strangeID = how
        case .lateEffect(let delay): call.effectDelayUs = faults.draw(rule) { delay.draw(&$0) }
        default: break
        }
    }

    private static func market(_ symbol: String?, _ key: String, in rows: [JSON], _ random: inout SplitMix64) -> Int? {
        // Other public answers have rows, too (the time of OKX), and none of them is a market.
        guard let symbol else { return rows.first?[key] == nil ? nil : Int(random.below(UInt64(rows.count))) }
        return rows.firstIndex { $0[key]?.string == symbol }
    }

    private func loss(_ lost: Fault.LostReply) -> ServerReply {
        switch lost {
        case .reset: .reset()
        case .silence: .silence
        }
    }

    private func serverError(_ status: Int, _ body: Fault.ServerErrorBody) -> HTTPResponse {
        switch body {
        case .html:
            HTTPResponse(
                status: status, headers: [HTTPHeader("Content-Type", "text/html")],
                body: Array(
                    "<html><head><title>\(status)</title></head><body><center><h1>\(status) simulated edge error</h1></center></body></html>\n".utf8))
        case .json:
            HTTPResponse(status: status, headers: [HTTPHeader("Content-Type", "application/json")], body: Array("{\"error\":\"simulated\"}".utf8))
        case .empty: HTTPResponse(status: status)
        }
    }

    private func serialized(_ response: HTTPResponse) -> [UInt8] {
        var head = "HTTP/1.1 \(response.status) Simulated\r\nContent-Length: \(response.body.count)\r\n"
        for header in response.headers { head += "\(header.name): \(header.value)\r\n" }
        return Array((head + "\r\n").utf8) + response.body
    }
}
