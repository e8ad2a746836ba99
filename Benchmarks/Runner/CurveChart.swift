/// The curve as a chart that a page can show without any program: SVG, one panel a figure, its least and most written beside it.
struct CurveChart {
    let machine: String
    let closed: [CurveBench.Point]
    let live: [CurveBench.Point]

    private static let panel = (width: 340.0, height: 150.0)
    private static let margin = (left: 64.0, top: 46.0, right: 20.0, bottom: 40.0)

    var svg: String {
        let rows: [(String, (CurveBench.Point) -> Double)] = [
            ("accept of one order, by a commit in C", { $0.accept }), ("omsd CPU an order in hundreds, us", { $0.cpuUs }),
            ("orders a second, lifted", { $0.ordersASecond }),
        ]
        let columns = [("closed orders in the journal", closed), ("live orders", live)]
        let cell = (
            width: Self.margin.left + Self.panel.width + Self.margin.right, height: Self.margin.top + Self.panel.height + Self.margin.bottom
        )
        var out = """
            <svg xmlns="http://www.w3.org/2000/svg" width="\(Self.text(cell.width * 2))" height="\(Self.text(cell.height * 3 + 24))" \
            font-family="sans-serif" font-size="11" fill="#333">
            <rect width="100%" height="100%" fill="#fff"/>

            """
        for (row, (title, value)) in rows.enumerated() {
            for (column, (axis, points)) in columns.enumerated() {
                out += "<g transform=\"translate(\(Self.text(Double(column) * cell.width)) \(Self.text(Double(row) * cell.height)))\">\n"
                out += panel(title, axis, points.map { ($0.orders, value($0)) }) + "</g>\n"
            }
        }
        return out + "<text x=\"\(Self.text(Self.margin.left))\" y=\"\(Self.text(cell.height * 3 + 12))\">\(Self.escaped(machine))</text>\n</svg>\n"
    }

    /// Points stand at equal distances: sizes grow by tens. The scale begins at zero, so that a slope is seen as large as it is.
    private func panel(_ title: String, _ axis: String, _ points: [(orders: Int, value: Double)]) -> String {
        let most = max(points.map(\.value).max() ?? 1, 1e-9) * 1.15
        func x(_ index: Int) -> Double { Self.margin.left + Self.panel.width * (Double(index) + 0.5) / Double(max(1, points.count)) }
        func y(_ value: Double) -> Double { Self.margin.top + Self.panel.height * (1 - value / most) }
        let floor = Self.margin.top + Self.panel.height
        var out = "<text x=\"\(Self.text(Self.margin.left))\" y=\"20\" font-weight=\"bold\">\(Self.escaped(title))</text>\n"
        out += "<path d=\"M\(Self.text(Self.margin.left)) \(Self.text(floor))h\(Self.text(Self.panel.width))\" stroke=\"#999\" fill=\"none\"/>\n"
        let line = points.indices.map { "\(Self.text(x($0))) \(Self.text(y(points[$0].value)))" }.joined(separator: " ")
        out += "<polyline points=\"\(line)\" stroke=\"#1f6f8b\" stroke-width=\"2\" fill=\"none\"/>\n"
        for (index, point) in points.enumerated() {
            out += "<circle cx=\"\(Self.text(x(index)))\" cy=\"\(Self.text(y(point.value)))\" r=\"3\" fill=\"#1f6f8b\"/>\n"
            out += "<text x=\"\(Self.text(x(index)))\" y=\"\(Self.text(y(point.value) - 8))\" text-anchor=\"middle\">\(point.value.brief)</text>\n"
            out += "<text x=\"\(Self.text(x(index)))\" y=\"\(Self.text(floor + 14))\" text-anchor=\"middle\">\(Double(point.orders).brief)</text>\n"
        }
        let middle = Self.text(Self.margin.left + Self.panel.width / 2)
        return out + "<text x=\"\(middle)\" y=\"\(Self.text(floor + 30))\" text-anchor=\"middle\" fill=\"#777\">\(Self.escaped(axis))</text>\n"
    }

    private static func text(_ number: Double) -> String {
        let tenths = Int64((number * 10).rounded())
        return tenths % 10 == 0 ? "\(tenths / 10)" : "\(tenths / 10).\(abs(tenths % 10))"
    }

    private static func escaped(_ text: String) -> String {
        String(text.map { ["<": "&lt;", ">": "&gt;", "&": "&amp;"][$0] ?? String($0) }.joined())
    }
}
