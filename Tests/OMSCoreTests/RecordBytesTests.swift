import Glibc
import OMSCore
import Testing

/// The bytes that a standby reads.
@Suite struct RecordBytesTests {
    private static let golden = "/" + "\(#filePath)".split(separator: "/").dropLast(2).joined(separator: "/") + "/FuzzTests/Fixtures/record/"

    private static func described(_ record: JournalRecord) -> String {
        var text = ""
        dump(record, to: &text)
        return text
    }

    @Test func `a record of every kind, full or bare, is read back from its bytes as it was`() throws {
        #expect(RecordSamples.full().map(\.kind) == JournalRecord.Kind.allCases)
        for record in RecordSamples.full() + RecordSamples.bare() + RecordSamples.later().map(\.record) {
            let read = try JournalRecord(bytes: record.bytes)
            #expect(read.bytes == record.bytes)
            // Sets have no order that a text could be compared by.
            if record.kind != .identity { #expect(Self.described(read) == Self.described(record)) }
        }
    }

    /// `OMSD_WRITE_DOCS=1` writes the files anew: only for a new version of the form.
    @Test func `the bytes of each kind are those of its file`() throws {
        for (name, record) in RecordSamples.full().map({ ("\($0.kind)", $0) }) + RecordSamples.later() {
            let path = Self.golden + "\(name).bin"
            if getenv("OMSD_WRITE_DOCS") != nil { try Self.write(record.bytes, to: path) }
            #expect(try Self.bytes(of: path) == record.bytes, "\(record.kind)")
        }
    }

    @Test func `what an older version can say is written in that, and a later one is no other form of it`() throws {
        #expect(RecordSamples.full().allSatisfy { $0.bytes.first == 1 } && RecordSamples.later().allSatisfy { $0.record.bytes.first == 2 })
        for record in RecordSamples.full() + RecordSamples.bare() {
            var later = record.bytes
            later[0] = 2
            #expect(throws: RecordError.self) { try JournalRecord(bytes: later) }
        }
        // Whoever knows no tags refuses the version, and so never takes a tagged order for one without.
        for (name, record) in RecordSamples.later() {
            var older = record.bytes
            older[0] = 1
            #expect(throws: RecordError.self, "\(name)") { try JournalRecord(bytes: older) }
        }
        let born = RecordedChange.born(RecordSamples.order(tag: "grid"), actor: .daemon)
        guard case .born(let read, _) = try RecordedChange(bytes: born.bytes) else {
            Issue.record("it is no birth")
            return
        }
        #expect(read.tag == "grid" && read.intentID == "rebalance-7" && born.bytes.first == 2)
        #expect(RecordedChange.born(RecordSamples.order(), actor: .daemon).bytes.first == 1)
    }

    @Test func `a turn is read back whole, or not at all`() throws {
        let turn = RecordSamples.full() + RecordSamples.bare()
        let bytes = JournalRecord.bytes(of: turn)
        #expect(try JournalRecord.turn(from: bytes).map(\.bytes) == turn.map(\.bytes))
        #expect(try JournalRecord.turn(from: []).isEmpty)
        for cut in stride(from: 1, to: bytes.count, by: 7) {
            let read = try? JournalRecord.turn(from: Array(bytes[..<cut]))
            // A cut between two records leaves whole ones: the length of a turn is its carrier's business.
            #expect(read == nil || JournalRecord.bytes(of: read ?? []) == Array(bytes[..<cut]))
        }
    }

    @Test func `bytes that are no record are refused with what is wrong and where, and what is read, written again, is the same bytes`() throws {
        var state: UInt64 = 0xF3
        func roll(_ sides: Int) -> Int {
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            return Int((mixed ^ (mixed >> 31)) >> 1) % sides
        }
        var refusals: Set<String> = []
        for record in RecordSamples.full() + RecordSamples.bare() {
            let whole = record.bytes
            for cut in 0..<whole.count { #expect(throws: RecordError.self) { try JournalRecord(bytes: Array(whole[..<cut])) } }
            #expect(throws: RecordError.self) { try JournalRecord(bytes: whole + [0]) }
            for _ in 0..<400 {
                var bytes = whole
                for _ in 0...roll(3) { bytes[roll(bytes.count)] = UInt8(roll(4) == 0 ? roll(256) : roll(5)) }
                do throws(RecordError) {
                    let read = try JournalRecord(bytes: bytes)
                    #expect(read.bytes == bytes, "\(bytes)")
                } catch {
                    #expect((0...bytes.count).contains(error.offset) && !error.problem.isEmpty, "\(bytes): \(error)")
                    refusals.insert(error.problem)
                }
            }
        }
        #expect(refusals.count > 30, "many kinds of words: \(refusals.count)")
        #expect { try JournalRecord(bytes: [9, 1]) } throws: { ($0 as? RecordError)?.problem == "a record of version 9; this omsd reads up to 2" }
        #expect { try JournalRecord(bytes: [1, 99]) } throws: { ($0 as? RecordError)?.problem == "no kind of record has the number 99" }
        #expect { try JournalRecord(bytes: []) } throws: { ($0 as? RecordError)?.description == "byte 0: it ends too early" }
    }

    @Test func `the number of a kind, and of a field, is its own for ever`() {
        #expect(JournalRecord.Kind.allCases.map(\.rawValue) == Array(1...32))
        #expect(JournalRecord.Kind.orderBorn.rawValue == 4 && JournalRecord.Kind.permit.rawValue == 16 && JournalRecord.Kind.note.rawValue == 25)
        #expect(
            JournalRecord.Kind.kill.rawValue == 26 && JournalRecord.Kind.lookupLag.rawValue == 27 && JournalRecord.Kind.sessionGuard.rawValue == 28)
        #expect(
            OrderTerms.fields.map(\.name) == [
                "symbol", "side", "type", "time_in_force", "post_only", "price", "quantity", "quote_quantity", "reduce_only", "position_side",
                "margin_action", "stp", "take_profit", "stop_loss",
            ])
        #expect(
            Order.known.map(\.name) == [
                "state", "evidence", "venue_state", "venue_order_id", "price", "quantity", "filled_quantity", "average_price", "reject_code",
                "reject_text", "attempts", "parked_at", "barred_by", "absences", "request_id", "submitted_at", "acknowledged_at", "closed_at",
            ])
    }

    /// The fields that say who an order is, and those that other tables keep.
    @Test func `whatever is known of an order stands in the table that columns, fold and bytes are made from`() {
        let labels = Set(Mirror(reflecting: RecordSamples.order()).children.compactMap(\.label))
        let identity: Set = ["key", "clientOrderID", "account", "intent", "intentID", "tag", "item", "terms", "intendedAt", "expiresAt", "sequence"]
        let elsewhere: Set = ["wireTime", "predictedIDs"]
        let inTable: Set = [
            "state", "evidence", "venueState", "venueOrderID", "price", "quantity", "filledQuantity", "averagePrice", "attemptCount", "request",
            "rejectCode", "rejectText", "submittedAt", "acknowledgedAt", "closedAt", "parkedAt", "bars", "absenceCount",
        ]
        #expect(labels == identity.union(elsewhere).union(inTable), "a new property of an order belongs into Order.known, and here")
        #expect(Order.known.count == inTable.count)
    }

    private static func bytes(of path: String) throws -> [UInt8] {
        let file = try #require(fopen(path, "r"), "\(path) is not there")
        defer { fclose(file) }
        var chunk = [UInt8](repeating: 0, count: 65_536)
        return Array(chunk[..<fread(&chunk, 1, chunk.count, file)])
    }

    private static func write(_ bytes: [UInt8], to path: String) throws {
        let file = try #require(fopen(path, "w"), "\(path) cannot be written")
        #expect(fwrite(bytes, 1, bytes.count, file) == bytes.count && fclose(file) == 0)
    }
}
