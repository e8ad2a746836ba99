import Kernel
import OMSCore
import Wire

/// The parameters of one call, after every member was checked against the method's fields. An explicit null counts as absent.
struct Parameters {
    private let value: JSON

    /// - Parameter path: How an error names the object, `params`.
    /// - Throws: -32602 naming the path of the first wrong field.
    init(_ value: JSON?, fields: [Field], path: String = "params") throws(ControlError) {
        self.value = value ?? .object([])
        guard let members = self.value.object else {
            throw .invalidParams("\(path): should be an object with named members")
        }
        for (name, value) in members {
            guard let field = fields.first(where: { $0.name == name }) else { throw .invalidParams(Self.unknown(name, fields: fields, path: path)) }
            if value.isNull, !field.isRequired { continue }
            if let problem = field.type.problem(with: value) { throw .invalidParams("\(path).\(name): \(problem)") }
        }
        for field in fields where field.isRequired && self.value[field.name] == nil {
            throw .invalidParams("\(path).\(field.name): is missing")
        }
    }

    static func unknown(_ name: String, fields: [Field], path: String) -> String {
        let hint =
            closest(to: name, among: fields.map(\.name)).map { "; did you mean \($0)?" }
            ?? (fields.isEmpty ? "; no members are known here" : "; known are \(fields.map(\.name).joined(separator: ", "))")
        return "\(path).\(String(name.prefix(64)).escapedForLog): unknown field\(hint)"
    }

    func text(_ name: String) -> String? { value[name]?.string }
    func integer(_ name: String) -> Int64? { if case .number(let text)? = value[name] { Int64(text) } else { nil } }
    func bool(_ name: String) -> Bool { value[name]?.bool ?? false }
    func list(_ name: String) -> [JSON] { value[name]?.array ?? [] }

    /// A required text, which the checks have seen.
    func requiredText(_ name: String) throws(ControlError) -> String {
        guard let text = text(name) else { throw .invalidParams("params.\(name): is missing") }
        return text
    }

    func requiredInteger(_ name: String) throws(ControlError) -> Int64 {
        guard let number = integer(name) else { throw .invalidParams("params.\(name): is missing") }
        return number
    }

    var account: AccountID? { text("account").map { AccountID($0) } }
    var symbol: Symbol? { text("symbol").map { Symbol($0) } }
    /// Rows a page, 100 unless asked otherwise.
    var limit: Int { integer("limit").map { Int($0) } ?? 100 }

    /// The order filter of `order.list` and `fill.list`.
    var orderFilter: OrderFilter {
        var filter = OrderFilter()
        filter.account = account
        filter.symbol = symbol
        if value["states"]?.array != nil { filter.states = list("states").compactMap { $0.string.flatMap { OrderState(rawValue: $0) } } }
        filter.intentID = text("intent_id").map { IntentID($0) }
        filter.clientOrderID = text("client_order_id").map { ClientOrderID($0) }
        filter.isOpen = value["open"]?.bool
        if value["kinds"]?.array != nil { filter.breakKinds = list("kinds").compactMap { $0.string.flatMap { BreakKind(rawValue: $0) } } }
        filter.after = integer("after")
        filter.limit = limit
        return filter
    }
}
