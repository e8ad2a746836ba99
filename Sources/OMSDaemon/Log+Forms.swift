/// The forms that a line takes. In each, everything that is not printable ASCII is written as JSON escapes it: nothing from outside ends a line, steers a terminal
/// or looks like a field.
extension Log.Line {
    /// Bytes of one value that are written: what a venue says may be long.
    static let valueMax = 4_096

    /// `message key="value" …`: what a person reads in systemd's journal.
    var text: String { Self.escaped(message) + fields.map { " \($0.key)=\(Self.quoted($0.value))" }.joined() }

    /// `time=… level=… event=… msg="…" key="value" …`
    ///
    /// Source: quoting as go-logfmt reads it.
    func logfmt(at wall_us: Int64) -> String {
        "time=\(Log.timestamp(wall_us)) level=\(level.rawValue) event=\(event.rawValue) msg=\(Self.quoted(message))"
            + fields.map { " \($0.key)=\(Self.quoted($0.value))" }.joined()
    }

    /// One object, the same members.
    func json(at wall_us: Int64) -> String {
        let own: [Log.Field] = [("time", Log.timestamp(wall_us)), ("level", level.rawValue), ("event", event.rawValue), ("msg", message)]
        return "{" + (own + fields).map { "\"\($0.key)\":\(Self.quoted($0.value))" }.joined(separator: ",") + "}"
    }

    /// As systemd's journal takes it: a field a line.
    ///
    /// Source: systemd.journal-fields(7), and "Native Journal Protocol" of systemd.io (2024).
    var journalMessage: String {
        let own = [("MESSAGE", text), ("PRIORITY", String(level.priority)), ("SYSLOG_IDENTIFIER", "omsd"), ("OMSD_EVENT", event.rawValue)]
        let rest = fields.map { ("OMSD_" + $0.key.uppercased(), Self.escaped($0.value)) }
        return (own + rest).map { "\($0.0)=\($0.1)\n" }.joined()
    }

    static func repeated(_ count: Int, of subject: String) -> Self {
        Self(.warning, .repeated, "more of the same were not written", [("subject", subject), ("lines", String(count)), ("within_s", "60")])
    }

    private static func quoted(_ text: String) -> String { "\"\(escaped(text))\"" }

    private static func escaped(_ text: String) -> String {
        var out = ""
        for unit in text.utf16 {
            guard out.utf8.count < valueMax else { return out + "..." }
            switch unit {
            case 0x22: out += "\\\""
            case 0x5C: out += "\\\\"
            case 0x20..<0x7F: out.unicodeScalars.append(Unicode.Scalar(UInt8(unit)))
            default:
                let digits = String(unit, radix: 16)
                out += "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
            }
        }
        return out
    }
}
