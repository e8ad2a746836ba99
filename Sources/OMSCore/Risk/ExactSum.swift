/// A running sum of decimals that may leave their range for a while: what was added can be taken away again, to the last digit.
struct ExactSum: Equatable {
    private var units: Int128 = 0
    /// How often `units` went past its end, upwards less downwards.
    private var carries = 0

    mutating func add(_ amount: Decimal) {
        let (sum, overflow) = units.addingReportingOverflow(amount.units)
        if overflow { carries += amount.isNegative ? -1 : 1 }
        units = sum
    }

    mutating func take(_ amount: Decimal) {
        let (rest, overflow) = units.subtractingReportingOverflow(amount.units)
        if overflow { carries += amount.isNegative ? 1 : -1 }
        units = rest
    }

    /// nil: more than a decimal can hold.
    var value: Decimal? { carries == 0 && units != .min ? Decimal(units: units) : nil }
}
