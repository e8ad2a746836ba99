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

    /// The page that follows one with these row ids; nil when the listing is complete.
    ///
    /// - Throws: where the page promises more than it has, or its ids turn round: such pages could circle for ever, or leave rows out.
    static func following(_ page: CursorPage?, ids: [Int64], hasNext: Bool) throws(Unreadable) -> CursorPage? {
        var signs = PageSigns(rows: ids.count, cursor: ids.last.map { String($0) }, behind: page.map { String($0.id) })
        signs.promisesMore = hasNext
        guard try signs.next() != nil, let last = ids.last else { return nil }
        let from = page?.id ?? ids[0]
        var way = page?.way ?? .unknown
        if last > from, way != .down {
            way = .up
        } else if last < from, way != .up {
            way = .down
        } else if last != from {
            throw Unreadable("pages run back and forth")
        }
        return CursorPage(way: way, id: last)
    }
}
