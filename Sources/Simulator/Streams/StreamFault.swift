/// What goes wrong on a stream. The schema is in ``FaultPlan/streamHelp``.
package enum StreamFault: Sendable, Equatable {
    // Of an execution, before its messages are made.

    /// The execution is told before the order that it changed.
    case fillFirst
    /// The order's state is told, its executions never.
    case endWithoutFills
    /// The execution is told twice: at first without its fee.
    case fillTwice

    // Of one push.

    case late(Fault.Milliseconds)
    case lost
    case twice(Fault.Milliseconds)
    /// Kept back until the next push of the same order has gone, at most so long.
    case swapped(Fault.Milliseconds)
    /// It bears the time of the order's push before.
    case sameTime
    /// It bears a time before that of the order's push before: a second earlier.
    case oldTime
    case numericIDs
    case reshapedData
    case noUpdateTime
    case fragmented(parts: Int)
    /// Blown up to so many bytes.
    case giant(bytes: Int)
    case broken(WrongFrame)
    /// So many of it, one behind the other.
    case flood(messages: Int)

    // Of one channel's subscription.

    /// It is taken, or is not, and nothing is said.
    case ackMissing(subscribes: Bool)
    /// Refused; nil: in the venue's code for an unknown channel.
    case subscribeRefused(code: String?)

    // Of the upgrade.

    case upgradeRefused(status: Int)
    case wrongAccept
    case strangeExtension
    case upgradeSilence

    // Of the connection, when it is next heard of.

    case close(code: Int)
    /// Announced, then cut so much later.
    case notice(Fault.Milliseconds)
    /// Nothing is pushed any more; pings are answered.
    case mute
    /// Neither is a ping.
    case deaf
    /// The token or key is worth nothing any more, and nobody says so.
    case tokenDies

    /// When a fault may strike.
    package enum Moment: Sendable {
        case upgrade
        case subscription
        case execution
        case push
        /// A message of the client.
        case message
    }

    func strikes(at moment: Moment) -> Bool {
        switch self {
        case .upgradeRefused, .wrongAccept, .strangeExtension, .upgradeSilence: moment == .upgrade
        case .ackMissing, .subscribeRefused: moment == .subscription
        case .fillFirst, .endWithoutFills, .fillTwice: moment == .execution
        case .late, .lost, .twice, .swapped, .sameTime, .oldTime, .numericIDs, .reshapedData, .noUpdateTime, .fragmented, .giant, .broken, .flood:
            moment == .push
        case .close, .notice, .mute, .deaf, .tokenDies: moment == .push || moment == .message
        }
    }

    /// The `type` of the schema, as the ledger shows it.
    package var name: String {
        switch self {
        case .fillFirst: "fill_first"
        case .endWithoutFills: "end_without_fills"
        case .fillTwice: "fill_twice"
        case .late: "push_late"
        case .lost: "push_lost"
        case .twice: "push_twice"
        case .swapped: "push_swapped"
        case .sameTime: "push_same_time"
        case .oldTime: "push_old_time"
        case .numericIDs: "push_numeric_ids"
        case .reshapedData: "push_reshaped"
        case .noUpdateTime: "push_no_update_time"
        case .fragmented: "push_fragmented"
        case .giant: "push_giant"
        case .broken: "push_broken"
        case .flood: "push_flood"
        case .ackMissing: "ack_missing"
        case .subscribeRefused: "subscribe_refused"
        case .upgradeRefused: "upgrade_refused"
        case .wrongAccept: "upgrade_wrong_accept"
        case .strangeExtension: "upgrade_extension"
        case .upgradeSilence: "upgrade_silence"
        case .close: "stream_close"
        case .notice: "stream_notice"
        case .mute: "stream_mute"
        case .deaf: "stream_deaf"
        case .tokenDies: "token_dies"
        }
    }

    /// Reads the fields of a type. - Returns: nil for a type that is none of these.
    static func read(_ type: String, _ fields: inout FaultFields) throws(SimulatorInputError) -> StreamFault? {
        switch type {
        case "fill_first": return .fillFirst
        case "end_without_fills": return .endWithoutFills
        case "fill_twice": return .fillTwice
        case "push_late": return .late(try fields.milliseconds("delay_ms", standing: Fault.Milliseconds(0, 10_000)))
        case "push_lost": return .lost
        case "push_twice": return .twice(try fields.milliseconds("delay_ms", standing: Fault.Milliseconds(0)))
        case "push_swapped": return .swapped(try fields.milliseconds("within_ms", standing: Fault.Milliseconds(1_000)))
        case "push_same_time": return .sameTime
        case "push_old_time": return .oldTime
        case "push_numeric_ids": return .numericIDs
        case "push_reshaped": return .reshapedData
        case "push_no_update_time": return .noUpdateTime
        case "push_fragmented": return .fragmented(parts: try fields.whole("parts", in: 2...1_000) ?? 3)
        case "push_giant": return .giant(bytes: try fields.whole("bytes", in: 0...64_000_000) ?? 1 << 20)
        case "push_broken": return .broken(try fields.word("how", standing: .masked))
        case "push_flood": return .flood(messages: try fields.whole("messages", in: 1...1_000_000) ?? 10_000)
        case "ack_missing": return .ackMissing(subscribes: try fields.flag("subscribes") ?? true)
        case "subscribe_refused": return .subscribeRefused(code: try fields.text("code"))
        case "upgrade_refused": return .upgradeRefused(status: try fields.whole("status", in: 300...599) ?? 503)
        case "upgrade_wrong_accept": return .wrongAccept
        case "upgrade_extension": return .strangeExtension
        case "upgrade_silence": return .upgradeSilence
        case "stream_close": return .close(code: try fields.whole("code", in: 1_000...4_999) ?? 1_006)
        case "stream_notice": return .notice(try fields.milliseconds("delay_ms", standing: Fault.Milliseconds(0, 60_000)))
        case "stream_mute": return .mute
        case "stream_deaf": return .deaf
        case "token_dies": return .tokenDies
        default: return nil
        }
    }
}

extension FaultPlan {
    /// What of a faults file concerns streams, for people.
    package static let streamHelp = """
        Of streams; conditions are venue, account and channel (a push's, as order, fill, trade, fast-fill, orders-isolated; of a client's message ping, login,
        subscribe), and the counters as above. When the first rule strikes, no other does:
          fill_first, end_without_fills, fill_twice {}            an execution told before its order; never; twice, at first without its fee
          push_lost, push_same_time, push_old_time, push_numeric_ids, push_reshaped, push_no_update_time {}
                                                                  never sent; under the time of the push before, or an earlier one; ids as numbers; data as
                                                                  object or list; without the time of change
          push_late     {delay_ms?: [0, 10000]}                   others pass it
          push_twice    {delay_ms?: 0}                            once more, so much later
          push_swapped  {within_ms?: 1000}                        behind the next push of the same order
          push_fragmented {parts?: 3}                             in several frames, a ping in their midst
          push_giant    {bytes?: 1048576}                         blown up with white space
          push_broken   {how?: masked|compressed|bad_text|opcode|long_control|long_length|continuation|unfinished}
          push_flood    {messages?: 10000}                        so many of it
          ack_missing   {subscribes?: true}                       of a channel: nothing is said (false: nor done)
          subscribe_refused {code?}                               of a channel
          upgrade_refused {status?: 503}                          3xx with a Location
          upgrade_wrong_accept, upgrade_extension, upgrade_silence {}
          stream_close  {code?: 1006}                             in the place of a push or of an answer; 1006: without a close frame
          stream_notice {delay_ms?: [0, 60000]}                   the venue's announcement (Bitget: 30033), then cut
          stream_mute, stream_deaf {}                             no more pushes though pings are answered; nor that
          token_dies    {}                                        the token or key is worth nothing any more, without a word
        """
}
