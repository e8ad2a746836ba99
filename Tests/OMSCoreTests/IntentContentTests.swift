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
        ("tag", { $0.tag = "mm" }), ("another tag", { $0.tag = "mm2" }),
        ("cancel by tag", { $0.cancel[1] = .matching(symbol: "btc_usdt", side: nil, tag: "mm") }),
        ("cancel by tag alone", { $0.cancel[1] = .matching(symbol: nil, side: nil, tag: "btc_usdt") }),
    ]

    @Test func `every change of what is asked for is another content, and no two changes are alike`() {
        let plain = Self.sample()
        for version in 1...Intent.canonicalVersion {
            var seen: [[UInt8]?: String] = [plain.canonicalBytes(version: version): "nothing"]
            for (name, change) in Self.changes {
                var changed = plain
                change(&changed)
                let bytes = changed.canonicalBytes(version: version)
                // The first form cannot say a tag, and so is no such intent's.
                if bytes == nil, version == 1, name.contains("tag") { continue }
                let former = seen.updateValue(name, forKey: bytes)
                #expect(former == nil, "form \(version): \(name) looks like \(former ?? "")")
            }
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
        for version in 1...Intent.canonicalVersion { #expect(same.canonicalBytes(version: version) == plain.canonicalBytes(version: version)) }
    }

    @Test func `every field of an intent and of its items stands in the table that its content is made from`() {
        let terms = OrderTerms(symbol: "s", side: .buy, type: .limit)
        #expect(Self.names(of: terms) == Set(OrderTerms.fields.map(\.name)))
        #expect(Self.names(of: PlaceItem(terms: terms)) == Set(PlaceItem.fields.map(\.name)).union(["terms"]))
        #expect(Self.names(of: ModifyItem(clientOrderID: "c", price: nil, quantity: nil)) == Set(ModifyItem.fields.map(\.name)))
        // Of an intent its id and whether it is a dry run are no part of what it asks for.
        #expect(Self.names(of: Intent(account: "mm")) == Set(Intent.fields.map(\.name)).union(["place", "modify", "cancel", "id", "dry_run"]))
    }

    @Test func `whichever field of the tables is changed, the content is another one, in each form`() throws {
        let terms = OrderTerms(symbol: "s", side: .buy, type: .limit)
        for field in OrderTerms.fields {
            for value in Self.others(field, terms) {
                let changed = PlaceItem(terms: try #require(Self.set(field, value, in: terms)))
                try Self.expectOthers({ $0.place = [PlaceItem(terms: terms)] }, { $0.place = [changed] }, field.name)
            }
        }
        let place = PlaceItem(terms: terms)
        for field in PlaceItem.fields {
            for value in Self.others(field, place) {
                let changed = try #require(Self.set(field, value, in: place))
                try Self.expectOthers({ $0.place = [place] }, { $0.place = [changed] }, field.name)
            }
        }
        let modify = ModifyItem(clientOrderID: "c", price: nil, quantity: nil)
        for field in ModifyItem.fields {
            for value in Self.others(field, modify) {
                let changed = try #require(Self.set(field, value, in: modify))
                try Self.expectOthers({ $0.modify = [modify] }, { $0.modify = [changed] }, field.name)
            }
        }
        for field in Intent.fields {
            for value in Self.others(field, Intent(account: "mm")) {
                let changed = try #require(Self.set(field, value, in: Intent(account: "mm")))
                try Self.expectOthers({ _ in }, { $0 = changed }, field.name)
            }
        }
    }

    @Test func `a field that is not asked for is no part of the content, so that one that comes later changes none`() {
        var intent = Intent(account: "mm")
        intent.place = [PlaceItem(terms: OrderTerms(symbol: "s", side: .buy, type: .market, quantity: .one))]
        let bytes: [UInt8] = [
            2, 1, 0, 0, 0, 2, 0x6D, 0x6D, 0, 1, 1, 0, 0, 0, 1, 0x73, 2, 0, 0, 0, 3, 0x62, 0x75, 0x79, 3, 0, 0, 0, 6, 0x6D, 0x61, 0x72, 0x6B, 0x65,
            0x74, 7, 0, 0, 0, 1, 0x31, 0, 0,
        ]
        #expect(intent.canonicalBytes() == bytes)
        intent.tag = "t"
        // Behind the account's field: the fourth of the intent's own.
        #expect(intent.canonicalBytes() == bytes[..<8] + [4, 0, 0, 0, 1, 0x74] + bytes[8...])
        #expect(intent.canonicalBytes(version: 1) == nil)
    }

    @Test func `tables of fields give each field a number and a name of its own, in order`() {
        func check<Root>(_ fields: [RecordField<Root>]) {
            #expect(fields.map(\.number) == fields.map(\.number).sorted() && Set(fields.map(\.number)).count == fields.count)
            #expect(Set(fields.map(\.name)).count == fields.count && !fields.contains { $0.number == 0 })
        }
        check(OrderTerms.fields)
        check(PlaceItem.fields)
        check(ModifyItem.fields)
        check(Intent.fields)
        check(Order.known)
    }

    @Test func `a form that is not known is nobody's content`() {
        let plain = Self.sample()
        #expect(plain.canonicalBytes(version: 0) == nil && plain.canonicalBytes(version: 3) == nil)
        #expect(plain.canonicalBytes(version: Intent.canonicalVersion) == plain.canonicalBytes())
    }

    /// The names of a value's properties, as the tables write them.
    private static func names(of value: Any) -> Set<String> {
        let named = Mirror(reflecting: value).children.compactMap(\.label).map { label in
            label.reduce(into: "") { $0 += $1.isUppercase ? "_" + $1.lowercased() : String($1) }.replacing("_i_d", with: "_id")
        }
        return Set(named)
    }

    /// Every value that the field may have instead.
    private static func others<Root>(_ field: RecordField<Root>, _ root: Root) -> [FieldValue] {
        let words =
            Side.allCases.map(\.rawValue) + OrderType.allCases.map(\.rawValue) + TimeInForce.allCases.map(\.rawValue)
            + PositionSide.allCases.map(\.rawValue) + MarginAction.allCases.map(\.rawValue) + SelfTradePrevention.allCases.map(\.rawValue)
            + OnFailure.allCases.map(\.rawValue) + IntentSequence.allCases.map(\.rawValue) + ["another"]
        let candidates = words.map { FieldValue.text($0) } + [.decimal(.one), .number(1), .flag(true)]
        let found = candidates.filter { value in
            set(field, value, in: root).map { !field.isDefault(in: $0) && field.get($0) != field.get(root) } ?? false
        }
        return found
    }

    private static func set<Root>(_ field: RecordField<Root>, _ value: FieldValue, in root: Root) -> Root? {
        var changed = root
        return field.set(&changed, value) ? changed : nil
    }

    private static func expectOthers(_ before: (inout Intent) -> Void, _ after: (inout Intent) -> Void, _ field: String) throws {
        var (plain, changed) = (Intent(account: "mm"), Intent(account: "mm"))
        before(&plain)
        after(&changed)
        #expect(plain.canonicalBytes() != changed.canonicalBytes(), "\(field)")
        let first = plain.canonicalBytes(version: 1)
        #expect(first != nil && first != changed.canonicalBytes(version: 1), "\(field)")
    }

    @Test func `a digest prints as lower-case hex`() {
        let digest = Digest256((0..<32).map { UInt8($0 * 8 % 256) })
        #expect(digest.hex == "0008101820283038404850586068707880889098a0a8b0b8c0c8d0d8e0e8f0f8")
    }
}
