import OMSCore

/// A record in bytes, as a standby is sent it: refused with a place that is in it, or read; and then, written again, the same bytes.
enum RecordTarget {
    static func problem(with bytes: [UInt8]) -> String? {
        do throws(RecordError) {
            let record = try JournalRecord(bytes: bytes)
            if record.bytes != bytes { return "written again, other bytes: \(record.kind)" }
        } catch {
            if !(0...bytes.count).contains(error.offset) || error.problem.isEmpty { return "refused at \(error.offset) of \(bytes.count)" }
        }
        do throws(RecordError) {
            let turn = try JournalRecord.turn(from: bytes)
            if JournalRecord.bytes(of: turn) != bytes { return "a turn written again is of other bytes" }
        } catch {
            if !(0...bytes.count).contains(error.offset) { return "a turn refused at \(error.offset) of \(bytes.count)" }
        }
        return nil
    }
}
