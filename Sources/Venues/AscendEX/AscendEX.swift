import OMSCore
import Wire

/// AscendEX REST "Pro" v1, cash and margin: batches of 10 that are refused as a whole, acknowledgements that are mere receipts, and order ids
/// that follow from what is sent.
///
/// Sources: AscendEX API documentation (last published 2025-10-29, read 2026-11); SDKs and reports as docs/venues/ascendex.md marks them.
package struct AscendEX: VenueAdapter {
    package let profile: VenueProfile
    /// `cash` or `margin`: part of the path.
    let category: String

    /// Ids a look-up may name: 1000 characters, 33 each with the comma, and the request line under 2048 bytes.
    static let lookUpMax = 30

    /// nil for a product that AscendEX does not have.
    package init?(product: String) {
        guard product == "cash" || product == "margin" else { return nil }
        category = product
        // No figures are published for these endpoints; 10/s in total is what support once named (2019).
        let names = [
            "batch-place", "batch-cancel", "cancel-all", "lookup:order-status", "lookup:order-open", "lookup:order-hist", "lookup:info",
            "lookup:products", "lookup:exchange-info", "overall",
        ]
        var profile = VenueProfile(
            venue: "ascendex", product: product, baseURL: "https://ascendex.com",
            budgets: names.map { BudgetRule($0, 10, perMs: 1_000, scope: .apikey) },
            // The size of a batch cancel is not documented: as a batch.
            placeMax: 10, cancelMax: 10, modifyMax: 0, cancelsByClientID: false,
            // The venue takes up to 32 of `\w` and `-`. Shorter than 9, or with `_` or `-`, the order's id might not follow from ours.
            // What begins like a broker's prefix was seen to get another id than the documented one.
            clientIDs: ClientIDRule(lengths: 9...32, alsoAllowed: "", neverBegins: ["HMBot"]),
            // A body `time` older than 30 s is not processed; the tolerance ahead is unknown, hence a stamp behind the venue's time.
            freshnessMs: 30_000, stampMarginMs: 300,
            // Orders show once the engine took them; a synchronous acknowledgement waits up to 5 s for that.
            visibilityDelayMs: 5_000, findSteps: 1,
            // The only list of fills allows 8 requests a minute; order reports carry cumulative amounts.
            listsFills: false)
        // The header's stamp, whatever the body's time.
        profile.signatureMs = 30_000
        profile.needsAccountFacts = true
        profile.accountTellsUID = true
        // One look-up names thirty ids, whether of thirty orders or of the attempts of a few.
        profile.looksUpByVenueID = true
        profile.findMax = Self.lookUpMax
        profile.findIDsMax = Self.lookUpMax
        // "At least 30 days", by the documentation of the history.
        profile.memoryMs = 30 * 86_400_000
        profile.cancelsAll = true
        profile.demo = .none("AscendEX documents no sandbox, though clients name hosts of one")
        self.profile = profile
    }

    package func problem(with terms: OrderTerms) -> OrderProblem? {
        let unknown: [OrderTerms.Field] = [.quoteQuantity, .reduceOnly, .positionSide, .marginAction, .stp, .takeProfit, .stopLoss]
        if let problem = terms.firstSet(of: unknown, at: "ascendex") { return problem }
        if let problem = terms.commonProblem { return problem }
        return terms.quantity == nil ? OrderProblem("quantity", "needed, in base currency") : nil
    }

    package func problem(modifying terms: OrderTerms, price: Decimal?, quantity: Decimal?) -> OrderProblem? {
        OrderProblem("client_order_id", "ascendex cannot modify orders")
    }

    package func group(of terms: OrderTerms) -> PlaceGroup { PlaceGroup() }

    package func charges(of content: RequestPlan.Content) -> [Charge] {
        switch content {
        case .place: ["batch-place", "overall"]
        case .cancel: ["batch-cancel", "overall"]
        case .mixed(_, let cancels, _): [cancels.isEmpty ? "batch-place" : "batch-cancel", "overall"]
        case .modify: ["overall"]
        // Whether public requests count in the total is not said: they do here.
        case .query(.serverTime), .query(.countdown): ["lookup:exchange-info", "overall"]
        case .query(.instruments): ["lookup:products", "overall"]
        case .query(.account): ["lookup:info", "overall"]
        case .query(.find), .query(.fills): ["lookup:order-status", "overall"]
        case .query(.openOrders): ["lookup:order-open", "overall"]
        case .query(.history): ["lookup:order-hist", "overall"]
        case .query(.cancelAll): ["cancel-all", "overall"]
        }
    }

    /// `a`, the last 11 hex digits of the body's time, the user's id, the last 9 characters of ours; nil where one of them has another shape.
    package func predictedID(clientOrderID: ClientOrderID, timeMs: Int64, facts: AccountFacts?) -> VenueOrderID? {
        guard let uid = facts?.uid, Self.isUID(uid), timeMs >= 0, profile.clientIDs.allows(clientOrderID) else { return nil }
        let digits = String(timeMs, radix: 16)
        let time = String(repeating: "0", count: max(11 - digits.utf8.count, 0)) + digits.suffix(11)
        return VenueOrderID("a\(time)\(uid)\(clientOrderID.text.suffix(9))")
    }

    /// `U` and ten digits.
    static func isUID(_ text: String) -> Bool {
        text.utf8.count == 11 && text.utf8.first == UInt8(ascii: "U") && text.utf8.dropFirst().allSatisfy { (48...57).contains($0) }
    }

    // MARK: Signing

    /// HMAC over time and a shortened path alone: neither method, query nor body is signed. The secret's bytes are used as issued.
    package func sign(_ request: inout HTTPRequest, timeMs: Int64, with key: SigningKey) {
        guard let path = Self.signedPath(request.path) else { return }
        request.headers.append(HTTPHeader("x-auth-key", key.keyID))
        request.headers.append(HTTPHeader("x-auth-timestamp", String(timeMs)))
        request.headers.append(HTTPHeader("x-auth-signature", base64(key.hmacSHA256(Array("\(timeMs)+\(path)".utf8)))))
    }

    /// `/6/api/pro/v1/cash/order/batch` as `order/batch`, `/api/pro/data/v2/order/hist` as `data/v2/order/hist`; nil for public paths.
    static func signedPath(_ path: Substring) -> String? {
        var parts = path.split(separator: "/")
        guard let api = parts.firstIndex(of: "api"), parts.indices.contains(api + 2), parts[api + 1] == "pro" else { return nil }
        parts.removeFirst(api + 2)
        if parts.first == "v1" {
            parts.removeFirst()
            if let first = parts.first, ["cash", "margin", "spot"].contains(first) { parts.removeFirst() }
        }
        if let last = parts.last, ["products", "exchange-info"].contains(last) { return nil }
        return parts.joined(separator: "/")
    }
}
