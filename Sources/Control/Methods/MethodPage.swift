import OMSCore

/// The methods as docs/CONTROL_API.md shows them, made from the method table.
package enum MethodPage {
    package static var markdown: String {
        var out = "\n"
        for method in MethodTable.all {
            out += "### `\(method.name)` (\(method.role.name))\n\n\(method.summary)\n\n"
            out += table(method.fields)
            out += "Result: `\(method.result)`\n\n"
        }
        out += "### Items of `place`\n\n" + table(IntentFields.place)
        out += "### Items of `modify`\n\n" + table(IntentFields.modify)
        out += "### Items of `cancel`: a client order id, or\n\n" + table(IntentFields.cancel)
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
        case .words(let words): words == OrderState.allCases.map(\.rawValue) ? "array of order states" : "array of " + words.joined(separator: ", ")
        case .decimal: "decimal"
        case .items, .idsOrItems: "array, see below"
        }
    }
}
