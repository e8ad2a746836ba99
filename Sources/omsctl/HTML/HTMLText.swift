/// Markup under construction: literals are markup, whatever is interpolated is text and cannot become any.
///
/// `"<td>\(name)</td>"` shows the name as it is, whatever stands in it. `\(outside: text)` is for words of venues and people between tags: they keep
/// to themselves whichever way their letters run.
struct HTMLText: ExpressibleByStringInterpolation, CustomStringConvertible {
    private(set) var markup: String
    var description: String { markup }

    init(stringLiteral value: String) { markup = value }
    init(stringInterpolation: Interpolation) { markup = stringInterpolation.markup }
    init() { markup = "" }

    struct Interpolation: StringInterpolationProtocol {
        fileprivate var markup = ""
        init(literalCapacity: Int, interpolationCount: Int) { markup.reserveCapacity(literalCapacity + 16 * interpolationCount) }
        mutating func appendLiteral(_ literal: String) { markup += literal }
        mutating func appendInterpolation(_ text: String) { markup += text.escapedForHTML }
        mutating func appendInterpolation(_ number: Int) { markup += String(number) }
        mutating func appendInterpolation(outside text: String) { markup += "<bdi>" + text.escapedForHTML + "</bdi>" }
        /// `12,345`
        mutating func appendInterpolation(grouped number: Int) { markup += ReportTime.grouped(number) }
        mutating func appendInterpolation(moment micros: Int64) { markup += ReportTime.moment(micros) }
        mutating func appendInterpolation(duration micros: Int64) { markup += ReportTime.duration(micros) }
        mutating func appendInterpolation(length micros: Int64) { markup += ReportTime.length(micros) }
        mutating func appendInterpolation(_ inner: HTMLText) { markup += inner.markup }
    }

    static func += (left: inout HTMLText, right: HTMLText) { left.markup += right.markup }
    static func + (left: HTMLText, right: HTMLText) -> HTMLText {
        var both = left
        both.markup += right.markup
        return both
    }

    /// One behind the other.
    init(_ parts: some Sequence<HTMLText>) { markup = parts.map(\.markup).joined() }
}

extension StringProtocol {
    /// As text between tags or within quotes. Control characters, and those that turn the direction of what follows, are written out.
    var escapedForHTML: String {
        var out = ""
        for scalar in escapedForTerminal.unicodeScalars {
            switch scalar {
            case "&": out += "&amp;"
            case "<": out += "&lt;"
            case ">": out += "&gt;"
            case "\"": out += "&quot;"
            case "'": out += "&#39;"
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out
    }
}
