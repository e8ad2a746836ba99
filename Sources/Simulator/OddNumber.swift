import Containers
import OMSCore
import Wire

extension Fault {
    /// A number as no page shows it and as servers write it all the same.
    package struct OddNumber: Sendable, Equatable {
        package enum Form: String, Sendable, CaseIterable {
            // The same value, written otherwise.
            case exponent
            /// Zeros only.
            case zeroExponent = "zero_exponent"
            /// With zeros behind, 400 digits.
            case digits
            // Another value, or none.
            case huge
            case text
            case null
            case negative
            case nan
            case infinite
            case empty

            package var keepsValue: Bool { self == .exponent || self == .zeroExponent || self == .digits }
        }
        package enum Rows: String, Sendable {
            case one, all
            /// Of orders that no request placed (`/_sim/place`).
            case strangers
        }

        package var form: Form
        /// Which field of a row, at any depth; nil: a price, a quantity or a sum, drawn.
        package var field: String?
        package var rows = Rows.one

        package init(_ form: Form, field: String? = nil, rows: Rows = .one) { (self.form, self.field, self.rows) = (form, field, rows) }

        /// The row with one number changed; the row itself where there is none to change.
        func written(into row: JSON, _ random: inout SplitMix64) -> JSON {
            let places = amounts(in: row, at: [])
            guard !places.isEmpty else { return row }
            let place = places[Int(random.below(UInt64(places.count)))]
            return row.replacingLeaf(at: place[...]) { written($0) }
        }

        /// One step into an object or a list.
        enum Step: Equatable {
            case key(String)
            case index(Int)
        }

        private func amounts(in json: JSON, at place: [Step]) -> [[Step]] {
            switch json {
            case .object(let members): members.flatMap { amounts(in: $0.value, at: place + [.key($0.key)]) }
            case .array(let items): items.enumerated().flatMap { amounts(in: $1, at: place + [.index($0)]) }
            case .string(let text), .number(let text): isMeant(text, at: place) ? [place] : []
            case .null, .bool: []
            }
        }

        private func isMeant(_ text: String, at place: [Step]) -> Bool {
            guard case .key(let name)? = place.last, let value = Decimal(text) else { return false }
            if let field { return name == field }
            guard form != .zeroExponent || value.isZero else { return false }
            // Ids, times and counts are no amounts.
            let lower = name.lowercased()
            return !lower.hasSuffix("id") && !lower.contains("time") && !lower.hasSuffix("precision") && !lower.hasSuffix("scale")
                && !["sn", "seqnum", "state", "status", "leverage", "version", "index", "maxopenorders", "errorcode", "curbalance"].contains(lower)
        }

        private func written(_ json: JSON) -> JSON {
            guard let text = json.text else { return json }
            func same(_ new: String) -> JSON { if case .number = json { .number(new) } else { .string(new) } }
            return switch form {
            case .exponent, .zeroExponent: same(Self.scientific(text))
            case .digits: same(text + (text.contains(".") ? "" : ".") + String(repeating: "0", count: max(0, 400 - text.utf8.count)))
            case .huge: same(String(repeating: "9", count: 400))
            case .text: .string("n/a")
            case .null: .null
            case .negative: same(text.hasPrefix("-") ? text : "-" + text)
            case .nan: .string("NaN")
            case .infinite: .string("Infinity")
            case .empty: .string("")
            }
        }

        /// `0.0012` as `12E-4`, `39000` as `39E+3`, `0.00` as `0E-2`.
        static func scientific(_ text: String) -> String {
            let isNegative = text.hasPrefix("-")
            let plain = isNegative ? text.dropFirst() : text[...]
            let sides = plain.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
            var digits = String((sides[0] + (sides.count > 1 ? sides[1] : "")).drop { $0 == "0" })
            var power = -(sides.count > 1 ? sides[1].utf8.count : 0)
            guard !digits.isEmpty else { return "0E\(power == 0 ? -8 : power)" }
            while digits.hasSuffix("0") {
                digits.removeLast()
                power += 1
            }
            return (isNegative ? "-" : "") + digits + "E" + (power < 0 ? "" : "+") + String(power)
        }
    }
}

extension JSON {
    fileprivate func replacingLeaf(at place: ArraySlice<Fault.OddNumber.Step>, _ change: (JSON) -> JSON) -> JSON {
        guard let step = place.first else { return change(self) }
        switch (step, self) {
        case (.key(let key), .object(var members)):
            guard let index = members.firstIndex(where: { $0.key == key }) else { return self }
            members[index].value = members[index].value.replacingLeaf(at: place.dropFirst(), change)
            return .object(members)
        case (.index(let index), .array(var items)) where items.indices.contains(index):
            items[index] = items[index].replacingLeaf(at: place.dropFirst(), change)
            return .array(items)
        default: return self
        }
    }
}
