import Containers
import OMSCore
import TestSupport
import Testing
import Venues
import Wire

/// What scripts/fuzz does for hours, for a second: every seed as it is, and changed by a fixed sequence of dice.
@Suite struct ReplayTests {
    @Test(arguments: FuzzTarget.allCases.filter { $0 != .answers })
    func `every seed and what becomes of it by a few changed bytes is read without a trap and without a contradiction`(target: FuzzTarget) throws {
        let seeds = try Seeds.files(in: Seeds.folder + target.rawValue)
        try #require(!seeds.isEmpty)
        // Each input of the journal is a file to be opened.
        let rounds = target == .journal ? 20 : 400
        var dice = Dice(seed: 0xF0)
        for (name, seed) in seeds {
            #expect(target.problem(with: seed) == nil, "\(name)")
            for round in 0..<rounds {
                let changed = dice.changed(seed)
                let problem = target.problem(with: changed)
                #expect(problem == nil, "\(name), round \(round): \(changed)")
            }
        }
    }

    @Test func `every fixture and what becomes of it by a few changed bytes is never an order that the answer does not name`() throws {
        let fixtures = try VenueCatalog.all.flatMap { line in
            let folder = Seeds.fixtures + line.venue
            return try Seeds.files(in: folder, suffix: ".json") + (names(in: folder + "/bodies") == nil ? [] : Seeds.files(in: folder + "/bodies"))
        }
        try #require(fixtures.count > 100)
        var dice = Dice(seed: 0xF1)
        for (name, body) in fixtures {
            for (index, adapter) in AnswerTarget.products.enumerated() {
                for content in AnswerTarget.contents(adapter).prefix(3) {
                    #expect(AnswerTarget.problem(with: body, status: 200, to: content, adapter) == nil, "\(name)")
                }
                let changed = [0x80 | UInt8(index), UInt8(dice.roll(256)), UInt8(dice.roll(256))] + dice.changed(body)
                #expect(FuzzTarget.answers.problem(with: changed) == nil, "\(name): \(changed)")
            }
        }
    }
}

private enum Seeds {
    private static let here = "/" + "\(#filePath)".split(separator: "/").dropLast().joined(separator: "/")
    static let folder = here + "/Fixtures/"
    static let fixtures = here + "/../VenuesTests/Fixtures/"

    static func files(in folder: String, suffix: String = "") throws -> [(name: String, bytes: [UInt8])] {
        let listed = try #require(names(in: folder), "no folder \(folder)").filter { !$0.hasPrefix(".") && $0.hasSuffix(suffix) }
        return try listed.map { ($0, try #require(readBytes(folder + "/" + $0))) }
    }
}

/// The same seed, the same changes.
private struct Dice {
    private var random: SplitMix64
    init(seed: UInt64) { random = SplitMix64(seed: seed) }
    mutating func roll(_ sides: Int) -> Int { Int(random.next() >> 1) % sides }

    private static let marks = Array("{}[]\",:;0-.e\\\r\n ".utf8)

    mutating func changed(_ seed: [UInt8]) -> [UInt8] {
        var bytes = seed
        for _ in 0...roll(4) where !bytes.isEmpty {
            let at = roll(bytes.count)
            switch roll(6) {
            case 0: bytes[at] = UInt8(roll(256))
            case 1: bytes[at] ^= UInt8(1 << roll(8))
            case 2: bytes.removeSubrange(at..<min(bytes.count, at + 1 + roll(8)))
            case 3: bytes.insert(contentsOf: bytes[at..<min(bytes.count, at + 1 + roll(40))], at: at)
            case 4: bytes.insert(Self.marks[roll(Self.marks.count)], at: at)
            default: bytes.removeLast(roll(bytes.count))
            }
        }
        return bytes
    }
}
