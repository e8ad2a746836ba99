import OMSCore
import Wire

/// What the streams of all venues need to read their messages.
extension StreamNews {
    /// A message that is no JSON object. Its text is not told: it may hold a token.
    static func unreadable(_ bytes: [UInt8]) -> StreamNews { .unknown("a message of \(bytes.count) bytes that is no JSON object") }

    /// What each row of a push tells, read for itself: one that cannot be read costs no other.
    ///
    /// - Parameters:
    ///   - data: A list, or the one object itself: venues send either.
    ///   - what: The kind of push, for what cannot be read.
    static func rows(_ data: JSON?, of what: String, _ read: (AnswerRow) throws(Unreadable) -> StreamNews) -> [StreamNews] {
        let rows: [JSON]
        switch data {
        case .array(let items): rows = items
        case .object(let members): rows = [.object(members)]
        case nil, .null, .bool, .number, .string: return [.unknown("\(what) without data")]
        }
        var (news, unreadable): ([StreamNews], Int) = ([], 0)
        for json in rows {
            do throws(Unreadable) { news.append(try read(AnswerRow(json))) } catch {
                unreadable += 1
                if unreadable <= unreadableTold { news.append(.unknown("\(what): \(error.what.maskedForLog)")) }
            }
        }
        // A megabyte of empty rows is one thing to tell.
        if unreadable > unreadableTold { news.append(.unknown("\(what): \(unreadable - unreadableTold) more rows that cannot be read")) }
        return news
    }
    private static let unreadableTold = 3

    /// An execution that can be booked, or that must be asked for since something of it cannot be read.
    ///
    /// - Parameters:
    ///   - ids: of its order; neither of them: whose it is cannot be told.
    static func execution(
        of ids: HeardExecution, _ read: (VenueOrderID) throws(Unreadable) -> HeardFill
    ) throws(Unreadable) -> StreamNews {
        guard ids.venueOrderID != nil || ids.clientOrderID != nil else { throw Unreadable("it names no order") }
        guard let order = ids.venueOrderID, let fill = try? read(order) else { return .fillsDue(ids) }
        return .fill(fill)
    }
}

extension AnswerRow {
    /// Bytes that an id may have.
    static let idMax = 128

    /// An id: text as it stands, or a number by its own digits, for one of 19 digits fits no binary float. nil where missing, null or empty.
    func id(_ key: String) throws(Unreadable) -> String? {
        guard let value = json[key], !value.isNull else { return nil }
        guard let text = value.text else { throw Unreadable("\(key) is no id") }
        if text.isEmpty { return nil }
        if case .number = value, !text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) {
            throw Unreadable("\(key) is a number that is no id")
        }
        guard text.utf8.count <= Self.idMax, text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else { throw Unreadable("\(key) is no id") }
        return text
    }

    func requiredID(_ key: String) throws(Unreadable) -> String {
        guard let id = try id(key) else { throw Unreadable("\(key) is missing") }
        return id
    }

    /// A venue's word for a state. No page has a longer one than 22 letters.
    func word(_ key: String) throws(Unreadable) -> String {
        let word = try requiredText(key)
        guard word.utf8.count <= 64, word.maskedForLog == word else { throw Unreadable("\(key) is no word") }
        return word
    }

    func clientOrderID(_ key: String) throws(Unreadable) -> ClientOrderID? { try id(key).map { ClientOrderID($0) } }

    /// The market that a push names; nil where it names none.
    func market(_ key: String) throws(Unreadable) -> Symbol? {
        guard let symbol = try text(key).map({ Symbol($0) }) else { return nil }
        guard symbol.isNameable else { throw Unreadable("\(key) is no market's name") }
        return symbol
    }

    /// What orders a push among others, milliseconds; nil where it cannot be read, for it takes nothing else with it.
    func pushedTime(_ key: String) -> Int64? { (try? time(key)) ?? nil }
}

extension StringProtocol {
    /// A venue's words as a log may have them: escaped, cut, and without what has the shape of a token.
    ///
    /// That is a run of 16 or more letters, digits and `-_.+/=` that has a digit or is 32 long.
    package var maskedForLog: String {
        var out = ""
        var run = ""
        func flush() {
            let isToken = run.utf8.count >= 32 || (run.utf8.count >= 16 && run.utf8.contains { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
            out += isToken ? "…" : run
            run = ""
        }
        for scalar in unicodeScalars.prefix(2_000) {
            switch scalar {
            case "0"..."9", "a"..."z", "A"..."Z", "-", "_", ".", "+", "/", "=": run.unicodeScalars.append(scalar)
            default:
                flush()
                out += String(scalar).escapedForLog
            }
        }
        flush()
        return String(out.prefix(300))
    }

    /// The name of an event or topic as a log may have it: what stands before an `@`, behind which some venues print a token; `…` for anything long or odd.
    var eventForLog: String {
        let name = prefix { $0 != "@" }
        let isPlain = (1...32).contains(name.utf8.count) && name.utf8.allSatisfy { Bitget.isPlain($0) || $0 == UInt8(ascii: ".") }
        return isPlain ? name.maskedForLog : "…"
    }
}

extension JSON {
    /// The object that a message is; nil for anything else.
    static func message(_ bytes: [UInt8]) -> JSON? {
        guard let json = try? JSONParser.parse(bytes), json.object != nil else { return nil }
        return json
    }
}

/// The words by which heartbeats go, where they are text.
enum PlainHeartbeat {
    /// nil: the message is none.
    static func read(_ bytes: [UInt8]) -> StreamNews? {
        if bytes.elementsEqual("pong".utf8) { return .pong }
        return bytes.elementsEqual("ping".utf8) ? .ping(answer: "pong") : nil
    }
}
