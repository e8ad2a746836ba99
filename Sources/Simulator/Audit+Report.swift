import Wire

extension Audit {
    /// How many findings a table names; the JSON form names all.
    package static let findingsShown = 20

    /// The lines as an aligned table, then what must not be.
    package var table: String {
        var rows = [["venue", "intended", "placed", "not placed", "lost", "twice", "open", "executions", "limits"]]
        for line in lines {
            let counts = [line.intended, line.placed, line.notPlaced, line.lost, line.twice, line.open, line.executions].map { String($0) }
            rows.append([line.venue] + counts + [line.overLimit == 0 ? "kept" : "\(line.overLimit) over"])
        }
        let widths = rows[0].indices.map { column in rows.map { $0[column].utf8.count }.max() ?? 0 }
        var text = ""
        for row in rows {
            var cells: [String] = []
            for (column, cell) in row.enumerated() {
                let fill = String(repeating: " ", count: widths[column] - cell.utf8.count)
                // Names stand left, numbers right.
                cells.append(column == 0 || column == row.count - 1 ? cell + fill : fill + cell)
            }
            var line = cells.joined(separator: "  ")
            while line.hasSuffix(" ") { line.removeLast() }
            text += line + "\n"
        }
        for finding in findings.prefix(Self.findingsShown) {
            text += "\(finding.venue) \(finding.id.escapedForLog): \(finding.problem.escapedForLog)\n"
        }
        if findings.count > Self.findingsShown { text += "and \(findings.count - Self.findingsShown) more\n" }
        return text + (holds ? "every order is where the journal says, once\n" : "\(findings.count) findings\n")
    }

    /// `{holds, venues:[{venue, intended, placed, not_placed, lost, twice, open, executions, over_limit}], findings:[{venue, id, problem}]}`
    package var json: [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("holds", holds)
        writer.key("venues")
        writer.beginArray()
        for line in lines {
            writer.beginObject()
            writer.member("venue", line.venue)
            writer.member("intended", line.intended)
            writer.member("placed", line.placed)
            writer.member("not_placed", line.notPlaced)
            writer.member("lost", line.lost)
            writer.member("twice", line.twice)
            writer.member("open", line.open)
            writer.member("executions", line.executions)
            writer.member("over_limit", line.overLimit)
            writer.endObject()
        }
        writer.endArray()
        writer.key("findings")
        writer.beginArray()
        for finding in findings {
            writer.beginObject()
            writer.member("venue", finding.venue)
            writer.member("id", finding.id)
            writer.member("problem", finding.problem)
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
        return writer.bytes
    }
}
