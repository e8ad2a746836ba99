/// What readers of the record tell lines apart by: `v_timeline.kind`, and `kind` of what `event.subscribe` hands out (docs/CONTROL_API.md, "Events").
package enum EventFamily: String, Sendable, CaseIterable {
    case intent
    case orderBorn = "order_born"
    case order, command, execution, request, lookup
    case breakOfRecord = "break"
    case account
    case sessionGuard = "guard"
    case streamUp = "stream_up"
    case streamDown = "stream_down"
    case gapClosed = "gap_closed"
    case reload, start, note
}

/// What one line of the record tells, as finely as folding it needs. The raw value is stored in `events.kind`; readers see its ``family``.
package enum EventKind: String, Sendable, CaseIterable {
    case intentAccepted = "intent_accepted"
    case intentSettled = "intent_settled"
    /// A half-written intent was removed at start; `detail` names it.
    case intentDiscarded = "intent_discarded"
    /// Birth of an order. Its row in `orders` is the record; the views show it as an event.
    case intended
    case submitted
    case acknowledged
    case rejected
    case inDoubt = "in_doubt"
    /// Surely not executed, or proven absent: back in the queue.
    case requeued
    /// A look-up that found nothing: one absent round, or a failed question.
    case lookup
    /// What a look-up or listing said and what it changed.
    case reported
    /// An execution: its row of `fills`.
    case filled
    case closed
    case parked
    case resolved
    case commandRequested = "command_requested"
    case commandChanged = "command_changed"
    case tradingState = "trading_state"
    case breakFound = "break_found"
    case breakResolved = "break_resolved"
    /// What keeps it from being sent again changed: `barred_by` in the detail.
    case barred
    /// A person took note of a break.
    case breakAcknowledged = "break_acknowledged"
    /// An account got ready, or is not any more; its key or its place changed.
    case account
    /// How a request ended: its row changes, the record must say so too.
    case request
    /// The configuration was read again.
    case reload
    /// The daemon began to write this journal.
    case start
    /// Who an account is was pinned, or pinned anew: uid, origin, key.
    case identity
    /// A guard of a client began, was lost or taken over, tripped, or was released.
    case sessionGuard = "guard"
    /// An account's private stream is subscribed; it was lost, and why; what it may have missed was looked for.
    case streamUp = "stream_up"
    case streamDown = "stream_down"
    case gapClosed = "gap_closed"
    case note

    package var family: EventFamily {
        switch self {
        case .intentAccepted, .intentSettled, .intentDiscarded: .intent
        case .intended: .orderBorn
        case .submitted, .acknowledged, .rejected, .inDoubt, .requeued, .reported, .closed, .parked, .barred, .resolved: .order
        case .filled: .execution
        case .commandRequested, .commandChanged: .command
        case .tradingState, .account, .identity: .account
        case .breakFound, .breakResolved, .breakAcknowledged: .breakOfRecord
        case .lookup: .lookup
        case .request: .request
        case .reload: .reload
        case .start: .start
        case .sessionGuard: .sessionGuard
        case .streamUp: .streamUp
        case .streamDown: .streamDown
        case .gapClosed: .gapClosed
        case .note: .note
        }
    }
}

/// One line of the append-only record.
package struct JournalEvent: Sendable {
    package let seq: Int64
    package let at: Int64
    package let kind: EventKind
    package var evidence: Evidence?
    package var request: RequestID?
    package var actor: Actor = .daemon
    /// Words for a person, in the venue's language where it spoke.
    package var note: String?
    /// `to_state` of a line that changes no table.
    package var state: String?
    /// Further members of `detail`, by name.
    package var facts: [Fact] = []

    package struct Fact: Sendable, Equatable {
        package enum Value: Sendable, Equatable {
            case text(String)
            case number(Int64)
        }
        package let name: String
        package let value: Value
        package init(_ name: String, _ text: String) { (self.name, value) = (name, .text(text)) }
        package init(_ name: String, _ number: Int64) { (self.name, value) = (name, .number(number)) }
    }

    package init(seq: Int64, at: Int64, kind: EventKind) { (self.seq, self.at, self.kind) = (seq, at, kind) }
}

/// Lines of the record as a subscriber is told them, by their numbers.
package struct EventPage: Sendable {
    package struct Line: Sendable {
        package let seq: Int64
        /// JSON text of the members, without the braces around them.
        package let members: [UInt8]
        package init(seq: Int64, members: [UInt8]) { (self.seq, self.members) = (seq, members) }
    }
    package let lines: [Line]
    /// Of the lines asked for none up to this number is missing here, and none will appear there later: the position to read on from.
    package let completeTo: Int64
    /// Nothing behind `completeTo` can be told yet: it was the record's end, or an intent is being written there.
    package let isLast: Bool
    package init(lines: [Line], completeTo: Int64, isLast: Bool) { (self.lines, self.completeTo, self.isLast) = (lines, completeTo, isLast) }
}
