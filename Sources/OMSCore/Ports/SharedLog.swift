/// The log that all hosts of a group share: one of them writes it, the others follow. Whoever holds its present epoch owns the group.
///
/// A write has three outcomes, never two. A reading has two, and neither proves anything: after its engine was started again, a row can be seen that no
/// standby of the engine has. Only a clean write proves that what stands before it will stay.
package enum LogOutcome: Sendable, Equatable {
    /// On two nodes of the engine, without a word of warning, while it was replicated. The lease is as this write left it.
    case durable(Lease)
    /// This time surely not written. An earlier sending of the same that was in doubt may have been.
    case refused(LogRefusal)
    /// Written or not: nothing is taken back or numbered anew, the same is sent again until it is durable or somebody else owns the group.
    case inDoubt(String)
}

/// Why a write surely was not made.
package enum LogRefusal: Sendable, Equatable {
    /// The lease is another's, or not as the write expected it: this is how it stands.
    case fenced(Lease)
    /// The log ends too early under the writer's own epoch: a node of the engine that lagged was promoted. What it lacks is to be appended anew.
    case behind(seq: Int64)
    /// Under the writer's own epoch the log holds another row of that number, or is longer: two write under one epoch.
    case contradicted(String)
    /// The engine keeps no second copy, and nobody allowed that.
    case unreplicated(String)
    /// The engine's own words, of a statement that it rolled back. The five characters are an SQLSTATE.
    case engine(state: String, String)

    /// The engine's disk is full: class 53, `disk_full`.
    package var isFull: Bool { if case .engine("53100", _) = self { true } else { false } }
}

/// Who owns a group, and how far its log is: one row.
package struct Lease: Sendable, Equatable {
    /// Goes up by one with each takeover.
    package var epoch: Int64
    /// The number of the log's last row: the last turn. 0: none.
    package var seq: Int64
    /// The owner's own boot clock, microseconds, as it sent its last write. Others compare whether it is the same, and nothing else.
    package var beat: Int64
    /// The owner had a clean answer for every row up to here.
    package var confirmed: Int64
    /// `replica.host` of the owner; empty: nobody yet.
    package var holder: String
    /// Which process of that host, so that two under one name are told apart.
    package var instance: String
    /// The least version of rows that a member must be able to read.
    package var versionMin: Int
    /// How long the owner may send after it sent a clean write, microseconds of its clock: as its configuration said when it took the group. Others wait for
    /// no less, whatever theirs say. 0: nobody owned it yet.
    package var leaseUs: Int64
    package init(
        epoch: Int64, seq: Int64, beat: Int64, confirmed: Int64, holder: String, instance: String, versionMin: Int, leaseUs: Int64 = 0
    ) {
        (self.epoch, self.seq, self.beat, self.confirmed) = (epoch, seq, beat, confirmed)
        (self.holder, self.instance, self.versionMin, self.leaseUs) = (holder, instance, versionMin, leaseUs)
    }
}

/// What is written.
package enum LogWrite: Sendable, Equatable {
    /// The next row, or once more the last: expects the lease at the row's epoch, and at the row's number or the one before. `beat`: as ``Lease/beat``.
    case append(LogRow, beat: Int64)
    /// That the owner lives, and what it knows to be durable.
    case beat(epoch: Int64, confirmed: Int64, beat: Int64)
    /// The next epoch, for another holder.
    case bump(LogBump)
}

/// A takeover, as one write that can be sent again.
package struct LogBump: Sendable, Equatable {
    /// The epoch that ends.
    package let epoch: Int64
    /// The lease must still be at this beat and number: its owner said nothing since it was seen to stand still. nil: whatever it said.
    package let still: Still?
    package let holder: String
    package let instance: String
    /// The new owner's boot clock, as ``Lease/beat``: of this sending.
    package var beat: Int64
    /// As ``Lease/leaseUs``.
    package let leaseUs: Int64

    package struct Still: Sendable, Equatable {
        package let beat: Int64
        package let seq: Int64
        package init(beat: Int64, seq: Int64) { (self.beat, self.seq) = (beat, seq) }
    }

    package init(epoch: Int64, still: Still?, holder: String, instance: String, beat: Int64, leaseUs: Int64) {
        (self.epoch, self.still, self.holder, self.instance, self.beat, self.leaseUs) = (epoch, still, holder, instance, beat, leaseUs)
    }

    /// The lease is as this bump left it, whatever its owner wrote since: it was made, although its answer was lost.
    package func isMade(_ lease: Lease) -> Bool { lease.epoch == epoch + 1 && lease.holder == holder && lease.instance == instance }

    /// It can be made now.
    package func fits(_ lease: Lease) -> Bool {
        lease.epoch == epoch && (still.map { $0.beat == lease.beat && $0.seq == lease.seq } ?? true)
    }
}

/// How the log stands, as one reading shows it.
package struct LogState: Sendable, Equatable {
    package var lease: Lease
    /// Read in a session that can write. Any other node may be minutes behind.
    package var canWrite: Bool
    /// The engine says that it waits for a second node.
    package var isReplicated: Bool
    package init(lease: Lease, canWrite: Bool, isReplicated: Bool) {
        (self.lease, self.canWrite, self.isReplicated) = (lease, canWrite, isReplicated)
    }
}

package enum LogQuestion: Sendable, Equatable {
    case state
    /// Rows behind that number, oldest first, at most so many.
    case rows(after: Int64, limit: Int)
}

package enum LogReading: Sendable, Equatable {
    case state(LogState)
    case rows([LogRow])
    /// No reading, and why.
    case failed(String)
}

/// One connection to the log of one group. It never waits by itself: it is asked whether an answer is there, so that a watchdog can be fed in between and
/// a turn on a client's thread need not wait for a network.
package protocol SharedLog: AnyObject {
    /// Sends a write. Only while no other write or question is out.
    func send(_ write: LogWrite)
    /// The outcome of what was sent; nil: not within so many microseconds. Once it is there nothing is out any more.
    func outcome(within wait: Int64) -> LogOutcome?
    /// The same for a reading.
    func ask(_ question: LogQuestion)
    func reading(within wait: Int64) -> LogReading?
}

extension LogRefusal {
    /// For a person.
    package var words: String {
        switch self {
        case .fenced(let lease): "the lease is \(lease.holder)'s (epoch \(lease.epoch))"
        case .behind(let seq): "the log ends at turn \(seq)"
        case .contradicted(let why), .unreplicated(let why): why
        case .engine(let state, let words): "\(words) (\(state))"
        }
    }
}
