import OMSCore

/// A place in a listing that is paged by ids whose order the venue does not document: rows behind the id, whichever way the ids run.
///
/// As text, what `QueryAnswer.orders(_, next:)` carries: `+` or `-` for the way the ids run, `?` while unknown, then the id.
struct CursorPage: Equatable {
    enum Way: Character {
        case up = "+"
        case down = "-"
        case unknown = "?"
    }
    let way: Way
    let id: Int64

    init(way: Way, id: Int64) { (self.way, self.id) = (way, id) }

    init?(_ text: String) {
        guard let first = text.first, let way = Way(rawValue: first), let id = Int64(text.dropFirst()) else { return nil }
        self.init(way: way, id: id)
    }

    var text: String { "\(way.rawValue)\(id)" }

    /// The page that follows one with these row ids; nil when the listing is complete, which the venue alone says.
    ///
    /// Inclusive cursors repeat the row that they name: it counts once.
    ///
    /// - Throws: where the ids turn round (such pages could circle for ever, or leave rows out), and where the venue promises more but shows nothing new.
    static func following(_ page: CursorPage?, ids: [Int64], hasNext: Bool) throws(Unreadable) -> CursorPage? {
        // One page that is the whole listing may hold its rows in any order.
        guard page != nil || hasNext else { return nil }
        var (way, place) = (page?.way ?? .unknown, page?.id)
        for (index, id) in ids.enumerated() {
            if index == 0, id == page?.id { continue }
            if let before = place {
                guard id != before, way == .unknown || (way == .up) == (id > before) else { throw Unreadable("pages run back and forth") }
                way = id > before ? .up : .down
            }
            place = id
        }
        var signs = PageSigns(rows: ids.count, cursor: ids.last.map { String($0) }, behind: page.map { String($0.id) })
        signs.promisesMore = hasNext
        guard try signs.next() != nil, let last = ids.last else { return nil }
        return CursorPage(way: way, id: last)
    }
}
