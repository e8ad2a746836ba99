import Wire

/// The machine-readable description of the protocol, made from their declarations.
///
/// Source: OpenRPC 1.3, https://spec.open-rpc.org (method, params, paramStructure, extensions `x-`).
package enum OpenRPC {
    package static let document: [UInt8] = made()

    private static func made() -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("openrpc", "1.3.2")
        writer.key("info")
        writer.beginObject()
        writer.member("title", "omsd control protocol")
        writer.member("version", "1")
        writer.endObject()
        writer.key("methods")
        writer.beginArray()
        for method in Methods.all { write(method, into: &writer) }
        writer.endArray()
        writer.endObject()
        return writer.bytes
    }

    private static func write(_ method: any Method.Type, into writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("name", method.name)
        writer.member("summary", method.summary)
        writer.member("paramStructure", "by-name")
        writer.member("x-role", method.role.name)
        writer.member("x-changes", method.isMutating)
        writer.key("params")
        writer.beginArray()
        for field in method.fields {
            writer.beginObject()
            writer.member("name", field.name)
            writer.member("required", field.isRequired)
            if !field.note.isEmpty { writer.member("description", field.note) }
            writer.key("schema")
            schema(field.type, into: &writer)
            writer.endObject()
        }
        writer.endArray()
        writer.key("result")
        writer.beginObject()
        writer.member("name", "result")
        writer.member("description", method.result)
        writer.key("schema")
        writer.beginObject()
        writer.member("type", "object")
        writer.endObject()
        writer.endObject()
        writer.endObject()
    }

    private static func schema(_ type: FieldType, into writer: inout JSONWriter) {
        writer.beginObject()
        switch type {
        case .text(let rule):
            writer.member("type", "string")
            writer.member("minLength", 1)
            writer.member("maxLength", rule.lengthMax)
        case .integer(let range):
            writer.member("type", "integer")
            if range.lowerBound != .min { writer.member("minimum", range.lowerBound) }
            if range.upperBound != .max { writer.member("maximum", range.upperBound) }
        case .bool: writer.member("type", "boolean")
        case .word(let words): enumeration(words, into: &writer)
        case .words(let words):
            writer.member("type", "array")
            writer.key("items")
            writer.beginObject()
            enumeration(words, into: &writer)
            writer.endObject()
        case .names(let rule):
            writer.member("type", "array")
            writer.member("minItems", 1)
            writer.key("items")
            schema(.text(rule), into: &writer)
        case .decimal:
            writer.key("type")
            writer.raw("[\"string\",\"number\"]")
            writer.member("description", "plain notation, above zero; best as a string")
        case .items(let fields):
            writer.member("type", "array")
            writer.key("items")
            object(fields, into: &writer)
        case .idsOrItems(let fields):
            writer.member("type", "array")
            writer.key("items")
            writer.beginObject()
            writer.key("oneOf")
            writer.beginArray()
            schema(.text(.clientOrderID), into: &writer)
            object(fields, into: &writer)
            writer.endArray()
            writer.endObject()
        }
        writer.endObject()
    }

    private static func enumeration(_ words: [String], into writer: inout JSONWriter) {
        writer.member("type", "string")
        writer.member("enum", words)
    }

    private static func object(_ fields: [Field], into writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("type", "object")
        writer.member("additionalProperties", false)
        writer.key("required")
        writer.beginArray()
        for field in fields where field.isRequired { writer.string(field.name) }
        writer.endArray()
        writer.key("properties")
        writer.beginObject()
        for field in fields {
            writer.key(field.name)
            schema(field.type, into: &writer)
        }
        writer.endObject()
        writer.endObject()
    }
}
