/// Whose a group is, as one of its hosts decides it: what was seen or answered goes in with the moment, what is to be done comes out.
///
/// A host follows; claims the lease once its owner was silent for so long that it cannot send any more; drains the log to where the claim found it; owns; and
/// leaves, by handing over, because it was fenced, or because the record contradicts itself. What it may never do, whatever is paused, cut or lost: send while
/// another may (``maySend(at:deadline:)``), own before it has read all that is durable, go on after it was fenced. Moments are this host's own boot clock alone.
package struct Succession: Sendable {
    package let settings: Settings
    package internal(set) var role: Role = .following(Watch())
    /// The last turn in this host's own journal.
    package internal(set) var applied: Int64
    /// Why it cannot become the owner: a row that it cannot read, or does not follow. A standby that skips one has another history.
    package internal(set) var stuck: String?

    package init(_ settings: Settings, applied: Int64) { (self.settings, self.applied) = (settings, applied) }

    package struct Settings: Sendable, Equatable {
        package enum Takeover: String, Sendable { case auto, manual }
        package var host: String
        /// Another for each process.
        package var instance: String
        package var takeover = Takeover.auto
        /// How often an owner writes at least, microseconds.
        package var beatUs: Int64 = 500_000
        /// How long an owner may send after it sent its last clean write, microseconds of its clock. At least three beats.
        package var leaseUs: Int64 = 2_000_000
        package init(host: String, instance: String) { (self.host, self.instance) = (host, instance) }

        /// How long a lease must stand still before it is claimed: clocks of two hosts differ by 500 parts in a million, and something for the two readings.
        ///
        /// - Parameter former: its owner's own, where that is longer (``Lease/leaseUs``).
        package func patienceUs(_ former: Int64) -> Int64 {
            let longest = max(leaseUs, former)
            return longest + longest / 2_000 + 250_000
        }
        /// Between the two readings that find it still: a host that was stopped between asking and hearing believes no old answer.
        package static let secondLookUs: Int64 = 50_000
        /// A write in doubt is sent again after so long.
        package static let againUs: Int64 = 20_000
    }

    package enum Role: Sendable, Equatable {
        case following(Watch)
        /// A bump is out, or its outcome is in doubt. It is sent until it is durable or refused.
        case claiming(Claim)
        /// The epoch is ours; rows up to `to` are still to be applied, or a lease that was not waited for is still to run out.
        case draining(Tenure, to: Int64, former: Lease)
        case owning(Tenure)
        /// Nothing new is sent; `released` is said once all is quiet. nil: to any host.
        case handingOver(Tenure, to: String?, isReleasing: Bool)
        case left(End)
    }

    package enum End: Sendable, Equatable {
        case released
        /// Another owns the group: reset what is open at the venues, exit 75.
        case fenced(by: Lease)
        /// The record cannot be trusted: exit 65.
        case stopped(String)
    }

    package enum Event: Sendable, Equatable {
        case tick
        case read(LogState, askedAt: Int64)
        case unreadable(String)
        /// This host's journal now holds that turn.
        case applied(Int64)
        case stuck(String)
        /// A row marked as released was read; it need not be durable, since whoever wrote it had stopped before.
        case foundRelease(epoch: Int64, turn: Int64, to: String?)
        case bumped(LogOutcome, sentAt: Int64)
        case beaten(LogOutcome, sentAt: Int64)
        /// A turn of ours is durable.
        case confirmed(turn: Int64, sentAt: Int64)
        /// What ``PendingTurn`` found.
        case lost(Lease)
        case behind(seq: Int64)
        case broken(String)
        /// A person's word, on a standby. `now`: without waiting for the lease.
        case promote(now: Bool)
        case handover(to: String?)
        /// Nothing is in flight and every turn is durable.
        case quiet
        /// The handover takes too long: go on as owner. Only before the release was said.
        case keep
        case releaseConfirmed
    }

    package enum Action: Sendable, Equatable {
        case ask
        case bump(LogBump)
        case beat(epoch: Int64, confirmed: Int64, beat: Int64)
        /// Apply all rows up to that one: they are durable, our own bump proves it.
        case drain(to: Int64)
        /// Start the engine: everything submitted is in doubt, sockets of the former owner count as open. It sends nothing any more from `at` on, at the latest.
        case own(epoch: Int64, from: Lease, at: Int64)
        /// Begin nothing new, and say when all is quiet.
        case finish
        case goOn
        /// Append the epoch's last turn.
        case release(epoch: Int64, to: String?)
        /// The log lacks what was durable: append it anew.
        case appendAgain(after: Int64)
        case leave(End)
    }

    /// Whether the first or next bytes of a request may leave. Asked in front of every system call that sends.
    ///
    /// - Parameters:
    ///   - now: this host's boot clock, read for this question.
    ///   - deadline: the request's own.
    package func maySend(at now: Int64, deadline: Int64) -> Bool {
        guard case .owning(let tenure) = role else { return false }
        return !tenure.isBehind && now >= tenure.sendsFrom && now < min(tenure.leaseEnds, deadline)
    }

    /// - Returns: what is to be done, in this order.
    package mutating func step(_ event: Event, at now: Int64) -> [Action] {
        switch event {
        case .applied(let turn): applied = turn
        case .stuck(let why): stuck = why
        default: break
        }
        switch role {
        case .following(let watch): return follow(watch, event, at: now)
        case .claiming(let claim): return pursue(claim, event, at: now)
        case .draining(let tenure, let end, let former): return drain(tenure, to: end, former, event, at: now)
        case .owning(let tenure): return own(tenure, event, at: now)
        case .handingOver(let tenure, let host, let isReleasing): return handOver(tenure, to: host, isReleasing: isReleasing, event, at: now)
        // Nothing leads back: a new process follows anew.
        case .left: return []
        }
    }

    /// When `tick` is due; nil: at no time by itself.
    package var wakeAt: Int64? {
        switch role {
        case .following(let watch): watch.isAsking ? nil : watch.asksAt
        case .claiming(let claim): claim.isOut ? nil : claim.againAt
        case .draining(let tenure, let end, _): drainWakesAt(tenure, to: end)
        case .owning(let tenure), .handingOver(let tenure, _, _): tenure.beatDueAt
        case .left: nil
        }
    }

    mutating func leave(_ end: End) -> [Action] {
        role = .left(end)
        return [.leave(end)]
    }
}

extension Succession {
    /// What a standby sees of the lease.
    package struct Watch: Sendable, Equatable {
        package internal(set) var lease: Lease?
        /// When the lease was first heard of as it is.
        package internal(set) var since: Int64 = 0
        /// When it was first heard of that it stood still long enough; nil: not yet.
        package internal(set) var stillAt: Int64?
        /// It was still so when it was asked for once more.
        var secondLook = false
        package internal(set) var promotion: Promotion = .none
        /// A release by which the group is ours to take: of this epoch, at this turn.
        package internal(set) var release: Release?
        package internal(set) var asksAt: Int64 = .min
        package internal(set) var isAsking = false
        /// Why nothing can be read, or nothing is claimed.
        package internal(set) var trouble: String?

        package enum Promotion: Sendable, Equatable { case none, afterLease, now }
        package struct Release: Sendable, Equatable {
            let epoch: Int64
            let turn: Int64
        }
    }

    /// A bump on its way.
    package struct Claim: Sendable, Equatable {
        package internal(set) var bump: LogBump
        package let former: Lease
        package internal(set) var isOut = true
        package internal(set) var againAt: Int64 = 0
        package internal(set) var trouble: String?
        /// What a person had asked for, and what the former owner had left: kept if the claim fails.
        let promotion: Watch.Promotion
        let release: Watch.Release?
    }

    /// An epoch of ours.
    package struct Tenure: Sendable, Equatable {
        package let epoch: Int64
        /// First moment at which nothing may be sent any more, unless another write is clean before.
        package internal(set) var leaseEnds: Int64
        /// A lease that was not waited for must have run out first: nothing is sent before, and nothing made of what its owner may still send.
        package let sendsFrom: Int64
        /// It has.
        var isWaited = false
        /// Every turn up to here is durable.
        package internal(set) var confirmed: Int64
        package internal(set) var beatsAt: Int64
        package internal(set) var isBeating = false
        /// The log lacks rows that were durable, as was seen then; nil once a write that was sent later is clean.
        package internal(set) var behindSince: Int64?
        package var isBehind: Bool { behindSince != nil }
        package internal(set) var trouble: String?
    }
}
