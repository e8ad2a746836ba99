/// Errors and methods as docs/CONTROL_API.md shows them, made from their declarations.
package enum MethodPage {
    package static var errors: String {
        var out = "\n| Code | Reason | Meaning |\n|---|---|---|\n"
        for code in ErrorCode.allCases {
            let reason = code.reason.hasSuffix("_") ? code.reason + "…" : code.reason
            out += "| \(code.rawValue) | `\(reason)` | \(code.meaning) |\n"
        }
        return out + "\n"
    }

    package static var methods: String {
        var out = "\n"
        for method in Methods.all {
            out += "### `\(method.name)` (\(method.role.name))\n\n\(method.summary)\n\n"
            out += table(method.fields)
            out += "Result: `\(method.result)`\n\n"
        }
        out += "### Items of `place`\n\n" + table(IntentItems.place)
        out += "### Items of `modify`\n\n" + table(IntentItems.modify)
        out += "### Items of `cancel`: a client order id, or\n\n" + table(IntentItems.cancel)
        return out
    }

    private static func table(_ fields: [Field]) -> String {
        if fields.isEmpty { return "" }
        var out = "| Parameter | Type | |\n|---|---|---|\n"
        for field in fields {
            let note = field.isRequired ? (field.note.isEmpty ? "required" : "required: \(field.note)") : field.note
            out += "| `\(field.name)` | \(words(field.type)) | \(note) |\n"
        }
        return out + "\n"
    }

    private static func words(_ type: FieldType) -> String {
        switch type {
        case .text(.freeText): "text"
        case .text: "name"
        case .integer(let range):
            switch (range.lowerBound, range.upperBound) {
            case (.min, .max): "integer"
            case (let low, .max): "integer from \(low)"
            case (let low, let high): "integer \(low)–\(high)"
            }
        case .bool: "boolean"
        case .word(let words): words.map { "`\($0)`" }.joined(separator: ", ")
        case .words(let words): words == Words.orderState ? "array of order states" : "array of " + words.joined(separator: ", ")
        case .names: "array of names"
        case .decimal: "decimal"
        case .items, .idsOrItems: "array, see below"
        }
    }
}
