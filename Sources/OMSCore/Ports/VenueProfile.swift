/// Whom a venue counts a limit against.
package enum BudgetScope: String, Sendable, CaseIterable { case uid, apikey, ip }

/// How a venue lays the windows that it counts by.
package enum WindowShape: Hashable, Sendable {
    /// Of any position.
    case sliding
    /// One behind the other by the venue's clock, of which one begins so many milliseconds after the beginning of 1970, UTC.
    case calendar(beginsMs: Int64 = 0)

    /// When they begin; nil: anywhere.
    package var beginsMs: Int64? { if case .calendar(let beginsMs) = self { beginsMs } else { nil } }
    package init(beginsMs: Int64?) { self = beginsMs.map { .calendar(beginsMs: $0) } ?? .sliding }
}

/// One limit of a venue: so much in a window, of requests or of what it weighs them by (``Charge``). Source and date stand at the venue's profile.
package struct BudgetRule: Hashable, Sendable {
    /// `batch-place`, `batch-cancel`, `modify`, `batch-modify`, `place`, `lookup:<endpoint>`, `overall`.
    package let name: String
    package let scope: BudgetScope
    package let permits: Int
    package let windowMs: Int64
    package let shape: WindowShape
    /// Permits kept for cancels and look-ups; nil: one of ten (0 where cancels ride in the place request).
    package let reserve: Int?
    /// Off until a configuration names it (a venue's limit that market makers are exempt from).
    package let isOffByDefault: Bool
    /// The most permits that one request takes which cannot be made smaller: no configuration leaves less.
    package let heaviest: Int
    /// The venue counts each market, or family of markets, apart: charges name which (``Charge/part``).
    package let isDivided: Bool

    package init(
        _ name: String, _ permits: Int, perMs windowMs: Int64, _ shape: WindowShape = .sliding, scope: BudgetScope, reserve: Int? = nil,
        isOffByDefault: Bool = false, heaviest: Int = 1, isDivided: Bool = false
    ) {
        (self.name, self.permits, self.windowMs, self.shape, self.scope) = (name, permits, windowMs, shape, scope)
        (self.reserve, self.isOffByDefault, self.heaviest, self.isDivided) = (reserve, isOffByDefault, heaviest, isDivided)
    }

    /// What a part's budget is called.
    package func name(of part: String) -> String { part.isEmpty ? name : "\(name)/\(part)" }
    /// Whether a budget of this name is this one, or a part of it.
    package func covers(_ budget: String) -> Bool {
        budget == name || isDivided && budget.utf8.count > name.utf8.count + 1 && budget.hasPrefix(name + "/")
    }
}

/// What a venue takes for a client order id.
package struct ClientIDRule: Hashable, Sendable {
    package let lengths: ClosedRange<Int>
    /// ASCII characters allowed beside `A-Za-z0-9`.
    package let alsoAllowed: String
    /// Beginnings that the venue keeps for others.
    package let neverBegins: [String]
    package init(lengths: ClosedRange<Int>, alsoAllowed: String, neverBegins: [String] = []) {
        (self.lengths, self.alsoAllowed, self.neverBegins) = (lengths, alsoAllowed, neverBegins)
    }

    /// The rule in words, behind "takes".
    package var words: String {
        let length = "\(lengths.lowerBound) to \(lengths.upperBound) of [A-Za-z0-9\(alsoAllowed)]"
        return neverBegins.isEmpty ? length : length + ", not beginning with " + neverBegins.joined(separator: " or ")
    }

    package func allows(_ id: ClientOrderID) -> Bool {
        let bytes = id.text.utf8
        guard lengths.contains(bytes.count), !neverBegins.contains(where: id.text.hasPrefix) else { return false }
        return bytes.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"): true
            default: alsoAllowed.utf8.contains(byte)
            }
        }
    }
}

/// What the engine must know of a venue and product to drive it. Facts only; each venue's file names page and date.
package struct VenueProfile: Sendable {
    /// As the configuration names it: `bitget-margin`.
    package var venue: String
    package var product: String
    package var baseURL: String
    package var budgets: [BudgetRule]
    package var placeMax: Int
    /// How many orders a request may be configured to hold, where sources name more than ``placeMax``, which is right under all of them; nil: no more.
    package var placeMaxAtMost: Int?
    package var cancelMax: Int
    /// 0: the venue cannot modify. 1: one order a request.
    package var modifyMax: Int
    /// Modifications of one order acknowledged but not yet seen done in the engine.
    package var unfinishedModifiesMax: Int = 1
    /// Creates and cancels share one request (AZ): `placeMax` creates and `cancelMax` cancels.
    package var mixesPlaceAndCancel = false
    /// A modified order may get another id at the venue (AZ, XT: unproven). Then the id shown under ours is the one that counts.
    package var modifyMayRename = false
    /// A cancel may name the client id; else it waits for the venue's id.
    package var cancelsByClientID: Bool
    package var clientIDs: ClientIDRule
    /// A request stamped T is not newly accepted once the venue's clock passed T + this.
    package var freshnessMs: Int64
    /// The same for kinds of request that the venue takes for longer, or not for so long; no configuration changes it.
    package var freshnessMsByKind: [RequestKind: Int64] = [:]
    /// How long a signature counts, where that is another stamp than the request's own (AscendEX); nil: as long as the request.
    package var signatureMs: Int64?
    /// How far before the measured middle of the venue's clock a stamp is set.
    package var stampMarginMs: Int64
    /// How long an order may stay invisible to look-ups after it was accepted.
    package var visibilityDelayMs: Int64
    /// Orders that one look-up request may name.
    package var findMax: Int = 1
    /// Ids that one look-up request may name, where an order may be known by several (AscendEX).
    package var findIDsMax: Int = .max
    /// Orders are asked for by the venue's ids alone, of which each attempt has its own (AscendEX): an attempt that is not on record cannot be found.
    package var looksUpByVenueID = false
    /// Requests that must all answer "absent" for one absent round: `Query.find(_, step:)` with 0..<findSteps.
    package var findSteps: Int
    /// Open orders and history are listed symbol by symbol (Bitget margin).
    package var listsBySymbol = false
    /// A complete listing of open orders, then history, counts as an absent round for what it does not hold: true only where pages are cursors that cannot slip.
    package var listingProvesAbsence = false
    /// How long after it was placed an order can be found by its id, whatever became of it, milliseconds: no older attempt is proven absent.
    package var memoryMs: Int64 = 3_600_000
    /// How long an order that was canceled unfilled can still be found, milliseconds, where that is less; nil: as long as any.
    package var unfilledMemoryMs: Int64?
    /// A single look-up says plainly that an id is unknown: asked once behind each verdict of listings.
    package var saysUnknown = false
    /// The venue can cancel everything of an account in one request (a symbol, where it lists by symbol).
    package var cancelsAll = false
    /// What the venue's dead man's switch can be set to: so long after it was set last it cancels all orders of the user, whatever their product and whoever
    /// placed them. nil: it has none that a request sets.
    package var countdownSeconds: ClosedRange<Int>?
    /// `Query.account` tells whose key it is.
    package var accountTellsUID = false
    /// Single fills can be asked for.
    package var listsFills: Bool
    /// The shortest window that a request of this venue can name (XT: 2,000 ms), which a shorter configured freshness cannot undercut.
    package var recvwindowFloorMs: Int64 = 0
    /// Products with endpoints, and so limits by user or key, of their own have a name for them here, which products that are counted together share (Bybit's
    /// derivatives; each of Bitget margin's two); nil: all products of the venue are counted together.
    package var endpoints: String?
    /// Budgets of endpoints that all products share all the same.
    package var sharedBudgets: Set<String> = []
    /// Requests cannot be made out without what `Query.account` answers (AscendEX: the group in their paths): nothing signed leaves before, no cancel either.
    package var needsAccountFacts = false
    /// What the venue counts when it says quantity, where that is the account owner's word (AZ): `Query.account` must be answered before a new order leaves,
    /// for it may show that the venue counts something else. nil: there is nothing to choose.
    package var quantityUnit: QuantityUnit?
    /// Hosts that count limits by address together, and shut an address out together, have one name here, which holds no `-`; nil: that of the venue up to its
    /// first `-`.
    package var ownAddressFamily: String?
    /// Answers that shut this address out for a time that no header names. HTTP 418, and 403 with a `Retry-After`, need no rule.
    package var shutOuts: [ShutOutRule] = []
    /// Requests carry a passphrase beside the key: credentials without one are refused.
    package var needsPassphrase = false
    /// Where the product can be traded with money that is none.
    package var demo = DemoPlace.none("the venue documents no demo environment")

    package init(
        venue: String, product: String, baseURL: String, budgets: [BudgetRule], placeMax: Int, cancelMax: Int, modifyMax: Int,
        cancelsByClientID: Bool, clientIDs: ClientIDRule, freshnessMs: Int64, stampMarginMs: Int64, visibilityDelayMs: Int64, findSteps: Int,
        listsFills: Bool
    ) {
        (self.venue, self.product, self.baseURL, self.budgets) = (venue, product, baseURL, budgets)
        (self.placeMax, self.cancelMax, self.modifyMax) = (placeMax, cancelMax, modifyMax)
        (self.cancelsByClientID, self.clientIDs) = (cancelsByClientID, clientIDs)
        (self.freshnessMs, self.stampMarginMs, self.visibilityDelayMs) = (freshnessMs, stampMarginMs, visibilityDelayMs)
        (self.findSteps, self.listsFills) = (findSteps, listsFills)
    }
}

/// A venue's environment for trying things, with keys of its own and money that is none.
package enum DemoPlace: Hashable, Sendable {
    /// The product cannot be traded there, or there is none: why, in words.
    case none(String)
    /// Where requests go, and the header that each of them bears; nil: the host is enough.
    case at(baseURL: String, header: Header? = nil)

    package struct Header: Hashable, Sendable {
        package let name: String
        package let value: String
        package init(_ name: String, _ value: String) { (self.name, self.value) = (name, value) }
    }
}

/// An answer by which a venue shuts an address out without naming a time.
package struct ShutOutRule: Hashable, Sendable {
    package let status: Int
    /// In the body, whatever their case; nil: the body is no JSON, so that the edge spoke and not the venue.
    package let words: String?
    package let forMs: Int64
    package init(status: Int, saying words: String?, forMs: Int64) { (self.status, self.words, self.forMs) = (status, words, forMs) }
}

extension VenueProfile {
    /// See ``ownAddressFamily``: `bitget` of `bitget-margin`.
    package var addressFamily: String { ownAddressFamily ?? String(BudgetOwner.family(venue)) }

    /// Orders that one request holds at most, however it is configured.
    package var placeCeiling: Int { placeMaxAtMost ?? placeMax }

    /// How long after its stamp a request counts as possibly accepted: the freshness window, and timer grain at the venue's gates.
    package func fenceMs(freshnessMs: Int64) -> Int64 { max(freshnessMs, recvwindowFloorMs) + 250 }
}

/// The pure rules of one venue and product that the engine asks. `Venues` implements it, with the wire format beside it.
package protocol VenueRules: Sendable {
    var profile: VenueProfile { get }

    /// The first reason why this venue and product cannot take the order, whatever its instrument: a field it does not know, a combination it
    /// refuses. Tick, lot and minimums are checked by the engine from the `Instrument`. nil: fine.
    func problem(with terms: OrderTerms) -> OrderProblem?

    /// As above for a modify of a live order with these terms. `quantity` is the new total.
    func problem(modifying terms: OrderTerms, price: Decimal?, quantity: Decimal?) -> OrderProblem?

    /// Orders whose keys differ never share a place or cancel request. The route is part of the key: orders that must go by the single
    /// endpoint (UTA reduce-only and TP/SL) answer with `isSingle` and go out alone.
    func group(of terms: OrderTerms) -> PlaceGroup

    /// What the venue counts of a request: each budget once. A batch that is still empty is charged as one with a single item.
    func charges(of content: RequestPlan.Content) -> [Charge]

    /// The id under which the venue will know the order, where that is a function of what is sent (AscendEX). Journaled before sending.
    func predictedID(clientOrderID: ClientOrderID, timeMs: Int64, facts: AccountFacts?) -> VenueOrderID?
}

/// See `VenueRules.group(of:)`.
package struct PlaceGroup: Hashable, Sendable {
    /// Empty where the venue mixes all symbols in one request.
    package let key: String
    package let isSingle: Bool
    package init(key: String = "", isSingle: Bool = false) { (self.key, self.isSingle) = (key, isSingle) }
}

/// Why a venue that tells whose key it is did not.
package enum UIDSilence: Equatable, Sendable {
    /// This key may not ask, in the venue's words.
    case forbidden(String)
    /// There is no such page here, in the venue's words.
    case noPage(String)
}

/// What `Query.account` tells of an account.
package struct AccountFacts: Equatable, Sendable {
    /// What requests are made out by: AscendEX `accountGroup`, part of each private path; OKX `acctLv`, which says how spot is traded.
    package var group: String?
    /// The venue's own id of the user, where orders are named by it.
    package var uid: String?
    /// Why the account cannot trade with this configuration, in words for its owner; nil: it can.
    package var problem: String?
    /// Set where `uid` is none for a reason that will not pass by itself.
    package var silence: UIDSilence?
    package init(group: String? = nil, uid: String? = nil, problem: String? = nil, silence: UIDSilence? = nil) {
        (self.group, self.uid, self.problem, self.silence) = (group, uid, problem, silence)
    }
}
