import OMSCore
import Wire

/// The JSON of an event's `detail`: made only when there is something to say. Keys are the columns whose new values they hold.
struct EventDetail {
    private var writer: JSONWriter?

    /// nil: nothing was said, the column stays NULL.
    var bytes: [UInt8]? {
        guard var writer else { return nil }
        writer.endObject()
        return writer.bytes
    }

    private mutating func open() -> JSONWriter {
        if let writer {
            self.writer = nil
            return writer
        }
        var fresh = JSONWriter(reserving: 120)
        fresh.beginObject()
        return fresh
    }

    mutating func add(_ key: String, _ text: String?) {
        var open = open()
        open.member(key, text)
        writer = open
    }
    mutating func add(_ key: String, _ number: Int64?) {
        var open = open()
        open.member(key, number)
        writer = open
    }
    mutating func add(_ key: String, _ decimal: Decimal?) { add(key, decimal?.description) }

    /// `[[first,last],…]`
    mutating func add(_ key: String, ranges: [ClosedRange<Int64>]) {
        var open = open()
        open.key(key)
        open.beginArray()
        for range in ranges {
            open.beginArray()
            open.integer(range.lowerBound)
            open.integer(range.upperBound)
            open.endArray()
        }
        open.endArray()
        writer = open
    }

    mutating func addFacts(of event: JournalEvent) {
        for fact in event.facts {
            switch fact.value {
            case .text(let text): add(fact.name, text)
            case .number(let number): add(fact.name, number)
            }
        }
    }

    mutating func addNote(of event: JournalEvent) { if let note = event.note { add("note", note) } }
}
