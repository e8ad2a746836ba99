import Testing

@testable import Wire

struct JSONParserTests {
    @Test func `numbers keep their text and objects their order`() throws {
        let value = try JSONParser.parse(" {\"b\":1.10,\"a\":[true,false,null,-0,1e400,\"x\"]} ")
        #expect(value.object?.map(\.key) == ["b", "a"])
        #expect(value["b"] == .number("1.10"))
        #expect(value["a"]?.array == [.bool(true), .bool(false), .null, .number("-0"), .number("1e400"), .string("x")])
    }

    @Test func `escapes become the characters they stand for`() throws {
        #expect(try JSONParser.parse("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude80\\u0000\"") == .string("\"\\/\u{8}\u{C}\n\r\té\u{1F680}\0"))
    }

    @Test(arguments: [
        "", " ", "{", "[", "\"", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "[1,]", "[,]", "{,}", "[1 2]", "{\"a\":1 \"b\":2}", "01", "-", "+1", ".5", "5.",
        "1e",
        "1e+", "0x10", "NaN", "Infinity", "-Infinity", "tru", "truee", "nul", "'a'", "{a:1}", "// x\n1", "1 2", "{}{}", "\"\\x\"", "\"\\u12\"",
        "\"\\ud800\"",
        "\"\\ud800x\"", "\"\\ud800\\u0041\"", "\"\\udc00\"", "\"\u{1}\"", "\"a\nb\"", "\u{FEFF}1", "[1}", "{\"a\":1]", "1_000", "--1", "١",
    ]) func `what is no JSON is refused`(text: String) {
        #expect(throws: JSONError.self) { try JSONParser.parse(text) }
    }

    @Test(
        arguments: [
            [0x22, 0xFF, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22], [0x22, 0xF5, 0x80, 0x80, 0x80, 0x22], [0x22, 0xC3, 0x22],
        ] as [[UInt8]])
    func `broken UTF-8 is refused`(bytes: [UInt8]) {
        #expect(throws: JSONError.self) { try JSONParser.parse(bytes) }
    }

    @Test func `a key twice is refused, in small objects and in large ones`() {
        let large = (0..<40).map { "\"k\($0)\":\($0)" }.joined(separator: ",")
        for text in ["{\"a\":1,\"a\":1}", "{\"a\":1,\"\\u0061\":1}", "{\(large),\"k39\":0}", "{\(large),\"k3\":0}"] {
            #expect { try JSONParser.parse(text) } throws: { ($0 as? JSONError)?.kind == .duplicateKey }
        }
    }

    @Test func `duplicates can be told instead of thrown, with their path`() throws {
        let text = Array("{\"id\":7,\"a\":{\"x\":[0,{\"k\":1,\"k\":2}]},\"a\":3}".utf8)
        let (value, duplicate, path) = try text.withUnsafeBufferPointer { bytes in
            let (value, duplicate) = try JSONParser.parseTellingDuplicates(bytes)
            return (value, duplicate, JSONParser.path(to: duplicate?.offset ?? 0, in: bytes))
        }
        #expect(value["id"] == .number("7"))
        #expect(duplicate?.kind == .duplicateKey)
        #expect(path == "a.x[1].k")
    }

    @Test func `nesting is bounded where asked, and a deep text does not overflow the stack`() throws {
        func nested(_ depth: Int) -> String { String(repeating: "[", count: depth) + String(repeating: "]", count: depth) }
        #expect(try JSONParser.parse(nested(32)).array != nil)
        #expect { try JSONParser.parse(nested(33)) } throws: { ($0 as? JSONError)?.kind == .tooDeep }
        #expect { try JSONParser.parse(nested(1_000_000)) } throws: { ($0 as? JSONError)?.kind == .tooDeep }
        #expect(throws: JSONError.self) { try JSONParser.parse(nested(3), options: .init(depthMax: 2)) }
    }

    @Test func `an error names line, column and what is wrong`() {
        #expect { try JSONParser.parse("{\n  \"é\": 1,\n  \"b\" 2\n}") } throws: {
            guard let error = $0 as? JSONError else { return false }
            return error.line == 3 && error.column == 7 && error.problem.contains("colon")
        }
    }

    @Test func `JSON5 is taken only where asked for`() throws {
        let text = "{ // comment\n a: 'x', /* more */ $b_1: [1, 2,], \"c\": 'it\\'s', }"
        #expect(throws: JSONError.self) { try JSONParser.parse(text) }
        let value = try JSONParser.parse(text, options: .init(isJSON5: true))
        #expect(value["a"] == .string("x") && value["$b_1"]?.array?.count == 2 && value["c"] == .string("it's"))
        for wrong in ["{a:1,,}", "{1a:2}", "/* x", "{a 1}", "/", "[1,,]"] {
            #expect(throws: JSONError.self) { try JSONParser.parse(wrong, options: .init(isJSON5: true)) }
        }
    }

    @Test(arguments: [
        ("0x1388", "5000"), ("-0xFf", "-255"), ("+4", "4"), ("+0x10", "16"), (".5", "0.5"), ("-.5e1", "-0.5e1"), ("5.", "5"), ("5.e3", "5e3"),
        ("0", "0"),
        ("-0", "-0"), ("0xFFFFFFFFFFFFFFFF", "18446744073709551615"),
    ]) func `a number of JSON5 is read as JSON would write it`(text: String, expected: String) throws {
        #expect(try JSONParser.parse("[\(text)]", options: .init(isJSON5: true)).array == [.number(expected)])
        if text != expected { #expect(throws: JSONError.self) { try JSONParser.parse("[\(text)]") } }
    }

    @Test(arguments: ["0x", "0xG", "0x10000000000000000", "+", ".", "+-1", "--1", "Infinity", "-Infinity", "NaN", "01", "5.x", "0x1p3", ".e1", "e1"])
    func `what is no finite number of JSON5 is refused`(text: String) {
        #expect(throws: JSONError.self) { try JSONParser.parse("[\(text)]", options: .init(isJSON5: true)) }
    }

    @Test func `JSON5 strings go on over lines and know more escapes, and its spaces are more`() throws {
        let json5 = JSONParser.Options(isJSON5: true)
        #expect(try JSONParser.parse("'a\\\nb\\\r\nc\\x41\\v\\0\\q\tz'", options: json5) == .string("abcA\u{B}\u{0}q\tz"))
        #expect(try JSONParser.parse("\u{FEFF}{\u{A0}a\u{B}:\u{C}1,\u{2028}\u{3000}// c\r b:\u{2003}2}", options: json5)["b"] == .number("2"))
        for wrong in ["'a\nb'", "'\\1'", "'\\01'", "'\\x4'", "'\\", "\u{200B}1"] {
            #expect(throws: JSONError.self, "\(wrong)") { try JSONParser.parse(wrong, options: json5) }
        }
        for wrong in ["\u{FEFF}1", "\u{A0}1", "\"\\v\"", "\"\\\n\""] { #expect(throws: JSONError.self, "\(wrong)") { try JSONParser.parse(wrong) } }
    }

    @Test func `the equality of keys is that of their characters, not of their looks`() throws {
        // U+00E9 and e with U+0301 are canonically equivalent for Swift's String: the same key to every reader of ours, so refused as a duplicate.
        #expect(throws: JSONError.self) { try JSONParser.parse("{\"\u{E9}\":1,\"e\u{301}\":2}") }
    }
}
