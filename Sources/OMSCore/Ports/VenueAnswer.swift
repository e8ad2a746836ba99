/// What became of one item of a write, read from the answer. Three outcomes, and the ways of surely not having been executed.
package enum ItemOutcome: Equatable, Sendable {
    /// The venue took it. `venueState`: its raw word, if it gave one.
    case acknowledged(VenueOrderID?, venueState: String?)
    /// The venue said no, in its own words. Never a word that means duplicate, timeout or unknown.
    case refused(code: String, text: String)
    /// Refused in words that might also mean that the venue has the order: final once it is proven absent.
    case refusedUnlessFound(code: String, text: String)
    /// Surely not executed, and may go out again. `said`: the venue's own words for this item, where it gave any.
    case notExecuted(NotExecuted, said: VenueWords? = nil)
    /// An order with this id is or was there: positive evidence, to be looked up.
    case duplicate(code: String, text: String)
    /// The request was refused whole, since one of its orders is or was there: which one, and what became of the others, the venue did not say.
    case oneIsDuplicate(code: String, text: String)
    /// Cancel or modify: the venue does not know the order as open. A question, not an answer: its state is asked for.
    case gone(code: String, text: String)
    /// Not understood, missing, or not attributable. `said`: the venue's own words, where it answered and they leave open what became of the item.
    case inDoubt(String, said: VenueWords? = nil)

    /// Answered, and the answer does not say whether it was executed.
    package static func inDoubt(code: String, text: String, _ why: String? = nil) -> ItemOutcome {
        .inDoubt(why ?? "\(code): \(text)", said: VenueWords(code: code, text: text))
    }

    /// Surely not executed for this reason, whatever the venue's words for it.
    package func isNotExecuted(_ reason: NotExecuted) -> Bool { if case .notExecuted(reason, _) = self { true } else { false } }
}

/// A venue's code and text, as they came; nil where it gave none.
package struct VenueWords: Equatable, Sendable {
    package let code: String?
    package let text: String?
    package init(code: String, text: String) { (self.code, self.text) = (code.isEmpty ? nil : code, text.isEmpty ? nil : text) }
}

/// Why a write was surely not executed.
package enum NotExecuted: Equatable, Sendable {
    /// HTTP 429 or the venue's code for it.
    case rateLimited
    /// The timestamp was refused.
    case clock
    /// A blameless item of an all-or-nothing batch. `offenderNamed` false: nobody was blamed, the batch must be halved.
    case sibling(offenderNamed: Bool)
    /// The venue does not trade just now.
    case maintenance
    /// The key, the account or the region may not trade: a person must look. Nothing more is sent.
    case halted
}

/// An order as the venue lists it.
package struct OrderReport: Equatable, Sendable {
    /// What the venue's raw word means.
    package enum Status: String, Sendable {
        /// Known, not closed; whether it rests is not said.
        case accepted
        case open, partiallyFilled, filled, canceled, expired, rejected
        /// A word that we do not know: the last state stands.
        case unknown
    }
    package var clientOrderID: ClientOrderID?
    package var venueOrderID: VenueOrderID?
    package var symbol: Symbol?
    package var side: Side?
    package var status: Status
    /// The venue's raw word.
    package var venueState: String
    package var price: Decimal?
    package var quantity: Decimal?
    package var filledQuantity: Decimal?
    package var averagePrice: Decimal?
    /// Milliseconds or a sequence of the venue: a report with a lower one than the last is old. nil: unknown.
    package var version: Int64?
    package var reason: String?

    package init(status: Status, venueState: String) { (self.status, self.venueState) = (status, venueState) }

    /// Whether it bears an id by which the order was asked for.
    func bearsID(of subject: FindSubject) -> Bool {
        if let id = clientOrderID, id == subject.clientOrderID { return true }
        guard let id = venueOrderID else { return false }
        return id == subject.venueOrderID || subject.predictedIDs.contains(id)
    }

    /// Whether it may tell of executions that are not known yet.
    func tellsMore(than order: Order) -> Bool { status == .filled || filledQuantity.map { $0 > order.filledQuantity } ?? false }
}

/// A row of a listing that could not be read. Whose it may be decides what it is worth: where it may be ours, the page it stood on proves nothing.
package struct UnreadableRow: Equatable, Sendable {
    /// The ids that could be read all the same.
    package var clientOrderID: ClientOrderID?
    package var venueOrderID: VenueOrderID?
    /// What is wrong with it, for a person; escaped.
    package let problem: String
    package init(clientOrderID: ClientOrderID? = nil, venueOrderID: VenueOrderID? = nil, problem: String) {
        (self.clientOrderID, self.venueOrderID, self.problem) = (clientOrderID, venueOrderID, problem)
    }
}

/// What a query told.
package enum QueryAnswer: Sendable {
    /// Milliseconds of the venue's clock when it answered.
    case time(Int64)
    case account(AccountFacts)
    case instruments([Instrument])
    /// `next`: the cursor of the following page; nil: the listing is complete by the venue's own signs. A `find` that answers well without a subject says
    /// that it is absent, unless it names a `next`: then the step goes on there. `unreadable`: rows that stood there beside the reports.
    case orders([OrderReport], next: String?, unreadable: [UnreadableRow] = [])
    case fills([Fill], next: String?)
    case canceledAll
    case countdownSet
    /// The venue answered, but not with what was asked: an error, an unreadable page. Never absence.
    case failed(String)
}

/// What a venue says of one of its limits beside an answer.
package struct LimitWord: Equatable, Sendable {
    /// As ``BudgetRule/name``, or a part's (``BudgetRule/name(of:)``); nil: the first that the request is charged for. Of one that it
    /// was not charged for nothing is believed.
    package var budget: String?
    /// Permits that are left in the present window.
    package var remaining: Int?
    /// Permits that were taken in it.
    package var used: Int?
    /// Permits in a window: no more than configured are believed.
    package var permits: Int?
    package init(_ budget: String? = nil, remaining: Int? = nil, used: Int? = nil, permits: Int? = nil) {
        (self.budget, self.remaining, self.used, self.permits) = (budget, remaining, used, permits)
    }
}

/// A whole answer, read by the venue's adapter. Nothing in it is a guess.
package struct VenueAnswer: Sendable {
    /// What the request as a whole met.
    package enum Disposition: Equatable, Sendable {
        case answered
        /// `retryAfterMs`: the venue's own word, if it gave one.
        case rateLimited(retryAfterMs: Int64?)
        /// HTTP 429 that speaks of a busy system, and not of how often anybody asks.
        case busy(retryAfterMs: Int64?)
        /// The timestamp was refused: measure the clock again.
        case clockRefused
        case maintenance
        /// Key, account or region: stop the account, call a person.
        case halted
        /// The venue serves this client no more for so long, whatever it asks.
        case shutOut(forMs: Int64)
        case inDoubt
    }
    package var httpStatus: Int
    package var venueCode: String?
    package var venueText: String?
    package var disposition: Disposition
    /// One for each ticket of a place (or the creates of a mixed), in the tickets' order.
    package var places: [ItemOutcome] = []
    /// One for each cancel ticket, in order.
    package var cancels: [ItemOutcome] = []
    package var modifies: [ItemOutcome] = []
    package var query: QueryAnswer?
    /// What the venue says of its limits.
    package var limits: [LimitWord] = []
    /// Ids that the answer named and the request did not carry: an alarm, never an attribution.
    package var foreignIDs: [String] = []
    /// Rows of a table of markets that were left out, or whose market cannot be traded for what they say, in words.
    package var skipped: [String] = []
    /// An order was answered, or is listed, under another id than the one computed for it (AscendEX): from now on what look-ups by computed ids do not
    /// find is not absent.
    package var breaksIDFormula = false
    /// What the answer shows against something that the configuration or the profile takes for granted (AZ's unit of quantity), in words for the
    /// account's owner. Nothing new may be sent while it stands. nil: nothing.
    package var contradicts: String?

    package init(httpStatus: Int, disposition: Disposition) { (self.httpStatus, self.disposition) = (httpStatus, disposition) }
}
