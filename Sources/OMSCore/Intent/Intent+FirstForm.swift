/// The form in which 0.1.0 compared intents, for rows that it wrote.
extension Intent {
    /// The form of 0.1.0: every field, each ended by a 0. Never changed: rows keep its digests.
    func firstCanonicalBytes() -> [UInt8]? {
        guard tag == nil, place.allSatisfy({ $0.isSayableInFirstForm }) else { return nil }
        var out: [UInt8] = []
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
            case .matching(let symbol, let side, let tag):
                guard tag == nil else { return nil }
                out.append(4)
                text(symbol?.text)
                text(side?.rawValue)
            }
        }
        return out
    }
}

extension PlaceItem {
    /// It knew the terms up to `stop_loss`, and the item's fields up to `slice_quantity`.
    fileprivate var isSayableInFirstForm: Bool {
        let (termsMax, itemMax): (UInt8, UInt8) = (14, 2)
        return OrderTerms.fields.allSatisfy { $0.number <= termsMax || $0.isDefault(in: terms) }
            && Self.fields.allSatisfy { $0.number <= itemMax || $0.isDefault(in: self) }
    }
}
