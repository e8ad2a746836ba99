/// Says when the journal's WAL grows because it cannot be used again: some reader keeps an old snapshot open. Sending goes on; the disk fills.
package struct WALWatch: Sendable {
    /// Four times the length at which checkpoints let it begin anew. Passing readers let it grow past that for a while.
    package static let highWater = 64 << 20

    package private(set) var bytes = 0
    /// Above this length there is news: twice the last time's.
    private var nextNews = highWater
    package init() {}

    package var isHeld: Bool { bytes >= Self.highWater }

    /// - Returns: A line for the log; nil: nothing new.
    package mutating func update(bytes now: Int) -> String? {
        bytes = now
        if now >= nextNews {
            while nextNews <= now { nextNews *= 2 }
            return "the journal's WAL has grown to \(now >> 20) MiB: a reader that keeps an old snapshot open stops it from being used again."
                + " Sending goes on until the disk is full. `fuser` on the journal names the readers."
        }
        guard nextNews > Self.highWater, !isHeld else { return nil }
        nextNews = Self.highWater
        return "the journal's WAL is used again: \(now >> 20) MiB"
    }
}
