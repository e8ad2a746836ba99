/// What makes two intents the same: their content in one form, and its digest.
extension Intent {
    /// Of the form that is written.
    package static let canonicalVersion = 2

    /// The content in one canonical form: equal intents after parsing (item order kept, decimals by value, absent = default) give equal bytes.
    /// Its SHA-256 decides whether a repeated `intent_id` is the same intent. `dry_run` and the id itself are no part of it.
    ///
    /// Only what differs from its default is in it, by the numbers of the tables of fields: a field that comes later changes nothing of intents without it.
    /// The first byte is the version. An item is its kind, its fields and a 0; a field is its number, the length of its text in four bytes, and the text.
    package func canonicalBytes() -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(64 + place.count * 96)
        out.append(UInt8(Self.canonicalVersion))
        Self.write(self, Self.fields, to: &out)
        for item in place {
            out.append(1)
            Self.write(item.terms, OrderTerms.fields, to: &out)
            Self.write(item, PlaceItem.fields, to: &out)
        }
        for item in modify {
            out.append(2)
            Self.write(item, ModifyItem.fields, to: &out)
        }
        for item in cancel {
            switch item {
            case .order(let id):
                out.append(3)
                Self.write(1, id.text, to: &out)
            case .matching(let symbol, let side, let tag):
                out.append(4)
                if let symbol { Self.write(1, symbol.text, to: &out) }
                if let side { Self.write(2, side.rawValue, to: &out) }
                if let tag { Self.write(3, tag.text, to: &out) }
            case .venueOrder(let id):
                out.append(5)
                Self.write(1, id.text, to: &out)
            }
            out.append(0)
        }
        return out
    }

    private static func write<Root>(_ root: Root, _ fields: [RecordField<Root>], to out: inout [UInt8]) {
        for index in fields.indices {
            switch fields[index].get(root) {
            case .none, .flag(false): continue
            case .text(let text): if text != fields[index].spelledDefault { write(fields[index].number, text, to: &out) }
            case .decimal(let decimal): writing(fields[index].number, to: &out) { decimal.append(to: &$0) }
            case .number(let number): write(fields[index].number, String(number), to: &out)
            case .flag(true): write(fields[index].number, "", to: &out)
            }
        }
        out.append(0)
    }

    private static func write(_ number: UInt8, _ text: String, to out: inout [UInt8]) {
        writing(number, to: &out) { $0.append(contentsOf: text.utf8) }
    }

    private static func writing(_ number: UInt8, to out: inout [UInt8], _ body: (inout [UInt8]) -> Void) {
        out.append(number)
        let start = out.count
        out.append(contentsOf: [0, 0, 0, 0])
        body(&out)
        let count = UInt32(truncatingIfNeeded: out.count - start - 4)
        for place in 0..<4 { out[start + place] = UInt8(truncatingIfNeeded: count >> UInt32(24 - 8 * place)) }
    }

    /// A former form, for rows that were written with it.
    ///
    /// - Returns: nil where this intent asks for something that the form could not say, or the form is not known: then it is not the same.
    package func canonicalBytes(version: Int) -> [UInt8]? {
        switch version {
        case Self.canonicalVersion: canonicalBytes()
        case 1: firstCanonicalBytes()
        default: nil
        }
    }
}
