/// How long something waits before it is tried again: twice as long with each try, up to a bound. The engine has no other.
package struct Backoff: Sendable {
    /// The first pause and the longest, microseconds.
    package let first: Int64
    package let most: Int64

    package init(first: Int64, most: Int64 = .seconds(30)) { (self.first, self.most) = (max(1, first), max(first, most)) }

    /// The pause behind so many tries that came to nothing; 0: the first pause.
    package func pause(after tries: Int) -> Int64 {
        // Beyond 40 doublings any first pause has passed any bound.
        let doublings = Int64(min(max(tries, 0), 40))
        let (pause, overflows) = first.multipliedReportingOverflow(by: 1 << doublings)
        return overflows ? most : min(pause, most)
    }
}
