/// What a host or its log could do wrong. Each must show, or the rules that bar it are not held to anything.
enum SuccessionMistake: String, CaseIterable {
    // Of the log's client.
    case heedsNoWarning = "a warning is taken for success"
    case asksNothingAfter = "nobody asks after a write whether the engine still waits"
    case bumpsWhateverItFinds = "a bump takes whatever lease it finds"
    case appendsUnderAnyEpoch = "a row is appended under whatever epoch the log has"
    case beginsFirst = "a transaction is open over round trips"
    // Of a standby.
    case appliesWhatItSees = "rows are applied when they are seen"
    case waitsForLess = "a standby waits for less than the owner's lease"
    case startsBeforeDraining = "the engine starts with what the bump found applied"
    // Of an owner.
    case takesDoubtForRefusal = "a turn in doubt is taken back"
    case leaseFromAnswer = "a lease counts from its answer"
    case sendsWithoutLease = "an owner sends while it thinks to own"
    case asksOnce = "the lease is looked at when a request is made, and not in front of each sending"
    case journalFirst = "the own journal has a turn before the log"
    // Of limits.
    case permitsUnseen = "a former owner's permits are not counted"
    case permitsByOthersClock = "permits are aged by the former owner's clock"
    case looksAtOnce = "what a former owner sent is looked for at once"
}
