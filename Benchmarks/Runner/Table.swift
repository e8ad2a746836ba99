import Wire

/// The figures for people, and for programs.
struct Table {
    let machine: [(name: String, value: String)]
    let figures: [Figure]

    var text: String {
        var out = machine.map { "\($0.name): \($0.value)" }.joined(separator: "\n") + "\n\n"
        let header = ["figure", "measured", "limit", "ratio", "target", "met"]
        let rows = figures.map { figure in
            [
                figure.name, "\(figure.value.brief) \(figure.unit)", figure.limit.map { $0.value.brief } ?? "-", figure.ratio?.brief ?? "-",
                figure.target,
                figure.isMet ? "yes" : "NO",
            ]
        }
        let widths = header.indices.map { column in ([header] + rows).map { $0[column].count }.max() ?? 0 }
        func line(_ cells: [String]) -> String {
            let padded = cells.enumerated().map { $1 + String(repeating: " ", count: widths[$0] - $1.count) }.joined(separator: "  ")
            return String(padded.reversed().drop { $0 == " " }.reversed()) + "\n"
        }
        out += line(header) + line(widths.map { String(repeating: "-", count: $0) })
        for row in rows { out += line(row) }
        out += "\n"
        for figure in figures where figure.limit != nil || !figure.notes.isEmpty {
            out += figure.name + "\n"
            if let limit = figure.limit { out += "  limit: \(limit.name)\n" }
            for note in figure.notes { out += "  \(note.name): \(note.value)\n" }
        }
        return out
    }

    var json: String {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("machine")
        writer.beginObject()
        for item in machine { writer.member(item.name, item.value) }
        writer.endObject()
        writer.key("figures")
        writer.beginArray()
        for figure in figures {
            writer.beginObject()
            writer.member("name", figure.name)
            writer.key("value")
            writer.raw(Self.number(figure.value).utf8)
            writer.member("unit", figure.unit)
            if let limit = figure.limit {
                writer.key("limit")
                writer.raw(Self.number(limit.value).utf8)
                writer.member("limit_name", limit.name)
            }
            if let ratio = figure.ratio {
                writer.key("ratio")
                writer.raw(Self.number(ratio).utf8)
            }
            writer.member("target", figure.target)
            writer.member("met", figure.isMet)
            writer.key("notes")
            writer.beginObject()
            for note in figure.notes { writer.member(note.name, note.value) }
            writer.endObject()
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
        return String(decoding: writer.bytes, as: UTF8.self) + "\n"
    }

    /// JSON knows no NaN.
    private static func number(_ value: Double) -> String { value.isFinite ? "\(value)" : "null" }
}
