/// The reproducible numbers of the oldest fuzz tests, kept so that their seeds go on meaning what they meant. New tests take SplitMix64 of Containers.
package struct XorShift: RandomNumberGenerator {
    private var state: UInt64

    package init(state: UInt64) { self.state = state }

    /// Any seed, 0 too.
    package init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

    package mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }

    /// A number below `sides`.
    package mutating func roll(_ sides: Int) -> Int { Int(truncatingIfNeeded: next() >> 11) % sides }
    package mutating func one(_ choices: [String]) -> String { choices[roll(choices.count)] }
    package mutating func chance(_ percent: Int) -> Bool { roll(100) < percent }
}
