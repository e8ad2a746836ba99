/// Which of an intent's own parts goes out first.
package enum IntentSequence: String, Sendable, CaseIterable {
    case cancelFirst = "cancel_first"
    case placeFirst = "place_first"
}

/// One item of `place`, as asked.
package struct PlaceItem: Hashable, Sendable {
    package var terms: OrderTerms
    package var clientOrderID: ClientOrderID?
    package var sliceQuantity: Decimal?
    package init(terms: OrderTerms, clientOrderID: ClientOrderID? = nil, sliceQuantity: Decimal? = nil) {
        (self.terms, self.clientOrderID, self.sliceQuantity) = (terms, clientOrderID, sliceQuantity)
    }

    /// Beside its terms.
    package static let fields: [RecordField<PlaceItem>] = [
        RecordField(1, "client_order_id", .text, { .init($0.clientOrderID) }, { $1.put(into: &$0.clientOrderID) }),
        RecordField(2, "slice_quantity", .decimal, { .init($0.sliceQuantity) }, { $1.put(into: &$0.sliceQuantity) }),
    ]
}

/// One item of `modify`, as asked. At least one of price and quantity.
package struct ModifyItem: Hashable, Sendable {
    package var clientOrderID: ClientOrderID
    package var price: Decimal?
    package var quantity: Decimal?
    package var onFailure: OnFailure
    package init(clientOrderID: ClientOrderID, price: Decimal?, quantity: Decimal?, onFailure: OnFailure = .keep) {
        (self.clientOrderID, self.price, self.quantity, self.onFailure) = (clientOrderID, price, quantity, onFailure)
    }

    package static let fields: [RecordField<ModifyItem>] = [
        RecordField(1, "client_order_id", .text, { .init($0.clientOrderID) }, { $1.put(into: &$0.clientOrderID) }),
        RecordField(2, "price", .decimal, { .init($0.price) }, { $1.put(into: &$0.price) }),
        RecordField(3, "quantity", .decimal, { .init($0.quantity) }, { $1.put(into: &$0.quantity) }),
        RecordField(4, "on_failure", .text, default: "keep", { .init($0.onFailure) }, { $1.put(into: &$0.onFailure) }),
    ]
}

/// One item of `cancel`, as asked.
package enum CancelItem: Hashable, Sendable {
    case order(ClientOrderID)
    case venueOrder(VenueOrderID)
    /// All live orders that match when the intent is accepted; nil matches any.
    case matching(symbol: Symbol?, side: Side?, tag: Tag? = nil)
}

/// What a caller wants done, as parsed (CONTRACT 4.1).
package struct Intent: Sendable {
    package var account: AccountID
    /// nil: generated at acceptance.
    package var id: IntentID?
    package var place: [PlaceItem] = []
    package var modify: [ModifyItem] = []
    package var cancel: [CancelItem] = []
    package var sequence: IntentSequence = .cancelFirst
    /// Microseconds since 1970 UTC.
    package var expiresAt: Int64?
    package var tag: Tag?
    package var dryRun = false

    package static let itemsMax = 100_000

    package init(account: AccountID, id: IntentID? = nil) { (self.account, self.id) = (account, id) }

    /// Beside its items: what is part of its content.
    package static let fields: [RecordField<Intent>] = [
        RecordField(1, "account", .text, { .init($0.account) }, { $1.put(into: &$0.account) }),
        RecordField(2, "sequence", .text, default: "cancel_first", { .init($0.sequence) }, { $1.put(into: &$0.sequence) }),
        RecordField(3, "expires_at", .number, { .init($0.expiresAt) }, { $1.put(into: &$0.expiresAt) }),
        RecordField(4, "tag", .text, { .init($0.tag) }, { $1.put(into: &$0.tag) }),
    ]
}

/// 256 bits that stand for a content: SHA-256, computed by whoever has the library for it.
package struct Digest256: Hashable, Sendable {
    package let bytes: [UInt8]
    package init(_ bytes: [UInt8]) {
        precondition(bytes.count == 32)
        self.bytes = bytes
    }

    /// Lower-case hex.
    package var hex: String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(64)
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}
