import Containers
import OMSCore
import Testing

@Suite struct IdentifierTests {
    @Test(arguments: [
        ("abcd", true), ("abc", false), ("abcdefgh", true), ("abcdefghi", false), ("", false), ("ab-d", true), ("ab_d", true), ("ab.d", false),
        ("ab d", false), ("abcé", false), ("ab\u{0}d", false), ("ABZ9", true), ("ab:d", false), ("ab@d", false), ("ab[d", false), ("ab`d", false),
        ("ab{d", false), ("ab/d", false), ("ａｂｃｄ", false),
    ]) func `a venue's rule for ids counts bytes and allows letters, digits and what it names`(text: String, isAllowed: Bool) {
        #expect(ClientIDRule(lengths: 4...8, alsoAllowed: "-_").allows(ClientOrderID(text)) == isAllowed)
    }

    @Test func `made ids are fourteen letters and digits of which the last nine sort by time`() {
        var mint = OrderIDMint(tag: "JRNL", usedBelow: 0)
        var random = SplitMix64(seed: 21)
        var wall: Int64 = 1_795_000_000_000_000
        var last = ""
        for _ in 0..<5_000 {
            wall += Int64.random(in: 0...2_000_000, using: &random)
            let id = mint.next(wall: wall).text
            #expect(id.utf8.count == 14 && id.hasPrefix("oJRNL"))
            #expect(OrderIDMint.looksOurs(ClientOrderID(id)))
            #expect(Array(last.utf8).lexicographicallyPrecedes(Array(id.utf8)), "\(last) before \(id)")
            last = id
        }
    }

    @Test(arguments: 1...20) func `no id repeats in its last nine, over restarts and clocks set back`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var used: Set<Substring> = []
        var durable: Int64 = 0
        var wall: Int64 = 1_795_000_000_000_000
        var made = 0
        for _ in 0..<40 {
            // What a start reads: everything below the durable mark may have been handed out.
            var mint = OrderIDMint(tag: "JRNL", usedBelow: durable)
            for _ in 0..<Int.random(in: 1...30, using: &random) {
                wall += Int64.random(in: -86_400_000_000...86_400_000_000, using: &random) / Int64.random(in: 1...1_000_000, using: &random)
                var turn: [ClientOrderID] = []
                for _ in 0..<Int.random(in: 1...50, using: &random) { turn.append(mint.next(wall: max(1, wall))) }
                let mark = mint.takeReservation()
                // A crash before the commit: the ids of this turn were never seen by anybody.
                if Int.random(in: 0..<20, using: &random) == 0 { break }
                durable = mark ?? durable
                for id in turn { #expect(used.insert(id.text.suffix(9)).inserted, "seed \(seed): \(id)") }
                made += turn.count
            }
        }
        #expect(used.count == made)
    }

    @Test func `a reservation is asked for once, ahead of what it covers`() throws {
        var mint = OrderIDMint(tag: "JRNL", usedBelow: 0)
        _ = mint.next(wall: 1_000_000)
        let first = mint.takeReservation()
        let mark = try #require(first)
        #expect(mark > 1_000_000)
        #expect(mint.takeReservation() == nil)
        _ = mint.next(wall: 1_000_001)
        #expect(mint.takeReservation() == nil)
        _ = mint.next(wall: mark)
        let second = mint.takeReservation()
        #expect(second ?? 0 > mark)
    }

    @Test(arguments: ["", "o", "oJRNL12345678", "oJRNL1234567890", "xJRNL123456789", "oJRNL12345678-", "oJRNL12345678é"])
    func `an id of another shape is not taken for ours`(text: String) {
        #expect(!OrderIDMint.looksOurs(ClientOrderID(text)))
    }
}
