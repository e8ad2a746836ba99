import Wire

extension FaultPlan {
    /// What `--faults FILE` and `POST /_sim/faults` take, for people.
    package static let help = """
        A JSON5 list of rules, or {rules: [...], limits: {"VENUE/BUDGET": permits or null}}. The first rule that strikes a request decides.
          {venue?, endpoint?, kind?, account?,     which requests: kind is place, cancel, modify, mixed (AZ's batches), lookup, session (tokens of streams) or public; account is a uid
           budget?,                                those that are counted under this limit
           after?: N, first?: N, every?: N,        of those: not the first N; then only N; then every Nth
           probability?: 0..1, count?: N,          then by chance (drawn from --seed), at most N times
           fault: {type: ..., ...}}
        Faults, by type:
          lose_reply_before_execution {then?: reset|silence}      not executed, no answer
          lose_reply_after_execution  {then?: reset|silence}      executed, no answer
          execute_late  {delay_ms, then?: reset|silence}          no answer; arrives (and counts, and is judged) that much later
          delay         {delay_ms}                                executed; answered later
          reset         {}                                        connection reset, not executed
          status_5xx    {status?: 502, body?: html|json|empty, executes?: false}
          rate_limit_429 {}                                       refused though within the limit
          ban           {lasts_ms, status?: 418, says_when?: true}  refused, and so is all that comes from that address meanwhile
          truncate      {}                                        executed; the answer breaks off
          garbage       {http?: true}                             executed; noise instead of an answer (false: not even HTTP)
          missing_item, repeated_item, reordered_items {}         executed; the answer's list is tampered with
          late_visibility {delay_ms}                              executed and answered; look-ups learn of it later
          maintenance, wrong_account {}                           refused in the venue's words, not executed
          venue_error   {code, message?, status?, executes?: false}
          duplicate_execution {}                                  executed twice: no client can defend itself; for trying auditors
          clock         {offset_ms?: 0, drift_ppm?: 0, after_ms?: 0, lasts_ms?}
                                                                  the venue's clock, from so long after these rules came into force, for so long (for good);
                                                                  only with venue, no counters
        Of look-ups (kind lookup), else they do not strike:
          stale_replica {age_ms}                                  answered as the venue stood that long ago
          contradicting_page {how?: empty|short|gap|null|absent|repeated}
                                                                  rows and the signs beside them disagree (docs/OMSIM.md)
          odd_number    {form?: exponent|zero_exponent|digits|huge|text|null|negative|nan|infinite|empty, field?, rows?: one|all|strangers}
                                                                  a number of the rows written so; of public lists as well
          mixed_products {}                                       listings show the orders of all product lines
          giant_answer  {bytes}                                   the answer is blown up with white space; of any request
        Of public lists of markets:
          null_market, missing_market {symbol?}                   a row more whose symbol is null; a row less
        Of orders:
          item_error    {code, message?, share?: 1}               each item by chance refused with that code, not executed; XT's batch cancel says nothing of it
          late_effect   {delay_ms}                                cancels and modifies are taken, and happen later
          strange_id    {how?: time|other}                        AscendEX: ids do not follow the formula
          other_account {uid}                                     the key is taken for another uid's
          unknown_endpoint {}                                     the path is not served
          early_push    {delay_ms}                                streams tell of it at once, and it is answered so much later
        delay_ms, within_ms and age_ms, and lasts_ms of a ban, are a number or [low, high].

        """ + streamHelp

    /// Reads rules and limits.
    ///
    /// - Returns: the rules, and new permits by `venue/budget` (nil: lifted).
    /// - Throws: ``SimulatorInputError`` naming rule and field.
    package static func read(_ text: [UInt8]) throws(SimulatorInputError) -> (rules: [FaultRule], limits: [(budget: String, permits: Int?)]) {
        let root: JSON
        do { root = try JSONParser.parse(text, options: .init(isJSON5: true)) } catch { throw SimulatorInputError("faults: \(error)") }
        if let list = root.array { return (try rules(list), []) }
        guard let members = root.object else { throw SimulatorInputError("faults: a list of rules should stand here") }
        var (rules, limits): ([FaultRule], [(budget: String, permits: Int?)]) = ([], [])
        for member in members {
            switch member.key {
            case "rules":
                guard let list = member.value.array else { throw SimulatorInputError("`rules` should be a list") }
                rules = try Self.rules(list)
            case "limits":
                guard let entries = member.value.object else { throw SimulatorInputError("`limits` should be an object") }
                for entry in entries {
                    guard entry.value.isNull || entry.value.integer.map({ (0...1_000_000_000).contains($0) }) == true else {
                        throw SimulatorInputError("limits.\(entry.key.escapedForLog): a whole number or null should stand here")
                    }
                    limits.append((entry.key, entry.value.integer.map { Int($0) }))
                }
            default: throw SimulatorInputError("unknown field `\(member.key.escapedForLog)`")
            }
        }
        return (rules, limits)
    }

    private static func rules(_ list: [JSON]) throws(SimulatorInputError) -> [FaultRule] {
        var rules: [FaultRule] = []
        for (index, entry) in list.enumerated() {
            rules.append(try rule(FaultFields(entry, place: "rules[\(index)]")))
        }
        return rules
    }

    private static func rule(_ given: FaultFields) throws(SimulatorInputError) -> FaultRule {
        var fields = given
        guard let what = fields.take("fault") else { throw fields.wrong("`fault` is missing") }
        var rule = FaultRule(try fault(FaultFields(what, place: fields.place + ".fault")))
        rule.venue = try fields.text("venue")
        rule.endpoint = try fields.text("endpoint")
        rule.budget = try fields.text("budget")
        rule.account = try fields.text("account")
        rule.channel = try fields.text("channel")
        if let word = try fields.text("kind") {
            guard let kind = Route.Kind(rawValue: word) else {
                throw fields.wrong("`kind` should be place, cancel, modify, mixed, lookup, session or public")
            }
            rule.kind = kind
        }
        rule.probability = try fields.fraction("probability")
        rule.every = try fields.whole("every", in: 1...1_000_000_000)
        rule.first = try fields.whole("first", in: 0...1_000_000_000)
        rule.after = try fields.whole("after", in: 0...1_000_000_000)
        rule.count = try fields.whole("count", in: 0...1_000_000_000)
        try fields.finish()
        if rule.fault.isStream {
            guard rule.endpoint == nil, rule.kind == nil, rule.budget == nil else {
                throw fields.wrong("a stream's fault takes `channel`, neither `endpoint` nor `kind` nor `budget`")
            }
        } else if rule.channel != nil {
            throw fields.wrong("`channel` is a condition of streams' faults")
        }
        if case .clock = rule.fault {
            guard rule.endpoint == nil, rule.kind == nil, rule.account == nil, rule.probability == nil, rule.every == nil, rule.first == nil,
                rule.after == nil, rule.count == nil
            else { throw fields.wrong("a clock fault takes no condition but `venue`") }
        }
        return rule
    }

    private static func fault(_ given: FaultFields) throws(SimulatorInputError) -> Fault {
        var fields = given
        guard let type = try fields.text("type") else { throw fields.wrong("`type` is missing") }
        let fault: Fault
        switch type {
        case "lose_reply_before_execution": fault = .loseReplyBeforeExecution(try fields.then())
        case "lose_reply_after_execution": fault = .loseReplyAfterExecution(try fields.then())
        case "execute_late": fault = .executeLate(try fields.milliseconds("delay_ms"), try fields.then())
        case "delay": fault = .delay(try fields.milliseconds("delay_ms"))
        case "reset": fault = .reset
        case "status_5xx":
            let status = try fields.whole("status", in: 500...599) ?? 502
            guard let body = Fault.ServerErrorBody(rawValue: try fields.text("body") ?? "html") else {
                throw fields.wrong("`body` should be html, json or empty")
            }
            fault = .serverError(status: status, body: body, executes: try fields.flag("executes") ?? false)
        case "rate_limit_429": fault = .rateLimited
        case "ban":
            fault = .ban(
                status: try fields.whole("status", in: 400...499) ?? 418, lasts: try fields.milliseconds("lasts_ms"),
                saysWhen: try fields.flag("says_when") ?? true)
        case "truncate": fault = .truncate
        case "garbage": fault = .garbage(isHTTP: try fields.flag("http") ?? true)
        case "missing_item": fault = .missingItem
        case "repeated_item": fault = .repeatedItem
        case "reordered_items": fault = .reorderedItems
        case "late_visibility": fault = .lateVisibility(try fields.milliseconds("delay_ms"))
        case "maintenance": fault = .maintenance
        case "wrong_account": fault = .wrongAccount
        case "venue_error":
            guard let code = try fields.text("code") else { throw fields.wrong("`code` is missing") }
            fault = .venueError(
                code: code, message: try fields.text("message") ?? "simulated", status: try fields.whole("status", in: 0...599) ?? 0,
                executes: try fields.flag("executes") ?? false)
        case "duplicate_execution": fault = .duplicateExecution
        case "clock":
            fault = .clock(
                offsetMs: try fields.signed("offset_ms", within: 86_400_000) ?? 0, driftPpm: try fields.signed("drift_ppm", within: 1_000_000) ?? 0,
                afterMs: Int64(try fields.whole("after_ms", in: 0...86_400_000) ?? 0),
                lastsMs: try fields.whole("lasts_ms", in: 0...86_400_000).map { Int64($0) })
        case "early_push": fault = .earlyPush(try fields.milliseconds("delay_ms"))
        default:
            if let stream = try StreamFault.read(type, &fields) {
                fault = .stream(stream)
            } else {
                guard let scene = try scene(type, &fields) else { throw fields.wrong("unknown type `\(type.escapedForLog)`") }
                fault = scene
            }
        }
        try fields.finish()
        return fault
    }

    /// Faults that play what an order manager met outside.
    private static func scene(_ type: String, _ fields: inout FaultFields) throws(SimulatorInputError) -> Fault? {
        switch type {
        case "stale_replica": return .staleReplica(try fields.milliseconds("age_ms"))
        case "contradicting_page": return .contradictingPage(try fields.word("how", standing: .empty))
        case "odd_number":
            return .oddNumber(
                Fault.OddNumber(
                    try fields.word("form", standing: .exponent), field: try fields.text("field"), rows: try fields.word("rows", standing: .one)))
        case "mixed_products": return .mixedProducts
        case "giant_answer":
            guard let bytes = try fields.whole("bytes", in: 0...64_000_000) else { throw fields.wrong("`bytes` is missing") }
            return .giantAnswer(bytes: bytes)
        case "null_market": return .nullMarket(symbol: try fields.text("symbol"))
        case "missing_market": return .missingMarket(symbol: try fields.text("symbol"))
        case "item_error":
            guard let code = try fields.text("code") else { throw fields.wrong("`code` is missing") }
            return .itemError(code: code, message: try fields.text("message") ?? "simulated", share: try fields.fraction("share") ?? 1)
        case "late_effect": return .lateEffect(try fields.milliseconds("delay_ms"))
        case "strange_id": return .strangeID(try fields.word("how", standing: .time))
        case "other_account":
            guard let uid = try fields.text("uid"), !uid.isEmpty else { throw fields.wrong("`uid` is missing") }
            return .otherAccount(uid: uid)
        case "unknown_endpoint": return .unknownEndpoint
        default: return nil
        }
    }
}
