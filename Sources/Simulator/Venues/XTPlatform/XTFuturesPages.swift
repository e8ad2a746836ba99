import Wire

// How the futures side cuts its lists (venue page 4.4).

extension XTFields {
    /// The bounds `startTime` and `endTime`, milliseconds, both inclusive.
    func times() throws(XTProblem) -> ClosedRange<Int64> {
        let problem = XTProblem("invalid_params", "invalid time")
        let start = try integer("startTime", in: 0...Int64.max, otherwise: 0, orElse: problem)
        let end = try integer("endTime", in: 0...Int64.max, otherwise: .max, orElse: problem)
        guard start <= end else { throw problem }
        return start...end
    }

    /// `page` and `size`: the first ten rows unless something else is asked for, at most 100.
    func numberedPage() throws(XTProblem) -> (page: Int, size: Int) {
        let page = try integer("page", in: 1...1_000_000, otherwise: 1, orElse: XTProblem("invalid_page", "invalid page"))
        let size = try integer("size", in: 1...100, otherwise: 10, orElse: XTProblem("invalid_size", "invalid size"))
        return (Int(page), Int(size))
    }

    /// Which way a cursor goes: `NEXT`, or `PREV`.
    func isNext() throws(XTProblem) -> Bool {
        switch text("direction") {
        case nil, "NEXT": true
        case "PREV": false
        default: throw XTProblem("invalid_params", "invalid direction")
        }
    }
}

extension JSONWriter {
    /// A page by number: rows slip from one to the next while others come and go.
    mutating func numbered<Row>(_ rows: [Row], _ page: Int, _ size: Int, _ write: (Row, inout JSONWriter) -> Void) {
        beginObject()
        member("page", page)
        member("ps", size)
        member("total", rows.count)
        key("items")
        beginArray()
        for row in rows.dropFirst((page - 1) * size).prefix(size) { write(row, &self) }
        endArray()
        endObject()
    }

    /// A page behind a cursor.
    mutating func cursored<Row>(_ page: XTPage<Row>, _ write: (Row, inout JSONWriter) -> Void) {
        beginObject()
        member("hasPrev", page.hasPrev)
        member("hasNext", page.hasNext)
        key("items")
        beginArray()
        for row in page.rows { write(row, &self) }
        endArray()
        endObject()
    }
}
