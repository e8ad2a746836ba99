import OMSCore
import Wire

extension OKX {
    /// Rows of a page, of whatever listing.
    static let pageMax = 100

    /// A place in the listings that one question goes through, page by page.
    ///
    /// Pages hang on the id of the last row that was seen, newest first, and an empty one ends a listing: the venue's own sign. As text: the listing, `|`, that id.
    struct Walk: Equatable {
        enum Place: String {
            /// A single order, by id: no listing.
            case order
            case pending
            case history
            /// Of an order whose market is no more, so that it cannot be asked for by id.
            case goneHistory = "gone-history"
            case goneArchive = "gone-archive"
            case fills
            case fillsArchive = "fills-archive"
        }
        let place: Place
        /// The last row seen; nil: the listing begins.
        let after: String?

        private init(_ place: Place, after: String? = nil) { (self.place, self.after) = (place, after) }

        /// - Parameter first: where it begins.
        init(_ text: String?, from first: Place) {
            let parts = (text ?? "").split(separator: "|", maxSplits: 1, omittingEmptySubsequences: false)
            let place = parts.first.flatMap { Place(rawValue: String($0)) }
            self.init(place ?? first, after: place != nil && parts.count == 2 && !parts[1].isEmpty ? String(parts[1]) : nil)
        }

        /// The walk of a look-up's step.
        init(finding text: String?, step: Int) { self.init(text, from: step == 0 ? .order : step == 1 ? .pending : .fills) }

        private var text: String { "\(place.rawValue)|\(after ?? "")" }
        static let goneFrom = Walk(.goneHistory).text

        /// The page behind one with these rows; nil: the question was seen to its end.
        ///
        /// - Parameters:
        ///   - key: of the field that pages hang on.
        ///   - then: the listing that follows behind the end of this one.
        /// - Throws: where a page does not move on, or its last row has no id.
        func next(_ rows: [JSON], by key: String, then: Place?) throws(Unreadable) -> String? {
            guard let last = rows.last else { return then.map { Walk($0).text } }
            guard let id = last[key]?.text, OKX.isID(id) else { throw Unreadable("the last row of a page has no \(key)") }
            guard id != after else {
                // Were cursors to include their own row, the page behind the last one would hold nothing else.
                guard rows.count == 1 else { throw Unreadable("a listing that does not move on") }
                return then.map { Walk($0).text }
            }
            return Walk(place, after: id).text
        }
    }

    /// What may stand in a query as it is: letters and digits, and a sign in front of them.
    static func isID(_ text: String) -> Bool {
        (1...40).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                    UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }

    /// From when on a look-up's listings must tell: a minute before the latest attempt, since what came of earlier ones is settled.
    static func start(of subject: FindSubject) -> Int64 {
        max(0, subject.sinceMs, subject.stampedMs.map { $0 - 60_000 } ?? 0)
    }

    /// Whether executions since then may be older than the listing of the last three days tells.
    static func reachesFillsArchive(_ sinceMs: Int64, _ timeMs: Int64) -> Bool { sinceMs < timeMs - 3 * dayMs + hourMs }

    /// Whether orders since then may be older than the listing of the last seven days tells.
    static func reachesArchive(_ sinceMs: Int64, _ timeMs: Int64) -> Bool { sinceMs < timeMs - 7 * dayMs + hourMs }
}
