/// Which names of markets orders can bear.
extension Symbol {
    /// Bytes that a name may have at most.
    package static let lengthMax = 64

    /// Whether orders can name the market: letters, digits and symbols of any script, as venues list them, and nothing that could steer a log, a terminal or
    /// the path of a request (control and format characters, spaces, quotes, `%`, `..`).
    package var isNameable: Bool {
        let bytes = text.utf8
        guard (1...Self.lengthMax).contains(bytes.count), let first = text.unicodeScalars.first, Self.begins(first) else { return false }
        var last: Unicode.Scalar?
        for scalar in text.unicodeScalars {
            guard Self.isPart(scalar), !(scalar == "." && last == ".") else { return false }
            last = scalar
        }
        return true
    }

    private static func begins(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII { return scalar == "$" || isAlphanumeric(scalar) }
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .spacingMark: return false
        default: return isPart(scalar)
        }
    }

    private static func isPart(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII { return isAlphanumeric(scalar) || "._:/-$&+@!*~#()".unicodeScalars.contains(scalar) }
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .nonspacingMark, .spacingMark, .decimalNumber,
            .letterNumber, .otherNumber, .currencySymbol, .otherSymbol:
            return true
        default: return false
        }
    }

    private static func isAlphanumeric(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "0"..."9", "A"..."Z", "a"..."z": true
        default: false
        }
    }
}
