import ControlAPI
import Kernel
import OMSCore
import Wire

/// Reads an intent from a parsed document, naming everything that is wrong with its items. The reference for ``IntentScanner``.
enum IntentDecoder {
    /// Wrong items named in one answer; the message tells how many more there are.
    static let detailsMax = 1_000

    static func command(_ parameters: IntentSubmit.Parameters) throws(ControlError) -> ControlCommand {
        submission(of: try intent(parameters))
    }

    static func submission(of intent: Intent) -> ControlCommand {
        .submit(intent, content: AskedContent(intent) { Digest256(sha256($0)) })
    }

    /// - Throws: -32602 where the object itself is wrong, 1003 with details where items are.
    static func intent(_ parameters: IntentSubmit.Parameters) throws(ControlError) -> Intent {
        var intent = Intent(account: AccountID(parameters.account), id: parameters.intentID.map { IntentID($0) })
        intent.expiresAt = parameters.expiresAt
        intent.tag = parameters.tag.map { Tag($0) }
        intent.dryRun = parameters.dryRun ?? false
        var findings = Findings()
        if let word = parameters.sequence {
            if let sequence = IntentSequence(rawValue: word) {
                intent.sequence = sequence
            } else {
                let words = IntentSequence.allCases.map(\.rawValue)
                findings.add(.init(list: "intent", index: 0, field: "sequence", problem: FieldType.wording(of: words, asked: word)))
            }
        }
        let (place, modify, cancel) = (parameters.place ?? [], parameters.modify ?? [], parameters.cancel ?? [])
        let count = place.count + modify.count + cancel.count
        guard count > 0 else { throw .invalidParams("params: an intent needs at least one item in place, modify or cancel") }
        guard count <= Intent.itemsMax else {
            throw .invalidOrder([
                .init(
                    list: "intent", index: 0, field: "place",
                    problem: "holds \(count) items with modify and cancel; at most \(Intent.itemsMax) fit in one intent")
            ])
        }
        intent.place.reserveCapacity(place.count)
        for (index, item) in place.enumerated() {
            if let read = placeItem(item, index, &findings) { intent.place.append(read) }
        }
        for (index, item) in modify.enumerated() {
            if let read = modifyItem(item, index, &findings) { intent.modify.append(read) }
        }
        for (index, item) in cancel.enumerated() {
            if let read = cancelItem(item, index, &findings) { intent.cancel.append(read) }
        }
        if findings.isEmpty, let index = intent.repeatedClientOrderID {
            findings.add(.init(list: "place", index: index, field: "client_order_id", problem: "an earlier item of this intent has the same"))
        }
        if let error = findings.error { throw error }
        return intent
    }

    private static func placeItem(_ value: JSON, _ index: Int, _ findings: inout Findings) -> PlaceItem? {
        var draft = PlaceDraft()
        var reader = ItemReader(value, list: "place", fields: PlaceDraft.table.fields)
        reader.read(PlaceDraft.table, into: &draft)
        let item = reader.isObject ? draft.item(unread: reader.unread, problems: &reader.problems) : nil
        findings.add(reader.problems, list: "place", index: index)
        return item
    }

    private static func modifyItem(_ value: JSON, _ index: Int, _ findings: inout Findings) -> ModifyItem? {
        var draft = ModifyDraft()
        var reader = ItemReader(value, list: "modify", fields: ModifyDraft.table.fields)
        reader.read(ModifyDraft.table, into: &draft)
        let item = reader.isObject ? draft.item(unread: reader.unread, problems: &reader.problems) : nil
        findings.add(reader.problems, list: "modify", index: index)
        return item
    }

    private static func cancelItem(_ value: JSON, _ index: Int, _ findings: inout Findings) -> CancelItem? {
        if case .string(let id) = value {
            if TextRule.clientOrderID.allows(id) { return .order(ClientOrderID(id)) }
            findings.add([OrderProblem("client_order_id", TextRule.clientOrderID.wording)], list: "cancel", index: index)
            return nil
        }
        var draft = CancelDraft()
        var reader = ItemReader(value, list: "cancel", fields: CancelDraft.table.fields)
        reader.read(CancelDraft.table, into: &draft)
        let item = draft.item(problems: &reader.problems)
        findings.add(reader.problems, list: "cancel", index: index)
        return item
    }
}

/// What was found wrong with the items of one intent.
private struct Findings {
    private var details: [ControlError.Detail] = []
    private var count = 0
    var isEmpty: Bool { count == 0 }

    mutating func add(_ detail: ControlError.Detail) {
        count += 1
        if details.count < IntentDecoder.detailsMax { details.append(detail) }
    }

    mutating func add(_ problems: [OrderProblem], list: String, index: Int) {
        for problem in problems { add(.init(list: list, index: index, field: problem.field, problem: problem.problem)) }
    }

    var error: ControlError? {
        guard count > 0 else { return nil }
        let error = ControlError.invalidOrder(details)
        guard count > 1 else { return error }
        let rest = count > details.count ? "the first \(details.count) of them in details" : "all in details"
        return ControlError(
            code: error.code, reason: error.reason, message: error.message + " (\(count) problems, \(rest))", retryable: error.retryable,
            details: details)
    }
}

/// Reads the members of one item, collecting problems instead of stopping at the first.
private struct ItemReader {
    private let value: JSON
    private let fields: [Field]
    private(set) var unread: Set<String> = []
    var problems: [OrderProblem] = []
    let isObject: Bool

    init(_ value: JSON, list: String, fields: [Field]) {
        (self.value, self.fields, self.isObject) = (value, fields, value.object != nil)
        guard let members = value.object else {
            problems = [OrderProblem("item", list == "cancel" ? "should be a client order id or an object" : "should be an object")]
            return
        }
        for (name, value) in members {
            guard let field = fields.first(where: { $0.name == name }) else {
                let hint = closest(to: name, among: fields.map(\.name)).map { "; did you mean \($0)?" } ?? ""
                problems.append(OrderProblem(String(name.prefix(64)).escapedForLog, "unknown field\(hint)"))
                continue
            }
            if value.isNull, !field.isRequired { continue }
            if let problem = field.type.problem(with: value) {
                unread.insert(name)
                problems.append(OrderProblem(name, problem))
            }
        }
    }

    /// Every member that is there and right, to its place.
    mutating func read<Draft>(_ table: ItemTable<Draft>, into draft: inout Draft) {
        for (field, put) in zip(table.fields, table.puts) where !unread.contains(field.name) {
            switch put {
            case .text(let put): if let text = value[field.name]?.string { put(&draft, text) }
            case .decimal(let put): if let decimal = decimal(field.name) { put(&draft, decimal) }
            case .flag(let put): if let flag = value[field.name]?.bool { put(&draft, flag) }
            case .scanned: preconditionFailure("\(field.name) is no member of an item")
            }
        }
    }

    private mutating func decimal(_ name: String) -> Decimal? {
        guard let member = value[name], !member.isNull else { return nil }
        if let text = member.text, let decimal = Decimal(text) { return decimal }
        unread.insert(name)
        problems.append(OrderProblem(name, Self.problem(withDecimal: member)))
        return nil
    }

    private static func problem(withDecimal value: JSON) -> String {
        switch value {
        case .number(let text) where text.utf8.contains { $0 | 0x20 == UInt8(ascii: "e") }:
            "a number with an exponent is refused; write it out, best as a string"
        case .number, .string: "should be a plain decimal like \"39000.5\", with at most 18 decimal places and below 1.7e20"
        case .null, .bool, .array, .object: "should be a decimal string like \"39000.5\""
        }
    }
}
