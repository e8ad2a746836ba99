/// The words behind a program's name or verb, taken apart into options, their values, and operands. Pure: what is wrong with them is a value too, which
/// each program says in its own words.
///
/// `--name VALUE` and `--name=VALUE` are the same. Options may stand in any order and among operands; behind `--` all are operands, where there may be any.
package struct CommandWords: Equatable, Sendable {
    package struct Option: Equatable, Sendable {
        package let name: String
        package let takesValue: Bool
        /// May stand more than once.
        package let repeats: Bool

        package init(_ name: String, takesValue: Bool, repeats: Bool = false) {
            (self.name, self.takesValue, self.repeats) = (name, takesValue, repeats)
        }
    }

    package enum Problem: Error, Equatable, Sendable {
        /// An option of no name that is known, and the known one that may be meant.
        case unknown(word: String, name: String, near: String?)
        /// An operand where there are none.
        case misplaced(String)
        case valueMissing(String)
        case valueNotTaken(String)
        case twice(String)
    }

    package private(set) var operands: [String] = []
    private var values: [String: [String]] = [:]

    /// - Parameters:
    ///   - alsoKnown: Names that are understood elsewhere and may be meant.
    ///   - takesEmptyValues: False: an empty value is a missing one.
    package init(
        _ words: some Sequence<String>, options: [Option], alsoKnown: [String] = [], takesOperands: Bool = false, takesEmptyValues: Bool = false
    ) throws(Problem) {
        var rest = Array(words)[...]
        var isLiteral = false
        while let word = rest.popFirst() {
            if isLiteral || !word.hasPrefix("-") || word == "-" {
                guard takesOperands else { throw .misplaced(word) }
                operands.append(word)
                continue
            }
            if takesOperands, word == "--" {
                isLiteral = true
                continue
            }
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            let name = parts[0]
            guard let option = options.first(where: { $0.name == name }) else {
                throw .unknown(word: word, name: name, near: closest(to: name, among: options.map(\.name) + alsoKnown))
            }
            guard option.repeats || values[name] == nil else { throw .twice(name) }
            guard option.takesValue else {
                guard parts.count == 1 else { throw .valueNotTaken(name) }
                values[name] = []
                continue
            }
            guard let value = parts.count == 2 ? parts[1] : rest.popFirst(), takesEmptyValues || !value.isEmpty else { throw .valueMissing(name) }
            values[name, default: []].append(value)
        }
    }

    package func has(_ name: String) -> Bool { values[name] != nil }
    /// The value of an option, the last one where it stands more than once.
    package func text(_ name: String) -> String? { values[name]?.last }
    package func texts(_ name: String) -> [String] { values[name] ?? [] }
}
