import OMSCore

/// Rows of this epoch that were durable, kept for a log that turns out to have lost them.
struct Outbox {
    /// By turn: without a gap up to `last`.
    private var rows: [Int64: LogRow] = [:]
    private var (first, last): (Int64, Int64) = (1, 0)
    private var bytes = 0
    private let turnsMax: Int
    /// Whatever the number of turns: a slice of a large intent is half a megabyte.
    private let bytesMax: Int

    init(turnsMax: Int, bytesMax: Int = 64 << 20) { (self.turnsMax, self.bytesMax) = (turnsMax, bytesMax) }

    mutating func add(_ row: LogRow) {
        if rows.isEmpty { first = row.turn }
        (rows[row.turn], last) = (row, row.turn)
        bytes += row.body.count
        while rows.count > turnsMax || bytes > bytesMax, let gone = rows.removeValue(forKey: first) {
            bytes -= gone.body.count
            first += 1
        }
    }

    /// All rows behind that number; nil: some of them are not kept.
    func rows(after turn: Int64) -> [LogRow]? {
        guard turn < last else { return [] }
        let kept = (turn + 1...last).compactMap { rows[$0] }
        return kept.count == Int(last - turn) ? kept : nil
    }
}
