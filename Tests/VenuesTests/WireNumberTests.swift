import OMSCore
import Testing

@testable import Venues

@Suite struct `Numbers and pages on the wire` {
    @Test(
        arguments: [
            ("1E-8", "0.00000001"), ("1.25e3", "1250"), ("2E+2", "200"), ("-5e-1", "-0.5"), ("0E-40", "0"), ("0e999999999999999999999", "0"),
            ("-0E-8", "0"), ("100000000000000000000E-20", "1"), ("0.00000000000000000001E2", "0.000000000000000001"), ("1e", nil), ("e5", nil),
            ("1e-19", nil),
            ("1e30", nil), ("NaN", nil), ("0x10", nil), ("1.5.2", nil), ("0.1234567890123456789", nil),
        ] as [(String, String?)]) func `amounts with exponents are read exactly or not at all`(_ text: String, _ expected: String?)
    {
        #expect(Decimal(wireText: text)?.description == expected)
    }

    @Test func `a number is exact, cut, beyond the range or none, however long its text is`() {
        #expect(WireNumber("0.1234567890123456789") == Decimal("0.123456789012345678").map { .cut($0) })
        #expect(WireNumber("0.12345678901234567x9") == nil)
        let zeros = String(repeating: "0", count: 400)
        #expect(WireNumber("1" + zeros) == .beyond && WireNumber("-1" + zeros) == .beyond)
        #expect(WireNumber(String(repeating: "9", count: 400)) == .beyond)
        #expect(WireNumber("1e400") == .beyond && WireNumber("1e-400") == .cut(.zero) && WireNumber("-1e99999999999999999999999") == .beyond)
        #expect(WireNumber(zeros + "1." + zeros) == .exact(.one))
        #expect(WireNumber("0." + zeros + "1E401") == .exact(.one) && WireNumber("1" + zeros + "E-400") == .exact(.one))
        #expect(WireNumber("0." + String(repeating: "3", count: 400)) == Decimal("0.333333333333333333").map { .cut($0) })
        // The range, and one unit beyond it.
        #expect(WireNumber("170141183460469231731.687303715884105727") == .exact(Decimal(units: .max)))
        #expect(WireNumber("170141183460469231731.687303715884105728") == .beyond)
        for text in ["", "-", ".", "1.", ".1", "+1", "1e", "1e+", "1e1.5", "0x1", "1_000", "1,5", " 1", "1 ", "NaN", "Infinity", "١"] {
            #expect(WireNumber(text) == nil, "\(text)")
        }
    }

    @Test func `pages survive their text, and other texts are no page`() {
        let page = CursorPage(way: .down, id: 42)
        #expect(CursorPage(page.text) == page)
        #expect(AZPage(page.text) == .cursor(page))
        #expect(AZPage("7") == .number(7))
        #expect(AZPage(nil) == .number(1))
        #expect(AZPage("-x") == .number(1))
        #expect(CursorPage("") == nil)
        #expect(CursorPage("42") == nil)
    }
}
