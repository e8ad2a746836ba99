/// One number of the record, as whoever follows a journal reads it: an order's birth, which is no event, or a line. In order of their numbers they tell all that
/// became of orders (`FoldedOrder`), and each has a form in bytes.
package enum RecordedChange: Sendable {
    /// As it was asked for. Its key is its number.
    case born(Order, actor: Actor)
    case line(RecordedLine)

    package var seq: Int64 {
        switch self {
        case .born(let order, _): order.key.number
        case .line(let line): line.seq
        }
    }
}

/// A row of `events`.
package struct RecordedLine: Sendable, Equatable {
    package let seq: Int64
    package let at: Int64
    package let kind: EventKind
    package let account: AccountID?
    package let order: OrderKey?
    package let command: CommandID?
    package let from: String?
    package let to: String?
    package let evidence: Evidence?
    package let request: RequestID?
    package let actor: Actor
    /// JSON: the new values that the other parts do not hold.
    package let detail: String?
    package init(
        seq: Int64, at: Int64, kind: EventKind, account: AccountID?, order: OrderKey?, command: CommandID?, from: String?, to: String?,
        evidence: Evidence?, request: RequestID?, actor: Actor, detail: String?
    ) {
        (self.seq, self.at, self.kind, self.account, self.order, self.command) = (seq, at, kind, account, order, command)
        (self.from, self.to, self.evidence, self.request, self.actor, self.detail) = (from, to, evidence, request, actor, detail)
    }
}

/// Changes behind a number.
package struct RecordedChanges: Sendable {
    package let changes: [RecordedChange]
    /// None up to this number is missing here, and none will appear there later: the position to read on from.
    package let completeTo: Int64
    package let isLast: Bool
    package init(changes: [RecordedChange], completeTo: Int64, isLast: Bool) {
        (self.changes, self.completeTo, self.isLast) = (changes, completeTo, isLast)
    }
}

extension RecordedLine: RecordValue {
    package static func code(_ value: RecordedLine?, by coder: inout RecordCoder) throws(RecordError) -> RecordedLine {
        RecordedLine(
            seq: try coder.value(value?.seq), at: try coder.value(value?.at), kind: try coder.value(value?.kind),
            account: try coder.optional(value?.account), order: try coder.optional(value?.order), command: try coder.optional(value?.command),
            from: try coder.optional(value?.from), to: try coder.optional(value?.to), evidence: try coder.optional(value?.evidence),
            request: try coder.optional(value?.request), actor: try coder.value(value?.actor), detail: try coder.optional(value?.detail))
    }
}

extension RecordedChange {
    /// Version (as of records), 1 for a birth or 2 for a line, and its parts.
    package var bytes: [UInt8] {
        var coder = RecordCoder()
        do throws(RecordError) {
            try coder.begin(version: leastVersion)
            switch self {
            case .born(let order, let actor): _ = (try coder.byte(1), try coder.value(order), try coder.value(actor))
            case .line(let line): _ = (try coder.byte(2), try coder.value(line))
            }
        } catch {
            preconditionFailure("only reading finds fault: \(error)")
        }
        return coder.bytes
    }

    /// - Throws: what is wrong with them, and where.
    package init(bytes: [UInt8]) throws(RecordError) {
        var coder = RecordCoder(reading: bytes)
        try coder.readVersion(of: "a change")
        switch try coder.byte(nil) {
        case 1: self = .born(try coder.value(nil), actor: try coder.value(nil))
        case 2: self = .line(try coder.value(nil))
        case let kind: throw coder.error("no kind of change has the number \(kind)")
        }
        guard coder.isAtEnd else { throw coder.error("more bytes than a change has") }
        guard coder.version == leastVersion else { throw coder.error("version \(coder.version), which a change like this does not need") }
    }

    private var leastVersion: UInt8 {
        switch self {
        case .born(let order, _): order.leastVersion
        case .line: JournalRecord.firstVersion
        }
    }
}
