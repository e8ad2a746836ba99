import Kernel
import OMSCore
import Wire

/// Collects what is wrong while a file is read, so that all of it can be told at once.
final class ConfigurationReader {
    let file: String
    private let bytes: [UInt8]
    private var found: [(offset: Int, problem: ConfigurationProblem)] = []

    init(file: String, bytes: [UInt8]) { (self.file, self.bytes) = (file, bytes) }

    /// In the order of the file.
    var problems: [ConfigurationProblem] { found.sorted { $0.offset < $1.offset }.map(\.problem) }

    func place(of key: String, at offset: Int) -> ConfigurationPlace {
        let (line, column) = JSONParser.place(of: offset, in: bytes)
        return ConfigurationPlace(line: line, column: column, key: key)
    }

    func report(_ problem: String, key: String, at offset: Int) {
        let place = place(of: offset)
        found.append((offset, ConfigurationProblem(file: file, line: place.line, column: place.column, key: key, problem: problem)))
    }

    func place(of offset: Int) -> FilePlace {
        let (line, column) = JSONParser.place(of: offset, in: bytes)
        return FilePlace(line: line, column: column)
    }

    /// The text as an object of these keys; reports what stands in it beside them.
    func document(_ options: JSONParser.Options, keys: [String]) -> ConfigurationSection? {
        do throws(JSONError) {
            return section(try JSONParser.parseLocated(bytes, options: options), key: "", keys: keys)
        } catch {
            found.append(
                (error.offset, ConfigurationProblem(file: file, line: error.line, column: error.column, key: "", problem: error.problem)))
            return nil
        }
    }

    /// An object. `keys` nil: any name may stand in it. Reports another type, unknown keys with a suggestion, and keys that stand twice.
    func section(_ node: LocatedJSON, key: String, keys: [String]?) -> ConfigurationSection? {
        guard case .object(let members) = node.kind else {
            report("an object should stand here, not \(node.typeName)", key: key, at: node.offset)
            return nil
        }
        let section = ConfigurationSection(reader: self, key: key, offset: node.offset, members: members)
        var seen: Set<String> = []
        for member in members {
            let name = section.name(of: member.key)
            if !seen.insert(member.key).inserted { report("the key stands twice", key: name, at: member.keyOffset) }
            guard let keys, !keys.contains(member.key) else { continue }
            let hint = closest(to: member.key, among: keys).map { "; did you mean \($0)?" } ?? "; known here: \(keys.joined(separator: ", "))"
            report("unknown key\(hint)", key: name, at: member.keyOffset)
        }
        return section
    }
}

extension LocatedJSON {
    /// For an error message.
    var typeName: String {
        switch kind {
        case .null: "null"
        case .bool: "true or false"
        case .number: "a number"
        case .string: "a string"
        case .array: "a list"
        case .object: "an object"
        }
    }
}

/// One object of a configuration. Each reading reports what is wrong and answers nil then, as it does for a key that is absent or null.
struct ConfigurationSection {
    let reader: ConfigurationReader
    /// The object's own place, for example `accounts.mm-az`; empty for the whole file.
    let key: String
    let offset: Int
    let members: [LocatedJSON.Member]

    func name(of member: String) -> String { (key.isEmpty ? "" : key + ".") + String(member.prefix(64)).escapedForLog }

    /// The first member of that name that is not null.
    func member(_ name: String) -> LocatedJSON? {
        guard let value = members.first(where: { $0.key == name })?.value else { return nil }
        if case .null = value.kind { return nil }
        return value
    }

    func report(_ problem: String, _ name: String) {
        let place = members.first { $0.key == name }
        reader.report(problem, key: self.name(of: name), at: place?.value.offset ?? offset)
    }

    func place(of name: String) -> FilePlace? {
        member(name).map { reader.place(of: $0.offset) }
    }

    /// As `member`, but reports an absent one.
    func required(_ name: String) -> LocatedJSON? {
        let value = member(name)
        if value == nil { report(members.contains { $0.key == name } ? "must not be null" : "the key is missing", name) }
        return value
    }

    private func wrongType(_ wanted: String, _ node: LocatedJSON, _ name: String) {
        reader.report("\(wanted) should stand here, not \(node.typeName)", key: self.name(of: name), at: node.offset)
    }

    func section(_ name: String, keys: [String]?) -> ConfigurationSection? {
        member(name).flatMap { reader.section($0, key: self.name(of: name), keys: keys) }
    }

    func requiredSection(_ name: String, keys: [String]?) -> ConfigurationSection? {
        required(name).flatMap { reader.section($0, key: self.name(of: name), keys: keys) }
    }

    /// Text that is not empty.
    func text(_ name: String, isRequired: Bool = false) -> String? {
        guard let node = isRequired ? required(name) : member(name) else { return nil }
        guard case .string(let text) = node.kind else {
            wrongType("a string", node, name)
            return nil
        }
        guard !text.isEmpty else {
            report("must not be empty", name)
            return nil
        }
        guard !text.utf8.contains(0) else {
            report("must not hold a NUL character", name)
            return nil
        }
        return text
    }

    func integer(_ name: String, in range: ClosedRange<Int64>) -> Int64? {
        guard let node = member(name) else { return nil }
        guard case .number(let text) = node.kind else {
            wrongType("a whole number", node, name)
            return nil
        }
        guard let number = Self.whole(text), range.contains(number) else {
            report("\(text.prefix(40)) is not a whole number in \(range.lowerBound)...\(range.upperBound)", name)
            return nil
        }
        return number
    }

    /// A number's value if it is whole, however it is written: 5000, 5000.0, 5e3.
    static func whole(_ text: String) -> Int64? {
        if let plain = Int64(text) { return plain }
        let parts = text.split(maxSplits: 1, omittingEmptySubsequences: false) { $0 == "e" || $0 == "E" }
        let mantissa = parts[0].split(separator: ".", omittingEmptySubsequences: false)
        let fraction = mantissa.count > 1 ? mantissa[1] : ""
        guard let exponent = parts.count > 1 ? Int(parts[1]) : 0, (-39...39).contains(exponent) else { return nil }
        let point = fraction.count - exponent
        let digits = mantissa[0] + fraction
        guard point > 0 else { return digits.count - point > 20 ? nil : Int64(digits + String(repeating: "0", count: -point)) }
        guard digits.suffix(point).allSatisfy({ $0 == "0" }) else { return nil }
        let whole = digits.dropLast(point)
        return whole.isEmpty || whole == "-" ? 0 : Int64(whole)
    }

    func count(_ name: String, in range: ClosedRange<Int>) -> Int? {
        integer(name, in: Int64(range.lowerBound)...Int64(range.upperBound)).map { Int($0) }
    }

    func bool(_ name: String) -> Bool? {
        guard let node = member(name) else { return nil }
        guard case .bool(let value) = node.kind else {
            wrongType("true or false", node, name)
            return nil
        }
        return value
    }

    /// One word of a closed list.
    func choice<Choice: RawRepresentable & CaseIterable>(_ name: String, _ type: Choice.Type) -> Choice? where Choice.RawValue == String {
        guard let word = text(name) else { return nil }
        guard let choice = Choice(rawValue: word) else {
            let known = Choice.allCases.map(\.rawValue)
            let hint = closest(to: word, among: known).map { "; did you mean \"\($0)\"?" } ?? ""
            report("must be one of \(known.joined(separator: ", "))\(hint)", name)
            return nil
        }
        return choice
    }

    /// An exact decimal above zero, as text or as a number in plain notation.
    func positiveDecimal(_ name: String) -> Decimal? { decimal(name, "a decimal above zero") { $0.isPositive } }

    /// Of either sign.
    func decimal(_ name: String) -> Decimal? { decimal(name, "a decimal") { _ in true } }

    private func decimal(_ name: String, _ what: String, isGood: (Decimal) -> Bool) -> Decimal? {
        guard let node = member(name) else { return nil }
        switch node.kind {
        case .string(let text), .number(let text):
            guard let value = Decimal(text), isGood(value) else {
                report("must be \(what) in plain notation", name)
                return nil
            }
            return value
        case .null, .bool, .array, .object:
            wrongType("a decimal", node, name)
            return nil
        }
    }

    /// A list, with each item's own key.
    func list(_ name: String) -> [(key: String, node: LocatedJSON)]? {
        guard let node = member(name) else { return nil }
        guard case .array(let items) = node.kind else {
            wrongType("a list", node, name)
            return nil
        }
        return items.enumerated().map { ("\(self.name(of: name))[\($0.offset)]", $0.element) }
    }

    /// A list of texts that are not empty.
    func texts(_ name: String) -> [(key: String, text: String, offset: Int)]? {
        list(name)?.compactMap { item in
            guard case .string(let text) = item.node.kind, !text.isEmpty else {
                reader.report("a string that is not empty should stand here, not \(item.node.typeName)", key: item.key, at: item.node.offset)
                return nil
            }
            return (item.key, text, item.node.offset)
        }
    }
}
