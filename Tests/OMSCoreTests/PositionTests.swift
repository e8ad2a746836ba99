import Containers
import Testing

@testable import OMSCore

/// What own executions come to, by values.
struct PositionTests {
    private static func number(_ text: String) -> Decimal { Decimal(text) ?? .zero }

    private static func fill(_ id: String, _ quantity: String, fee: String? = nil, _ asset: String? = nil, at: Int64 = 5) -> Fill {
        Fill(
            tradeID: TradeID(id), venueOrderID: "v", quantity: number(quantity), price: .one, fee: fee.map { number($0) }, feeAsset: asset, at: at)
    }

    private static func terms(_ side: Side, _ positionSide: PositionSide? = nil, _ symbol: Symbol = "btc_usdt") -> OrderTerms {
        var terms = OrderTerms(symbol: symbol, side: side, type: .limit, price: .one, quantity: Decimal(10))
        terms.positionSide = positionSide
        return terms
    }

    private static let key = PositionKey(symbol: "btc_usdt", positionSide: nil)

    @Test func `what is executed is held at once, and what of it no execution tells is said until one does`() throws {
        var positions = Positions(of: "a", takesFees: true)
        positions.execute(Self.terms(.buy), from: .zero, to: Decimal(3))
        positions.execute(Self.terms(.sell), from: .zero, to: .one)
        var row = try #require(positions[Self.key])
        #expect(row.position == Decimal(2) && row.unlistedBought == Decimal(3) && row.unlistedSold == .one && row.fills == 0)
        positions.book(Self.fill("1", "2.5"), of: Self.terms(.buy))
        positions.book(Self.fill("2", "1"), of: Self.terms(.sell))
        row = try #require(positions[Self.key])
        #expect(row.position == Decimal(2) && row.unlistedBought == Self.number("0.5") && row.unlistedSold == .zero && row.fills == 2)
        #expect(positions.takeTouched() == [row] && positions.takeTouched().isEmpty)
    }

    @Test func `a fee in what was bought makes the holding smaller, a rebate larger, and neither touches contracts`() throws {
        for (takesFees, expected) in [(true, "9.985"), (false, "10")] {
            var positions = Positions(of: "a", takesFees: takesFees)
            positions.execute(Self.terms(.buy), from: .zero, to: Decimal(10))
            positions.book(Self.fill("1", "4", fee: "0.02", "BTC"), of: Self.terms(.buy))
            positions.book(Self.fill("2", "5", fee: "-0.005", "btc"), of: Self.terms(.buy))
            positions.book(Self.fill("3", "1", fee: "0.7", "usdt"), of: Self.terms(.buy))
            #expect(try #require(positions[Self.key]).position == Self.number(expected))
        }
    }

    @Test(arguments: [
        ("btc_usdt", "BTC", true), ("BTC/USDT", "btc", true), ("BTC-USDT-SWAP", "BTC", true), ("BTCUSDT", "BTC", true), ("BTCUSDT", "USDT", false),
        ("GTCUSDT", "GT", false), ("btc_usdt", "bt", false), ("USDCUSDT", "USDC", true), ("BTCUSDT", "", false), ("BTCUSDT", "BTCUSDT", false),
    ]) func `a market's name says what its quantities are in`(symbol: String, asset: String, isBase: Bool) {
        #expect(Symbol(symbol).hasBase(asset) == isBase)
    }

    @Test func `long and short of one market are two positions`() throws {
        var positions = Positions(of: "a", takesFees: false)
        positions.execute(Self.terms(.buy, .long), from: .zero, to: Decimal(4))
        positions.execute(Self.terms(.sell, .short), from: .zero, to: Decimal(3))
        positions.execute(Self.terms(.buy, .short), from: .zero, to: .one)
        #expect(positions.all.map(\.position) == [Decimal(4), Decimal(-2)])
    }

    /// As the record tells it.
    private static func sums(_ fills: [(Fill, OrderTerms)], _ since: [Symbol: Int64]) -> [PositionKey: Decimal?] {
        var sums: [PositionKey: Decimal?] = [:]
        for (fill, terms) in fills { OwnTrade(fill, of: terms).add(to: &sums, since: since, takesFees: true) }
        return sums
    }

    @Test func `what came before the time that a limit names is in its opening amount, also when it is listed late`() throws {
        var positions = Positions(of: "a", takesFees: true)
        positions.execute(Self.terms(.buy), from: .zero, to: Decimal(7))
        let (old, new) = (Self.fill("1", "4", fee: "1", "btc", at: 99), Self.fill("2", "2", at: 100))
        for fill in [old, new] { positions.book(fill, of: Self.terms(.buy)) }
        positions.begin(at: ["btc_usdt": 100]) { since in
            Self.sums([old, new].map { ($0, Self.terms(.buy)) }, since)
        }
        // Two by an execution since then, and one of no known time.
        #expect(try #require(positions[Self.key]).positionSince == Decimal(3))
        positions.book(Self.fill("3", "1", at: 98), of: Self.terms(.buy))
        let row = try #require(positions[Self.key])
        #expect(row.positionSince == Decimal(2) && row.position == Decimal(6))
        // Asked for again, nothing is read; what is new begins where the limit does.
        #expect(positions.asks(at: ["btc_usdt": 100]).isEmpty && positions.asks(at: ["btc_usdt": 200]) == ["btc_usdt": 200])
        positions.begin(at: ["btc_usdt": 100]) { _ in nil }
        positions.begin(at: ["btc_usdt": 200]) { _ in nil }
        #expect(positions[Self.key]?.since == 100, "what cannot be read leaves the former time")
        positions.begin(at: ["btc_usdt": 0]) { _ in nil }
        #expect(positions[Self.key]?.positionSince == Decimal(6))
    }

    @Test func `executions of all markets whose limits name another time are read once, each market from its own time`() throws {
        var positions = Positions(of: "a", takesFees: true)
        let (bitcoin, ether) = (Self.terms(.buy), Self.terms(.sell, nil, "eth_usdt"))
        let fills = [(Self.fill("1", "1", at: 50), bitcoin), (Self.fill("2", "2", at: 150), bitcoin), (Self.fill("3", "4", at: 150), ether)]
        for (fill, terms) in fills {
            positions.execute(terms, from: .zero, to: fill.quantity)
            positions.book(fill, of: terms)
        }
        var readings: [[Symbol: Int64]] = []
        positions.begin(at: ["btc_usdt": 100, "eth_usdt": 200, "xrp_usdt": 1]) { since in
            readings.append(since)
            return Self.sums(fills, since)
        }
        #expect(readings == [["btc_usdt": 100, "eth_usdt": 200]])
        #expect(positions.all.map(\.positionSince) == [Decimal(2), .zero] && positions.all.map(\.since) == [100, 200])
    }

    @Test func `a sum beyond any number is unknown, never wrong`() {
        let most = Self.number("170000000000000000000")
        var positions = Positions(of: "a", takesFees: true)
        for _ in 0..<2 { positions.execute(Self.terms(.buy), from: .zero, to: most) }
        #expect(positions[Self.key]?.position == nil && positions[Self.key]?.sold == .zero)
    }

    @Test func `an opening amount is that of the side which its sign says`() {
        let short = PositionLimit(max: Decimal(9), opening: Decimal(-4), since: 1)
        #expect(short.opening(of: nil) == Decimal(-4) && short.opening(of: .short) == Decimal(-4) && short.opening(of: .long) == .zero)
    }
}
