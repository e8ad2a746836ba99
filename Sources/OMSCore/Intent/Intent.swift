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
}

/// One item of `cancel`, as asked.
package enum CancelItem: Hashable, Sendable {
    case order(ClientOrderID)
    case venueOrder(VenueOrderID)
    /// All live orders that match when the intent is accepted; nil matches any.
    case matching(symbol: Symbol?, side: Side?)
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
    package var dryRun = false

    package static let itemsMax = 100_000

    package init(account: AccountID, id: IntentID? = nil) { (self.account, self.id) = (account, id) }
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

extension Intent {
    /// The content in one canonical form: equal intents after parsing (item order kept, decimals by value, absent = default) give equal bytes.
    /// Its SHA-256 decides whether a repeated `intent_id` is the same intent. `dry_run` and the id itself are no part of it.
    package func canonicalBytes() -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(64 + place.count * 96)
        func text(_ value: String?) {
            if let value { out.append(contentsOf: value.utf8) }
            out.append(0)
        }
        func decimal(_ value: Decimal?) {
            value?.append(to: &out)
            out.append(0)
        }
        text(account.text)
        text(sequence.rawValue)
        text(expiresAt.map { String($0) })
        for item in place {
            out.append(1)
            let terms = item.terms
            text(terms.symbol.text)
            text(terms.side.rawValue)
            text(terms.type.rawValue)
            text(terms.timeInForce?.rawValue)
            text(terms.postOnly ? "p" : nil)
            decimal(terms.price)
            decimal(terms.quantity)
            decimal(terms.quoteQuantity)
            text(terms.reduceOnly ? "r" : nil)
            text(terms.positionSide?.rawValue)
            text(terms.marginAction == .normal ? nil : terms.marginAction?.rawValue)
            text(terms.stp == SelfTradePrevention.none ? nil : terms.stp?.rawValue)
            decimal(terms.takeProfit)
            decimal(terms.stopLoss)
            text(item.clientOrderID?.text)
            decimal(item.sliceQuantity)
        }
        for item in modify {
            out.append(2)
            text(item.clientOrderID.text)
            decimal(item.price)
            decimal(item.quantity)
            text(item.onFailure.rawValue)
        }
        for item in cancel {
            switch item {
            case .order(let id):
                out.append(3)
                text(id.text)
            case .venueOrder(let id):
                out.append(5)
                text(id.text)
            case .matching(let symbol, let side):
                out.append(4)
                text(symbol?.text)
                text(side?.rawValue)
            }
        }
        return out
    }
}
