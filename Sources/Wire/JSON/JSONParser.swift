/// What is wrong with a JSON text, and where.
package struct JSONError: Error, Equatable, Sendable, CustomStringConvertible {
    package enum Kind: Sendable {
        case syntax
        /// The text is well formed so far, but an object names a key twice.
        case duplicateKey
        case tooDeep
    }
    package var kind = Kind.syntax
    package let problem: String
    /// Counted from 1.
    package let line: Int
    package let column: Int
    /// Bytes before the problem.
    package let offset: Int
    package var description: String { "line \(line), column \(column): \(problem)" }
}

/// A strict parser of RFC 8259, with the JSON5 that configurations use as an option.
///
/// Refused: duplicate keys, invalid UTF-8, lone surrogates, unescaped control characters, data behind the value, nesting deeper than asked for.
package struct JSONParser {
    package struct Options: Sendable {
        /// All of JSON5 but names beyond ASCII without quotes, and numbers that are not finite.
        package var isJSON5 = false
        /// Arrays and objects inside each other.
        package var depthMax = 32
        package init(isJSON5: Bool = false, depthMax: Int = 32) { (self.isJSON5, self.depthMax) = (isJSON5, depthMax) }
    }

    let bytes: UnsafeBufferPointer<UInt8>
    private let options: Options
    var at = 0
    private var toleratesDuplicates = false
    private var duplicate: JSONError?
    /// Where each value and each key starts, in the order of the text; nil: not asked for.
    private var offsets: [Int]?

    /// Parses a whole text.
    package static func parse(_ bytes: [UInt8], options: Options = Options()) throws(JSONError) -> JSON {
        let result: Result<JSON, JSONError> = bytes.withUnsafeBufferPointer { buffer in
            do throws(JSONError) { return .success(try parse(buffer, options: options)) } catch { return .failure(error) }
        }
        return try result.get()
    }

    /// Parses a whole text where it lies.
    package static func parse(_ bytes: UnsafeBufferPointer<UInt8>, options: Options = Options()) throws(JSONError) -> JSON {
        var parser = JSONParser(bytes, options: options)
        return try parser.whole()
    }

    /// Parses a text that may name keys twice, so that its refusal can still be addressed: the value, in which the first of equal keys stands
    /// first, and the first duplicate. Never act on a value that comes with a duplicate.
    package static func parseTellingDuplicates(
        _ bytes: UnsafeBufferPointer<UInt8>, options: Options = Options()
    ) throws(JSONError) -> (value: JSON, duplicate: JSONError?) {
        var parser = JSONParser(bytes, options: options)
        parser.toleratesDuplicates = true
        let value = try parser.whole()
        return (value, parser.duplicate)
    }

    /// Parses a whole text.
    package static func parse(_ text: String, options: Options = Options()) throws(JSONError) -> JSON {
        try parse(Array(text.utf8), options: options)
    }

    /// Parses a whole text and tells where each key and value stands. Keys that stand twice are kept for the caller to report.
    package static func parseLocated(_ bytes: [UInt8], options: Options = Options()) throws(JSONError) -> LocatedJSON {
        let result: Result<LocatedJSON, JSONError> = bytes.withUnsafeBufferPointer { buffer in
            var parser = JSONParser(buffer, options: options)
            (parser.offsets, parser.toleratesDuplicates) = ([], true)
            do throws(JSONError) {
                let value = try parser.whole()
                var rest = (parser.offsets ?? [])[...]
                return .success(LocatedJSON(value, offsets: &rest))
            } catch { return .failure(error) }
        }
        return try result.get()
    }

    private init(_ bytes: UnsafeBufferPointer<UInt8>, options: Options) { (self.bytes, self.options) = (bytes, options) }

    /// Line and column (from 1) of a byte offset.
    package static func place(of offset: Int, in bytes: some Collection<UInt8>) -> (line: Int, column: Int) {
        var (line, column) = (1, 1)
        for byte in bytes.prefix(offset) {
            if byte == UInt8(ascii: "\n") { (line, column) = (line + 1, 1) } else if byte & 0xC0 != 0x80 { column += 1 }
        }
        return (line, column)
    }

    func failure(_ problem: String, at offset: Int? = nil, kind: JSONError.Kind = .syntax) -> JSONError {
        let offset = offset ?? at
        let (line, column) = Self.place(of: offset, in: bytes)
        return JSONError(kind: kind, problem: problem, line: line, column: column, offset: offset)
    }

    private mutating func whole() throws(JSONError) -> JSON {
        try skipSpace()
        let value = try value(depth: 0)
        try skipSpace()
        guard at == bytes.count else { throw failure("data behind the end of the value") }
        return value
    }

    private mutating func skipSpace() throws(JSONError) {
        while at < bytes.count {
            switch bytes[at] {
            case 0x20, 0x09, 0x0A, 0x0D: at += 1
            case UInt8(ascii: "/") where options.isJSON5: try skipComment()
            case _ where options.isJSON5 && wideSpaceLength > 0: at += wideSpaceLength
            default: return
            }
        }
    }

    private mutating func skipComment() throws(JSONError) {
        let start = at
        guard at + 1 < bytes.count else { throw failure("a lone /") }
        switch bytes[at + 1] {
        case UInt8(ascii: "/"):
            while at < bytes.count, bytes[at] != 0x0A, bytes[at] != 0x0D { at += 1 }
        case UInt8(ascii: "*"):
            at += 2
            while at + 1 < bytes.count, !(bytes[at] == UInt8(ascii: "*") && bytes[at + 1] == UInt8(ascii: "/")) { at += 1 }
            guard at + 1 < bytes.count else { throw failure("a comment without end", at: start) }
            at += 2
        default: throw failure("a lone /")
        }
    }

    private mutating func value(depth: Int) throws(JSONError) -> JSON {
        guard at < bytes.count else { throw failure("the text ends where a value should stand") }
        offsets?.append(at)
        switch bytes[at] {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string(quote: UInt8(ascii: "\"")))
        case UInt8(ascii: "'") where options.isJSON5: return .string(try string(quote: UInt8(ascii: "'")))
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number(try options.isJSON5 ? looseNumber() : plainNumber())
        case UInt8(ascii: "+"), UInt8(ascii: "."), UInt8(ascii: "I"), UInt8(ascii: "N"):
            guard options.isJSON5 else { throw failure("no value starts like this") }
            return .number(try looseNumber())
        default:
            if take("true") { return .bool(true) }
            if take("false") { return .bool(false) }
            if take("null") { return .null }
            throw failure("no value starts like this")
        }
    }

    private mutating func take(_ word: StaticString) -> Bool {
        let length = word.utf8CodeUnitCount
        guard at + length <= bytes.count else { return false }
        for index in 0..<length where bytes[at + index] != word.utf8Start[index] { return false }
        if at + length < bytes.count, Self.isNameByte(bytes[at + length]) { return false }
        at += length
        return true
    }

    static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "_"), UInt8(ascii: "$"):
            true
        default: false
        }
    }

    private mutating func array(depth: Int) throws(JSONError) -> JSON {
        guard depth < options.depthMax else { throw failure("nested deeper than \(options.depthMax)", kind: .tooDeep) }
        at += 1
        var items: [JSON] = []
        try skipSpace()
        if at < bytes.count, bytes[at] == UInt8(ascii: "]") {
            at += 1
            return .array(items)
        }
        while true {
            items.append(try value(depth: depth + 1))
            guard try separator(before: UInt8(ascii: "]")) else { return .array(items) }
        }
    }

    /// Behind an item: true when another follows, false when the closing byte was read.
    private mutating func separator(before end: UInt8) throws(JSONError) -> Bool {
        try skipSpace()
        guard at < bytes.count else { throw failure("the text ends inside \(end == UInt8(ascii: "]") ? "an array" : "an object")") }
        if bytes[at] == end {
            at += 1
            return false
        }
        guard bytes[at] == UInt8(ascii: ",") else { throw failure("a comma or \(Character(Unicode.Scalar(end))) should stand here") }
        at += 1
        try skipSpace()
        if options.isJSON5, at < bytes.count, bytes[at] == end {
            at += 1
            return false
        }
        return true
    }

    private mutating func object(depth: Int) throws(JSONError) -> JSON {
        guard depth < options.depthMax else { throw failure("nested deeper than \(options.depthMax)", kind: .tooDeep) }
        at += 1
        var members: [(key: String, value: JSON)] = []
        var seen: Set<String> = []
        try skipSpace()
        if at < bytes.count, bytes[at] == UInt8(ascii: "}") {
            at += 1
            return .object(members)
        }
        while true {
            let start = at
            let key = try key()
            offsets?.append(start)
            // Few keys: a linear look is faster than a set; many: a set keeps it linear.
            if members.count < 16 {
                if members.contains(where: { $0.key == key }) { try refuseDuplicate(key, at: start) }
            } else {
                if seen.isEmpty { seen = Set(members.map(\.key)) }
                if !seen.insert(key).inserted { try refuseDuplicate(key, at: start) }
            }
            try skipSpace()
            guard at < bytes.count, bytes[at] == UInt8(ascii: ":") else { throw failure("a colon should stand behind key \(quoted(key))") }
            at += 1
            try skipSpace()
            members.append((key, try value(depth: depth + 1)))
            guard try separator(before: UInt8(ascii: "}")) else { return .object(members) }
        }
    }

    private mutating func refuseDuplicate(_ key: String, at start: Int) throws(JSONError) {
        let error = failure("key \(quoted(key)) stands twice", at: start, kind: .duplicateKey)
        guard toleratesDuplicates else { throw error }
        duplicate = duplicate ?? error
    }

    private func quoted(_ text: String) -> String { "\"" + String(text.unicodeScalars.prefix(64)).escapedForLog + "\"" }

    private mutating func key() throws(JSONError) -> String {
        guard at < bytes.count else { throw failure("the text ends inside an object") }
        if bytes[at] == UInt8(ascii: "\"") { return try string(quote: UInt8(ascii: "\"")) }
        if options.isJSON5 {
            if bytes[at] == UInt8(ascii: "'") { return try string(quote: UInt8(ascii: "'")) }
            let start = at
            if Self.isNameByte(bytes[at]), !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[at]) {
                while at < bytes.count, Self.isNameByte(bytes[at]) { at += 1 }
                return String(decoding: UnsafeBufferPointer(rebasing: bytes[start..<at]), as: UTF8.self)
            }
        }
        throw failure("a key in quotes should stand here")
    }

    /// - Parameter startsInFraction: The point and what may stand before it was read.
    mutating func plainNumber(startsInFraction: Bool = false) throws(JSONError) -> String {
        let start = at
        func digit(_ index: Int) -> Bool { index < bytes.count && (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[index]) }
        if bytes[at] == UInt8(ascii: "-"), !options.isJSON5 { at += 1 }
        guard digit(at) else { throw failure("a digit should stand here") }
        if !startsInFraction, bytes[at] == UInt8(ascii: "0"), digit(at + 1) { throw failure("a number with a leading zero", at: start) }
        while digit(at) { at += 1 }
        var barePoint: Int?
        if !startsInFraction, at < bytes.count, bytes[at] == UInt8(ascii: ".") {
            if options.isJSON5, !digit(at + 1) { barePoint = at }
            at += 1
            guard digit(at) || barePoint != nil else { throw failure("a digit should stand behind the point") }
            while digit(at) { at += 1 }
        }
        if at < bytes.count, bytes[at] | 0x20 == UInt8(ascii: "e") {
            at += 1
            if at < bytes.count, bytes[at] == UInt8(ascii: "+") || bytes[at] == UInt8(ascii: "-") { at += 1 }
            guard digit(at) else { throw failure("a digit should stand in the exponent") }
            while digit(at) { at += 1 }
        }
        if at < bytes.count, Self.isNameByte(bytes[at]) { throw failure("a number should end here") }
        func text(_ range: Range<Int>) -> String { String(decoding: UnsafeBufferPointer(rebasing: bytes[range]), as: UTF8.self) }
        guard let barePoint else { return text(start..<at) }
        return text(start..<barePoint) + text(barePoint + 1..<at)
    }

    private mutating func string(quote: UInt8) throws(JSONError) -> String {
        let open = at
        at += 1
        let start = at
        // The common case: no escape. One look for the end, one copy.
        while at < bytes.count, bytes[at] != quote, bytes[at] != UInt8(ascii: "\\"), bytes[at] >= 0x20 { at += 1 }
        guard at < bytes.count else { throw failure("a string without end", at: open) }
        if bytes[at] == quote {
            defer { at += 1 }
            return try text(UnsafeBufferPointer(rebasing: bytes[start..<at]), at: start)
        }
        var out = Array(bytes[start..<at])
        while true {
            guard at < bytes.count else { throw failure("a string without end", at: open) }
            let byte = bytes[at]
            if byte == quote {
                at += 1
                return try out.withUnsafeBufferPointer { buffer throws(JSONError) in try text(buffer, at: start) }
            }
            if byte < 0x20, !options.isJSON5 || byte == 0x0A || byte == 0x0D { throw failure("a control character that is not escaped") }
            at += 1
            if byte == UInt8(ascii: "\\") { try escape(into: &out, quote: quote) } else { out.append(byte) }
        }
    }

    private func text(_ raw: UnsafeBufferPointer<UInt8>, at offset: Int) throws(JSONError) -> String {
        // What `validating` looks up of its types costs more than most texts.
        if EightBytes.areASCII(raw) { return String(decoding: raw, as: UTF8.self) }
        guard let text = String(validating: raw, as: UTF8.self) else { throw failure("broken UTF-8", at: offset) }
        return text
    }

    private mutating func escape(into out: inout [UInt8], quote: UInt8) throws(JSONError) {
        guard at < bytes.count else { throw failure("a string without end") }
        let byte = bytes[at]
        at += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): out.append(byte)
        case UInt8(ascii: "b"): out.append(0x08)
        case UInt8(ascii: "f"): out.append(0x0C)
        case UInt8(ascii: "n"): out.append(0x0A)
        case UInt8(ascii: "r"): out.append(0x0D)
        case UInt8(ascii: "t"): out.append(0x09)
        case UInt8(ascii: "u"):
            let first = try hexQuad()
            var scalar = UInt32(first)
            if (0xD800...0xDBFF).contains(first) {
                guard at + 1 < bytes.count, bytes[at] == UInt8(ascii: "\\"), bytes[at + 1] == UInt8(ascii: "u") else {
                    throw failure("half of a surrogate pair")
                }
                at += 2
                let second = try hexQuad()
                guard (0xDC00...0xDFFF).contains(second) else { throw failure("half of a surrogate pair") }
                scalar = 0x10000 + (UInt32(first) - 0xD800) << 10 + (UInt32(second) - 0xDC00)
            }
            guard let unicode = Unicode.Scalar(scalar) else { throw failure("half of a surrogate pair") }
            out.append(contentsOf: UTF8.encode(unicode)!)
        default:
            guard options.isJSON5 else { throw failure("an unknown escape", at: at - 1) }
            try looseEscape(byte, into: &out)
        }
    }

    private mutating func hexQuad() throws(JSONError) -> UInt16 {
        guard at + 4 <= bytes.count else { throw failure("four hex digits should stand here") }
        var value: UInt16 = 0
        for _ in 0..<4 {
            guard let digit = hexDigit(bytes[at]) else { throw failure("four hex digits should stand here") }
            value = value << 4 | UInt16(digit)
            at += 1
        }
        return value
    }
}

extension StringProtocol {
    /// The text with everything that could steer a log or terminal written as `\u{…}`: control characters, quotes of lines, non-ASCII.
    package var escapedForLog: String {
        var out = ""
        for scalar in unicodeScalars {
            if scalar.value >= 0x20, scalar.value < 0x7F, scalar != "\\" {
                out.unicodeScalars.append(scalar)
            } else {
                out += "\\u{" + String(scalar.value, radix: 16) + "}"
            }
        }
        return out
    }
}
