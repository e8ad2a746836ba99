/// A table of the page. Columns whose heading begins with `>` are numbers, aligned right; with `=` they do not break; with `+` they are long words.
struct ReportTable {
    private let headings: [(text: String, kind: String)]
    private var rows: [HTMLText] = []

    init(_ headings: [String]) {
        self.headings = headings.map { heading in
            switch heading.first {
            case ">": (String(heading.dropFirst()), "n")
            case "=": (String(heading.dropFirst()), "t")
            case "+": (String(heading.dropFirst()), "w")
            default: (heading, "")
            }
        }
    }

    var count: Int { rows.count }

    /// - Parameter isSum: the last row, of all others together.
    mutating func add(_ cells: [HTMLText], isSum: Bool = false) {
        var row: HTMLText = isSum ? "<tr class=\"sum\">" : "<tr>"
        for (cell, heading) in zip(cells, headings) { row += "<td class=\"\(heading.kind)\">\(cell)</td>" }
        row += "</tr>\n"
        rows.append(row)
    }

    /// - Parameters:
    ///   - shown: So many rows stand on the page at once; the others open at a click.
    ///   - without: What is said where there is no row.
    func html(shown: Int = 40, without: HTMLText) -> HTMLText {
        guard !rows.isEmpty else { return "<p class=\"soft\">\(without)</p>\n" }
        let first = table(rows.prefix(shown))
        guard rows.count > shown else { return first }
        return "\(first)<details><summary>\(grouped: rows.count - shown) more</summary>\(table(rows.dropFirst(shown)))</details>\n"
    }

    private func table(_ rows: ArraySlice<HTMLText>) -> HTMLText {
        var head = HTMLText()
        for heading in headings { head += "<th class=\"\(heading.kind)\" scope=\"col\">\(heading.text)</th>" }
        return "<div class=\"wide\" tabindex=\"0\"><table><thead><tr>\(head)</tr></thead><tbody>\n\(HTMLText(rows))</tbody></table></div>\n"
    }
}
