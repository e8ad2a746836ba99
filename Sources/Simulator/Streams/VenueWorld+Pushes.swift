import Containers
import OMSCore

/// From what happened at an exchange to the messages of each stream that tells of it.
extension VenueWorld {
    /// Microseconds until a push leaves, drawn: longer than a reply takes to be written, so that the reply is first unless something is wrong.
    private static let usualDelay: ClosedRange<Int64> = 1_000...8_000

    /// An exchange has news.
    func tell(_ news: ExchangeNews, of venue: Venue) {
        for stream in streams.inOrder where stream.venue === venue && stream.session.account?.uid == news.uid {
            let at = venueClock(venue.dialect.venue, at: now)
            for push in arranged(stream.gateway.pushes(of: news, to: stream.session, at: at), stream) { leave(push, on: stream) }
        }
    }

    /// The messages of one event, as a fault of executions has them.
    private func arranged(_ pushes: [StreamPush], _ stream: LiveStream) -> [StreamPush] {
        guard pushes.contains(where: { $0.fill != nil }),
            let fault = faults.strike(.execution, venue: stream.session.venue, account: stream.session.account?.uid, channel: "execution")?.fault
        else { return pushes }
        let (fills, orders) = (pushes.filter { $0.fill != nil }, pushes.filter { $0.fill == nil })
        switch fault {
        case .fillFirst: return fills + orders
        case .endWithoutFills:
            // Where one message tells of both, it tells of the order alone.
            return orders
                + fills.filter(\.isState).map { fill in
                    var bare = fill
                    bare.shape.lacksTrade = true
                    return bare
                }
        case .fillTwice:
            return orders
                + fills.flatMap { fill in
                    var early = fill
                    early.shape.lacksFee = true
                    return [early, fill]
                }
        default: return pushes
        }
    }

    /// A push sets out: what strikes it is drawn now, its text is made when it leaves.
    private func leave(_ push: StreamPush, on stream: LiveStream) {
        var push = push
        stream.setOut += 1
        let number = stream.setOut
        let before = stream.lastChange[push.orderID]
        if case .order(let report) = push.news { stream.lastChange[push.orderID] = report.standing.updatedAt }
        let delay = streams.tellsAtOnce ? 0 : streams.random.between(Self.usualDelay.lowerBound, Self.usualDelay.upperBound)
        /// None behind it passes it.
        func inTurn(_ push: StreamPush, _ form: PushForm = .whole) {
            stream.lastLeaves = max(stream.lastLeaves, now + delay)
            later(stream.lastLeaves - now, stream) { $0.go(push, number, form, on: $1) }
        }
        guard
            let (rule, fault) = faults.strike(
                .push, venue: stream.session.venue, account: stream.session.account?.uid, channel: push.channel)
        else { return inTurn(push) }
        switch fault {
        case .lost: return
        case .late(let more):
            let us = faults.draw(rule) { more.draw(&$0) }
            later(delay + us, stream) { $0.go(push, number, .whole, on: $1) }
        case .twice(let after):
            let us = faults.draw(rule) { after.draw(&$0) }
            inTurn(push)
            later(stream.lastLeaves - now + us, stream) { $0.go(push, number, .whole, on: $1) }
        case .swapped(let within):
            let us = faults.draw(rule) { within.draw(&$0) }
            stream.kept.append((number, push))
            later(delay + us, stream) { $0.release(number, on: $1) }
        case .sameTime:
            push.shape.updatedAt = before
            inTurn(push)
        case .oldTime:
            (push.shape.updatedAt, push.shape.isOlder) = (before.map { $0 - 1_000_000 }, true)
            inTurn(push)
        case .numericIDs:
            push.shape.idsAreNumbers = true
            inTurn(push)
        case .reshapedData:
            push.shape.reshapesData = true
            inTurn(push)
        case .noUpdateTime:
            push.shape.lacksUpdateTime = true
            inTurn(push)
        case .fragmented(let parts): inTurn(push, .fragments(parts))
        case .giant(let bytes): inTurn(push, .giant(bytes))
        case .broken(let frame): inTurn(push, .wrong(frame))
        case .flood(let messages): inTurn(push, .flood(messages))
        default: if !strike(fault, rule, stream) { inTurn(push) }
        }
    }

    /// How a push goes over the wire.
    private enum PushForm {
        case whole
        case fragments(Int)
        case giant(Int)
        case wrong(WrongFrame)
        case flood(Int)
    }

    private func go(_ push: StreamPush, _ number: Int, _ form: PushForm, on stream: LiveStream) {
        guard !stream.session.isMute else { return }
        let text = stream.gateway.text(of: push, to: stream.session, at: venueClock(stream.session.venue, at: now))
        stream.session.pushes += 1
        switch form {
        case .whole: send(.text(text), on: stream)
        case .fragments(let parts): send(.fragments(Self.parts(of: text, parts)), on: stream)
        // White space is no word of JSON: what is said stays.
        case .giant(let bytes): send(.text(text + Array(repeating: UInt8(ascii: " "), count: max(0, bytes - text.count))), on: stream)
        case .wrong(let frame):
            send(.wrong(frame, frame.bytes(around: text)), on: stream)
            if frame == .unfinished { end(stream, "a fault: cut in a frame", StreamOutput.abnormal) }
        case .flood(let messages):
            stream.session.pushes += messages - 1
            for _ in 0..<messages { send(.text(text), on: stream) }
        }
        releaseKept(for: push.orderID, before: number, on: stream)
    }

    private static func parts(of text: [UInt8], _ count: Int) -> [[UInt8]] {
        let size = max(1, (text.count + count - 1) / count)
        return stride(from: 0, to: text.count, by: size).map { Array(text[$0..<min($0 + size, text.count)]) }
    }

    /// What was kept back until a push of its order that set out later has gone.
    private func releaseKept(for orderID: String, before number: Int, on stream: LiveStream) {
        let due = stream.kept.filter { $0.push.orderID == orderID && $0.number < number }
        stream.kept.removeAll { $0.push.orderID == orderID && $0.number < number }
        for kept in due { go(kept.push, kept.number, .whole, on: stream) }
    }

    private func release(_ number: Int, on stream: LiveStream) {
        guard let index = stream.kept.firstIndex(where: { $0.number == number }) else { return }
        go(stream.kept.remove(at: index).push, number, .whole, on: stream)
    }
}
