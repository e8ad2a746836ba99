import Containers
import Glibc
import OMSCore
import Testing
import Venues
import Wire

/// What holds for every venue and product of the catalogue, whatever its wire format.
///
/// A venue joins by its line in `VenueCatalog`; answers to begin from are those of `Fixtures/<venue>`.
@Suite struct EveryVenueTests {
    @Test func `every product of the catalogue has an adapter that says so`() {
        for product in Product.listed {
            let adapter = VenueCatalog.adapter(venue: product.venue, product: product.name)
            #expect(adapter?.profile.venue == product.venue && adapter?.profile.product == product.name, "\(product)")
        }
        #expect(VenueCatalog.adapter(venue: "bourse", product: "spot") == nil)
    }

    @Test(arguments: Product.all) func `a profile is sound`(_ product: Product) {
        let profile = product.adapter.profile
        #expect(HTTPOrigin(profile.baseURL)?.isTLS == true)
        #expect(profile.placeMax > 0 && profile.cancelMax > 0 && profile.modifyMax >= 0 && profile.findMax > 0 && profile.findSteps > 0)
        #expect(profile.freshnessMs > 0 && profile.stampMarginMs >= 0 && profile.visibilityDelayMs > 0)
        #expect(profile.unfinishedModifiesMax > 0)
        for budget in profile.budgets {
            #expect(budget.permits > 0 && budget.windowMs > 0 && (budget.reserve ?? 0) < budget.permits, "\(budget.name)")
            #expect((1...budget.permits).contains(budget.heaviest), "\(budget.name)")
        }
        #expect(Set(profile.budgets.map(\.name)).count == profile.budgets.count)
        #expect(profile.ownAddressFamily?.contains("-") != true && profile.shutOuts.allSatisfy { $0.forMs > 0 && $0.status >= 400 })
        #expect(profile.freshnessMsByKind.values.allSatisfy { $0 > 0 })
        // The ids that are made here: up to 22 letters and digits, and no venue asks for more than the 9 that are unique.
        #expect(profile.clientIDs.allows("aB0123456") && profile.clientIDs.allows("0123456789abcdefghiJKL"))
        #expect(!profile.clientIDs.allows("") && !profile.clientIDs.allows("with space") && !profile.clientIDs.allows("ümlaut"))
    }

    @Test(arguments: Product.all) func `every request takes permits of budgets that exist`(_ product: Product) {
        let known = Dictionary(uniqueKeysWithValues: product.adapter.profile.budgets.map { ($0.name, $0) })
        for content in product.contents {
            let charges = product.adapter.charges(of: content)
            let budgets = charges.map { "\($0.budget)/\($0.part)" }
            #expect(!budgets.isEmpty && Set(budgets).count == budgets.count, "\(content.title): \(budgets)")
            for charge in charges {
                guard let rule = known[charge.budget] else {
                    Issue.record("\(content.title): no budget \(charge.budget)")
                    continue
                }
                #expect(rule.isDivided || charge.part.isEmpty, "\(content.title): \(charge)")
                // What counts items can be sent with fewer; what does not must fit as it is.
                #expect(charge.weight >= 1 && max(1, charge.perItem) <= rule.heaviest, "\(content.title): \(charge)")
                #expect(charge.perItem > 0 || charge.weight <= rule.heaviest, "\(content.title): \(charge)")
            }
        }
    }

    @Test(arguments: Product.all) func `a full request names each of its orders once, in bytes that equal plans share`(_ product: Product) {
        for content in product.contents {
            let plan = product.plan(content)
            let request = product.adapter.request(for: plan)
            #expect(request == product.adapter.request(for: plan), "\(content.title)")
            #expect(request.target.hasPrefix("/") && request.target.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }, "\(request.target)")
            #expect(request.method != "GET" || request.body.isEmpty)
            for ids in content.names {
                let spelled = ids.filter { Self.occurrences(of: $0, in: request) > 0 }
                #expect(spelled.count >= 1 && Self.occurrences(of: spelled[0], in: request) == 1, "\(content.title): \(ids)")
            }
        }
    }

    @Test(arguments: Product.all) func `a signature is new with each moment, and no secret shows anywhere`(_ product: Product) {
        let secret = "sEcReT0123456789"
        let passphrase = "pAsSpHrAsE"
        let key = SigningKey(keyID: "kEyId", secret: Array(secret.utf8), passphrase: passphrase)
        for content in product.contents {
            let plan = product.plan(content)
            var first = product.adapter.request(for: plan)
            let bare = first
            var second = first
            product.adapter.sign(&first, timeMs: plan.timeMs, with: key)
            product.adapter.sign(&second, timeMs: plan.timeMs + 1, with: key)
            #expect(first.method == bare.method && first.body == bare.body && first.path == bare.path, "\(content.title)")
            if case .query = content {} else { #expect(first != second && first != bare, "\(content.title)") }
            #expect(!first.headers.contains { $0.value.contains(secret) } && !first.target.contains(secret))
            for text in ["\(first)", String(reflecting: first), "\(key)", String(reflecting: key), "\(product.adapter)", "\(plan)"] {
                #expect(!text.contains(secret) && !text.contains(passphrase), "\(content.title)")
            }
            var dumped = ""
            dump(first, to: &dumped)
            dump(key, to: &dumped)
            #expect(!dumped.contains(secret) && !dumped.contains(passphrase))
        }
    }

    @Test(arguments: Product.all) func `429 slows the account down, and its status alone says nothing of an order`(
        _ product: Product
    ) {
        for content in product.contents {
            for body in ["", "<html>slow down</html>", "<html>Request blocked</html>", "{", "null", "{}", #"{"error":"denied"}"#, "busy"] {
                let answer = product.adapter.answer(to: product.plan(content), from: HTTPResponse(status: 429, body: Array(body.utf8)))
                guard case .rateLimited = answer.disposition else {
                    #expect(Bool(false), "\(content.title) \(body): \(answer.disposition)")
                    continue
                }
                #expect(answer.outcomes.allSatisfy { $0.isDoubt }, "\(content.title) \(body)")
                Self.expectShape(of: answer, for: content)
            }
        }
    }

    @Test(arguments: Product.all) func `who is shut out hears for how long, in seconds or as a date, and what was asked for stays in doubt`(
        _ product: Product
    ) {
        let date = HTTPHeader("Date", "Fri, 20 Nov 2026 20:00:00 GMT")
        let answers: [(status: Int, headers: [HTTPHeader], ms: Int64?)] = [
            (418, [HTTPHeader("Retry-After", "7200")], 7_200_000), (418, [], 120_000), (418, [HTTPHeader("Retry-After", "soon")], 120_000),
            (403, [HTTPHeader("Retry-After", "30")], 30_000), (403, [HTTPHeader("Retry-After", "99999999")], 86_400_000),
            (403, [date, HTTPHeader("Retry-After", "Fri, 20 Nov 2026 20:10:00 GMT")], 600_000),
            (403, [date, HTTPHeader("Retry-After", "Fri, 20 Nov 2026 19:00:00 GMT")], 0), (403, [], nil),
            (403, [HTTPHeader("Retry-After", "-1")], nil),
            (200, [HTTPHeader("Retry-After", "30")], nil),
        ]
        for content in product.contents {
            for answer in answers {
                let response = HTTPResponse(status: answer.status, headers: answer.headers, body: Array("<html>go away</html>".utf8))
                let read = product.adapter.reading(response, of: product.plan(content))
                // A page of the edge may be all that a venue says of it.
                let own = product.adapter.profile.shutOuts.first { $0.status == answer.status && $0.words == nil }?.forMs
                if let ms = answer.ms ?? own {
                    #expect(read.disposition == .shutOut(forMs: ms), "\(content.title) \(answer)")
                } else if case .shutOut = read.disposition {
                    Issue.record("\(content.title) \(answer)")
                }
                Self.expectDoubt(read, for: content, "\(answer)")
            }
        }
    }

    @Test(arguments: Product.all) func `what is not the venue's own words leaves writes in doubt and questions unanswered`(_ product: Product) {
        let strange: [(Int, String)] = [
            (200, ""), (200, "<html>welcome</html>"), (200, "null"), (200, "[]"), (200, "{}"), (200, "\"ok\""), (200, "12"), (302, ""), (408, ""),
            (500, ""),
            (500, "{}"), (502, "<html>bad gateway</html>"), (503, ""), (504, "upstream timed out"), (599, "{\"code\":0}"), (0, ""), (-1, "{}"),
        ]
        for content in product.contents {
            for (status, body) in strange {
                let answer = product.adapter.answer(to: product.plan(content), from: HTTPResponse(status: status, body: Array(body.utf8)))
                Self.expectDoubt(answer, for: content, "\(status) \(body)")
            }
        }
    }

    /// A venue's own envelope around a failure.
    private static func envelope(_ venue: String, code: String, text: String) -> String {
        switch venue {
        case "xt-spot": #"{"rc":1,"mc":"\#(code)","ma":["\#(text)"],"result":null}"#
        case "az-futures", "xt-futures": #"{"returnCode":1,"msgInfo":"failure","error":{"code":"\#(code)","msg":"\#(text)"},"result":null}"#
        case "ascendex": #"{"code":"\#(code)","reason":"ODD","message":"\#(text)"}"#
        case "bybit": #"{"retCode":"\#(code)","retMsg":"\#(text)","result":{},"retExtInfo":{},"time":1}"#
        default: #"{"code":"\#(code)","msg":"\#(text)","requestTime":1,"data":null}"#
        }
    }

    @Test(arguments: Product.all.filter { $0.venue != Northgate.line.venue }, [408, 429, 500, 502, 503])
    func `a refusal in the venue's own envelope keeps code and text under any status, and is looked into before it is believed`(
        _ product: Product, status: Int
    ) throws {
        for content in product.contents {
            func read(_ code: String, _ text: String) -> VenueAnswer {
                let body = Array(Self.envelope(product.venue, code: code, text: text).utf8)
                return product.adapter.answer(to: product.plan(content), from: HTTPResponse(status: status, body: body))
            }
            for code in ["77777", "ODD_RULE", "999999999999999999999999"] {
                let odd = read(code, "odd words")
                #expect(odd.places.allSatisfy { $0 == .refusedUnlessFound(code: code, text: "odd words") }, "\(content.title) \(code): \(odd.places)")
                #expect(odd.venueCode == code && odd.venueText == "odd words" && odd.disposition != .answered, "\(content.title)")
                let busy = read(code, "system busy, try again")
                for outcome in busy.places {
                    var said: VenueWords?
                    if case .inDoubt(_, let words) = outcome { said = words }
                    #expect(said == VenueWords(code: code, text: "system busy, try again"), "\(content.title) \(code): \(outcome)")
                }
                for outcome in odd.cancels + odd.modifies + busy.cancels + busy.modifies {
                    guard case .acknowledged = outcome else { continue }
                    Issue.record("\(content.title) \(code): \(outcome)")
                }
                #expect(odd.query.map(\.isFailure) ?? true, "\(content.title)")
            }
            // A gateway's number is no code of the venue's.
            let gateway = read("\(status)", "odd words")
            let isOpen = gateway.places.allSatisfy { $0.isDoubt || status == 429 && $0 == .notExecuted(.rateLimited) }
            #expect(isOpen, "\(content.title): \(gateway.places)")
        }
    }

    @Test(arguments: Product.all) func `a body cut anywhere says nothing`(_ product: Product) throws {
        let bodies = product.bodies
        try #require(!bodies.isEmpty, "no fixtures for \(product.venue)")
        let contents = product.smallContents
        for body in bodies {
            for length in 0..<body.count {
                let cut = HTTPResponse(status: 200, body: Array(body[..<length]))
                // Each cut is shown to a place and, in turns, to one of the others.
                for content in [contents[0], contents[1 + length % (contents.count - 1)]] {
                    let answer = product.adapter.answer(to: product.plan(content), from: cut)
                    guard answer.outcomes.allSatisfy(\.isDoubt), answer.query.map(\.isFailure) ?? true else {
                        Self.expectDoubt(answer, for: content, "cut at \(length) of \(String(decoding: body.prefix(60), as: UTF8.self))")
                        return
                    }
                }
            }
        }
    }

    @Test(arguments: Product.all) func `random bodies say nothing`(_ product: Product) {
        var random = SplitMix64(seed: 0x0BAD_5EED)
        for _ in 0..<400 {
            let body = random.next() % 2 == 0 ? random.bytes() : random.json(depth: 4).serialized()
            let status = [200, 200, 201, 302, 400, 404, 500][Int(random.next() % 7)]
            for content in product.smallContents {
                let answer = product.adapter.answer(to: product.plan(content), from: HTTPResponse(status: status, body: body))
                Self.expectDoubt(answer, for: content, "\(status) \(String(decoding: body, as: UTF8.self))")
            }
        }
    }

    @Test(arguments: Product.all) func `a body with any byte changed never traps and leaves one outcome for each order`(_ product: Product) throws {
        var random = SplitMix64(seed: 0xF00D)
        for body in product.bodies {
            for _ in 0..<40 {
                var changed = body
                for _ in 0...(random.next() % 3) { changed[Int(random.next() % UInt64(changed.count))] = UInt8(truncatingIfNeeded: random.next()) }
                let status = [200, 400, 404, 429, 500][Int(random.next() % 5)]
                for content in product.smallContents {
                    let answer = product.adapter.answer(to: product.plan(content), from: HTTPResponse(status: status, body: changed))
                    Self.expectShape(of: answer, for: content)
                }
            }
        }
    }

    /// What no venue should say, and what one day one does.
    static let hostile: [JSON] = [
        .null, .bool(true), .number("1E+999999999"), .number("-1e-999999999"), .number("-9223372036854775808"), .number("9223372036854775807"),
        .number("170141183460469231731687303715884105728"), .number("0.0000000000000000000000000000001"), .number("-0"), .string(""),
        .string("NaN"), .string("-"), .string("1e"), .string(String(repeating: "9", count: 5_000)), .string("\u{0}"), .string("币安\u{202E}"),
        .array([]), .array([.null, .array([])]), .object([]), .object([("orderId", .null)]),
    ]

    @Test(arguments: Product.all) func `a value of any other kind in any place never traps, and leaves one outcome for each order`(
        _ product: Product
    ) throws {
        var random = SplitMix64(seed: 0xBEE)
        for body in product.bodies {
            guard let json = try? JSONParser.parse(body) else { continue }
            for place in 0..<min(json.places, 60) {
                let value = Self.hostile[Int(random.next() % UInt64(Self.hostile.count))]
                let changed = json.replacing(place: place, with: value).serialized()
                let status = [200, 200, 200, 400, 429][Int(random.next() % 5)]
                for content in product.smallContents {
                    let answer = product.adapter.answer(to: product.plan(content), from: HTTPResponse(status: status, body: changed))
                    Self.expectShape(of: answer, for: content)
                }
            }
        }
    }

    @Test(arguments: Product.all) func `a market without a readable name costs no other market, and is told`(_ product: Product) throws {
        var tables = 0
        let plan = product.plan(.query(.instruments))
        for fixture in product.fixtures where fixture.ask == "instruments" {
            guard let body = try? JSONParser.parse(fixture.response.body) else { continue }
            func read(_ body: JSON) -> (markets: [Instrument], skipped: Int)? {
                let answer = product.adapter.answer(to: plan, from: HTTPResponse(status: 200, body: body.serialized()))
                guard case .instruments(let markets) = answer.query else { return nil }
                return (markets, answer.skipped.count)
            }
            guard let whole = read(body), !whole.markets.isEmpty else { continue }
            tables += 1
            for name in [JSON.null, .string(""), .object([]), .bool(false)] {
                let spoiled = body.mapped { items in
                    guard let key = ["symbol", "instId"].first(where: { key in items.contains { $0[key] != nil } }) else { return items }
                    return [.object([(key, name)]), .null] + items
                }
                let read = try #require(read(spoiled), "\(name)")
                #expect(read.markets == whole.markets && read.skipped == whole.skipped + 2, "\(name)")
            }
        }
        // The fixtures of AZ and of Bybit's and OKX's contracts are of another line.
        #expect(tables > 0 || ["coin", "linear", "inverse", "swap", "futures"].contains(product.name), "no table of markets of \(product)")
    }

    private static func occurrences(of id: String, in request: HTTPRequest) -> Int {
        func count(_ text: some StringProtocol) -> Int {
            var found = 0
            var rest = Substring(text)
            while let range = rest.firstRange(of: id) {
                // An id inside a longer word is another id.
                let before = range.lowerBound > rest.startIndex ? rest[rest.index(before: range.lowerBound)] : " "
                let after = range.upperBound < rest.endIndex ? rest[range.upperBound] : " "
                if !before.isLetter, !before.isNumber, !after.isLetter, !after.isNumber { found += 1 }
                rest = rest[range.upperBound...]
            }
            return found
        }
        // An encoded separator is a separator.
        let target = request.target.split(separator: "%", omittingEmptySubsequences: false)
        return count(target[0] + target.dropFirst().map { " " + $0.dropFirst(2) }.joined()) + count(String(decoding: request.body, as: UTF8.self))
    }

    private static func expectShape(of answer: VenueAnswer, for content: RequestPlan.Content) {
        let (places, cancels, modifies) = content.counts
        #expect(answer.places.count == places && answer.cancels.count == cancels && answer.modifies.count == modifies, "\(content.title)")
        #expect((answer.query != nil) == content.isQuery, "\(content.title)")
    }

    private static func expectDoubt(_ answer: VenueAnswer, for content: RequestPlan.Content, _ what: String) {
        expectShape(of: answer, for: content)
        #expect(answer.outcomes.allSatisfy { $0.isDoubt }, "\(content.title): \(what.escapedForLog): \(answer.outcomes)")
        #expect(answer.query.map { $0.isFailure } ?? true, "\(content.title): \(what.escapedForLog)")
    }
}

extension JSON {
    /// The same with each list as `change` makes it.
    fileprivate func mapped(_ change: ([JSON]) -> [JSON]) -> JSON {
        switch self {
        case .array(let items): .array(change(items.map { $0.mapped(change) }))
        case .object(let members): .object(members.map { ($0.key, $0.value.mapped(change)) })
        case .null, .bool, .number, .string: self
        }
    }
}

extension VenueAnswer {
    fileprivate var outcomes: [ItemOutcome] { places + cancels + modifies }
}

extension ItemOutcome {
    fileprivate var isDoubt: Bool { if case .inDoubt = self { true } else { false } }
}

extension QueryAnswer {
    fileprivate var isFailure: Bool { if case .failed = self { true } else { false } }
}

extension JSON {
    /// How many values there are, this one and all inside it.
    var places: Int {
        switch self {
        case .array(let items): items.reduce(1) { $0 + $1.places }
        case .object(let members): members.reduce(1) { $0 + $1.value.places }
        case .null, .bool, .number, .string: 1
        }
    }

    /// The same with another value at the n-th place, counted as `places` does.
    func replacing(place: Int, with value: JSON) -> JSON {
        guard place > 0 else { return value }
        var rest = place - 1
        func next(_ inner: JSON) -> JSON {
            defer { rest -= inner.places }
            return (0..<inner.places).contains(rest) ? inner.replacing(place: rest, with: value) : inner
        }
        return switch self {
        case .array(let items): .array(items.map(next))
        case .object(let members): .object(members.map { ($0.key, next($0.value)) })
        case .null, .bool, .number, .string: self
        }
    }
}
