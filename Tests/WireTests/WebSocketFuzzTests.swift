import Containers
import TestSupport
import Testing
import Wire

/// Streams of frames, most of them right, some wrong in one place or another, and what two readers make of them.
@Suite(.timeLimit(.minutes(10))) struct WebSocketFuzzTests {
    private static let messageBytesMax = 300

    @Test(arguments: [1, 2, 3, 4] as [UInt64]) func `of a hundred thousand streams, however they are cut, both readers make the same`(seed: UInt64) {
        var dice = StreamDice(seed: seed)
        var (faults, messages) = (0, 0)
        for round in 0..<25_000 {
            let sender: WebSocketEnd = dice.roll(2) == 0 ? .client : .server
            let stream = dice.stream(from: sender)
            let wanted = WebSocketReference(stream, from: sender, messageBytesMax: Self.messageBytesMax)
            faults += wanted.fault == nil ? 0 : 1
            messages += wanted.messages.count

            var reader = WebSocketReader(from: sender, messageBytesMax: Self.messageBytesMax)
            let found = reader.readAll(stream, by: 2 + dice.roll(60))
            guard found.messages == wanted.messages, found.fault == wanted.fault else {
                return #expect(Bool(false), "seed \(seed), round \(round): \(stream) gave \(found) and not \(wanted)")
            }
            // Byte by byte it also shows where the fault is seen.
            guard round % 4 == 0 else { continue }
            reader = WebSocketReader(from: sender, messageBytesMax: Self.messageBytesMax)
            let slow = reader.readAll(stream, by: 1)
            guard slow.messages == wanted.messages, slow.fault == wanted.fault, slow.faultAfter == wanted.faultAfter else {
                return #expect(Bool(false), "seed \(seed), round \(round), byte by byte: \(stream) gave \(slow) and not \(wanted)")
            }
        }
        #expect(faults > 1_000 && messages > 25_000, "\(faults) faults, \(messages) messages")
    }

    /// A reader whose work grew with the square would take hours.
    @Test func `a message of the largest size in drops costs what its bytes cost`() {
        let text = WebSocketMessage.text([UInt8](repeating: UInt8(ascii: "x"), count: WebSocketReader.messageBytesMax))
        let stream = text.frames(of: 1_000, mask: { nil }).flatMap(\.bytes)
        var reader = WebSocketReader(from: .server)

        #expect(reader.readAll(stream, by: 11).messages == [text])
    }
}
