import OMSCore
import Wire

/// The JSON of an event's `detail`: made only when there is something to say. Keys are the columns whose new values they hold.
struct EventDetail {
    private var writer = JSONWriter(reserving: 0)
    private var isOpen = false

    /// nil: nothing was said, the column stays NULL.
    var bytes: [UInt8]? {
        guard isOpen else { return nil }
        var closed = writer
        closed.endObject()
        return closed.bytes
    }

    /// Opened with the first thing that is said, and kept as a plain value: swiftc 6.3.1 aborts in `CopyPropagation` on an optional writer that is taken out and put back.
    private mutating func open() {
        guard !isOpen else { return }
        isOpen = true
        writer = JSONWriter(reserving: 120)
        writer.beginObject()
    }

    mutating func add(_ key: String, _ text: String?) {
        open()
        writer.member(key, text)
    }
    mutating func add(_ key: String, _ number: Int64?) {
        open()
        writer.member(key, number)
    }
    mutating func add(_ key: String, _ decimal: Decimal?) { add(key, decimal?.description) }
    mutating func add(_ key: String, _ value: FieldValue) {
        if case .number(let number) = value { add(key, number) } else { add(key, value.text) }
    }

    /// `[[first,last],…]`
    mutating func add(_ key: String, ranges: [ClosedRange<Int64>]) {
        open()
        writer.key(key)
        writer.beginArray()
        for range in ranges {
            writer.beginArray()
            writer.integer(range.lowerBound)
            writer.integer(range.upperBound)
            writer.endArray()
        }
        writer.endArray()
    }

    mutating func add(_ key: String, list texts: [String]) {
        open()
        writer.key(key)
        writer.beginArray()
        for text in texts { writer.string(text) }
        writer.endArray()
    }

    mutating func add(_ key: String, places: [FormerPlace]) {
        open()
        writer.key(key)
        writer.beginArray()
        for place in places.sorted(by: { $0.since < $1.since }) {
            writer.beginObject()
            writer.member("since", place.since)
            writer.member("until", place.until)
            writer.member("uid", place.uid)
            writer.member("origin", place.origin)
            writer.endObject()
        }
        writer.endArray()
    }

    mutating func addFacts(of event: JournalEvent) { add(event.facts) }

    mutating func add(_ facts: [JournalEvent.Fact]) {
        for fact in facts {
            switch fact.value {
            case .text(let text): add(fact.name, text)
            case .number(let number): add(fact.name, number)
            }
        }
    }

    mutating func addNote(of event: JournalEvent) { if let note = event.note { add("note", note) } }
}
