/// A walk through an account's orders in memory, by number: as many turns as it takes.
struct BookWalk {
    let desk: Int
    /// The last order it came to: what is next stands behind it.
    var after: OrderKey
    /// Where it ends; nil: at the end of the book, wherever that is by then.
    let last: OrderKey?
    var isOver = false

    init(desk: Int, after: OrderKey = OrderKey(0), last: OrderKey?) { (self.desk, self.after, self.last) = (desk, after, last) }
}

extension Engine {
    /// Steps of a turn: orders that a walk passes without a word. A few microseconds each at most, while a row costs its share of a commit.
    var stepsATurn: Int { max(1, min(sliceRows, 100_000)) * 8 }
    /// What it takes to look at an item that a caller named, or to set a part of an intent on its way.
    static let stepsOfItem = 4

    /// Shows the next orders of a walk until the steps are used up, or whoever is shown them has had enough.
    func walk(_ walk: inout BookWalk, steps: inout Int, _ goesOn: (LiveOrder, Desk) -> Bool) {
        let desk = desks[walk.desk]
        while steps > 0 {
            let run = desk.book.next(after: walk.after, limit: steps)
            for key in run {
                if let last = walk.last, key > last {
                    walk.isOver = true
                    return
                }
                walk.after = key
                steps -= 1
                guard let live = desk.book[key] else { continue }
                guard goesOn(live, desk) else { return }
            }
            guard !run.isEmpty else {
                walk.isOver = true
                return
            }
        }
    }
}
