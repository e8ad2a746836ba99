/// What kind of request left, as `v_requests.kind` names it.
package enum RequestKind: String, Sendable, CaseIterable {
    case place, cancel, modify, mixed, lookup
    /// A token for a private stream.
    case session
}

/// One order in a place request.
package struct PlaceTicket: Sendable {
    package let order: OrderKey
    package let clientOrderID: ClientOrderID
    package let terms: OrderTerms
    /// Under which id the venue will know this attempt, where that can be computed.
    package var predictedID: VenueOrderID?
    /// An earlier request may have carried it to the venue: a refusal that could mean "again" is believed only unless the order is found.
    package var isResent = false
    package init(order: OrderKey, clientOrderID: ClientOrderID, terms: OrderTerms, predictedID: VenueOrderID? = nil) {
        (self.order, self.clientOrderID, self.terms, self.predictedID) = (order, clientOrderID, terms, predictedID)
    }
}

/// One order in a cancel request.
package struct CancelTicket: Sendable {
    package let command: CommandID
    package let order: OrderKey
    package let clientOrderID: ClientOrderID
    /// nil only where `VenueProfile.cancelsByClientID`.
    package let venueOrderID: VenueOrderID?
    package let terms: OrderTerms
    package init(command: CommandID, order: OrderKey, clientOrderID: ClientOrderID, venueOrderID: VenueOrderID?, terms: OrderTerms) {
        (self.command, self.order, self.clientOrderID, self.venueOrderID, self.terms) = (command, order, clientOrderID, venueOrderID, terms)
    }

    /// For what stands at the venue and should not, by no command and no order of this journal: none has the number 0.
    package init(unwanted venueOrderID: VenueOrderID, clientOrderID: ClientOrderID?, terms: OrderTerms) {
        self.init(command: 0, order: 0, clientOrderID: clientOrderID ?? ClientOrderID(""), venueOrderID: venueOrderID, terms: terms)
    }
}

/// One order in a modify request. Price and quantity are both filled in: what was not asked to change is what was last confirmed.
package struct ModifyTicket: Sendable {
    package let command: CommandID
    package let order: OrderKey
    package let clientOrderID: ClientOrderID
    package let venueOrderID: VenueOrderID?
    package let terms: OrderTerms
    package let price: Decimal?
    package let quantity: Decimal?
    package let onFailure: OnFailure
    package init(
        command: CommandID, order: OrderKey, clientOrderID: ClientOrderID, venueOrderID: VenueOrderID?, terms: OrderTerms, price: Decimal?,
        quantity: Decimal?, onFailure: OnFailure
    ) {
        (self.command, self.order, self.clientOrderID, self.venueOrderID) = (command, order, clientOrderID, venueOrderID)
        (self.terms, self.price, self.quantity, self.onFailure) = (terms, price, quantity, onFailure)
    }
}

/// An order to be found again.
package struct FindSubject: Sendable {
    package let order: OrderKey
    package let clientOrderID: ClientOrderID
    package let venueOrderID: VenueOrderID?
    /// All ids its attempts may bear (AscendEX).
    package let predictedIDs: [VenueOrderID]
    package let terms: OrderTerms
    /// Milliseconds of the venue's clock well before the first attempt: the start of history windows.
    package let sinceMs: Int64
    /// The stamp of its latest attempt, milliseconds; nil: not known. What came of earlier ones is settled.
    package var stampedMs: Int64?
    /// Where the last answer to this step broke off, as its `next` said; nil: the step begins.
    package var page: String?
    package init(
        order: OrderKey, clientOrderID: ClientOrderID, venueOrderID: VenueOrderID?, predictedIDs: [VenueOrderID], terms: OrderTerms, sinceMs: Int64
    ) {
        (self.order, self.clientOrderID, self.venueOrderID) = (order, clientOrderID, venueOrderID)
        (self.predictedIDs, self.terms, self.sinceMs) = (predictedIDs, terms, sinceMs)
    }
}

/// What is asked about no order alone: questions, which change nothing at the venue, its cancel-all, and its countdown.
package enum Query: Sendable {
    case serverTime
    /// Whatever the adapter needs before it can trade: AscendEX group and uid, Bitget account mode.
    case account
    case instruments
    /// Up to `findMax` orders by id. A round of absence needs an answer to each step in `0..<findSteps`.
    case find([FindSubject], step: Int)
    /// `symbol` only where `listsBySymbol`. `page`: what the last answer's `next` said, nil for the first.
    case openOrders(symbol: Symbol?, page: String?)
    /// Closed (and perhaps open) orders since a time on the venue's clock.
    case history(symbol: Symbol?, sinceMs: Int64, page: String?)
    /// Executions of one order.
    case fills(FindSubject, page: String?)
    /// Everything of the account goes, other people's orders too (`kill --everything`); one request a symbol where the venue wants that.
    case cancelAll(symbol: Symbol?)
    /// Everything of the user goes once so many seconds have passed without the next one; 0: nothing does any more. Only where `VenueProfile.countdownSeconds`.
    case countdown(seconds: Int)

    /// It can be asked before the venue's clock and the account's own facts are known.
    package var isPreparation: Bool {
        switch self {
        case .serverTime, .account, .instruments: true
        case .find, .openOrders, .history, .fills, .cancelAll, .countdown: false
        }
    }

    package var name: String {
        switch self {
        case .serverTime: "server-time"
        case .account: "account"
        case .instruments: "instruments"
        case .find: "find"
        case .openOrders: "open-orders"
        case .history: "history"
        case .fills: "fills"
        case .cancelAll: "cancel-all"
        case .countdown: "countdown"
        }
    }
}

/// One request, decided: what it carries and the time it will bear. Encoding, hashing and journaling follow in the same turn.
package struct RequestPlan: Sendable {
    package enum Content: Sendable {
        case place([PlaceTicket], isSingle: Bool)
        case cancel([CancelTicket])
        case modify([ModifyTicket])
        /// AZ. `placeFirst` becomes `createOrderFirst`.
        case mixed(place: [PlaceTicket], cancel: [CancelTicket], placeFirst: Bool)
        case query(Query)
    }

    package let id: RequestID
    package let account: AccountID
    package let content: Content
    /// The wire timestamp, milliseconds of the venue's clock.
    package let timeMs: Int64
    package let facts: AccountFacts?
    /// The freshness window in force, milliseconds: bounds XT's recvwindow.
    package let freshnessMs: Int64
    /// Not sent after this moment of the runner's clock: a stamp older than that comes back as not sent.
    package let staleAt: Int64
    /// The answer must be complete by `sent + this`.
    package let timeoutMs: Int64
    /// What it took of each budget.
    package var permits: [PermitCount] = []
    /// It gets its row before it leaves; a look-up only if it concerns an order in doubt.
    package var isJournaled = true

    package init(
        id: RequestID, account: AccountID, content: Content, timeMs: Int64, facts: AccountFacts?, freshnessMs: Int64, staleAt: Int64, timeoutMs: Int64
    ) {
        (self.id, self.account, self.content, self.timeMs) = (id, account, content, timeMs)
        (self.facts, self.freshnessMs, self.staleAt, self.timeoutMs) = (facts, freshnessMs, staleAt, timeoutMs)
    }

    package var kind: RequestKind { content.kind }

    /// What sort of request it is, as errors of one sort are told from those of another.
    package var sort: String { if case .query(let query) = content { query.name } else { kind.rawValue } }

    /// It asks how orders stand that are in no doubt.
    package var isRoutine: Bool {
        switch content {
        case .query(.find): !isJournaled
        case .query(.fills): true
        case .place, .cancel, .modify, .mixed, .query: false
        }
    }

    /// It sets the venue's countdown, or switches it off: what the venue says to it says nothing of orders.
    package var isCountdown: Bool { if case .query(.countdown) = content { true } else { false } }

    /// False for questions that venues answer to anybody.
    package var isSigned: Bool { content.isSigned }

    /// Creates, cancels and modifies together; a look-up counts the orders it names, and a cancel-all names none.
    package var items: Int {
        switch content {
        case .place(let tickets, _): tickets.count
        case .cancel(let tickets): tickets.count
        case .modify(let tickets): tickets.count
        case .mixed(let place, let cancel, _): place.count + cancel.count
        case .query(.find(let subjects, _)): subjects.count
        case .query: 0
        }
    }
}

extension RequestPlan.Content {
    var kind: RequestKind {
        switch self {
        case .place: .place
        case .cancel: .cancel
        case .modify: .modify
        case .mixed(let place, let cancel, _): cancel.isEmpty ? .place : place.isEmpty ? .cancel : .mixed
        // It asks for the end of orders, whosever and however many: no question.
        case .query(.cancelAll), .query(.countdown): .cancel
        case .query: .lookup
        }
    }

    /// See ``RequestPlan/isSigned``.
    var isSigned: Bool {
        switch self {
        case .query(.serverTime), .query(.instruments): false
        case .place, .cancel, .modify, .mixed, .query: true
        }
    }
}
