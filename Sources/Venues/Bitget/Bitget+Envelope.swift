import OMSCore
import Wire

extension Bitget {
    /// What an answer as a whole amounts to, before its items are looked at.
    enum Meeting {
        /// 2xx with code 00000: its `data`, null where absent.
        case success(JSON)
        /// The venue's own code, on a status that leaves no doubt that it is the venue that speaks.
        case code(CodeClass, code: String, text: String)
        /// Not the venue's words, or words that contradict the status.
        case unreadable(String)
        /// HTTP 429 without words of the venue's: asked too often, and whether it was executed is not said.
        case slowDown(String)
        /// The venue's own code on a status that does not bear it out: HTTP 429 in no words of the venue's for it, 408, 5xx. What it refuses it may have
        /// executed all the same.
        case shaky(CodeClass, code: String, text: String, status: Int)
    }

    /// Texts are kept to this many characters.
    static let textMax = 500

    /// Reads status, headers and envelope. Business errors come with HTTP 400 and the same envelope as successes, so the body decides.
    static func read(_ response: HTTPResponse, on line: Line) -> (answer: VenueAnswer, meeting: Meeting) {
        var answer = VenueAnswer(httpStatus: response.status, disposition: .inDoubt)
        if let remaining = response.header("x-mbx-used-remain-limit").flatMap({ Int($0) }), remaining >= 0 {
            answer.limits = [LimitWord(remaining: remaining)]
        }
        let envelope = try? JSONParser.parse(response.body)
        let code = envelope?["code"]?.text
        let text = String((envelope?["msg"]?.text ?? "").prefix(textMax))
        answer.venueCode = code.map { String($0.prefix(textMax)) }
        answer.venueText = text.isEmpty ? nil : text
        let meeting = meeting(status: response.status, envelope: envelope, code: code, text: text, on: line)
        // Never documented nor reported; obeyed if it comes, up to the five minutes of the venue's longest known penalty.
        answer.disposition = disposition(of: meeting, retryAfterMs: response.retryAfterMs.map { min($0, 300_000) })
        return (answer, meeting)
    }

    private static func meeting(status: Int, envelope: JSON?, code: String?, text: String, on line: Line) -> Meeting {
        let meaning = code.map { classify($0, on: line) }
        if status == 429 {
            guard let code, let meaning, meaning == .rateLimited || meaning == .busy, isOfRate(text) else {
                guard let code, let meaning, !code.isEmpty, meaning != .success else { return .slowDown("HTTP 429 without an envelope") }
                return .shaky(meaning, code: code, text: text, status: status)
            }
            return .code(meaning, code: code, text: text)
        }
        guard let envelope, let code, let meaning, !code.isEmpty else { return .unreadable("HTTP \(status) without an envelope") }
        // Other venues' words for success, and this one's where it says it of sockets: no refusal, and no success of its own.
        if meaning == .unknown, ["0", "200"].contains(code) || text.lowercased() == "success" {
            return .unreadable("HTTP \(status) with code \(code.prefix(textMax).escapedForLog): neither success nor refusal")
        }
        switch status {
        case 200..<300: return meaning == .success ? .success(envelope["data"] ?? .null) : .code(meaning, code: code, text: text)
        case 400..<500 where status != 408 && meaning != .success: return .code(meaning, code: code, text: text)
        case 408 where meaning != .success, 500..<600 where meaning != .success: return .shaky(meaning, code: code, text: text, status: status)
        default: return .unreadable("HTTP \(status) with code \(code.prefix(textMax).escapedForLog)")
        }
    }

    /// Words beside a code for the rate that do not speak of something else.
    private static func isOfRate(_ text: String) -> Bool {
        RefusalWords.tellRate(text) || RefusalWords(text) != .doubt
    }

    private static func disposition(of meeting: Meeting, retryAfterMs: Int64?) -> VenueAnswer.Disposition {
        switch meeting {
        case .success: .answered
        case .slowDown, .shaky(_, _, _, status: 429): .rateLimited(retryAfterMs: retryAfterMs)
        case .unreadable, .shaky: .inDoubt
        case .code(let meaning, _, _):
            switch meaning {
            case .rateLimited: .rateLimited(retryAfterMs: retryAfterMs)
            case .clock: .clockRefused
            case .maintenance: .maintenance
            case .halted, .wrongAccount: .halted
            case .ambiguous, .unknown: .inDoubt
            case .success, .busy, .refused, .duplicate, .notFound, .changed: .answered
            }
        }
    }

    /// What an unsuccessful answer as a whole says of each of `count` items.
    static func outcomes(of meeting: Meeting, for operation: Operation, count: Int) -> [ItemOutcome] {
        switch meeting {
        case .success: preconditionFailure("a success is read item by item")
        case .unreadable(let why), .slowDown(let why): return Array(repeating: .inDoubt(why), count: count)
        case .code(let meaning, let code, let text):
            return whole(outcome(of: meaning, code: code, text: text, for: operation), count: count)
        case .shaky(let meaning, let code, let text, let status):
            return whole(outcome(ofShaky: meaning, code: code, text: text, status: status, for: operation), count: count)
        }
    }

    private static func whole(_ outcome: ItemOutcome, count: Int) -> [ItemOutcome] {
        // One of them is there already; which one is not said, nor what became of the others.
        if case .duplicate(let code, let text) = outcome, count > 1 { return Array(repeating: .oneIsDuplicate(code: code, text: text), count: count) }
        return Array(repeating: outcome, count: count)
    }

    /// Ends the answer to a question: what was told, and what the account met.
    static func note(_ told: QueryAnswer, of meeting: Meeting, in answer: inout VenueAnswer) {
        answer.query = told
        // An account of the other kind is no failure of the question: it is the answer.
        if case .account(let facts) = told, facts.problem != nil { answer.disposition = .answered }
        // Nothing changed hands: an unknown code leaves no doubt behind a question.
        if case .code = meeting, answer.disposition == .inDoubt { answer.disposition = .answered }
    }

    /// What an account of another kind than the line's is told its owner; `advice` goes with the code of the opposite line. nil: it is of this kind.
    static func wrongAccount(_ meeting: Meeting, code opposite: String, advice: String) -> AccountFacts? {
        guard case .code(.wrongAccount, let code, let text) = meeting else { return nil }
        return AccountFacts(problem: "Bitget answers \(code): \(code == opposite ? advice : text.escapedForLog)")
    }

    /// What an unsuccessful answer says to a query: never absence.
    static func failure(of meeting: Meeting) -> QueryAnswer {
        switch meeting {
        case .success: preconditionFailure("a success is read by what was asked")
        case .unreadable(let why), .slowDown(let why): .failed(why)
        case .code(_, let code, let text), .shaky(_, let code, let text, _): .failed("code \(code.escapedForLog): \(text.escapedForLog)")
        }
    }
}

/// Gives each row of an answer to the one ticket it names, by client id or the venue's id, never by position.
struct BitgetAttribution {
    private let venueIDs: [String?]
    private var byClientID: [String: Int] = [:]
    private var byVenueID: [String: Int] = [:]
    private var outcomes: [ItemOutcome?]
    /// Which ticket an order id of the answer was given to: two tickets cannot be one order.
    private var holders: [String: Int] = [:]
    private(set) var foreignIDs: [String] = []

    init(_ ids: [(client: ClientOrderID, venue: VenueOrderID?)]) {
        venueIDs = ids.map { $0.venue?.text }
        outcomes = Array(repeating: nil, count: ids.count)
        for (index, id) in ids.enumerated() {
            if byClientID[id.client.text] == nil { byClientID[id.client.text] = index }
            if let venue = id.venue?.text, byVenueID[venue] == nil { byVenueID[venue] = index }
        }
    }

    /// What the rows said, in the tickets' order.
    var read: [ItemOutcome] { outcomes.map { $0 ?? .inDoubt("the answer does not name it") } }

    /// Notes the rows of the answer's lists, each with what it says of its ticket, given its order id.
    mutating func note(_ rows: [(json: JSON, outcome: (VenueOrderID?) -> ItemOutcome)]) {
        // Alone, an answer without a name can only be about the one that was asked for.
        if rows.count == 1, outcomes.count == 1,
            ["clientOid", "clientId", "orderId"].allSatisfy({ [nil, .string(""), .null].contains(rows[0].json[$0]) })
        {
            outcomes[0] = rows[0].outcome(nil)
            return
        }
        for row in rows { note(row.json, outcome: row.outcome) }
    }

    private mutating func note(_ row: JSON, outcome: (VenueOrderID?) -> ItemOutcome) {
        // One sample of the margin pages spells it clientId.
        let client = (row["clientOid"] ?? row["clientId"])?.text.flatMap { $0.isEmpty ? nil : $0 }
        let venue = row["orderId"]?.text.flatMap { $0.isEmpty ? nil : $0 }
        let byClient = client.flatMap { byClientID[$0] }
        let byVenue = venue.flatMap { byVenueID[$0] }
        switch (byClient, byVenue) {
        case (nil, nil):
            if let id = client ?? venue { foreignIDs.append(id) }
        case (let one?, let other?) where one != other:
            outcomes[one] = .inDoubt("the answer mixes it up with another order")
            outcomes[other] = .inDoubt("the answer mixes it up with another order")
        case (nil, let index?) where client != nil:
            outcomes[index] = .inDoubt("the answer gives it another client id")
            if let client { foreignIDs.append(client) }
        case (let index?, nil) where venue != nil && venueIDs[index] != nil:
            outcomes[index] = .inDoubt("the answer gives it another order id")
            if let venue { foreignIDs.append(venue) }
        case (let index?, _), (nil, let index?):
            settle(index, outcome(venue.map { VenueOrderID($0) }), venue: venue)
        }
    }

    private mutating func settle(_ index: Int, _ outcome: ItemOutcome, venue: String?) {
        if outcomes[index] == nil { outcomes[index] = outcome } else { outcomes[index] = .inDoubt("the answer names it more than once") }
        guard let venue else { return }
        if let holder = holders[venue], holder != index {
            outcomes[index] = .inDoubt("the answer gives two orders one order id")
            outcomes[holder] = .inDoubt("the answer gives two orders one order id")
        }
        holders[venue] = index
    }
}
