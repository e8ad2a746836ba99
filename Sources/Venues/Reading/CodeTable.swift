/// A venue's result codes by what they mean.
///
/// - Parameter rows: a meaning, and the codes that have it, parted by blanks; `170132-170134` is every number of a range.
/// - Precondition: no code stands twice.
func codeTable<Meaning>(_ rows: [(Meaning, String)]) -> [String: Meaning] {
    var table: [String: Meaning] = [:]
    func add(_ code: String, _ meaning: Meaning) { precondition(table.updateValue(meaning, forKey: code) == nil, "code \(code) stands twice") }
    for (meaning, codes) in rows {
        for word in codes.split(separator: " ") {
            let ends = word.split(separator: "-", omittingEmptySubsequences: false)
            guard ends.count == 2, let first = Int(ends[0]), let last = Int(ends[1]) else {
                add(String(word), meaning)
                continue
            }
            for code in first...last { add(String(code), meaning) }
        }
    }
    return table
}
