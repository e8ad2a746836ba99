import OMSCore
import Testing
import Wire

@testable import Venues

/// Bare bodies under `Fixtures/bitget-…/bodies`, and short ways to plans and tickets.
enum BitgetFixtures {
    static func reply(_ name: String, status: Int = 200) -> HTTPResponse { HTTPResponse(status: status, body: fixtureBytes(name)) }

    static func reply(_ status: Int, code: String, text: String = "said so") -> HTTPResponse {
        HTTPResponse(status: status, body: Array(#"{"code":"\#(code)","msg":"\#(text)","requestTime":1763640000123,"data":null}"#.utf8))
    }

    static func ok(_ data: String) -> HTTPResponse {
        HTTPResponse(status: 200, body: Array(#"{"code":"00000","msg":"success","requestTime":1763640000123,"data":\#(data)}"#.utf8))
    }

    static let timeMs: Int64 = 1_763_640_000_123

    static func plan(_ content: RequestPlan.Content) -> RequestPlan {
        RequestPlan(
            id: 1, account: "mm", content: content, timeMs: timeMs, facts: nil, freshnessMs: 30_000, staleAt: .max, timeoutMs: 5_000)
    }

    static func terms(_ symbol: Symbol = "BTCUSDT", _ side: Side = .buy, price: String = "60000.01", quantity: String = "0.001") -> OrderTerms {
        OrderTerms(symbol: symbol, side: side, type: .limit, price: Decimal(price), quantity: Decimal(quantity))
    }

    static func market(_ side: Side, quantity: String? = nil, quote: String? = nil) -> OrderTerms {
        var terms = OrderTerms(symbol: "BTCUSDT", side: side, type: .market, quantity: quantity.flatMap { Decimal($0) })
        terms.quoteQuantity = quote.flatMap { Decimal($0) }
        return terms
    }

    /// `o0000001`, `o0000002`, …
    static func clientID(_ number: Int) -> ClientOrderID { ClientOrderID("o" + String(String(10_000_000 + number).dropFirst())) }
    /// `1370000000000000001`, …
    static func venueID(_ number: Int) -> VenueOrderID { VenueOrderID(String(1_370_000_000_000_000_000 + number)) }

    static func place(_ number: Int, _ terms: OrderTerms = terms()) -> PlaceTicket {
        PlaceTicket(order: OrderKey(Int64(number)), clientOrderID: clientID(number), terms: terms)
    }

    static func cancel(_ number: Int, knowsVenueID: Bool = true) -> CancelTicket {
        CancelTicket(
            command: CommandID(Int64(number)), order: OrderKey(Int64(number)), clientOrderID: clientID(number),
            venueOrderID: knowsVenueID ? venueID(number) : nil, terms: terms())
    }

    static func modify(_ number: Int, price: String? = nil, quantity: String? = nil, knowsVenueID: Bool = true, _ onFailure: OnFailure = .keep)
        -> ModifyTicket
    {
        ModifyTicket(
            command: CommandID(Int64(number)), order: OrderKey(Int64(number)), clientOrderID: clientID(number),
            venueOrderID: knowsVenueID ? venueID(number) : nil, terms: terms(), price: price.flatMap { Decimal($0) },
            quantity: quantity.flatMap { Decimal($0) }, onFailure: onFailure)
    }

    static func subject(_ number: Int, knowsVenueID: Bool = false, sinceMs: Int64 = timeMs - 60_000) -> FindSubject {
        FindSubject(
            order: OrderKey(Int64(number)), clientOrderID: clientID(number), venueOrderID: knowsVenueID ? venueID(number) : nil, predictedIDs: [],
            terms: terms(), sinceMs: sinceMs)
    }

    static func isolated() throws -> BitgetMargin { try #require(BitgetMargin(product: "isolated")) }
    static func unified(_ product: String = "margin") throws -> BitgetUTA { try #require(BitgetUTA(product: product)) }
}

extension HTTPRequest {
    var bodyText: String { String(decoding: body, as: UTF8.self) }
}
