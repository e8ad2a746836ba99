/// What one page of a listing says of itself beside its rows: whether more follows, and where. The one way for every venue to say "complete".
///
/// The venue's own signs decide. Rows are never counted to prove an end, only to doubt one: a page that names a cursor is followed however short it is,
/// and a page that names ids or promises more but does not hold them is no answer.
struct PageSigns {
    /// Rows that the page holds, read or not.
    var rows: Int
    /// Where the next page begins; nil: the page names no place.
    var cursor: String?
    /// The cursor with which this page was asked for; nil for the first.
    var behind: String?
    /// Ids of rows that the page names outside its rows: its smallest, its largest.
    var named: [String] = []
    /// Ids of the rows that it holds; nil: they cannot be compared with those it names.
    var held: Set<String>?
    /// The venue's own word whether more follows (`hasNext`); nil: it has none.
    var promisesMore: Bool?
    /// How many rows there are in all by the venue's count, and how many were shown up to and with this page; nil: it does not count them.
    var total: (all: Int64, shown: Int64)?
    /// A page of so many rows may have been cut: without a cursor, or the venue's word that it is the last, it is no end. nil: the venue ends pages otherwise.
    var fullAt: Int?

    init(rows: Int, cursor: String? = nil, behind: String? = nil) { (self.rows, self.cursor, self.behind) = (rows, cursor, behind) }

    /// The cursor of the page that follows; nil: the listing is complete.
    ///
    /// - Throws: where the signs contradict each other or the rows: then the question is unanswered, and nothing is absent.
    func next() throws(Unreadable) -> String? {
        if let total, total.all < 0 || total.shown > total.all { throw Unreadable("\(total.shown) rows of \(total.all)") }
        if rows == 0 {
            if let id = cursor ?? named.first { throw Unreadable("an empty page that names \(id.prefix(40).escapedForLog)") }
            if promisesMore == true { throw Unreadable("an empty page that promises more") }
            if let total, total.shown < total.all { throw Unreadable("an empty page, with \(total.shown) of \(total.all) rows shown") }
            return nil
        }
        if let held, let missing = named.first(where: { !held.contains($0) }) {
            throw Unreadable("a page that names \(missing.prefix(40).escapedForLog) without holding it")
        }
        if promisesMore == false {
            if let total, total.shown < total.all { throw Unreadable("the last page, with \(total.shown) of \(total.all) rows shown") }
            return nil
        }
        if let cursor {
            if cursor != behind { return cursor }
            // Where cursors include their own row, the page behind the last one holds nothing else.
            guard promisesMore == nil, rows == 1, held?.contains(cursor) == true else { throw Unreadable("a listing that does not move on") }
            return nil
        }
        if promisesMore == true { throw Unreadable("a page that promises more and does not say where") }
        if let total, total.shown < total.all { throw Unreadable("a page without a cursor, with \(total.shown) of \(total.all) rows shown") }
        if let fullAt, rows >= fullAt { throw Unreadable("a full page without a cursor") }
        return nil
    }
}
