import Containers
import OMSCore
import Wire

/// Streams: upgrades and messages in, what the venue sends out. No socket here: a port's server and virtual time use the same.
extension VenueWorld {
    /// Whether a request's path is one of a private stream.
    package func servesStream(at path: Substring) -> Bool { streamVenue(at: path) != nil }

    private func streamVenue(at path: Substring) -> (venue: Venue, gateway: any StreamGateway)? {
        for venue in venues { if let gateway = venue.dialect.stream, gateway.claims(path) { return (venue, gateway) } }
        return nil
    }

    /// Takes the wish for a stream.
    ///
    /// - Parameters:
    ///   - request: With the headers that came; whether it is a proper WebSocket upgrade is the caller's business.
    ///   - moment: Microseconds since 1970, as in ``handle(_:from:at:)``.
    ///   - deliver: Takes what the venue sends, in order, while ``advance(to:)`` runs; nothing follows an end.
    package func openStream(_ request: HTTPRequest, from peer: String, at moment: Int64, deliver: @escaping (StreamOutput) -> Void) -> StreamOpening {
        advance(to: moment)
        guard let (venue, gateway) = streamVenue(at: request.path) else { return .refused(HTTPResponse(status: 404)) }
        let address = address(of: peer)
        var session = StreamSession(id: streams.count + 1, venue: venue.dialect.venue, peer: address, at: now)
        func refused(_ response: HTTPResponse) -> StreamOpening {
            streams.refused[venue.dialect.venue, default: 0] += 1
            return .refused(response)
        }
        if let ban = bans.last(where: { $0.holds(for: address, at: venue.dialect.venue, now) }) { return refused(ban.answer(at: now)) }
        guard count("stream:connect", of: session, venue) else { return refused(Self.tooManyStreams) }
        let rules = gateway.rules
        let open = streams.open.values.filter { $0.venue === venue }
        if let most = rules.openPerPeer, open.count(where: { $0.session.peer == address }) >= most { return refused(Self.tooManyStreams) }
        let struck = faults.strike(.upgrade, venue: venue.dialect.venue, account: nil, channel: "upgrade")?.fault
        switch struck {
        case .upgradeRefused(let status):
            let headers = (300...399).contains(status) ? [HTTPHeader("Location", "wss://elsewhere.example" + request.target)] : []
            return refused(HTTPResponse(status: status, headers: headers))
        case .upgradeSilence:
            streams.refused[venue.dialect.venue, default: 0] += 1
            return .silent
        default: break
        }
        if let response = gateway.refusal(of: request, &session, scene(of: session, venue)) { return refused(response) }
        if let account = session.account, let most = rules.openPerAccount,
            open.count(where: { $0.session.account?.key == account.key }) >= most
        {
            return refused(Self.tooManyStreams)
        }
        streams.count += 1
        let stream = LiveStream(session, venue, gateway, deliver)
        streams.open[session.id] = stream
        if venue.exchange.told == nil { venue.exchange.told = { [unowned self, unowned venue] in self.tell($0, of: venue) } }
        for text in gateway.greeting(session, scene(of: session, venue)) { send(.text(text), on: stream) }
        startTimers(of: stream)
        return .opened(
            session.id, isAcceptWrong: struck == .wrongAccept,
            extensions: struck == .strangeExtension ? "permessage-deflate; server_no_context_takeover" : nil)
    }

    private static var tooManyStreams: HTTPResponse {
        HTTPResponse(status: 429, headers: [HTTPHeader("Content-Type", "text/plain")], body: Array("Too Many Requests".utf8))
    }

    func scene(of session: StreamSession, _ venue: Venue) -> StreamScene {
        let name = venue.dialect.venue
        return StreamScene(
            at: venueClock(name, at: now), exchange: venue.exchange, account: { [unowned self] in self.accountsByKey[$0] },
            count: { [unowned self] in self.count($0, of: session, venue) },
            strike: { [unowned self] in self.faults.strike(.subscription, venue: name, account: session.account?.uid, channel: $0)?.fault },
            others: { [unowned self] in
                self.streams.inOrder.filter { $0.venue === venue && $0.session.id != session.id }.map(\.session)
            })
    }

    /// Counts what a stream does. - Returns: whether it is within the limit.
    private func count(_ budget: String, of session: StreamSession, _ venue: Venue) -> Bool {
        guard let rule = venue.rules[budget] else { preconditionFailure("\(venue.dialect.venue): no budget \(budget)") }
        let owner =
            switch rule.scope {
            case .uid: session.account?.uid ?? "unknown key"
            case .apikey: session.account?.key ?? "unknown key"
            case .ip: session.peer
            case .connection: "connection \(session.id)"
            }
        let isWithin = count(rule, of: owner, at: venue, clock: venueClock(venue.dialect.venue, at: now)).within > 0
        if !isWithin, let stream = streams.open[session.id], !stream.session.over.contains(budget) { stream.session.over.append(budget) }
        return isWithin
    }

    // MARK: The client

    /// Takes a text message of a client. What goes back is delivered when time advances.
    package func hearStream(_ id: Int, _ text: [UInt8], at moment: Int64) {
        advance(to: moment)
        guard let stream = streams.open[id] else { return }
        guard let latency = options.latency else { return take(text, on: stream) }
        // What was sent later never arrives before: it is one connection.
        stream.lastArrives = max(stream.lastArrives, now + latency.draw(&streams.random).there)
        events.add(at: stream.lastArrives) { [unowned self] _ in if let stream = self.streams.open[id] { self.take(text, on: stream) } }
    }

    /// A frame came that is no message (a protocol ping or pong): a heartbeat at some venues.
    package func hearStreamFrame(_ id: Int, at moment: Int64) {
        advance(to: moment)
        if let stream = streams.open[id], stream.gateway.rules.beat == .frames { stream.session.lastBeatAt = now }
    }

    /// The client's side of the connection is gone.
    package func endStream(_ id: Int, at moment: Int64, why: String = "closed by the client") {
        advance(to: moment)
        if let stream = streams.open[id] { end(stream, why) }
    }

    private func take(_ text: [UInt8], on stream: LiveStream) {
        let name = stream.gateway.name(of: text)
        stream.session.messages += 1
        switch stream.gateway.rules.beat {
        case .frames, .anything: stream.session.lastBeatAt = now
        case .pings: if name == "ping" { stream.session.lastBeatAt = now }
        case .counted: break
        }
        let isWithin = count("stream:message", of: stream.session, stream.venue)
        guard isWithin else {
            guard let answer = stream.gateway.rateAnswer() else { return end(stream, "too many messages", StreamOutput.abnormal) }
            return send(.text(answer), on: stream)
        }
        if let (rule, fault) = faults.strike(
            .message, venue: stream.session.venue, account: stream.session.account?.uid, channel: name), strike(fault, rule, stream)
        {
            return
        }
        if name == "ping", stream.session.isDeaf { return }
        // What the gateway counts goes to the stream's own session: its copy must not undo that.
        var session = stream.session
        let answers = stream.gateway.hear(text, &session, scene(of: stream.session, stream.venue))
        session.over = stream.session.over
        stream.session = session
        act(answers, on: stream)
    }

    private func act(_ answers: [StreamAnswer], on stream: LiveStream) {
        for answer in answers {
            switch answer {
            case .text(let text): send(.text(text), on: stream)
            case .end(let code, let why): return end(stream, why, code)
            }
        }
    }

    /// A fault of the connection strikes. - Returns: whether what was to be sent or answered is not.
    func strike(_ fault: StreamFault, _ rule: Int, _ stream: LiveStream) -> Bool {
        switch fault {
        case .close(let code):
            end(stream, "a fault: closed with \(code)", code)
            return true
        case .notice(let delay):
            announceCut(of: stream, afterUs: faults.draw(rule) { delay.draw(&$0) }, why: "a fault: announced")
            return false
        case .mute:
            stream.session.isMute = true
            return false
        case .deaf:
            (stream.session.isMute, stream.session.isDeaf) = (true, true)
            return false
        case .tokenDies:
            if !stream.gateway.endCredential(of: stream.session) { stream.session.isMute = true }
            return false
        default: return false
        }
    }

    /// Says that the connection will be cut, where the venue does, and cuts it.
    func announceCut(of stream: LiveStream, afterUs: Int64, why: String) {
        guard !stream.isNoticed else { return }
        stream.isNoticed = true
        if let text = stream.gateway.notice(stream.session, scene(of: stream.session, stream.venue)) { send(.text(text), on: stream) }
        later(afterUs, stream) { $0.end($1, why, StreamOutput.abnormal) }
    }

    // MARK: Time

    private func startTimers(of stream: LiveStream) {
        let rules = stream.gateway.rules
        if let life = rules.lifeMs {
            let notice = min(rules.noticeMs, life / 2)
            later(.milliseconds(life - notice), stream) { world, stream in
                world.announceCut(of: stream, afterUs: .milliseconds(notice), why: "its longest life")
            }
        }
        if let ms = rules.unsubscribedMs {
            later(.milliseconds(ms), stream) { world, stream in
                if stream.session.channels.isEmpty { world.end(stream, "nothing subscribed", StreamOutput.abnormal) }
            }
        }
        if let ms = rules.heartbeatMs { watchHeartbeat(of: stream, .milliseconds(ms)) }
        if let ms = rules.beatMs { beat(stream, .milliseconds(ms)) }
    }

    private func watchHeartbeat(of stream: LiveStream, _ most: Int64) {
        later(stream.session.lastBeatAt + most - now, stream) { world, stream in
            guard world.now >= stream.session.lastBeatAt + most else { return world.watchHeartbeat(of: stream, most) }
            world.end(stream, "no heartbeat", stream.gateway.rules.heartbeatCode)
        }
    }

    private func beat(_ stream: LiveStream, _ every: Int64) {
        later(every, stream) { world, stream in
            var session = stream.session
            let answers = stream.gateway.beat(&session, world.scene(of: session, stream.venue))
            stream.session = session
            world.act(answers, on: stream)
            if stream.session.isOpen { world.beat(stream, every) }
        }
    }

    /// Does something so much later, if the stream is open then.
    func later(_ delayUs: Int64, _ stream: LiveStream, _ action: @escaping (VenueWorld, LiveStream) -> Void) {
        let id = stream.session.id
        events.add(at: now + max(delayUs, 0)) { [unowned self] _ in if let stream = self.streams.open[id] { action(self, stream) } }
    }

    // MARK: The way out

    /// Sends something behind all that was sent before.
    func send(_ output: StreamOutput, on stream: LiveStream) {
        if stream.gateway.rules.beat == .anything { stream.session.lastBeatAt = now }
        stream.lastDelivered = max(stream.lastDelivered, now + (options.latency?.draw(&streams.random).back ?? 0))
        let deliver = stream.deliver
        // An end is under way still when the stream is none any more here.
        events.add(at: stream.lastDelivered) { _ in deliver(output) }
    }

    /// The stream is over. - Parameter code: Of the close; nil: the client has gone itself.
    func end(_ stream: LiveStream, _ why: String, _ code: Int? = nil) {
        guard streams.open.removeValue(forKey: stream.session.id) != nil else { return }
        (stream.session.endedAt, stream.session.end) = (now, why)
        streams.ended.append(stream.session)
        if let code { send(.end(code), on: stream) }
    }
}
