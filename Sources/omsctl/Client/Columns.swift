extension StringProtocol {
    /// How many columns of a terminal the text takes: two for the wide letters of East Asia and pictures, none for marks that stand on the letter before.
    ///
    /// Source: Unicode Standard Annex 11, in the ranges that names of markets are made of.
    var columns: Int {
        utf8.allSatisfy { $0 < 0x80 } ? utf8.count : reduce(0) { $0 + $1.columns }
    }

    /// The longest beginning that takes at most so many columns, but one letter at least.
    func prefix(columns most: Int) -> SubSequence {
        var taken = 0
        var end = startIndex
        while end < endIndex, taken + self[end].columns <= most || end == startIndex {
            taken += self[end].columns
            end = index(after: end)
        }
        return self[..<end]
    }
}

extension Character {
    fileprivate var columns: Int {
        guard let scalar = unicodeScalars.first else { return 0 }
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format: return 0
        default: break
        }
        switch scalar.value {
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60,
            0xFFE0...0xFFE6, 0x1F300...0x1FAFF, 0x20000...0x3FFFD:
            return 2
        default: return 1
        }
    }
}
