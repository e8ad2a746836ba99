import Containers

/// What faults, fills and workloads draw.
extension SplitMix64 {
    /// A number in `0..<bound`; 0 for a bound of 0. The bias of the plain remainder, below 2^-40 for bounds used here, does not matter.
    package mutating func below(_ bound: UInt64) -> UInt64 { bound == 0 ? 0 : next() % bound }

    /// True with that probability; never below or at 0, always from 1 on.
    package mutating func chance(_ probability: Double) -> Bool {
        guard probability > 0 else { return false }
        return Double(next() >> 11) * 0x1p-53 < probability
    }

    /// A number in the range, both ends included.
    package mutating func between(_ low: Int64, _ high: Int64) -> Int64 {
        guard low < high else { return low }
        return low + Int64(below(UInt64(high - low) + 1))
    }
}

/// Mixes a name into a seed, so that each venue and rule draws from a stream of its own (FNV-1a).
package func mixedSeed(_ seed: UInt64, _ name: String) -> UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325 ^ seed
    for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    return hash
}
