import ControlAPI
import OMSCore
import Wire

/// Reads an `intent.submit` line straight from its bytes into an ``Intent``, without a document in between.
///
/// It knows only the plain shape that programs send: no escapes, no text beyond ASCII, no null, every member known and once, nothing wrong.
/// Whatever else it meets, it gives up, and ``RequestDecoder`` reads the line the careful way, which also finds the words for what is wrong.
/// So it can be wrong in one way only, by accepting what the careful way would read otherwise; a differential test looks for that.
struct IntentScanner {
    struct Unusual: Error {}

    private let bytes: UnsafeBufferPointer<UInt8>
    private var at = 0

    private init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    /// The call's id (its JSON text) and the intent; nil: read it the careful way.
    static func scan(_ line: UnsafeBufferPointer<UInt8>) -> (id: [UInt8], intent: Intent)? {
        var scanner = IntentScanner(line)
        do throws(Unusual) { return try scanner.call() } catch { return nil }
    }

    // MARK: The call

    private mutating func call() throws(Unusual) -> (id: [UInt8], intent: Intent) {
        var id: [UInt8]?
        var intent: Intent?
        var (hasVersion, hasMethod) = (false, false)
        try open(UInt8(ascii: "{"))
        repeat {
            let name = try key()
            if name.is("method"), !hasMethod {
                guard try plainText().is("intent.submit") else { throw Unusual() }
                hasMethod = true
            } else if name.is("id"), id == nil {
                id = try callID()
            } else if name.is("jsonrpc"), !hasVersion {
                guard try plainText().is("2.0") else { throw Unusual() }
                hasVersion = true
            } else if name.is("params"), hasMethod, intent == nil {
                intent = try parameters()
            } else {
                throw Unusual()
            }
        } while try another(before: UInt8(ascii: "}"))
        skipSpace()
        guard at == bytes.count, hasVersion, let id, let intent else { throw Unusual() }
        return (id, intent)
    }

    private mutating func callID() throws(Unusual) -> [UInt8] {
        let start = at
        if peek() == UInt8(ascii: "\"") {
            let text = try plainText()
            guard text.count <= RequestDecoder.idBytesMax else { throw Unusual() }
        } else {
            let text = try plainNumber()
            guard text.count <= 20, !text.contains(UInt8(ascii: ".")) else { throw Unusual() }
        }
        return Array(bytes[start..<at])
    }

    private mutating func parameters() throws(Unusual) -> Intent {
        var intent = Intent(account: "")
        var seen = Seen()
        try open(UInt8(ascii: "{"))
        repeat {
            let name = try key()
            switch name.count {
            case 5 where name.is("place"):
                try seen.once(0)
                try list { scanner throws(Unusual) in intent.place.append(try scanner.placeItem()) }
            case 6 where name.is("modify"):
                try seen.once(1)
                try list { scanner throws(Unusual) in intent.modify.append(try scanner.modifyItem()) }
            case 6 where name.is("cancel"):
                try seen.once(2)
                try list { scanner throws(Unusual) in intent.cancel.append(try scanner.cancelItem()) }
            case 7 where name.is("account"):
                try seen.once(3)
                intent.account = AccountID(try text(.account))
            case 9 where name.is("intent_id"):
                try seen.once(4)
                intent.id = IntentID(try text(.intentID))
            case 8 where name.is("sequence"):
                try seen.once(5)
                intent.sequence = try word([("cancel_first", .cancelFirst), ("place_first", .placeFirst)])
            case 10 where name.is("expires_at"):
                try seen.once(6)
                guard let at = Int64(String(decoding: try plainNumber(), as: UTF8.self)) else { throw Unusual() }
                intent.expiresAt = at
            case 7 where name.is("dry_run"):
                try seen.once(7)
                intent.dryRun = try bool()
            default: throw Unusual()
            }
        } while try another(before: UInt8(ascii: "}"))
        guard seen.has(3), (1...Intent.itemsMax).contains(intent.itemCount), intent.repeatedClientOrderID == nil else { throw Unusual() }
        return intent
    }

    // MARK: Items

    private mutating func placeItem() throws(Unusual) -> PlaceItem {
        var draft = PlaceDraft()
        var seen = Seen()
        try open(UInt8(ascii: "{"))
        repeat {
            let name = try key()
            switch name.count {
            case 3 where name.is("stp"):
                try seen.once(0)
                let stp: SelfTradePrevention = try word([
                    ("none", .none), ("cancel_taker", .cancelTaker), ("cancel_maker", .cancelMaker), ("cancel_both", .cancelBoth),
                ])
                draft.stp = stp
            case 4 where name.is("side"):
                try seen.once(1)
                draft.side = try side()
            case 4 where name.is("type"):
                try seen.once(2)
                draft.type = try word([("limit", .limit), ("market", .market)])
            case 5 where name.is("price"):
                try seen.once(3)
                draft.price = try decimal()
            case 6 where name.is("symbol"):
                try seen.once(4)
                draft.symbol = Symbol(try text(.symbol))
            case 8 where name.is("quantity"):
                try seen.once(5)
                draft.quantity = try decimal()
            case 9 where name.is("post_only"):
                try seen.once(6)
                draft.postOnly = try bool()
            case 9 where name.is("stop_loss"):
                try seen.once(7)
                draft.stopLoss = try decimal()
            case 11 where name.is("reduce_only"):
                try seen.once(8)
                draft.reduceOnly = try bool()
            case 11 where name.is("take_profit"):
                try seen.once(9)
                draft.takeProfit = try decimal()
            case 13 where name.is("time_in_force"):
                try seen.once(10)
                draft.timeInForce = try word([("gtc", .gtc), ("ioc", .ioc), ("fok", .fok)])
            case 13 where name.is("position_side"):
                try seen.once(11)
                draft.positionSide = try word([("long", .long), ("short", .short)])
            case 13 where name.is("margin_action"):
                try seen.once(12)
                draft.marginAction = try word([
                    ("normal", .normal), ("auto_borrow", .autoBorrow), ("auto_repay", .autoRepay), ("auto_borrow_repay", .autoBorrowRepay),
                ])
            case 14 where name.is("quote_quantity"):
                try seen.once(13)
                draft.quoteQuantity = try decimal()
            case 14 where name.is("slice_quantity"):
                try seen.once(14)
                draft.sliceQuantity = try decimal()
            case 15 where name.is("client_order_id"):
                try seen.once(15)
                draft.clientOrderID = ClientOrderID(try text(.clientOrderID))
            default: throw Unusual()
            }
        } while try another(before: UInt8(ascii: "}"))
        var problems: [OrderProblem] = []
        guard let item = draft.item(unread: [], problems: &problems) else { throw Unusual() }
        return item
    }

    private mutating func modifyItem() throws(Unusual) -> ModifyItem {
        var draft = ModifyDraft()
        var seen = Seen()
        try open(UInt8(ascii: "{"))
        repeat {
            let name = try key()
            if name.is("client_order_id") {
                try seen.once(0)
                draft.clientOrderID = ClientOrderID(try text(.clientOrderID))
            } else if name.is("price") {
                try seen.once(1)
                draft.price = try decimal()
            } else if name.is("quantity") {
                try seen.once(2)
                draft.quantity = try decimal()
            } else if name.is("on_failure") {
                try seen.once(3)
                draft.onFailure = try word([("keep", .keep), ("cancel", .cancel)])
            } else {
                throw Unusual()
            }
        } while try another(before: UInt8(ascii: "}"))
        var problems: [OrderProblem] = []
        guard let item = draft.item(unread: [], problems: &problems) else { throw Unusual() }
        return item
    }

    private mutating func cancelItem() throws(Unusual) -> CancelItem {
        if peek() == UInt8(ascii: "\"") { return .order(ClientOrderID(try text(.clientOrderID))) }
        var (symbol, side): (Symbol?, Side?)
        var seen = Seen()
        try open(UInt8(ascii: "{"))
        repeat {
            let name = try key()
            if name.is("symbol") {
                try seen.once(0)
                symbol = Symbol(try text(.symbol))
            } else if name.is("side") {
                try seen.once(1)
                side = try self.side()
            } else {
                throw Unusual()
            }
        } while try another(before: UInt8(ascii: "}"))
        return .matching(symbol: symbol, side: side)
    }

    // MARK: Values

    private mutating func text(_ rule: TextRule) throws(Unusual) -> String {
        let raw = try plainText()
        guard rule.allows(raw) else { throw Unusual() }
        return String(decoding: raw, as: UTF8.self)
    }

    private mutating func side() throws(Unusual) -> Side { try word([("buy", .buy), ("sell", .sell)]) }

    @inline(__always)
    private mutating func word<Word>(_ words: [(StaticString, Word)]) throws(Unusual) -> Word {
        let raw = try plainText()
        for (text, word) in words where raw.is(text) { return word }
        throw Unusual()
    }

    private mutating func bool() throws(Unusual) -> Bool {
        let start = at
        while let byte = peek(), byte >= UInt8(ascii: "a"), byte <= UInt8(ascii: "z") { at += 1 }
        let raw = UnsafeBufferPointer(rebasing: bytes[start..<at])
        if raw.is("true") { return true }
        if raw.is("false") { return false }
        throw Unusual()
    }

    private mutating func decimal() throws(Unusual) -> Decimal {
        let raw = peek() == UInt8(ascii: "\"") ? try plainText() : try plainNumber()
        guard let decimal = Decimal(ascii: raw) else { throw Unusual() }
        return decimal
    }

    /// A number without exponent; no leading zeros, as the grammar has it.
    private mutating func plainNumber() throws(Unusual) -> UnsafeBufferPointer<UInt8> {
        let start = at
        if peek() == UInt8(ascii: "-") { at += 1 }
        let digits = at
        while let byte = peek(), Self.isDigit(byte) { at += 1 }
        guard at > digits, bytes[digits] != UInt8(ascii: "0") || at == digits + 1 else { throw Unusual() }
        if peek() == UInt8(ascii: ".") {
            at += 1
            let fraction = at
            while let byte = peek(), Self.isDigit(byte) { at += 1 }
            guard at > fraction else { throw Unusual() }
        }
        // What follows is judged by whoever expects a comma or an end there: letters are neither.
        return UnsafeBufferPointer(rebasing: bytes[start..<at])
    }

    /// A string of ASCII without escapes: its bytes between the quotes.
    @inline(__always)
    private mutating func plainText() throws(Unusual) -> UnsafeBufferPointer<UInt8> {
        guard peek() == UInt8(ascii: "\"") else { throw Unusual() }
        at += 1
        let start = at
        while at < bytes.count {
            let byte = bytes[at]
            if byte == UInt8(ascii: "\"") {
                at += 1
                return UnsafeBufferPointer(rebasing: bytes[start..<(at - 1)])
            }
            guard byte >= 0x20, byte < 0x80, byte != UInt8(ascii: "\\") else { throw Unusual() }
            at += 1
        }
        throw Unusual()
    }

    // MARK: Structure

    private static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") <= 9 }

    @inline(__always)
    private func peek() -> UInt8? { at < bytes.count ? bytes[at] : nil }

    @inline(__always)
    private mutating func skipSpace() {
        while at < bytes.count {
            switch bytes[at] {
            case 0x20, 0x09, 0x0A, 0x0D: at += 1
            default: return
            }
        }
    }

    @inline(__always)
    private mutating func open(_ bracket: UInt8) throws(Unusual) {
        skipSpace()
        guard peek() == bracket else { throw Unusual() }
        at += 1
        skipSpace()
    }

    /// A member's name and its colon; stands before the value.
    @inline(__always)
    private mutating func key() throws(Unusual) -> UnsafeBufferPointer<UInt8> {
        let name = try plainText()
        skipSpace()
        guard peek() == UInt8(ascii: ":") else { throw Unusual() }
        at += 1
        skipSpace()
        return name
    }

    /// Behind a value: true when another follows, false when the closing bracket was read.
    @inline(__always)
    private mutating func another(before bracket: UInt8) throws(Unusual) -> Bool {
        skipSpace()
        guard let byte = peek() else { throw Unusual() }
        at += 1
        if byte == bracket { return false }
        guard byte == UInt8(ascii: ",") else { throw Unusual() }
        skipSpace()
        return true
    }

    @inline(__always)
    private mutating func list(_ item: (inout IntentScanner) throws(Unusual) -> Void) throws(Unusual) {
        try open(UInt8(ascii: "["))
        if peek() == UInt8(ascii: "]") {
            at += 1
            return
        }
        var count = 0
        repeat {
            count += 1
            guard count <= Intent.itemsMax else { throw Unusual() }
            try item(&self)
        } while try another(before: UInt8(ascii: "]"))
    }
}

/// Which members of one object were seen.
private struct Seen {
    private var bits: UInt32 = 0
    func has(_ bit: UInt32) -> Bool { bits & (1 << bit) != 0 }
    @inline(__always)
    mutating func once(_ bit: UInt32) throws(IntentScanner.Unusual) {
        guard !has(bit) else { throw IntentScanner.Unusual() }
        bits |= 1 << bit
    }
}

extension UnsafeBufferPointer<UInt8> {
    @inline(__always)
    fileprivate func `is`(_ text: StaticString) -> Bool {
        guard count == text.utf8CodeUnitCount else { return false }
        for index in 0..<count where self[index] != text.utf8Start[index] { return false }
        return true
    }
}
