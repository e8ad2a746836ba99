import OMSCore

extension OrderReport {
    /// What executions tell of the order that they are of: that it is there, and how much of it traded; how it stands now they do not say.
    ///
    /// - Parameter fills: of this order alone. A page may name an execution twice; it happened once.
    /// - Returns: nil where there are none.
    /// - Throws: where an execution has two quantities.
    static func executed(_ subject: FindSubject, _ fills: [Fill]) throws(Unreadable) -> OrderReport? {
        guard let first = fills.first else { return nil }
        var report = OrderReport(status: .unknown, venueState: "executed")
        (report.clientOrderID, report.venueOrderID) = (subject.clientOrderID, first.venueOrderID)
        var quantities: [TradeID: Decimal] = [:]
        for fill in fills where quantities.updateValue(fill.quantity, forKey: fill.tradeID).map({ $0 != fill.quantity }) == true {
            throw Unreadable("execution \(fill.tradeID) has two quantities")
        }
        report.filledQuantity = quantities.values.reduce(Decimal?.some(.zero)) { sum, quantity in sum?.adding(quantity) }
        return report
    }
}
