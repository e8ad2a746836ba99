import CLinux
import OMSCore
import Transport
import Venues
import Wire

/// The account's private stream, as a rehearsal has it open.
final class RehearsalEar {
    fileprivate let dialect: any StreamDialect
    fileprivate let stream: StreamConfiguration
    var talk: StreamRehearsal
    fileprivate let events = Waiting<(heard: StreamRehearsal.Heard, at: Int64)>()
    fileprivate let backlog = VenueStreamBacklog()
    fileprivate let id: Int64

    fileprivate init(_ dialect: any StreamDialect, _ stream: StreamConfiguration, _ talk: StreamRehearsal, id: Int64) {
        (self.dialect, self.stream, self.talk, self.id) = (dialect, stream, talk, id)
    }

    /// Called by the transport, with what it read.
    fileprivate func event() -> @Sendable (VenueStreamEvent) -> Void {
        { [events, backlog, dialect] event in
            let at = omsd_clock_us(CLOCK_BOOTTIME)
            switch event {
            case .opened: events.put((.opened, at))
            case .messages(let texts, _):
                for text in texts { backlog.take(text.count) }
                events.put((.told(texts.flatMap(dialect.read)), at))
            case .binary(let bytes, _): backlog.take(bytes)
            case .pong: break
            case .closed(let end, _): events.put((.ended("\(end)".escapedForLog), at))
            }
        }
    }
}

extension RehearsalRun {
    /// One conversation, to its end.
    mutating func listen(_ symbol: Symbol?, _ rehearsal: Rehearsal) throws(ControlCaller.Problem) -> [RehearsalRow.Seen] {
        guard let ear = openEar(symbol, rehearsal, staysOpen: false) else { return [] }
        try follow(ear, rehearsal)
        return ear.talk.seen
    }

    /// nil: the account listens to none.
    mutating func openEar(_ symbol: Symbol?, _ rehearsal: Rehearsal, staysOpen: Bool) -> RehearsalEar? {
        guard let dialect = account.streamDialect, let stream = account.stream else { return nil }
        let talk = StreamRehearsal(
            dialect, facts: rehearsal.facts, symbol: symbol, isTLS: stream.origin.isTLS, isAtPagesHost: hearsPagesHost, isDemo: account.isDemo,
            staysOpen: staysOpen, timeMs: venueMs(rehearsal), key: key)
        nextID += 1
        return RehearsalEar(dialect, stream, talk, id: nextID)
    }

    /// Until it is over, or, where it stays open, until nothing more came within so long.
    mutating func follow(_ ear: RehearsalEar, _ rehearsal: Rehearsal, forMs: Int64 = 0) throws(ControlCaller.Problem) {
        let end = omsd_clock_us(CLOCK_BOOTTIME) + forMs * 1_000
        while let step = ear.talk.next() {
            switch step {
            case .fetchToken(let way): ear.talk.heard(.token(try token(ear, way: way, rehearsal)), timeMs: venueMs(rehearsal))
            case .open(let upgrade):
                try giveBack(take(["stream:connect"]))
                transport.open(
                    VenueStream(
                        id: ear.id, origin: ear.stream.origin, target: upgrade.target, headers: upgrade.headers, timeoutMs: 10_000,
                        backlog: ear.backlog, event: ear.event()))
            case .say(let text): transport.say(text, on: ear.id)
            case .wait(let ms):
                let left = ear.talk.isListening ? max(0, end - omsd_clock_us(CLOCK_BOOTTIME)) / 1_000 : ms
                let event = ear.events.take(withinMs: left)
                if event == nil, ear.talk.isListening { return }
                ear.talk.heard(event?.heard ?? .silence, timeMs: venueMs(rehearsal), at: event?.at ?? 0)
            case .close(let why): transport.close(ear.id, why)
            }
        }
    }

    private mutating func token(_ ear: RehearsalEar, way: Int, _ rehearsal: Rehearsal) throws(ControlCaller.Problem) -> StreamTokenAnswer {
        guard var request = ear.dialect.tokenRequest(way: way, freshnessMs: rehearsal.windowMs) else { return .noSuchWay("there is no such way") }
        let permits = try take(["lookup:ws-token"])
        let now = omsd_clock_us(CLOCK_BOOTTIME)
        ear.dialect.signTokenRequest(&request, way: way, timeMs: venueMs(rehearsal), with: key)
        nextID += 1
        let end = exchange(
            request, id: nextID, staleAt: now + account.requestTimeoutMs * 1_000, timeoutMs: account.requestTimeoutMs, sign: { _ in })
        switch end {
        case .answered(let response, _, _):
            try giveBack(permits)
            return ear.dialect.tokenAnswer(way: way, from: response)
        case .notSent(let why), .lost(let why, _, _): return .failed(why.escapedForLog)
        }
    }

    /// The venue's clock, as stamps have it.
    func venueMs(_ rehearsal: Rehearsal) -> Int64 {
        let now = omsd_clock_us(CLOCK_BOOTTIME)
        return (rehearsal.clock(at: now)?.middle(at: now) ?? omsd_clock_us(CLOCK_REALTIME)) / 1_000 - adapter.profile.stampMarginMs
    }
}
