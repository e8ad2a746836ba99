import OMSCore

extension VenueLine {
    /// What is taken for granted of the venue, as its page in docs/venues has it: a line for each name, in which products stand apart where they differ.
    package var assumptionTable: String {
        get throws(UnsourcedFact) {
            var names: [String] = []
            var told: [String: [(product: String, assumption: Assumption)]] = [:]
            for product in products {
                for assumption in try assumptions(product) {
                    if told[assumption.name] == nil { names.append(assumption.name) }
                    told[assumption.name, default: []].append((product, assumption))
                }
            }
            let lines = names.compactMap { name -> String? in
                guard let rows = told[name], let first = rows.first?.assumption else { return nil }
                let source = "**\(first.source.certainty.rawValue)**: \(first.source.page) (\(first.source.read))"
                let how = "\(first.sight.rawValue): \(first.how)\(first.bears.map { "; \($0.rawValue) rests on it" } ?? "")"
                return "| `\(name)` | \(words(rows)) | \(source) | \(how) |\n"
            }
            return "| Name | Taken for granted | By whose word | Seen by |\n|---|---|---|---|\n" + lines.joined()
        }
    }

    private func words(_ rows: [(product: String, assumption: Assumption)]) -> String {
        if rows.count == products.count, Set(rows.map(\.assumption.assumed)).count == 1 { return rows[0].assumption.assumed }
        var parts: [(products: [String], words: String)] = []
        for (product, assumption) in rows {
            if let index = parts.firstIndex(where: { $0.words == assumption.assumed }) {
                parts[index].products.append(product)
            } else {
                parts.append(([product], assumption.assumed))
            }
        }
        return parts.map { "\($0.products.joined(separator: ", ")): \($0.words)" }.joined(separator: "; ")
    }
}
