import Glibc

/// Values of a statement's parameters as libpq takes them: texts end with a zero, bytes are in binary form.
struct Parameters {
    private var bytes: [UInt8] = []
    private var starts: [Int] = []
    private var lengths: [Int32] = []
    private var formats: [Int32] = []

    init(_ values: [PostgresConnection.Parameter]) {
        for value in values {
            starts.append(bytes.count)
            switch value {
            // A zero in it would end it early: PostgreSQL has none in texts.
            case .text(let text): bytes += text.utf8.filter { $0 != 0 }
            case .number(let number): bytes += String(number).utf8
            case .flag(let flag): bytes += (flag ? "true" : "false").utf8
            case .bytes(let raw): bytes += raw
            }
            lengths.append(Int32(bytes.count - (starts.last ?? 0)))
            if case .bytes = value { formats.append(1) } else { formats.append(0) }
            bytes.append(0)
        }
    }

    /// They live as long as the call: libpq copies what it sends.
    func hand(
        _ body: (UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<Int32>?, UnsafePointer<Int32>?, Int32) -> Bool
    ) -> Bool {
        bytes.withUnsafeBytes { all in
            let values: [UnsafePointer<CChar>?] = starts.map { start in all.baseAddress.map { ($0 + start).assumingMemoryBound(to: CChar.self) } }
            return body(values, lengths, formats, Int32(starts.count))
        }
    }
}
