import OMSCore
import Wire

/// What a push says of an amend.
struct OKXAmend {
    let requestID: String
    /// `0` done, `-1` failed and the order goes on, `1` failed and the order is canceled, empty: refused at once and the order is canceled.
    let result: String
    let code: String
    let text: String
}

extension OKXGateway {
    func row(_ push: StreamPush, _ writer: inout JSONWriter) {
        switch push.news {
        case .failedAttempt(let report):
            guard let order = report.order else { return }
            OKXRows.order(order, OKXRows.Standing(order), last: nil, isPush: true, shape: push.shape, &writer)
            tail(nil, amends[report.updateNumber], push.shape, &writer)
        case .order(let report):
            let fill = push.shape.lacksTrade ? nil : report.fill
            guard push.channel == "orders" else {
                if let fill { execution(fill, push.shape, &writer) }
                return
            }
            let last = fill.map { (fill: $0, name: trades.name(of: $0)) }
            OKXRows.order(report.order, OKXRows.Standing(report), last: last, isPush: true, shape: push.shape, &writer)
            tail(fill, amends[report.standing.updateNumber], push.shape, &writer)
        }
    }

    /// What only pushes say: of this execution, and of the amend that did it.
    private func tail(_ fill: SimFill?, _ amend: OKXAmend?, _ shape: StreamShape, _ writer: inout JSONWriter) {
        if !shape.lacksFee {
            writer.members([
                ("fillFee", fill.map { OKXRows.paid(OKXRules.fee(of: $0)) } ?? "0"),
                ("fillFeeCcy", fill.map { OKXRules.feeCoin(of: $0.order.symbol) } ?? ""),
            ])
        }
        writer.members([
            ("execType", fill.map { $0.isMaker ? "M" : "T" } ?? ""), ("reqId", amend?.requestID ?? ""), ("amendResult", amend?.result ?? ""),
            ("amendSource", amend == nil ? "" : "1"), ("code", amend?.code ?? "0"), ("msg", amend?.text ?? ""),
        ])
    }

    /// The channel of executions: no fee, and our id only where it is a number.
    private func execution(_ fill: SimFill, _ shape: StreamShape, _ writer: inout JSONWriter) {
        let order = fill.order
        writer.member("instId", order.symbol)
        writer.id("tradeId", trades.name(of: fill), shape)
        writer.id("ordId", order.id, shape)
        let number = Int64(order.clientID).map { $0 > 0 } ?? false
        writer.members([
            ("clOrdId", number ? order.clientID : "0"), ("fillPx", fill.price.description), ("fillSz", fill.quantity.description),
            ("side", order.side.rawValue), ("execType", fill.isMaker ? "M" : "T"), ("count", "1"), ("ts", String(fill.at / 1_000)),
        ])
    }
}
