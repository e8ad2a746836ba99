/// The known word nearest to a mistyped one, by edits (insert, delete, replace, swap of neighbours); nil when none is near enough to be meant.
package func closest(to word: String, among known: [String]) -> String? {
    let limit = max(1, word.utf8.count / 3)
    guard word.utf8.count <= 64 else { return nil }
    var best: (word: String, edits: Int)?
    for candidate in known {
        let edits = editDistance(Array(word.utf8), Array(candidate.utf8))
        if edits <= limit, edits < best?.edits ?? .max { best = (candidate, edits) }
    }
    return best?.word
}

private func editDistance(_ a: [UInt8], _ b: [UInt8]) -> Int {
    var before: [Int] = []
    var previous = Array(0...b.count)
    for row in 0..<a.count {
        var current = [row + 1]
        for column in 0..<b.count {
            let replaced = previous[column] + (a[row] == b[column] ? 0 : 1)
            var edits = min(replaced, previous[column + 1] + 1, current[column] + 1)
            if row > 0, column > 0, a[row] == b[column - 1], a[row - 1] == b[column] { edits = min(edits, before[column - 1] + 1) }
            current.append(edits)
        }
        (before, previous) = (previous, current)
    }
    return previous[b.count]
}
