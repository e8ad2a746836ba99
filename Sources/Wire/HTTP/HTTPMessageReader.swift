/// What requests and answers share: a head, then a body by length or by chunks. Strict where laxness would let two readers disagree.
///
/// Source: RFC 9112, sections 2 to 7 (read 2026-11-20).
struct HTTPMessageReader {
    enum Phase: Equatable {
        case head
        case fixed(left: Int)
        case chunkSize
        case chunk(left: Int)
        case chunkEnd
        case lastChunkEnd
        case done
    }
    enum Framing: Equatable {
        case length(Int)
        case chunked
    }
    /// The first line and the fields of a head.
    struct Head {
        var start: ArraySlice<UInt8>
        var headers: [HTTPHeader]
    }

    let limits: HTTPLimits
    private(set) var phase = Phase.head
    private(set) var body: [UInt8] = []
    private var pending: [UInt8] = []
    /// Start of what is not consumed yet, and how far a head was searched.
    private var cursor = 0
    private var scanned = 0

    init(limits: HTTPLimits) { self.limits = limits }

    /// Bytes received and not consumed.
    var unread: Int { pending.count - cursor }

    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        if cursor > 0 {
            pending.removeFirst(cursor)
            scanned -= cursor
            cursor = 0
        }
        pending.append(contentsOf: bytes)
    }

    /// Ready for the next message; unread bytes stay.
    mutating func restart() {
        phase = .head
        body = []
        scanned = cursor
    }

    /// Takes out what is not consumed: bytes of what the connection has become.
    mutating func rest() -> [UInt8] {
        defer { cursor = pending.count }
        return Array(pending[cursor...])
    }

    /// The head, once it is there in full.
    mutating func head() throws(HTTPFault) -> Head? {
        while scanned < pending.count {
            let byte = pending[scanned]
            let afterCR = scanned > cursor && pending[scanned - 1] == .cr
            guard (byte == .lf) == afterCR else { throw .badHeader }
            scanned += 1
            guard scanned - cursor <= limits.headBytes else { throw .headTooLarge }
            if byte == .lf, scanned - cursor >= 4, pending[scanned - 3] == .lf {
                let head = try Self.parse(pending[cursor..<scanned - 2])
                cursor = scanned
                return head
            }
        }
        return nil
    }

    /// Goes on to the body that the head announced.
    mutating func expect(_ framing: Framing?) throws(HTTPFault) {
        switch framing {
        case .length(let length):
            guard length <= limits.bodyBytes else { throw .bodyTooLarge }
            phase = length == 0 ? .done : .fixed(left: length)
            body.reserveCapacity(min(length, 64 * 1024))
        case .chunked: phase = .chunkSize
        case nil: phase = .done
        }
    }

    /// Reads as much of the body as is there. True once it is complete.
    mutating func readBody() throws(HTTPFault) -> Bool {
        while true {
            switch phase {
            case .head: return false
            case .done: return true
            case .fixed(let left):
                let rest = take(left)
                phase = rest == 0 ? .done : .fixed(left: rest)
                if rest > 0 { return false }
            case .chunkSize:
                guard let line = try shortLine() else { return false }
                guard (1...8).contains(line.count) else { throw .badChunk }
                var size = 0
                for byte in line {
                    guard let digit = byte.hexValue else { throw .badChunk }
                    size = size << 4 | digit
                }
                guard size <= limits.bodyBytes - body.count else { throw .bodyTooLarge }
                phase = size == 0 ? .lastChunkEnd : .chunk(left: size)
            case .chunk(let left):
                let rest = take(left)
                phase = rest == 0 ? .chunkEnd : .chunk(left: rest)
                if rest > 0 { return false }
            case .chunkEnd, .lastChunkEnd:
                guard let line = try shortLine() else { return false }
                guard line.isEmpty else { throw .badChunk }
                phase = phase == .chunkEnd ? .chunkSize : .done
            }
        }
    }

    /// Moves up to `wanted` bytes to the body; returns how many are still missing.
    private mutating func take(_ wanted: Int) -> Int {
        let count = min(wanted, unread)
        body.append(contentsOf: pending[cursor..<cursor + count])
        cursor += count
        return wanted - count
    }

    /// A line of at most 8 characters without its CRLF; nil when more is to come.
    private mutating func shortLine() throws(HTTPFault) -> ArraySlice<UInt8>? {
        var at = cursor
        while at < pending.count {
            if pending[at] == .cr {
                guard at + 1 < pending.count else { return nil }
                guard pending[at + 1] == .lf else { throw .badChunk }
                defer { cursor = at + 2 }
                return pending[cursor..<at]
            }
            guard pending[at] != .lf, at - cursor < 8 else { throw .badChunk }
            at += 1
        }
        return nil
    }

    /// Splits a head whose lines all end in CRLF.
    private static func parse(_ bytes: ArraySlice<UInt8>) throws(HTTPFault) -> Head {
        var lines = bytes[...]
        func nextLine() -> ArraySlice<UInt8>? {
            guard let end = lines.firstIndex(of: .cr) else { return nil }
            defer { lines = lines[(end + 2)...] }
            return lines[..<end]
        }
        guard let start = nextLine() else { throw .badStartLine }
        var headers: [HTTPHeader] = []
        while let line = nextLine() {
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex else { throw .badHeader }
            let name = line[..<colon]
            guard name.allSatisfy(\.isTokenByte) else { throw .badHeader }
            var value = line[(colon + 1)...]
            while let first = value.first, first == .space || first == .tab { value = value.dropFirst() }
            while let last = value.last, last == .space || last == .tab { value = value.dropLast() }
            guard value.allSatisfy(\.isFieldByte) else { throw .badHeader }
            headers.append(HTTPHeader(String(decoding: name, as: UTF8.self), String(decoding: value, as: UTF8.self)))
        }
        return Head(start: start, headers: headers)
    }

    /// How the head says that its body ends; nil when it says nothing.
    static func framing(_ headers: [HTTPHeader], isHTTP11: Bool) throws(HTTPFault) -> Framing? {
        var length: Int?
        var codings = 0
        for header in headers {
            if header.name.equalsIgnoringCase("content-length") {
                let digits = header.value.utf8
                guard (1...18).contains(digits.count), digits.allSatisfy({ (0x30...0x39).contains($0) }), let value = Int(header.value) else {
                    throw .badFraming
                }
                guard length == nil || length == value else { throw .badFraming }
                length = value
            } else if header.name.equalsIgnoringCase("transfer-encoding") {
                guard header.value.equalsIgnoringCase("chunked") else { throw .badFraming }
                codings += 1
            }
        }
        if codings == 0 { return length.map { .length($0) } }
        guard codings == 1, length == nil, isHTTP11 else { throw .badFraming }
        return .chunked
    }

    /// Whether the connection may carry another message after this one.
    static func keepsAlive(_ headers: [HTTPHeader], isHTTP11: Bool) -> Bool {
        !headers.hasToken("close", in: "connection") && (isHTTP11 || headers.hasToken("keep-alive", in: "connection"))
    }
}

extension [HTTPHeader] {
    /// Whether one of the headers of that name has the word in its list. Both are lower case already.
    func hasToken(_ word: StaticString, in name: StaticString) -> Bool {
        contains { header in
            header.name.equalsIgnoringCase(name)
                && header.value.split(separator: ",").contains { token in
                    token.drop { $0 == " " || $0 == "\t" }.prefix { $0 != " " && $0 != "\t" }.equalsIgnoringCase(word)
                }
        }
    }
}

extension UInt8 {
    static let cr: UInt8 = 13
    static let lf: UInt8 = 10
    static let space: UInt8 = 32
    static let tab: UInt8 = 9

    var hexValue: Int? {
        switch self {
        case 0x30...0x39: Int(self) - 0x30
        case 0x41...0x46: Int(self) - 0x41 + 10
        case 0x61...0x66: Int(self) - 0x61 + 10
        default: nil
        }
    }

    /// A byte of a token (RFC 9110, 5.6.2).
    var isTokenByte: Bool {
        switch self {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        case UInt8(ascii: "!"), UInt8(ascii: "#"), UInt8(ascii: "$"), UInt8(ascii: "%"), UInt8(ascii: "&"), UInt8(ascii: "'"), UInt8(ascii: "*"),
            UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "^"), UInt8(ascii: "_"), UInt8(ascii: "`"), UInt8(ascii: "|"),
            UInt8(ascii: "~"):
            true
        default: false
        }
    }

    /// A byte that may stand in a field's value (RFC 9110, 5.5).
    var isFieldByte: Bool { self == .tab || (self >= 0x20 && self != 0x7F) }
}

extension StringProtocol {
    /// ASCII comparison. `lowercase` is lower case already.
    func equalsIgnoringCase(_ lowercase: StaticString) -> Bool {
        guard utf8.count == lowercase.utf8CodeUnitCount else { return false }
        return lowercase.withUTF8Buffer { wanted in
            zip(utf8, wanted).allSatisfy { byte, want in byte == want || ((0x41...0x5A).contains(byte) && byte | 0x20 == want) }
        }
    }
}
