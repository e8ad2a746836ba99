import OMSCore
import Testing
import Transport
import Wire

@testable import Simulator

@Suite struct `The public market` {
    private static let now: Int64 = 1_795_183_217_345
    private static let minuteMs: Int64 = 60_000
    private let instruments =
        BitgetMarginDialect.spotInstruments + [
            SimInstrument(
                "DEAR", base: "D", quote: "USD", pricePlaces: 8, quantityPlaces: 0, minQuantity: "1", minNotional: "1", reference: "90000000")
        ]

    @Test(arguments: [1, 2, 977] as [UInt64])
    func `an hour opens, closes, reaches and trades what its minutes do`(seed: UInt64) {
        let market = PublicMarket(seed: seed)
        let hourMs = Self.now / 3_600_000 * 3_600_000
        for instrument in instruments {
            for (openMs, minutes) in [(hourMs - 3_600_000, 60), (hourMs, 60), (hourMs - 86_400_000, 240)] as [(Int64, Int64)] {
                let hour = market.candle(of: instrument, openMs: openMs, minutes: minutes, nowMs: Self.now)
                let parts = market.candles(
                    of: instrument, minutes: 1, fromMs: openMs, toMs: openMs + minutes * Self.minuteMs - 1, limit: 1_000, nowMs: Self.now)
                #expect(hour.open == parts.first?.open && hour.close == parts.last?.close)
                #expect(hour.high == parts.map(\.high).max() && hour.low == parts.map(\.low).min())
                #expect(hour.volume == parts.reduce(Decimal.zero) { $0.adding($1.volume) ?? $0 })
                #expect(zip(parts, parts.dropFirst()).allSatisfy { $0.close == $1.open })
                #expect(hour.low.isPositive && hour.low <= hour.open && hour.open <= hour.high && hour.open.isMultiple(of: instrument.tick))
            }
        }
    }

    @Test func `the trades of a minute make its volume, within what it reached, and their numbers rise with time`() {
        let market = PublicMarket(seed: 5)
        for instrument in instruments {
            let openMs = Self.now / Self.minuteMs * Self.minuteMs - Self.minuteMs
            let minute = market.candle(of: instrument, openMs: openMs, minutes: 1, nowMs: Self.now)
            let trades = market.trades(of: instrument, toMs: openMs + Self.minuteMs - 1, count: 20)
            #expect(trades.allSatisfy { $0.atMs >= openMs && $0.quantity.isPositive && (minute.low...minute.high).contains($0.price) })
            #expect(minute.volume == trades.reduce(Decimal.zero) { $0.adding($1.quantity) ?? $0 })
            #expect(zip(trades, trades.dropFirst()).allSatisfy { $0.id > $1.id && $0.atMs > $1.atMs })
            // The minute that runs counts what has happened of it.
            let running = market.candle(of: instrument, openMs: openMs + Self.minuteMs, minutes: 1, nowMs: Self.now)
            let soFar = market.trades(of: instrument, toMs: Self.now, count: 20).filter { $0.atMs >= openMs + Self.minuteMs }
            #expect(running.volume == soFar.reduce(Decimal.zero) { $0.adding($1.quantity) ?? $0 })
            #expect(running.close == market.price(of: instrument, atMs: Self.now))
        }
    }

    @Test func `bids stand below asks, each further from the price than the one before`() {
        for instrument in instruments {
            let (bids, asks) = PublicMarket(seed: 9).book(of: instrument, atMs: Self.now, depth: 200)
            #expect(!bids.isEmpty && asks.count == 200)
            #expect(bids[0].price < PublicMarket(seed: 9).price(of: instrument, atMs: Self.now) && bids[0].price < asks[0].price)
            #expect(zip(bids, bids.dropFirst()).allSatisfy { $0.price > $1.price } && zip(asks, asks.dropFirst()).allSatisfy { $0.price < $1.price })
            #expect((bids + asks).allSatisfy { $0.price.isPositive && $0.quantity.isPositive && $0.quantity.isMultiple(of: instrument.lot) })
        }
    }

    @Test func `one seed says one thing whenever it is asked, and another seed another`() {
        let instrument = instruments[0]
        func history(_ seed: UInt64, nowMs: Int64) -> [PublicMarket.Candle] {
            PublicMarket(seed: seed).candles(
                of: instrument, minutes: 5, fromMs: Self.now - 3_000_000, toMs: Self.now - 300_000, limit: 500, nowMs: nowMs)
        }
        #expect(history(1, nowMs: Self.now) == history(1, nowMs: Self.now + 86_400_000) && !history(1, nowMs: Self.now).isEmpty)
        #expect(history(1, nowMs: Self.now) != history(2, nowMs: Self.now))
    }

    @Test func `of too many candles a page has the newest, or the oldest where a venue counts from the start`() {
        let market = PublicMarket(seed: 1)
        func opens(_ from: Int64?, keepsOldest: Bool = false) -> [Int64] {
            market.candles(of: instruments[0], minutes: 5, fromMs: from, toMs: nil, limit: 3, nowMs: 3_000_001, keepsOldest: keepsOldest)
                .map { $0.openMs / 300_000 }
        }
        #expect(opens(nil) == [8, 9, 10] && opens(1) == [8, 9, 10] && opens(1, keepsOldest: true) == [1, 2, 3] && opens(3_000_002) == [])
    }

    // MARK: The venues' pages

    private static let pages = [
        "/api/v2/spot/public/symbols", "/api/v2/spot/public/coins", "/api/v2/mix/market/contracts?productType=USDT-FUTURES",
        "/api/v2/spot/market/tickers", "/api/v2/spot/market/orderbook?symbol=BTCUSDT", "/api/v2/spot/market/candles?symbol=BTCUSDT&granularity=5min",
        "/api/v2/spot/market/history-candles?symbol=BTCUSDT&granularity=1h&endTime=1795000000000&limit=200",
        "/api/v2/spot/market/fills-history?symbol=ETHUSDT", "/api/v3/market/tickers?category=USDC-FUTURES",
        "/api/v3/market/orderbook?category=SPOT&symbol=BTCUSDT&limit=20", "/api/v3/market/candles?category=SPOT&symbol=BTCUSDT&interval=1m",
        "/api/v3/market/fills?category=COIN-FUTURES&symbol=BTCUSD", "/v4/public/currencies", "/v4/public/wallet/support/currency",
        "/v4/public/ticker/24h", "/v4/public/ticker/24h?symbol=btc_usdt", "/v4/public/depth?symbol=btc_usdt&limit=10",
        "/v4/public/kline?symbol=btc_usdt&interval=5m&startTime=1795000000000&limit=1000", "/v4/public/trade/recent?symbol=eth_usdt",
        "/future/market/v1/public/symbol/list", "/api/pro/v1/products", "/api/pro/v2/assets", "/api/pro/v2/futures/contract", "/api/pro/v1/ticker",
        "/api/pro/v1/ticker?symbol=BTC/USDT", "/api/pro/v1/depth?symbol=BTC%2FUSDT", "/api/pro/v1/trades?symbol=BTC/USDT&n=50",
        "/api/pro/v1/barhist?symbol=BTC/USDT&interval=60&n=500",
    ]

    private func page(_ target: String, _ world: VenueWorld) throws -> HTTPResponse {
        guard case .response(let response, _) = world.handle(HTTPRequest("GET", target), from: "127.0.0.1:1", at: Self.now * 1_000) else {
            throw NoResponse()
        }
        return response
    }

    @Test(arguments: pages) func `a public page is answered without a key, the same each time, and counted as public`(target: String) throws {
        let (world, other) = (try VenueWorld(), try VenueWorld())
        let response = try page(target, world)
        #expect(response.status == 200 && response.body.count >= 20)
        _ = try JSONParser.parse(response.body)
        _ = try page("/v4/public/ticker/24h", other)
        #expect(try page(target, other).body == response.body, "what was asked before changes nothing")
        #expect(world.ledger.requests.map(\.kind) == [.public] && world.ledger.requests[0].outcome != .refused)
    }

    @Test(arguments: pages.filter { $0.contains("symbol=") })
    func `an unknown symbol is refused in the venue's words`(target: String) throws {
        let world = try VenueWorld()
        let asked = target.split(separator: "&").map { $0.contains("symbol=") ? $0.prefix { $0 != "=" } + "=NOSUCH" : String($0) }.joined(
            separator: "&")
        let answer = try JSONParser.parse(try page(asked, world).body)
        #expect(answer.code != "00000" && answer["result"]?.array == nil && answer["data"]?.array == nil)
        #expect(answer.code != nil || answer["mc"]?.string != "SUCCESS")
    }

    @Test func `coins and fees of an account are told to its key alone`() throws {
        let client = try BitgetClient("bitget-margin", "crossed")
        for target in ["/api/v2/spot/account/assets", "/api/v2/common/trade-rate?symbol=BTCUSDT&businessType=spot"] {
            #expect(try client.get(target).json.code == "00000")
            #expect(try page(target, client.world).status == 400)
        }
    }

    // MARK: Orders that follow it

    private func following(_ seed: UInt64) throws -> (BitgetClient, PublicMarket, SimInstrument) {
        var options = WorldOptions()
        (options.seed, options.matching) = (seed, Matching(followsMarket: true))
        let client = try BitgetClient("bitget-uta", "spot", options)
        let exchange = try #require(client.world.venue(named: "bitget-uta")?.exchange)
        return (client, exchange.market, try #require(exchange.instruments["BTCUSDT"]))
    }

    @Test func `a market order trades at the price that the ticker tells`() throws {
        var (client, _, _) = try following(3)
        client.now += 12_345_000
        let told = try client.get("/api/v3/market/tickers?category=SPOT&symbol=BTCUSDT").json["data"]?.array?.first?["lastPrice"]?.string
        _ = try client.post(
            "/api/v3/trade/place-order",
            #"{"category":"SPOT","symbol":"BTCUSDT","side":"sell","orderType":"market","qty":"0.001","clientOid":"m1"}"#)
        #expect(try client.find("m1")["data"]?["avgPrice"]?.string == told && told != nil)
    }

    @Test(arguments: 1...8 as ClosedRange<UInt64>)
    func `a resting order trades when the walk reaches its price, and not before`(seed: UInt64) throws {
        var (client, market, instrument) = try following(seed)
        let start = BitgetClient.start / 1_000
        let price = market.price(of: instrument, atMs: start)
        // A thousandth below: most walks come by within a day.
        let limit = Decimal(units: price.units / 1_000 * 999 / instrument.tick.units * instrument.tick.units)
        _ = try client.post("/api/v3/trade/place-batch", "[\(BitgetClient.item("r1", price: limit.description))]")
        #expect(try client.find("r1")["data"]?["orderStatus"]?.string == "new")
        guard let touch = market.firstTouch(of: limit, buying: true, in: instrument, fromMs: start) else { return }
        #expect(market.price(of: instrument, atMs: touch) <= limit)
        client.now = (touch - 1) * 1_000
        #expect(try client.find("r1")["data"]?["orderStatus"]?.string == "new")
        client.now = touch * 1_000
        #expect(try client.find("r1")["data"]?["orderStatus"]?.string == "filled")
        #expect(try client.find("r1")["data"]?["avgPrice"]?.string == limit.description)
    }
}

private struct NoResponse: Error {}
