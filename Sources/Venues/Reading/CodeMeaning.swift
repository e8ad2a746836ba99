/// What omsd does about a venue's result code, in words for a person: the classes of all venues' tables, brought together.
package enum CodeMeaning: CaseIterable, Sendable {
    case success, refused, unlessFound, duplicate, doubt, notOpen, changed, clock, rate, busy, maintenance, halted, haltedInDoubt, wrongAccount,
        batch,
        noData

    package var words: String {
        switch self {
        case .success: "taken"
        case .refused: "refused, and surely not executed: the order ends as rejected, with the venue's code and words, and is never sent again"
        case .unlessFound:
            "a refusal that may also stand for a repeated id: the order is looked for; found, it stands as the venue says, proven absent once, it ends as rejected"
        case .duplicate: "an order with this client id is there, or was: it is looked up, and not sent again"
        case .doubt: "it may have been executed: in doubt until the venue names the order, or it is proven absent twice and then sent again"
        case .notOpen: "not known as open: of a cancel or modify the order's state is asked for; for placing it says nothing sure"
        case .changed: "the order changed meanwhile: its state is asked for"
        case .clock: "the time in the request was refused, and it was not executed: the venue's clock is measured anew, then it is sent again"
        case .rate: "too many requests, and not executed: the budget rests, its share is halved for a while, then it is sent again"
        case .busy: "this order was asked too often, or has a change under way; not executed, and tried again a little later"
        case .maintenance: "the venue or the market does not trade now; not executed, and tried again later"
        case .halted: "key, account or address may not do this; not executed. The account gets not ready, and the key is tried ever more rarely"
        case .haltedInDoubt: "stopped by risk control somewhere on its way: in doubt, and a person should ask the venue"
        case .wrongAccount: "the key belongs to the venue's other kind of account; not executed"
        case .batch: "the whole batch was refused: which item is to blame stands at the items"
        case .noData: "nothing is found: an answer for look-ups, a refusal for placing"
        }
    }
}

extension VenueCatalog {
    /// What each venue's table says of a code; empty: it is in none.
    package static func meanings(of code: String) -> [(venue: String, meaning: CodeMeaning)] {
        all.compactMap { line in line.meaning(code).map { (line.venue, $0) } }
    }
}

extension Bitget {
    static func meaning(of code: String, on line: Line) -> CodeMeaning? {
        switch classify(code, on: line) {
        case .success: .success
        case .ambiguous: .doubt
        case .rateLimited: .rate
        case .busy: .busy
        case .clock: .clock
        case .maintenance: .maintenance
        case .refused: .refused
        case .duplicate: .duplicate
        case .notFound: .notOpen
        case .changed: .changed
        case .halted: .halted
        case .wrongAccount: .wrongAccount
        case .unknown: nil
        }
    }
}

extension XTCodeClass {
    var meaning: CodeMeaning? {
        switch self {
        case .final: .refused
        case .unknown, .unclear: nil
        case .inDoubt: .doubt
        case .duplicate: .duplicate
        case .unspecific: .unlessFound
        case .notFound: .notOpen
        case .clock: .clock
        case .rateLimited: .rate
        case .halted: .halted
        case .haltedInDoubt: .haltedInDoubt
        }
    }
}

extension AZCodes {
    /// Of an envelope's code, or of an item's state.
    static func meaning(of code: String) -> CodeMeaning? {
        if isSuccess(code) { return .success }
        if mayMeanRepeated.contains(code) { return .unlessFound }
        if code == cancelGone { return .notOpen }
        return known(code, text: "")?.meaning ?? (classify(createState: code) == .final ? .refused : nil)
    }
}

extension AscendEXCode {
    var meaning: CodeMeaning {
        switch self {
        case .final: .refused
        case .unlessFound, .unclear: .unlessFound
        case .duplicate: .duplicate
        case .inDoubt: .doubt
        case .notOpen: .notOpen
        case .clock: .clock
        case .rateLimited: .rate
        case .halted: .halted
        case .batch: .batch
        case .noData: .noData
        }
    }
}
