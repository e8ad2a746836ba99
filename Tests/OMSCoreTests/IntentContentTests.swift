import OMSCore
import Testing

@Suite struct IntentContentTests {
    private static func sample() -> Intent {
        var terms = OrderTerms(
            symbol: "btc_usdt", side: .buy, type: .limit, timeInForce: .gtc, price: Decimal("39000"),
            quantity: Decimal("10"))
        terms.positionSide = .long
        var intent = Intent(account: "mm", id: "i1")
        intent.place = [PlaceItem(terms: terms), PlaceItem(terms: terms, clientOrderID: "abcd")]
        intent.modify = [ModifyItem(clientOrderID: "m1", price: Decimal(5), quantity: nil)]
        intent.cancel = [.order("c1"), .matching(symbol: "btc_usdt", side: nil)]
        return intent
    }

    private static let changes: [(name: String, change: @Sendable (inout Intent) -> Void)] = [
        ("account", { $0.account = "mm2" }), ("sequence", { $0.sequence = .placeFirst }), ("expires_at", { $0.expiresAt = 1 }),
        ("symbol", { $0.place[0].terms.symbol = "eth_usdt" }), ("side", { $0.place[0].terms.side = .sell }),
        ("type", { $0.place[0].terms.type = .market }), ("no time in force", { $0.place[0].terms.timeInForce = nil }),
        ("time in force", { $0.place[0].terms.timeInForce = .ioc }), ("post_only", { $0.place[0].terms.postOnly = true }),
        ("price", { $0.place[0].terms.price = Decimal(39_001) }), ("no price", { $0.place[0].terms.price = nil }),
        ("quantity", { $0.place[0].terms.quantity = Decimal(11) }), ("quote", { $0.place[0].terms.quoteQuantity = Decimal(1) }),
        ("reduce_only", { $0.place[0].terms.reduceOnly = true }), ("position side", { $0.place[0].terms.positionSide = .short }),
        ("no position side", { $0.place[0].terms.positionSide = nil }), ("margin", { $0.place[0].terms.marginAction = .autoBorrow }),
        ("stp", { $0.place[0].terms.stp = .cancelBoth }), ("take profit", { $0.place[0].terms.takeProfit = Decimal(40_000) }),
        ("stop loss", { $0.place[0].terms.stopLoss = Decimal(40_000) }), ("client id", { $0.place[0].clientOrderID = "abce" }),
        ("slice", { $0.place[0].sliceQuantity = Decimal(1) }), ("order of items", { $0.place.swapAt(0, 1) }),
        ("one item less", { $0.place.removeLast() }), ("one item more", { $0.place.append($0.place[0]) }),
        ("modify id", { $0.modify[0].clientOrderID = "m2" }), ("modify price", { $0.modify[0].price = Decimal(6) }),
        ("modify quantity", { $0.modify[0].quantity = Decimal(5) }),
        ("price asked as quantity", { ($0.modify[0].price, $0.modify[0].quantity) = (nil, Decimal(5)) }),
        ("on_failure", { $0.modify[0].onFailure = .cancel }), ("cancel id", { $0.cancel[0] = .order("c2") }),
        ("cancel by side", { $0.cancel[1] = .matching(symbol: "btc_usdt", side: .buy) }),
        ("cancel of all", { $0.cancel[1] = .matching(symbol: nil, side: nil) }), ("a symbol for an id", { $0.cancel[1] = .order("btc_usdt") }),
    ]

    @Test func `every change of what is asked for is another content, and no two changes are alike`() {
        let plain = Self.sample()
        var seen: [[UInt8]: String] = [plain.canonicalBytes(): "nothing"]
        for (name, change) in Self.changes {
            var changed = plain
            change(&changed)
            let former = seen.updateValue(name, forKey: changed.canonicalBytes())
            #expect(former == nil, "\(name) looks like \(former ?? "")")
        }
    }

    @Test func `how a number was written, defaults spelled out, the id and a dry run make no other content`() {
        let plain = Self.sample()
        var same = plain
        same.place[0].terms.price = Decimal("39000.000")
        same.place[0].terms.quantity = Decimal("0010")
        same.place[0].terms.marginAction = .normal
        same.place[0].terms.stp = SelfTradePrevention.none
        (same.id, same.dryRun) = ("i2", true)
        #expect(same.canonicalBytes() == plain.canonicalBytes())
    }

    @Test func `a digest prints as lower-case hex`() {
        let digest = Digest256((0..<32).map { UInt8($0 * 8 % 256) })
        #expect(digest.hex == "0008101820283038404850586068707880889098a0a8b0b8c0c8d0d8e0e8f0f8")
    }
}
