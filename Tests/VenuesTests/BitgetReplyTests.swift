import OMSCore
import Testing
import Wire

@testable import Venues

/// Answers to writes.
@Suite struct BitgetReplyTests {
    typealias Make = BitgetFixtures

    func places(_ numbers: ClosedRange<Int>, isSingle: Bool = false) -> RequestPlan {
        Make.plan(.place(numbers.map { Make.place($0) }, isSingle: isSingle))
    }

    @Test func `a margin batch taken in part is taken in part here`() throws {
        let answer = try Make.isolated().answer(to: places(1...3), from: Make.reply("bitget-margin/bodies/place-partial.json"))

        #expect(answer.disposition == .answered && answer.venueCode == "00000")
        #expect(answer.places[0] == .acknowledged("1370000000000000001", venueState: nil))
        #expect(answer.places[1] == .refused(code: "", text: "less than the minimum amount 1 USDT"))
        #expect(answer.places[2] == .inDoubt("the answer does not name it"))
    }

    @Test func `a failed margin item is refused unless its code or text says otherwise`() throws {
        let answer = try Make.isolated().answer(to: places(1...5), from: Make.reply("bitget-margin/bodies/place-codes.json"))

        #expect(answer.places[0] == .duplicate(code: "50060", text: "Duplicated clientOid"))
        #expect(answer.places[1] == .inDoubt(code: "45001", text: "Unknown error", "code 45001: Unknown error"))
        #expect(answer.places[2] == .refused(code: "50020", text: "Insufficient balance"))
        #expect(answer.places[3] == .duplicate(code: "", text: "clientOrderId duplicate"))
        #expect(answer.places[4] == .refusedUnlessFound(code: "", text: "Request timed out, please check"))
    }

    @Test func `an item refused in words or a code that no table has is refused once it is proven absent`() throws {
        let failures =
            #"[{"clientOid":"o0000001"},{"clientOid":"o0000002","errorMsg":"订单被拒绝"},{"clientOid":"o0000003","errorMsg":"No trading on Sundays"},{"clientOid":"o0000004","errorCode":"98765","errorMsg":"less than the minimum"}]"#
        let answer = try Make.isolated().answer(to: places(1...4), from: Make.ok(#"{"successList":[],"failureList":\#(failures)}"#))

        // Neither code nor word: nothing was understood.
        guard case .inDoubt = answer.places[0] else { return #expect(Bool(false), "\(answer.places[0])") }
        #expect(answer.places[1] == .refusedUnlessFound(code: "", text: "订单被拒绝"))
        #expect(answer.places[2] == .refusedUnlessFound(code: "", text: "No trading on Sundays"))
        #expect(answer.places[3] == .refusedUnlessFound(code: "98765", text: "less than the minimum"))
    }

    @Test func `words of timeout, busy and rate keep a code of no table from being believed at once, and allow no second send`() throws {
        for text in ["Request timed out", "System busy", "unknown error", "Too many requests", "Try again later"] {
            for status in [200, 400] {
                let answer = try Make.unified().answer(to: places(1...1), from: Make.reply(status, code: "98765", text: text))
                #expect(answer.places == [.refusedUnlessFound(code: "98765", text: text)])
            }
        }
        let duplicate = try Make.unified().answer(to: places(1...1), from: Make.reply(400, code: "98765", text: "Duplicate clientOid"))
        #expect(duplicate.places == [.duplicate(code: "98765", text: "Duplicate clientOid")])
        let canceled = try Make.unified().answer(
            to: Make.plan(.cancel([Make.cancel(1)])), from: Make.reply(400, code: "98765", text: "order not exist"))
        #expect(canceled.cancels == [.gone(code: "98765", text: "order not exist")])
    }

    @Test func `codes that very many users have met are final at once, on both lines`() throws {
        for code in ["40774", "22002", "40757", "43122", "45006", "43012", "40762"] {
            let refusal = ItemOutcome.refused(code: code, text: "said so")
            #expect(try Make.unified().answer(to: places(1...2), from: Make.reply(400, code: code)).places == [refusal, refusal], "\(code)")
            #expect(try Make.isolated().answer(to: places(1...2), from: Make.reply(400, code: code)).places == [refusal, refusal], "\(code)")
        }
    }

    @Test func `cancels and modifies refused by a code that no table has are questions, not answers`() throws {
        let reply = Make.reply(400, code: "98765")
        let canceled = try Make.unified().answer(to: Make.plan(.cancel([Make.cancel(1), Make.cancel(2)])), from: reply).cancels
        let modified = try Make.unified().answer(to: Make.plan(.modify([Make.modify(1, price: "1")])), from: reply).modifies
        let refusal = ItemOutcome.refusedUnlessFound(code: "98765", text: "said so")
        #expect(canceled == [refusal, refusal] && modified == [refusal])
    }

    @Test func `alone, a failure without any id is about the one order that was asked for`() throws {
        let data = #"[{"orderId":null,"clientOid":"","code":"25207","msg":"too small"}]"#
        #expect(try Make.unified().answer(to: places(1...1), from: Make.ok(data)).places == [.refused(code: "25207", text: "too small")])
        let margin = #"{"successList":[],"failureList":[{"errorCode":"50020","errorMsg":"no funds"}]}"#
        #expect(try Make.isolated().answer(to: places(1...1), from: Make.ok(margin)).places == [.refused(code: "50020", text: "no funds")])
        // In company it names nobody, and a success without a name is none.
        for outcome in try Make.unified().answer(to: places(1...2), from: Make.ok(data)).places {
            guard case .inDoubt = outcome else { return #expect(Bool(false), "\(outcome)") }
        }
        for data in ["[{}]", "{}", "null", #"[{"code":"0"}]"#] {
            guard case .inDoubt = try Make.unified().answer(to: places(1...1), from: Make.ok(data)).places[0] else {
                return #expect(Bool(false), "\(data)")
            }
        }
    }

    @Test func `an id in both lists, twice in one, or with another order's id is in doubt`() throws {
        let isolated = try Make.isolated()
        let success = #"{"orderId":"7","clientOid":"o0000001"}"#
        let both = #"{"successList":[\#(success)],"failureList":[{"clientOid":"o0000001","errorMsg":"no"}]}"#
        let twice = #"{"successList":[\#(success),\#(success)],"failureList":[]}"#
        let shared = #"{"successList":[\#(success),{"orderId":"7","clientOid":"o0000002"}],"failureList":[]}"#
        for data in [both, twice, shared] {
            let answer = isolated.answer(to: places(1...2), from: Make.ok(data))
            for outcome in answer.places { guard case .inDoubt = outcome else { return #expect(Bool(false), "\(outcome)") } }
        }
        let nameless = isolated.answer(to: places(1...1), from: Make.ok(#"{"successList":[{"orderId":"","clientOid":"o0000001"}],"failureList":[]}"#))
        #expect(nameless.places == [.inDoubt("taken without an order id")])
    }

    @Test func `an id that was not sent is an alarm, never given to an order by its position`() throws {
        let data = #"{"successList":[{"orderId":"7","clientOid":"stranger"},{"orderId":"8"},null,5],"failureList":[]}"#
        let answer = try Make.isolated().answer(to: places(1...2), from: Make.ok(data))

        #expect(answer.places == [.inDoubt("the answer does not name it"), .inDoubt("the answer does not name it")])
        #expect(answer.foreignIDs == ["stranger", "8"])
    }

    @Test func `a cancel that finds nothing asks for the order's state`() throws {
        let plan = Make.plan(.cancel([Make.cancel(1), Make.cancel(2), Make.cancel(3, knowsVenueID: false)]))
        let answer = try Make.isolated().answer(to: plan, from: Make.reply("bitget-margin/bodies/cancel-partial.json"))

        #expect(answer.cancels[0] == .acknowledged("1370000000000000001", venueState: nil))
        #expect(answer.cancels[1] == .gone(code: "", text: "The order does not exist"))
        #expect(answer.cancels[2] == .inDoubt("the answer does not name it"))
    }

    @Test func `an id under the name that one sample uses is read`() throws {
        let data = #"{"successList":[{"orderId":1370000000000000003,"clientId":"o0000003"}],"failureList":[]}"#
        let answer = try Make.isolated().answer(to: Make.plan(.cancel([Make.cancel(3, knowsVenueID: false)])), from: Make.ok(data))

        #expect(answer.cancels == [.acknowledged("1370000000000000003", venueState: nil)])
    }

    @Test func `a cancel answered under a strange pair of ids is in doubt`() throws {
        let plan = Make.plan(.cancel([Make.cancel(1), Make.cancel(2)]))
        let crossedOver = #"[{"orderId":"1370000000000000001","clientOid":"o0000002"}]"#
        let renamed = #"[{"orderId":"1370000000000000001","clientOid":"stranger"},{"orderId":"9","clientOid":"o0000002"}]"#
        for data in [crossedOver, renamed] {
            let answer = try Make.unified().answer(to: plan, from: Make.ok(data))
            for outcome in answer.cancels { guard case .inDoubt = outcome else { return #expect(Bool(false), "\(outcome)") } }
        }
    }

    @Test func `a unified batch is read by client id, whatever its order`() throws {
        let answer = try Make.unified().answer(to: places(1...2), from: Make.reply("bitget-uta/bodies/place-partial.json"))

        #expect(answer.places[0] == .refused(code: "25207", text: "ETHUSDT trading quantity cannot be less than 0.0001 units"))
        #expect(answer.places[1] == .acknowledged("1370000000000000002", venueState: nil))
        #expect(answer.foreignIDs.isEmpty)
    }

    @Test func `only a reduce-only order may be taken without an id`() throws {
        let futures = try Make.unified("usdt-futures")
        var closing = Make.terms()
        closing.reduceOnly = true
        let reply = Make.reply("bitget-uta/bodies/place-single.json")

        let taken = futures.answer(to: Make.plan(.place([Make.place(1, closing)], isSingle: true)), from: reply)
        let strange = futures.answer(to: places(1...1, isSingle: true), from: reply)

        #expect(taken.places == [.acknowledged(nil, venueState: nil)])
        #expect(strange.places == [.inDoubt("taken without an order id")])
    }

    @Test func `each modify has its own fate`() throws {
        let plan = Make.plan(.modify((1...4).map { Make.modify($0, price: "1") }))
        let answer = try Make.unified().answer(to: plan, from: Make.reply("bitget-uta/bodies/modify-partial.json"))

        #expect(answer.modifies[0] == .acknowledged("1370000000000000001", venueState: nil))
        // Nothing to change: so says a change that was taken before. Its state is asked for.
        #expect(answer.modifies[1] == .gone(code: "25571", text: "No modification"))
        #expect(answer.modifies[2] == .notExecuted(.rateLimited, said: VenueWords(code: "25572", text: "Too many pending modifications")))
        #expect(answer.modifies[3] == .gone(code: "25204", text: "Order does not exist"))
    }

    @Test(arguments: [200, 400]) func `a code for the whole request is believed on 200 and on 400`(_ status: Int) throws {
        let unified = try Make.unified()
        func placed(_ code: String, _ count: Int = 2) -> (VenueAnswer.Disposition, [ItemOutcome]) {
            let answer = unified.answer(to: places(1...count), from: Make.reply(status, code: code))
            return (answer.disposition, answer.places)
        }
        #expect(placed("40762") == (.answered, Array(repeating: .refused(code: "40762", text: "said so"), count: 2)))
        #expect(placed("25211") == (.answered, Array(repeating: .refused(code: "25211", text: "said so"), count: 2)))
        #expect(placed("40008") == (.clockRefused, Array(repeating: .notExecuted(.clock), count: 2)))
        #expect(placed("40006") == (.halted, Array(repeating: .notExecuted(.halted), count: 2)))
        #expect(placed("40084") == (.halted, Array(repeating: .notExecuted(.halted), count: 2)))
        #expect(placed("40200") == (.maintenance, Array(repeating: .notExecuted(.maintenance), count: 2)))
        #expect(placed("25004") == (.rateLimited(retryAfterMs: nil), Array(repeating: .notExecuted(.rateLimited), count: 2)))
        #expect(placed("25212", 1) == (.answered, [.duplicate(code: "25212", text: "said so")]))
        for code in ["40010", "40725", "45001", "25000", "", "0", "200"] {
            let (disposition, outcomes) = placed(code)
            #expect(disposition == .inDoubt)
            for outcome in outcomes { guard case .inDoubt = outcome else { return #expect(Bool(false), "\(code): \(outcome)") } }
        }
        #expect(placed("98765").1 == Array(repeating: .refusedUnlessFound(code: "98765", text: "said so"), count: 2))
        // One of two is there already: which?
        #expect(placed("25212").1 == Array(repeating: .oneIsDuplicate(code: "25212", text: "said so"), count: 2))
    }

    @Test func `a 429 says that nothing was executed only in the venue's own words for it`() throws {
        func outcome(_ code: String, _ text: String) throws -> (VenueAnswer.Disposition, ItemOutcome) {
            let answer = try Make.unified().answer(to: places(1...1), from: Make.reply(429, code: code, text: text))
            return (answer.disposition, answer.places[0])
        }
        let slow = VenueAnswer.Disposition.rateLimited(retryAfterMs: nil)
        for (code, text) in [("429", "Too Many Requests"), ("25004", "Too many requests"), ("70228", "slow down")] {
            #expect(try outcome(code, text) == (slow, .notExecuted(.rateLimited)), "\(code)")
        }
        for (code, text) in [
            ("429", "System busy, try again"), ("50013", "Systems are busy"), ("98765", "Too Many Requests"), ("40725", "x"), ("00000", "success"),
        ] {
            let (disposition, outcome) = try outcome(code, text)
            #expect(disposition == slow)
            guard case .inDoubt = outcome else { return #expect(Bool(false), "\(code): \(outcome)") }
        }
        // A refusal, and no word of a rate: looked into before it is believed.
        for code in ["40762", "98765"] { #expect(try outcome(code, "x") == (slow, .refusedUnlessFound(code: code, text: "x"))) }
    }

    @Test func `success and status must agree`() throws {
        let body = fixtureBytes("bitget-uta/bodies/place-partial.json")
        for status in [100, 204 + 100, 400, 403, 408, 429, 500, 503] {
            let answer = try Make.unified().answer(to: places(1...2), from: HTTPResponse(status: status, body: body))
            #expect(answer.disposition == (status == 429 ? .rateLimited(retryAfterMs: nil) : .inDoubt), "\(status)")
            for outcome in answer.places { guard case .inDoubt = outcome else { return #expect(Bool(false), "\(status): \(outcome)") } }
        }
        // A refusal through a failing gateway is none before the order is proven absent.
        let refused = try Make.unified().answer(to: places(1...1), from: Make.reply(500, code: "40762"))
        #expect(refused.disposition == .inDoubt && refused.places == [.refusedUnlessFound(code: "40762", text: "said so")])
    }

    @Test func `too many requests is not executed, with what the venue says is left`() throws {
        var reply = Make.reply("bitget-uta/bodies/rate-limited.json", status: 429)
        reply.headers = [HTTPHeader("X-MBX-USED-REMAIN-LIMIT", "0"), HTTPHeader("Retry-After", "7")]
        let answer = try Make.isolated().answer(to: places(1...2), from: reply)

        #expect(answer.disposition == .rateLimited(retryAfterMs: 7_000))
        #expect(answer.places == [.notExecuted(.rateLimited), .notExecuted(.rateLimited)])
        #expect(answer.limits == [LimitWord(remaining: 0)])
        let again = try Make.isolated().answer(to: Make.plan(.cancel([Make.cancel(1)])), from: Make.reply(400, code: "45129"))
        #expect(again.cancels == [.notExecuted(.rateLimited)] && again.disposition == .answered)
    }

    @Test func `each duplicate code is an order to be fetched, on both lines`() throws {
        for code in ["25212", "50060", "43118", "40786", "45034", "40708"] {
            #expect(
                try Make.isolated().answer(to: places(1...1), from: Make.reply(400, code: code)).places == [.duplicate(code: code, text: "said so")])
            #expect(
                try Make.unified().answer(to: places(1...1), from: Make.reply(400, code: code)).places == [.duplicate(code: code, text: "said so")])
        }
    }

    @Test func `each not-found code makes a cancel a question`() throws {
        let plan = Make.plan(.cancel([Make.cancel(1)]))
        for code in ["25204", "43001", "22001", "43004", "40768", "45057", "31007", "80011", "40819", "50062", "45031", "45055", "45134"] {
            #expect(try Make.isolated().answer(to: plan, from: Make.reply(400, code: code)).cancels == [.gone(code: code, text: "said so")])
        }
        // The same words about a placement are not understood.
        guard case .inDoubt = try Make.isolated().answer(to: places(1...1), from: Make.reply(400, code: "43001")).places[0] else {
            return #expect(Bool(false))
        }
    }

    @Test func `codes of one line mean nothing on the other`() throws {
        #expect(Bitget.classify("50020", on: .margin) == .refused)
        #expect(Bitget.classify("50020", on: .uta) == .unknown)
        #expect(Bitget.classify("25202", on: .uta) == .refused)
        #expect(Bitget.classify("25202", on: .margin) == .unknown)
        #expect(Bitget.classify("43008", on: .margin) == .refused && Bitget.classify("43008", on: .uta) == .refused)
        #expect(Bitget.classify("43011", on: .margin) == .unknown)
    }
}
