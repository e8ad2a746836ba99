import OMSCore
import Testing
import Wire

@testable import Venues

@Suite struct `The unit of AZ's quantities` {
    private static func row(_ text: String) throws -> AnswerRow { try AnswerRow(try JSONParser.parse(Array(text.utf8))) }

    private static let linear = #""symbol":"btc_usdt","contractSize":"0.0001""#

    /// A row, and the unit that it shows; nil: it tells nothing.
    private static let orders: [(String, QuantityUnit?)] = [
        (#""origQty":"0.5","price":"39000""#, .base), (#""origQty":"1E+1","executedQty":"2.5""#, .base), (#""origQty":"10","price":"39000""#, nil),
        (#""origQty":"10","price":"39000","executedQty":"0","marginFrozen":"1.95","leverage":20"#, .contracts),
        (#""origQty":"10","price":"39000","executedQty":"0","marginFrozen":"1.97","leverage":"20""#, .contracts),
        (#""origQty":"10","price":"39000","executedQty":"0","marginFrozen":"19500","leverage":20"#, .base),
        // Of a partly filled order the margin may be that of the rest; of a closing order there is none.
        (#""origQty":"10","price":"39000","executedQty":"4","marginFrozen":"19500","leverage":20"#, nil),
        (#""origQty":"10","price":"39000","executedQty":"0","marginFrozen":"0","leverage":20"#, nil),
        // Neither: another leverage than the one that counts.
        (#""origQty":"10","price":"39000","executedQty":"0","marginFrozen":"195","leverage":20"#, nil),
        (#""origQty":"10","price":"39000","notional":"39""#, .contracts), (#""origQty":"10","price":"39000","notional":"390000""#, .base),
        (#""origQty":"10","price":"40000","executedQty":"10","avgPrice":"39000","dealAmount":"39""#, .contracts),
        (#""origQty":"10","price":"40000","executedQty":"10","avgPrice":"39000","cumQuote":"390000""#, .base),
        (#""origQty":"many","price":"odd","marginFrozen":{},"leverage":[]"#, nil), (#""origQty":"1E+40","price":"1E+40","notional":"1E-40""#, nil),
    ]

    private static let fills: [(String, QuantityUnit?)] = [
        (#""quantity":"0.2","price":"39000""#, .base), (#""quantity":"4","price":"39000""#, nil),
        (#""quantity":"4","price":"39000","quoteQty":"15.6""#, .contracts), (#""quantity":"4","price":"39000","quoteQty":"156000""#, .base),
        (#""quantity":"4","price":"39000","fee":"0.0078","feeCoin":"usdt""#, .contracts),
        (#""quantity":"4","price":"39000","fee":"-78","feeCoin":"USDT""#, .base),
        (#""quantity":"4","price":"39000","fee":"0","feeCoin":"usdt""#, nil),
        // What a token is worth is not known.
        (#""quantity":"4","price":"39000","fee":"78","feeCoin":"az""#, nil), (#""quantity":"4","price":"39000","fee":"free""#, nil),
    ]

    @Test func `an order's or execution's row speaks against the other unit alone`() throws {
        for configured in QuantityUnit.allCases {
            let unit = AZUnit(configured: configured, isCoin: false)
            for (fields, shown) in Self.orders {
                let words = unit.contradiction(ofOrder: try Self.row("{\(Self.linear),\(fields)}"))
                #expect((words != nil) == (shown != nil && shown != configured), "\(configured): \(fields): \(words ?? "-")")
            }
            for (fields, shown) in Self.fills {
                let words = unit.contradiction(ofFill: try Self.row("{\(Self.linear),\(fields)}"))
                #expect((words != nil) == (shown != nil && shown != configured), "\(configured): \(fields): \(words ?? "-")")
            }
        }
    }

    @Test func `where a contract is one coin, and where its size is not said, amounts tell less`() throws {
        for size in ["1", "0.9", "1.5"] {
            for configured in QuantityUnit.allCases {
                let unit = AZUnit(configured: configured, isCoin: false)
                let row = try Self.row(#"{"symbol":"sol_usdt","contractSize":"\#(size)","origQty":"10","price":"150","notional":"1500"}"#)
                #expect(unit.contradiction(ofOrder: row) == nil, "\(size)")
            }
        }
        let sizeless = try Self.row(#"{"symbol":"btc_usdt","origQty":"10","price":"39000","notional":"39"}"#)
        #expect(AZUnit(configured: .base, isCoin: false).contradiction(ofOrder: sizeless) != nil)
        #expect(AZUnit(configured: .contracts, isCoin: false).contradiction(ofOrder: sizeless) == nil)
        let whole = try Self.row(#"{"symbol":"btc_usdt","origQty":"10","price":"39000","notional":"390000"}"#)
        for configured in QuantityUnit.allCases { #expect(AZUnit(configured: configured, isCoin: false).contradiction(ofOrder: whole) == nil) }
    }

    @Test func `a coin-margined order's margin tells coins from contracts worth a fixed amount`() throws {
        // 40 contracts of 10 usd at 40,000 are 0.01 btc.
        let order = #""symbol":"btc_usd","contractSize":"10","origQty":"40","price":"40000","executedQty":"0","leverage":20"#
        for (margin, shown) in [("0.0005", QuantityUnit.contracts), ("2", .base)] {
            let text = #"{\#(order),"marginFrozen":"\#(margin)"}"#
            for configured in QuantityUnit.allCases {
                let words = AZUnit(configured: configured, isCoin: true).contradiction(ofOrder: try Self.row(text))
                #expect((words == nil) == (shown == configured), "\(configured) \(words ?? "-")")
            }
        }
    }

    @Test func `a market whose quantities have decimals counts no contracts`() throws {
        let contracts = AZUnit(configured: .contracts, isCoin: false)
        for fields in [#""minQty":"0.001""#, #""minQty":"1","quantityPrecision":3"#] {
            let row = try Self.row("{\(Self.linear),\(fields)}")
            #expect(contracts.contradiction(ofMarket: row)?.contains("base currency") == true, "\(fields)")
            #expect(AZUnit(configured: .base, isCoin: false).contradiction(ofMarket: row) == nil)
        }
        #expect(contracts.contradiction(ofMarket: try Self.row(#"{\#(Self.linear),"minQty":"1","quantityPrecision":0}"#)) == nil)
    }

    private static func market(_ unit: QuantityUnit, _ product: String, _ fields: String) throws -> Instrument {
        let adapter = try #require(VenueCatalog.adapter(venue: "az-futures", product: product, quantityUnit: unit))
        let situation = Situation.az
        let kind = product == "usdt" ? "U_BASED" : "COIN_BASED"
        let body = #"{"returnCode":0,"msgInfo":"success","error":null,"result":[{"underlyingType":"\#(kind)","minStepPrice":"0.1",\#(fields)}]}"#
        let answer = adapter.answer(to: situation.plan(.query(.instruments)), from: HTTPResponse(status: 200, body: Array(body.utf8)))
        guard case .instruments(let markets) = answer.query else { throw Unreadable("no markets") }
        return try #require(markets.first)
    }

    @Test func `a market's steps, least sizes and worth follow the unit`() throws {
        let fields = #""symbol":"btc_usdt","contractSize":"0.0001","minQty":"1","quantityPrecision":0,"minNotional":"5""#
        let contracts = try Self.market(.contracts, "usdt", fields)
        #expect(contracts.lot == .one && contracts.minQuantity == .one && contracts.contractSize == Decimal("0.0001"))
        let base = try Self.market(.base, "usdt", fields)
        #expect(base.lot == Decimal("0.0001") && base.minQuantity == Decimal("0.0001") && base.contractSize == nil)
        let fine = try Self.market(.base, "usdt", #""symbol":"btc_usdt","contractSize":"0.0001","minQty":"0.001","quantityPrecision":3"#)
        #expect(fine.lot == Decimal("0.001") && fine.minQuantity == Decimal("0.001"))
        // A contract of 10 usd is worth 10 usd whatever the price.
        let coin = try Self.market(.contracts, "coin", #""symbol":"btc_usd","contractSize":"10","minQty":"1","minNotional":"1""#)
        #expect(coin.contractValue == Decimal(10) && coin.contractSize == nil && coin.minNotional == .one)
        let unsized = try Self.market(.contracts, "usdt", #""symbol":"btc_usdt","minQty":"1""#)
        #expect(!unsized.tradable && unsized.problem == "contractSize is missing")
    }

    @Test func `quantities with decimals are orders where base currency is counted, and none where contracts are`() throws {
        var terms = Situation.az.terms[0]
        terms.quantity = Decimal("0.25")
        let base = try #require(VenueCatalog.adapter(venue: "az-futures", product: "usdt", quantityUnit: .base))
        #expect(Situation.az.adapter.problem(with: terms)?.field == "quantity")
        #expect(base.problem(with: terms) == nil)
        #expect(base.problem(modifying: terms, price: nil, quantity: Decimal("0.75")) == nil)
        let plan = Situation.az.plan(.place(Situation.az.placeTickets([terms]), isSingle: false))
        let body = String(decoding: base.request(for: plan).body, as: UTF8.self)
        #expect(body.contains(#""origQty":"0.25""#))
    }

    @Test func `a refusal that could mean again is believed of a resent order only unless it is found`() throws {
        let item = #"{"clientOrderId":"int000001a1","createState":"PLATFORM_REJECT"}"#
        for (text, code) in [
            (#"{"returnCode":0,"error":null,"result":{"createOrdersResponse":[\#(item)]}}"#, "PLATFORM_REJECT"),
            (#"{"returnCode":1,"msgInfo":"failure","error":{"code":"invalid_params","msg":"x"},"result":null}"#, "invalid_params"),
        ] {
            for isResent in [false, true] {
                var ticket = Situation.az.placeTickets[0]
                ticket.isResent = isResent
                let plan = Situation.az.plan(.mixed(place: [ticket], cancel: [], placeFirst: true))
                let outcome = Situation.az.adapter.answer(to: plan, from: HTTPResponse(status: 200, body: Array(text.utf8))).places.first
                switch outcome {
                case .refused(let told, _): #expect(!isResent && told == code)
                case .refusedUnlessFound(let told, _): #expect(isResent && told == code)
                default: Issue.record("\(String(describing: outcome))")
                }
            }
        }
    }
}
