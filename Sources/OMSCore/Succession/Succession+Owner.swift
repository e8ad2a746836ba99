/// An owner: keeps its lease, hands over, notices that it owns no more.
extension Succession {
    mutating func own(_ tenure: Tenure, _ event: Event, at now: Int64) -> [Action] {
        var tenure = tenure
        switch event {
        case .tick, .beaten:
            let actions = beat(&tenure, event, at: now)
            if case .left = role { return actions }
            role = .owning(tenure)
            return actions
        case .confirmed(let turn, let sentAt):
            tenure.confirm(turn, sentAt: sentAt, settings)
        case .handover(let host):
            role = .handingOver(tenure, to: host, isReleasing: false)
            return [.finish]
        case .behind(let seq):
            tenure.behindSince = now
            role = .owning(tenure)
            return [.appendAgain(after: seq)]
        case .lost(let lease): return leave(.fenced(by: lease))
        case .broken(let why): return leave(.stopped(why))
        case .applied, .read, .unreadable, .stuck, .foundRelease, .bumped, .promote, .quiet, .keep, .releaseConfirmed: return []
        }
        role = .owning(tenure)
        return []
    }

    mutating func handOver(_ tenure: Tenure, to host: String?, isReleasing: Bool, _ event: Event, at now: Int64) -> [Action] {
        var tenure = tenure
        switch event {
        case .tick, .beaten:
            let actions = beat(&tenure, event, at: now)
            if case .left = role { return actions }
            role = .handingOver(tenure, to: host, isReleasing: isReleasing)
            return actions
        case .confirmed(let turn, let sentAt):
            tenure.confirm(turn, sentAt: sentAt, settings)
            role = .handingOver(tenure, to: host, isReleasing: isReleasing)
            return []
        case .quiet:
            guard !isReleasing, !tenure.isBehind else { return [] }
            role = .handingOver(tenure, to: host, isReleasing: true)
            return [.release(epoch: tenure.epoch, to: host)]
        case .keep:
            // Once the release was sent somebody may have seen it and taken the group: there is no way back.
            guard !isReleasing else { return [] }
            role = .owning(tenure)
            return [.goOn]
        case .releaseConfirmed: return isReleasing ? leave(.released) : []
        case .behind(let seq):
            tenure.behindSince = now
            role = .handingOver(tenure, to: host, isReleasing: isReleasing)
            return [.appendAgain(after: seq)]
        case .lost(let lease): return leave(.fenced(by: lease))
        case .broken(let why): return leave(.stopped(why))
        case .applied, .read, .unreadable, .stuck, .foundRelease, .bumped, .promote, .handover: return []
        }
    }

    /// Sends a beat when one is due, and hears of it.
    mutating func beat(_ tenure: inout Tenure, _ event: Event, at now: Int64) -> [Action] {
        switch event {
        case .beaten(let outcome, let sentAt):
            tenure.isBeating = false
            tenure.beatsAt = now + Settings.againUs
            switch outcome {
            case .durable(let lease):
                guard lease.epoch == tenure.epoch else { return leave(.stopped(PendingTurn.forgotten(tenure.epoch, lease))) }
                tenure.confirm(tenure.confirmed, sentAt: sentAt, settings)
            case .refused(.fenced(let lease)):
                return leave(lease.epoch > tenure.epoch ? .fenced(by: lease) : .stopped(PendingTurn.forgotten(tenure.epoch, lease)))
            case .refused(.behind(let seq)):
                (tenure.behindSince, tenure.trouble) = (now, "the log ends at turn \(seq), \(tenure.confirmed) was durable: it went back in time")
                return [.appendAgain(after: seq)]
            case .refused(.contradicted(let words)): return leave(.stopped(words))
            // The lease runs on, and out if nothing is clean before.
            case .refused(let refusal): tenure.trouble = refusal.words
            case .inDoubt(let words): tenure.trouble = words
            }
            return []
        default:
            guard !tenure.isBeating, now >= tenure.beatsAt else { return [] }
            tenure.isBeating = true
            return [.beat(epoch: tenure.epoch, confirmed: tenure.confirmed, beat: now)]
        }
    }
}

extension Succession.Tenure {
    /// nil: one is out.
    var beatDueAt: Int64? { isBeating ? nil : beatsAt }

    /// A write that was sent then is clean.
    mutating func confirm(_ turn: Int64, sentAt: Int64, _ settings: Succession.Settings) {
        confirmed = max(confirmed, turn)
        // A write follows all that the log has to have. One that was sent before the loss was seen speaks of a log that is gone.
        if let since = behindSince, sentAt >= since { behindSince = nil }
        leaseEnds = max(leaseEnds, sentAt + settings.leaseUs)
        beatsAt = max(beatsAt, sentAt + settings.beatUs)
        trouble = nil
    }
}
