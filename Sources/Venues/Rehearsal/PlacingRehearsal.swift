import OMSCore

/// The part of a rehearsal that places: a few of the smallest orders far from the market, one behind the other, each looked for until it shows, changed where
/// the venue can, cancelled, and looked for once more. Values in, values out; the daemon places and cancels, as it does any order.
package struct PlacingRehearsal: Sendable {
    package enum Step: Sendable, Equatable {
        case place(ClientOrderID)
        /// One page of a look-up, so long after the step before, milliseconds.
        case look(ClientOrderID, VenueOrderID?, page: Int, afterMs: Int64)
        case change(ClientOrderID)
        case cancel(ClientOrderID)
        /// A further order under an id that is open: one that cannot rest, should the venue take it.
        case again(ClientOrderID)
        /// A look-up by the id that the venue gave it, if it took it.
        case lookAgain(ClientOrderID, VenueOrderID)
        /// A request stamped longer ago than counts, so long, milliseconds.
        case late(Late, ClientOrderID, agedMs: Int64)
    }

    /// What is sent too late: an order that cannot rest, should the venue take it, or the cancel of one that never was.
    package enum Late: Sendable, Equatable { case place, cancel }

    /// Times are of the runner's clock, microseconds.
    package enum Heard: Sendable {
        /// The venue took the order, or its change.
        case taken(VenueOrderID?, at: Int64)
        /// It is closed: how, in words; nil: by our cancel.
        case closed(String?, at: Int64)
        case shown([OrderReport], at: Int64)
        /// What the venue said to what was only tried.
        case said(VenueAnswer)
        /// Nothing is known: why.
        case unknown(String, at: Int64)
    }

    enum Phase: Equatable {
        case placing, lookingOpen, changing, repeating, cancelling, lookingClosed, over
        case lookingRepeated(VenueOrderID)
        case late(Int)
    }

    private static let pauseMs: Int64 = 150
    /// How far outside its window what is late is stamped, milliseconds.
    private static let wellOutMs: Int64 = 10_000
    /// How long beyond what is assumed an order is looked for, so that it is told how late it came.
    private static let beyondMs: Int64 = 5_000

    let profile: VenueProfile
    private let ids: [ClientOrderID]
    private let canChange: Bool
    /// Never used by anything that may be taken.
    private let lateID: ClientOrderID
    private let refusesOpenIDs: Bool
    let lates: [(late: Late, name: String, agedMs: Int64)]
    private var index = 0
    var phase = Phase.placing
    private(set) var venueID: VenueOrderID?
    /// By the venue's own word.
    private var wasTaken = false
    private var since: Int64 = 0
    private var page = 0
    /// What became of a further order under an id that was open, should it have been: the cancel tells.
    private var second: String?
    var delays: [Int64] = []
    var closedShown = 0
    /// Nothing is placed beside what nobody knows.
    private var isLast = false
    /// Orders that were handed to the daemon.
    package private(set) var placed = 0
    /// What went otherwise than it should, in words.
    package private(set) var surprises: [String] = []
    package private(set) var seen: [RehearsalRow.Seen] = []

    /// - Parameters:
    ///   - ids: one for each order, of all lengths that the venue takes.
    ///   - canChange: the first order is changed once.
    ///   - lateID: of what is sent too late.
    ///   - windowMs: how long a stamp of an order counts.
    ///   - refusesOpenIDs: the venue is taken to refuse a further order under an id that is open. Elsewhere none is tried.
    package init(
        _ profile: VenueProfile, ids: [ClientOrderID], canChange: Bool, lateID: ClientOrderID, windowMs: Int64, refusesOpenIDs: Bool = false
    ) {
        precondition(!ids.isEmpty, "nothing to place")
        (self.profile, self.ids, self.canChange) = (profile, ids, canChange && profile.modifyMax > 0)
        (self.lateID, self.refusesOpenIDs) = (lateID, refusesOpenIDs)
        var lates: [(late: Late, name: String, agedMs: Int64)] = [
            (.place, "freshness", max(windowMs, profile.recvwindowFloorMs) + Self.wellOutMs)
        ]
        if let window = profile.freshnessMsByKind[.cancel] { lates.append((.cancel, "freshness:cancel", window + Self.wellOutMs)) }
        self.lates = lates
    }

    /// nil: it is over.
    package func next() -> Step? {
        switch phase {
        case .placing: .place(ids[index])
        case .lookingOpen, .lookingClosed:
            .look(
                ids[index], venueID, page: page % max(1, profile.findSteps),
                afterMs: page % max(1, profile.findSteps) == 0 && page > 0 ? Self.pauseMs : 0)
        case .changing: .change(ids[index])
        case .repeating: .again(ids[index])
        case .lookingRepeated(let id): .lookAgain(ids[index], id)
        case .cancelling: .cancel(ids[index])
        case .late(let number): .late(lates[number].late, lateID, agedMs: lates[number].agedMs)
        case .over: nil
        }
    }

    package mutating func heard(_ heard: Heard) {
        switch (phase, heard) {
        case (.placing, .taken(let id, let at)):
            placed += 1
            (venueID, since, page, phase, wasTaken) = (id, at, 0, .lookingOpen, true)
        case (.placing, .closed(let words, _)):
            placed += 1
            surprise("\(ids[index]): \(words ?? "it was cancelled") before it rested")
            goOn()
        case (.placing, .unknown(let words, _)):
            placed += 1
            surprise("\(ids[index]): \(words)")
            (phase, isLast) = (.cancelling, true)
        case (.lookingOpen, .shown(let reports, let at)): lookedOpen(reports, at: at)
        case (.lookingOpen, .unknown(_, let at)), (.lookingClosed, .unknown(_, let at)): missed(at: at)
        case (.changing, .taken(let id, _)):
            note("modify_may_rename", .notSeen, id == venueID ? "the order kept its id" : "the order has another id")
            venueID = id ?? venueID
            phase = .cancelling
        case (.changing, .closed(let words, _)):
            surprise("\(ids[index]): \(words ?? "it was cancelled") at a change")
            goOn()
        case (.changing, .unknown(let words, _)):
            note("modify_may_rename", .notSeen, words)
            phase = .cancelling
        case (.repeating, .said(let answer)): repeated(answer)
        case (.lookingRepeated(let id), .shown(let reports, _)):
            second = reports.first { $0.venueOrderID == id && $0.status != .rejected }.map {
                "taken as a second order, \(id), which is \($0.venueState)"
            }
            if second == nil { note("duplicate_id", .notSeen, "answered as taken, and no order is there under \(id)") }
            phase = .cancelling
        case (.repeating, .unknown(let words, _)), (.lookingRepeated, .unknown(let words, _)):
            note("duplicate_id", .notSeen, words)
            phase = .cancelling
        case (.late(let number), .said(let answer)):
            judgeLate(number, answer)
            goLate(number + 1)
        case (.late(let number), .unknown(let words, _)):
            note(lates[number].name, .notSeen, words)
            goLate(number + 1)
        case (.cancelling, .closed(let words, let at)):
            if let second {
                note("duplicate_id", words == nil ? .contradicts : .notSeen, words == nil ? second : "the order itself was open no more")
            }
            second = nil
            if let words { surprise("\(ids[index]): \(words) before it was cancelled") }
            // What the venue may never have had is on none of its pages.
            guard wasTaken else { return goOn() }
            (since, page, phase) = (at, 0, .lookingClosed)
        case (.cancelling, .unknown(let words, _)):
            if second != nil { note("duplicate_id", .notSeen, "how the order itself stood is not known") }
            surprise("\(ids[index]) may still be open: \(words)")
            isLast = true
            goOn()
        case (.lookingClosed, .shown(let reports, let at)):
            if let report = ours(reports), report.status != .open, report.status != .accepted {
                closedShown += 1
                goOn()
            } else {
                missed(at: at)
            }
        case (_, .taken), (_, .closed), (_, .shown), (_, .said), (.over, .unknown): break
        }
    }

    /// The daemon found that ids do not follow their formula: in its words.
    package mutating func foundBroken(_ words: String) { note("looks_up_by_venue_id", .contradicts, words) }

    /// It cannot go on: why.
    package mutating func broke(_ why: String) {
        surprise(why)
        end()
    }

    private func ours(_ reports: [OrderReport]) -> OrderReport? {
        reports.first { $0.clientOrderID == ids[index] || ($0.venueOrderID != nil && $0.venueOrderID == venueID) }
    }

    private mutating func lookedOpen(_ reports: [OrderReport], at: Int64) {
        guard let report = ours(reports) else { return missed(at: at) }
        delays.append(max(0, at - since) / 1_000)
        if let told = report.clientOrderID {
            note(
                "client_ids", told == ids[index] ? .holds : .contradicts,
                told == ids[index] ? "they come back as they were sent" : "\(ids[index]) came back as \(told)")
        }
        if profile.looksUpByVenueID { note("looks_up_by_venue_id", .holds, "found by the venue's id") }
        if (delays.last ?? 0) > profile.visibilityDelayMs { isLast = true }
        phase = canChange && index == 0 ? .changing : refusesOpenIDs && index == min(1, ids.count - 1) ? .repeating : .cancelling
    }

    /// Not on this page: the next one, until it is much too late.
    private mutating func missed(at: Int64) {
        page += 1
        let waited = (at - since) / 1_000
        guard waited > profile.visibilityDelayMs + Self.beyondMs else { return }
        // More orders would show no more.
        isLast = true
        if phase == .lookingOpen {
            note("visibility_delay", .contradicts, "an order was not shown \(waited) ms after it was acknowledged")
            note("find_steps", .contradicts, "an open order was on none of the pages \(waited) ms after it was acknowledged")
            phase = .cancelling
        } else {
            note("find_steps", .contradicts, "a cancelled order was on none of the pages \(waited) ms later")
            goOn()
        }
    }

    private mutating func goOn() {
        index += 1
        (venueID, page, wasTaken) = (nil, 0, false)
        guard !isLast else { return end() }
        if index < ids.count { phase = .placing } else { goLate(0) }
    }

    private mutating func goLate(_ number: Int) {
        guard number < lates.count else { return end() }
        phase = .late(number)
    }

    private mutating func end() {
        phase = .over
        judge()
    }

    private mutating func surprise(_ words: String) { surprises.append(words.cut) }

    mutating func note(_ name: String, _ verdict: RehearsalRow.Verdict, _ words: String) {
        seen.append(RehearsalRow.Seen(name: name, assumed: "", seen: words, verdict: verdict, bears: nil))
    }
}
