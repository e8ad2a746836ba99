import OMSCore
import Wire

/// The mutable columns of an order as its record alone tells them: docs/AUDIT.md, "Folding the record".
struct FoldedOrder {
    private(set) var columns: [String: String?]
    private(set) var problems: [String] = []

    static let names = [
        "state", "evidence", "venue_state", "venue_order_id", "price", "quantity", "filled_quantity", "average_price", "attempts", "request_id",
        "reject_code", "reject_text", "submitted_at", "acknowledged_at", "closed_at", "parked_at", "barred_by", "absences",
    ]
    private static let plain: Set<String> = [
        "venue_state", "venue_order_id", "price", "quantity", "filled_quantity", "average_price", "attempts", "reject_code", "reject_text",
        "submitted_at", "acknowledged_at", "closed_at", "parked_at", "barred_by", "absences",
    ]

    /// As born.
    init(price: String?, quantity: String?) {
        columns = [
            "state": "intended", "evidence": "local", "price": price, "quantity": quantity, "filled_quantity": "0", "attempts": "0",
        ]
    }

    /// One line of the record, in the columns of `events`.
    struct Line {
        let seq: Int64
        let at: Int64
        let kind: String
        let from: String?
        let to: String?
        let evidence: String?
        let request: Int64?
        let detail: JSON?
    }

    mutating func apply(_ line: Line) {
        // Fills, breaks and notes name no state: they change nothing here.
        guard let to = line.to else { return }
        let before = columns["state"] ?? nil
        if line.from != before { problems.append("event \(line.seq) comes from \(line.from ?? "nothing"), the order was \(before ?? "nothing")") }
        let wasClosed = Self.isTerminal(before)
        columns["state"] = to
        columns["evidence"] = line.evidence
        columns["request_id"] = .some(line.request.map { String($0) })
        if line.kind == EventKind.submitted.rawValue {
            columns["attempts"] = "1"
            columns["submitted_at"] = String(line.at)
        }
        if line.kind == EventKind.acknowledged.rawValue, !Self.isLive(before) { columns["acknowledged_at"] = String(line.at) }
        if !Self.isTerminal(to) {
            columns["closed_at"] = .some(nil)
        } else if !wasClosed {
            columns["closed_at"] = String(line.at)
        }
        for (key, value) in line.detail?.object ?? [] {
            switch key {
            case "order_evidence": columns["evidence"] = value.text
            case "order_request": columns["request_id"] = .some(value.text)
            case let key where Self.plain.contains(key): columns[key] = .some(value.text)
            default: continue  // What only people read.
            }
        }
    }

    private static func isTerminal(_ state: String?) -> Bool { state.flatMap { OrderState(rawValue: $0) }?.isTerminal ?? false }
    private static func isLive(_ state: String?) -> Bool { state.flatMap { OrderState(rawValue: $0) }?.isLive ?? false }
}
