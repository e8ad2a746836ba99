import Containers
import OMSCore
import Testing

@Suite struct DecimalTests {
    private static let largest = "170141183460469231731.687303715884105727"

    @Test(arguments: [
        ("0", "0"), ("-0", "0"), ("-0.000", "0"), ("00012.50", "12.5"), ("0.000000000000000001", "0.000000000000000001"),
        ("-0.000000000000000001", "-0.000000000000000001"), ("1.000000000000000000000000000000", "1"), ("39000", "39000"), ("10.10", "10.1"),
        ("1.0000000000000000010", "1.000000000000000001"),
        (largest, largest), ("-" + largest, "-" + largest), ("0.1234567891234567890000000000000000000", "0.123456789123456789"),
        ("00000000000000000000000000000000000000001.5", "1.5"),
    ]) func `a plain decimal is read by value and printed in one canonical form`(text: String, canonical: String) throws {
        let value = try #require(Decimal(text))

        #expect(value.description == canonical)
        #expect(Decimal(value.description) == value)
        var bytes: [UInt8] = [7]
        value.append(to: &bytes)
        #expect(bytes == [7] + Array(canonical.utf8))
    }

    @Test(arguments: [
        "", "-", ".", ".5", "5.", "-.5", "1e3", "1E3", "+1", " 1", "1 ", "1,5", "1_000", "0x10", "--1", "1.2.3", "1..2", "０.1", "١", "NaN", "inf",
        "1\u{0}", "0.0000000000000000001", "170141183460469231731.687303715884105728", "170141183460469231732",
        "1234567890123456789012345678901234567890", "-1234567890123456789012345678901234567890.5", String(repeating: "0", count: 81),
    ]) func `what is no plain decimal, or does not fit, is refused and never rounded`(text: String) {
        #expect(Decimal(text) == nil)
    }

    @Test func `every value survives being printed and read`() throws {
        var random = SplitMix64(seed: 11)
        for _ in 0..<20_000 {
            let value = Decimal(units: Self.units(&random))
            let text = value.description
            #expect(Decimal(text) == value, "\(text)")
            #expect(!text.contains("e") && !text.hasSuffix(".") && text != "-0")
            if text.contains(".") { #expect(!text.hasSuffix("0"), "\(text)") }
        }
    }

    @Test func `sums, differences and order agree with whole numbers that have no bounds`() {
        var random = SplitMix64(seed: 12)
        for _ in 0..<4_000 {
            let (left, right) = (Decimal(units: Self.units(&random)), Decimal(units: Self.units(&random)))
            let (one, other) = (BigInteger(left.units), BigInteger(right.units))
            #expect(Self.fits(one + other) == left.adding(right).map { BigInteger($0.units) }, "\(left) + \(right)")
            #expect(Self.fits(one + -other) == left.subtracting(right).map { BigInteger($0.units) }, "\(left) - \(right)")
            #expect((left < right) == (one < other))
        }
    }

    @Test func `a product is exact, or cut towards zero where that is asked, or refused`() {
        var random = SplitMix64(seed: 13)
        let one = BigInteger(Decimal.unitsPerOne)
        var outcomes: Set<String> = []
        for _ in 0..<4_000 {
            let (left, right) = (Decimal(units: Self.units(&random)), Decimal(units: Self.units(&random)))
            let (quotient, remainder) = (BigInteger(left.units) * BigInteger(right.units)).divided(by: one)
            let isExact = remainder == BigInteger(0)
            let cut = Self.fits(quotient)
            #expect(left.multiplied(by: right, roundingDown: true).map { BigInteger($0.units) } == cut, "\(left) * \(right)")
            #expect(left.multiplied(by: right).map { BigInteger($0.units) } == (isExact ? cut : nil), "\(left) * \(right)")
            outcomes.insert("\(isExact) \(cut == nil)")
        }
        #expect(outcomes.count == 4, "the histories reach every outcome: \(outcomes)")
    }

    @Test func `a quotient is cut towards zero, or refused`() {
        var random = SplitMix64(seed: 14)
        let one = BigInteger(Decimal.unitsPerOne)
        for _ in 0..<4_000 {
            let (left, right) = (Decimal(units: Self.units(&random)), Decimal(units: Self.units(&random)))
            guard !right.isZero else {
                #expect(left.dividedRoundingDown(by: right) == nil)
                continue
            }
            let quotient = (BigInteger(left.units) * one).divided(by: BigInteger(right.units)).quotient
            #expect(left.dividedRoundingDown(by: right).map { BigInteger($0.units) } == Self.fits(quotient), "\(left) / \(right)")
        }
    }

    @Test func `a multiple of a step is a whole number of steps, and no step is no rule`() throws {
        let tick = try #require(Decimal("0.01"))
        #expect(try #require(Decimal("39000.01")).isMultiple(of: tick))
        #expect(try !#require(Decimal("39000.015")).isMultiple(of: tick))
        #expect(try #require(Decimal("-0.02")).isMultiple(of: tick))
        #expect(try #require(Decimal("39000.015")).isMultiple(of: .zero))
        #expect(try #require(Decimal("39000.015")).isMultiple(of: Decimal(-1)))
    }

    @Test func `n decimal places mean a step of ten to the minus n, up to eighteen`() {
        #expect(Decimal(decimalPlaces: 0) == .one)
        #expect(Decimal(decimalPlaces: 18)?.units == 1)
        #expect(Decimal(decimalPlaces: 2) == Decimal("0.01"))
        #expect(Decimal(decimalPlaces: 19) == nil)
        #expect(Decimal(decimalPlaces: -1) == nil)
    }

    /// Of any size: small counts, prices, and the ends of the range.
    static func units(_ random: inout SplitMix64) -> Int128 {
        let bits = Int.random(in: 0...127, using: &random)
        let whole = Int128(truncatingIfNeeded: UInt128.random(in: 0...UInt128.max, using: &random) >> UInt128(128 - max(bits, 1)))
        let clipped = whole & Int128.max
        let sign: Int128 = Bool.random(using: &random) ? 1 : -1
        switch Int.random(in: 0..<8, using: &random) {
        case 0: return sign * (Int128.max - clipped % 3)
        case 1: return sign * (clipped % 1_000_000) * Decimal.unitsPerOne
        case 2: return sign * (clipped % 1_000_000) * (Decimal.unitsPerOne / 1_000_000)
        default: return sign * clipped
        }
    }

    static func fits(_ number: BigInteger) -> BigInteger? {
        let most = BigInteger(Int128.max)
        return number <= most && -most <= number ? number : nil
    }
}
