/// One order: what was asked (never changes) and what is known (changes only with a record).
package struct Order: Sendable {
    package let key: OrderKey
    package let clientOrderID: ClientOrderID
    package let account: AccountID
    package let intent: IntentKey
    package let intentID: IntentID
    /// Its intent's.
    package let tag: Tag?
    /// Which item of the intent's `place` list, from 0; children of a sliced item share it.
    package let item: Int
    /// As asked. Price and quantity as last confirmed are below.
    package let terms: OrderTerms
    package let intendedAt: Int64
    /// Not sent after this wall-clock time, in microseconds; nil: no bound.
    package let expiresAt: Int64?
    /// Of its intent: whether places wait for the intent's cancels.
    package let sequence: IntentSequence

    package var state: OrderState = .intended
    package var evidence: Evidence = .local
    /// The venue's raw word for the state.
    package var venueState: String?
    package var venueOrderID: VenueOrderID?
    /// As last confirmed by the venue; what was asked, until then.
    package var price: Decimal?
    package var quantity: Decimal?
    package var filledQuantity: Decimal = .zero
    package var averagePrice: Decimal?
    /// The last request that carried it.
    package var request: RequestID?
    /// The wire timestamp of that request, milliseconds of the venue's clock: the fence counts from it.
    package var wireTime: Int64?
    package var rejectCode: String?
    package var rejectText: String?
    package var submittedAt: Int64?
    package var acknowledgedAt: Int64?
    package var closedAt: Int64?
    /// When look-ups gave up and a person is asked for.
    package var parkedAt: Int64?
    /// What bars it from being sent again; empty for most.
    package var bars: Bars = []
    // Small ones behind what leaves room for them: there are hundreds of thousands of these.
    private var absenceCount: Int8 = 0
    private var attemptCount: Int32 = 0
    /// Under which ids the venue may know its attempts, where those can be computed before sending (AscendEX), oldest first.
    package var predictedIDs: [VenueOrderID] = []

    /// Requests carrying it that may have left.
    package var attempts: Int {
        get { Int(attemptCount) }
        set { attemptCount = Int32(clamping: newValue) }
    }
    /// Times it was proven absent, up to `absencesMax`.
    package var absences: Int {
        get { Int(absenceCount) }
        set { absenceCount = Int8(clamping: newValue) }
    }

    /// What was last confirmed is not what was asked for at first.
    package var isModified: Bool { price != terms.price || quantity != terms.quantity }

    /// More is not counted: twice absent, an order is sent alone.
    package static let absencesMax = 2

    package init(
        key: OrderKey, clientOrderID: ClientOrderID, account: AccountID, intent: IntentKey, intentID: IntentID, tag: Tag? = nil, item: Int,
        terms: OrderTerms, intendedAt: Int64, expiresAt: Int64?, sequence: IntentSequence
    ) {
        (self.key, self.clientOrderID, self.account) = (key, clientOrderID, account)
        (self.intent, self.intentID, self.tag, self.item, self.terms) = (intent, intentID, tag, item, terms)
        (self.intendedAt, self.expiresAt, self.sequence) = (intendedAt, expiresAt, sequence)
        (self.price, self.quantity) = (terms.price, terms.quantity)
    }

    /// What was asked, and nothing known of it yet.
    package var asBorn: Order {
        Order(
            key: key, clientOrderID: clientOrderID, account: account, intent: intent, intentID: intentID, tag: tag, item: item, terms: terms,
            intendedAt: intendedAt, expiresAt: expiresAt, sequence: sequence)
    }
}
