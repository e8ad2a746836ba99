/// What may be asked of an order that exists.
package enum CommandKind: String, Sendable, CaseIterable { case cancel, modify }

/// Where a cancel or modify stands. A command's timeout never changes the order's state.
package enum CommandState: String, Sendable, CaseIterable {
    /// Durable, not sent: it waits for a permit, or for the order's fate or venue id.
    case requested
    case submitted
    /// The venue took it; the order's state will tell.
    case acknowledged
    case done
    /// By the venue, or here with evidence local (a modify of a closed order).
    case refused
    /// Not sent any more: what it was for is gone.
    case withdrawn
    /// A later modify of the same order took its place.
    case superseded
    /// Sent, and nobody knows whether it arrived.
    case inDoubt = "in_doubt"

    package var isOpen: Bool {
        switch self {
        case .requested, .submitted, .acknowledged, .inDoubt: true
        case .done, .refused, .withdrawn, .superseded: false
        }
    }
}

/// What a modify whose change the engine refuses shall do with the order.
package enum OnFailure: String, Sendable, CaseIterable { case keep, cancel }

/// A cancel or modify of one order.
package struct OrderCommand: Sendable {
    package let id: CommandID
    package let kind: CommandKind
    package let order: OrderKey
    package let clientOrderID: ClientOrderID
    package let account: AccountID
    /// The intent that asked, nil for the daemon's own (kill switch, policy, `account.set_state`).
    package let intent: IntentKey?
    /// Modify: the new total values; nil keeps.
    package let price: Decimal?
    package let quantity: Decimal?
    package let onFailure: OnFailure
    package let requestedAt: Int64
    package let sequence: IntentSequence
    /// Not sent after this wall-clock time, as its intent's `expires_at`. Cancels have none.
    package let expiresAt: Int64?

    package var state: CommandState = .requested
    /// Requests carrying it that may have left.
    package var attempts: Int = 0
    package var request: RequestID?
    package var closedAt: Int64?
    package var evidence: Evidence = .local
    package var rejectCode: String?
    package var rejectText: String?

    package init(
        id: CommandID, kind: CommandKind, order: OrderKey, clientOrderID: ClientOrderID, account: AccountID, intent: IntentKey?,
        price: Decimal? = nil, quantity: Decimal? = nil, onFailure: OnFailure = .keep, requestedAt: Int64,
        sequence: IntentSequence = .cancelFirst, expiresAt: Int64? = nil
    ) {
        (self.id, self.kind, self.order, self.clientOrderID) = (id, kind, order, clientOrderID)
        (self.account, self.intent, self.price, self.quantity) = (account, intent, price, quantity)
        (self.onFailure, self.requestedAt, self.sequence, self.expiresAt) = (onFailure, requestedAt, sequence, expiresAt)
    }
}
