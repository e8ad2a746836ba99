/// Records as bytes: what a standby is sent, births included.
///
/// A record is the version of the form, its kind and its parts (`RecordCoder`). A turn, which is durable whole or not at all, is its records in order, each
/// behind its length. A form that changes gets a new version; the former stays readable (docs/decisions/0011-one-table-of-fields.md).
extension JournalRecord {
    static let firstVersion: UInt8 = 1
    /// Knows tags.
    static let versionOfTags: UInt8 = 2
    /// The newest. A record without a tag is written in the first, which all else is part of: no released omsd has written either.
    package static let version = versionOfTags

    /// The first version that can say it.
    private var leastVersion: UInt8 {
        switch self {
        case .intent(let row, _): row.tag == nil ? Self.firstVersion : Self.versionOfTags
        case .orderBorn(let order, _), .orderChanged(let order, _, _, _): order.leastVersion
        default: Self.firstVersion
        }
    }

    /// Numbers of the kinds: never given to another.
    package enum Kind: UInt8, Sendable, CaseIterable {
        case intent = 1
        case intentComplete, intentSettled, orderBorn, orderChanged, commandBorn, commandChanged, request, requestEnded, fill, breakFound,
            breakResolved
        case breakAcknowledged, tradingState, budget, permit, unlisted, idHighWater, boot, formulaBroken, identity, budgetRest, ban, banEnded, note,
            kill, lookupLag, sessionGuard, position, rehearsal, account, intentDiscarded
    }

    package var kind: Kind {
        switch self {
        case .intent: .intent
        case .intentComplete: .intentComplete
        case .intentSettled: .intentSettled
        case .orderBorn: .orderBorn
        case .orderChanged: .orderChanged
        case .commandBorn: .commandBorn
        case .commandChanged: .commandChanged
        case .request: .request
        case .requestEnded: .requestEnded
        case .fill: .fill
        case .breakFound: .breakFound
        case .breakResolved: .breakResolved
        case .breakAcknowledged: .breakAcknowledged
        case .tradingState: .tradingState
        case .budget: .budget
        case .permit: .permit
        case .unlisted: .unlisted
        case .idHighWater: .idHighWater
        case .boot: .boot
        case .formulaBroken: .formulaBroken
        case .identity: .identity
        case .budgetRest: .budgetRest
        case .ban: .ban
        case .banEnded: .banEnded
        case .note: .note
        case .kill: .kill
        case .lookupLag: .lookupLag
        case .sessionGuard: .sessionGuard
        case .position: .position
        case .rehearsal: .rehearsal
        case .account: .account
        case .intentDiscarded: .intentDiscarded
        }
    }

    package var bytes: [UInt8] {
        var coder = RecordCoder()
        do throws(RecordError) {
            try coder.begin(version: leastVersion)
            _ = try coder.byte(kind.rawValue)
            try write(to: &coder)
        } catch {
            // Nothing that is written can be refused: only reading finds fault.
            preconditionFailure("\(error)")
        }
        return coder.bytes
    }

    /// - Throws: what is wrong with them, and where.
    package init(bytes: [UInt8]) throws(RecordError) {
        var coder = RecordCoder(reading: bytes)
        try coder.readVersion(of: "a record")
        let number = try coder.byte(nil)
        guard let kind = Kind(rawValue: number) else { throw coder.error("no kind of record has the number \(number)") }
        self = try Self.read(kind, from: &coder)
        guard coder.isAtEnd else { throw coder.error("more bytes than a \(kind) has") }
        guard coder.version == leastVersion else { throw coder.error("version \(coder.version), which a \(kind) like this does not need") }
    }

    private func write(to coder: inout RecordCoder) throws(RecordError) {
        switch self {
        case .intent(let row, let event): _ = (try coder.value(row), try coder.value(event))
        case .intentComplete(let key): _ = try coder.value(key)
        case .intentSettled(let key, let at, let event): _ = (try coder.value(key), try coder.value(at), try coder.value(event))
        case .orderBorn(let order, let actor): _ = (try coder.value(order), try coder.value(actor))
        case .orderChanged(let order, let from, let fields, let event):
            _ = (try coder.value(order), try coder.value(from), try coder.value(fields.rawValue), try coder.value(event))
        case .commandBorn(let command, let event): _ = (try coder.value(command), try coder.value(event))
        case .commandChanged(let command, let from, let event): _ = (try coder.value(command), try coder.value(from), try coder.value(event))
        case .request(let row): _ = try coder.value(row)
        case .requestEnded(let end): _ = try coder.value(end)
        case .fill(let order, let account, let id, let fill, let event):
            _ = (try coder.value(order), try coder.value(account), try coder.value(id), try coder.value(fill), try coder.value(event))
        case .breakFound(let row, let event): _ = (try coder.value(row), try coder.value(event))
        case .breakResolved(let id, let at, let event): _ = (try coder.value(id), try coder.value(at), try coder.value(event))
        case .breakAcknowledged(let id, let at, let reason, let isOver, let event):
            _ = (try coder.value(id), try coder.value(at), try coder.value(reason), try coder.value(isOver), try coder.value(event))
        case .tradingState(let row, let event): _ = (try coder.value(row), try coder.value(event))
        case .budget(let row): _ = try coder.value(row)
        case .permit(let row): _ = try coder.value(row)
        case .unlisted(let order, let isUnlisted): _ = (try coder.value(order), try coder.value(isUnlisted))
        case .idHighWater(let mark): _ = try coder.value(mark)
        case .boot(let id): _ = try coder.value(id)
        case .formulaBroken(let account, let isBroken, let event):
            _ = (try coder.value(account), try coder.value(isBroken), try coder.value(event))
        case .identity(let pinned, let event): _ = (try coder.value(pinned), try coder.value(event))
        case .budgetRest(let rest): _ = try coder.value(rest)
        case .ban(let ban): _ = try coder.value(ban)
        case .banEnded(let family): _ = try coder.value(family)
        case .note(let account, let order, let event): _ = (try coder.optional(account), try coder.optional(order), try coder.value(event))
        case .kill(let row, let event): _ = (try coder.value(row), try coder.value(event))
        case .sessionGuard(let row, let event): _ = (try coder.value(row), try coder.value(event))
        case .position(let row): _ = try coder.value(row)
        case .rehearsal(let row, let event): _ = (try coder.value(row), try coder.value(event))
        case .lookupLag(let account, let lag, let event): _ = (try coder.value(account), try coder.value(lag), try coder.value(event))
        case .account(let key, let id, let venue, let product):
            _ = (try coder.value(key), try coder.value(id), try coder.value(venue), try coder.value(product))
        case .intentDiscarded(let key, let id, let account, let numbers, let event):
            _ = (try coder.value(key), try coder.value(id), try coder.value(account), try coder.list(numbers), try coder.value(event))
        }
    }

    private static func read(_ kind: Kind, from coder: inout RecordCoder) throws(RecordError) -> JournalRecord {
        switch kind {
        case .intent: .intent(try coder.value(nil), try coder.value(nil))
        case .intentComplete: .intentComplete(try coder.value(nil))
        case .intentSettled: .intentSettled(try coder.value(nil), at: try coder.value(nil), try coder.value(nil))
        case .orderBorn: .orderBorn(try coder.value(nil), actor: try coder.value(nil))
        case .orderChanged:
            .orderChanged(try coder.value(nil), from: try coder.value(nil), fields: try fields(from: &coder), try coder.value(nil))
        case .commandBorn: .commandBorn(try coder.value(nil), try coder.value(nil))
        case .commandChanged: .commandChanged(try coder.value(nil), from: try coder.value(nil), try coder.value(nil))
        case .request: .request(try coder.value(nil))
        case .requestEnded: .requestEnded(try coder.value(nil))
        case .fill:
            .fill(try coder.value(nil), try coder.value(nil), try coder.value(nil), try coder.value(nil), try coder.value(nil))
        case .breakFound: .breakFound(try coder.value(nil), try coder.value(nil))
        case .breakResolved: .breakResolved(id: try coder.value(nil), at: try coder.value(nil), try coder.value(nil))
        case .breakAcknowledged:
            .breakAcknowledged(
                id: try coder.value(nil), at: try coder.value(nil), reason: try coder.value(nil), isOver: try coder.value(nil), try coder.value(nil))
        case .tradingState: .tradingState(try coder.value(nil), try coder.value(nil))
        case .budget: .budget(try coder.value(nil))
        case .permit: .permit(try coder.value(nil))
        case .unlisted: .unlisted(try coder.value(nil), try coder.value(nil))
        case .idHighWater: .idHighWater(try coder.value(nil))
        case .boot: .boot(id: try coder.value(nil))
        case .formulaBroken: .formulaBroken(try coder.value(nil), try coder.value(nil), try coder.value(nil))
        case .identity: .identity(try coder.value(nil), try coder.value(nil))
        case .budgetRest: .budgetRest(try coder.value(nil))
        case .ban: .ban(try coder.value(nil))
        case .banEnded: .banEnded(family: try coder.value(nil))
        case .note: .note(account: try coder.optional(nil), try coder.optional(nil), try coder.value(nil))
        case .kill: .kill(try coder.value(nil), try coder.value(nil))
        case .sessionGuard: .sessionGuard(try coder.value(nil), try coder.value(nil))
        case .position: .position(try coder.value(nil))
        case .rehearsal: .rehearsal(try coder.value(nil), try coder.value(nil))
        case .lookupLag: .lookupLag(try coder.value(nil), try coder.value(nil), try coder.value(nil))
        case .account: .account(key: try coder.value(nil), try coder.value(nil), venue: try coder.value(nil), product: try coder.value(nil))
        case .intentDiscarded:
            .intentDiscarded(
                try coder.value(nil), try coder.value(nil), try coder.value(nil), numbers: try coder.list(nil), try coder.value(nil))
        }
    }

    /// Bits that no table of ours has would be lost without a word.
    private static func fields(from coder: inout RecordCoder) throws(RecordError) -> OrderFields {
        let fields = OrderFields(rawValue: try coder.value(nil))
        let known = Order.known.reduce(into: OrderFields.predictedID) { $0.formUnion($1.changes) }
        guard fields.isSubset(of: known) else { throw coder.error("an order's change of fields that are not known here") }
        return fields
    }

    // MARK: Turns

    /// - Returns: what is durable together, in one piece of bytes.
    package static func bytes(of turn: [JournalRecord]) -> [UInt8] {
        var bytes: [UInt8] = []
        for record in turn {
            let body = record.bytes
            var length = RecordCoder()
            length.write(Int64(body.count))
            bytes += length.bytes + body
        }
        return bytes
    }

    /// - Throws: what is wrong with the first record that cannot be read; nothing of the turn is believed then.
    package static func turn(from bytes: [UInt8]) throws(RecordError) -> [JournalRecord] {
        var coder = RecordCoder(reading: bytes)
        var turn: [JournalRecord] = []
        while !coder.isAtEnd {
            let body = try coder.raw(nil, count: try coder.length(nil))
            do throws(RecordError) { turn.append(try JournalRecord(bytes: body)) } catch {
                throw RecordError(problem: "record \(turn.count): \(error.problem)", offset: coder.offset - body.count + error.offset)
            }
        }
        return turn
    }
}

extension Order {
    /// The first version of records that can say it.
    var leastVersion: UInt8 { tag == nil ? JournalRecord.firstVersion : JournalRecord.versionOfTags }
}

extension RecordCoder {
    mutating func begin(version: UInt8) throws(RecordError) { self.version = try byte(version) }

    mutating func readVersion(of what: String) throws(RecordError) {
        version = try byte(nil)
        guard (JournalRecord.firstVersion...JournalRecord.version).contains(version) else {
            throw error("\(what) of version \(version); this omsd reads up to \(JournalRecord.version)")
        }
    }
}
