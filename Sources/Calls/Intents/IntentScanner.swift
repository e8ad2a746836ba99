import ControlAPI
import OMSCore
import Wire

/// Reads an `intent.submit` line straight from its bytes into an ``Intent``, without a document in between.
///
/// What members there are, and where they go, are the tables of the careful way. It knows only the plain shape that programs send: no escapes, no text beyond ASCII, no null, every member known and once, nothing wrong.
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

    private static let members = ItemTable<Intent>(IntentSubmit.fields) { name in
        switch name {
        case "account": .text { $0.account = AccountID($1) }
        case "intent_id": .text { $0.id = IntentID($1) }
        case "tag": .text { $0.tag = Tag($1) }
        case "dry_run": .flag { $0.dryRun = $1 }
        case "place":
            .scanned { (scanner, intent) throws(Unusual) in
                try scanner.list { scanner throws(Unusual) in intent.place.append(try scanner.placeItem()) }
            }
        case "modify":
            .scanned { (scanner, intent) throws(Unusual) in
                try scanner.list { scanner throws(Unusual) in intent.modify.append(try scanner.modifyItem()) }
            }
        case "cancel":
            .scanned { (scanner, intent) throws(Unusual) in
                try scanner.list { scanner throws(Unusual) in intent.cancel.append(try scanner.cancelItem()) }
            }
        case "sequence":
            .scanned { (scanner, intent) throws(Unusual) in
                guard let sequence = IntentSequence(rawValue: try scanner.text(.freeText)) else { throw Unusual() }
                intent.sequence = sequence
            }
        case "expires_at":
            .scanned { (scanner, intent) throws(Unusual) in
                guard let at = Int64(String(decoding: try scanner.plainNumber(), as: UTF8.self)) else { throw Unusual() }
                intent.expiresAt = at
            }
        default: nil
        }
    }

    private mutating func parameters() throws(Unusual) -> Intent {
        var intent = Intent(account: "")
        try object(Self.members, into: &intent)
        guard !intent.account.text.isEmpty, (1...Intent.itemsMax).contains(intent.itemCount), intent.repeatedClientOrderID == nil else {
            throw Unusual()
        }
        return intent
    }

    // MARK: Items

    private mutating func placeItem() throws(Unusual) -> PlaceItem {
        var draft = PlaceDraft()
        try object(PlaceDraft.table, into: &draft)
        var problems: [OrderProblem] = []
        guard let item = draft.item(unread: [], problems: &problems) else { throw Unusual() }
        return item
    }

    private mutating func modifyItem() throws(Unusual) -> ModifyItem {
        var draft = ModifyDraft()
        try object(ModifyDraft.table, into: &draft)
        var problems: [OrderProblem] = []
        guard let item = draft.item(unread: [], problems: &problems) else { throw Unusual() }
        return item
    }

    private mutating func cancelItem() throws(Unusual) -> CancelItem {
        if peek() == UInt8(ascii: "\"") { return .order(ClientOrderID(try text(.clientOrderID))) }
        var draft = CancelDraft()
        try object(CancelDraft.table, into: &draft)
        var problems: [OrderProblem] = []
        guard let item = draft.item(problems: &problems) else { throw Unusual() }
        return item
    }

    /// An object whose members stand in a table, each at most once.
    private mutating func object<Draft>(_ table: ItemTable<Draft>, into draft: inout Draft) throws(Unusual) {
        var seen: UInt64 = 0
        try open(UInt8(ascii: "{"))
        repeat {
            guard let index = table.index(of: try key()), seen & 1 << UInt64(index) == 0 else { throw Unusual() }
            seen |= 1 << UInt64(index)
            switch table.puts[index] {
            case .text(let put):
                if table.isWord(index) {
                    guard let word = table.word(try plainText(), of: index) else { throw Unusual() }
                    put(&draft, word)
                } else {
                    put(&draft, try text(table.rules[index]))
                }
            case .decimal(let put): put(&draft, try decimal())
            case .flag(let put): put(&draft, try bool())
            case .scanned(let scan): try scan(&self, &draft)
            }
        } while try another(before: UInt8(ascii: "}"))
    }

    // MARK: Values

    private mutating func text(_ rule: TextRule) throws(Unusual) -> String {
        let raw = try plainText()
        guard rule.allows(raw) else { throw Unusual() }
        return String(decoding: raw, as: UTF8.self)
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

extension UnsafeBufferPointer<UInt8> {
    @inline(__always)
    fileprivate func `is`(_ text: StaticString) -> Bool {
        guard count == text.utf8CodeUnitCount else { return false }
        for index in 0..<count where self[index] != text.utf8Start[index] { return false }
        return true
    }
}
