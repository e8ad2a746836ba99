/// A whole number without bounds, slow and plain: what decimals are compared with.
struct BigInteger: Comparable {
    /// Base 10^9, lowest first, no leading zeros; empty is zero.
    private(set) var limbs: [UInt64]
    private(set) var isNegative: Bool
    private static let base: UInt64 = 1_000_000_000

    init(_ number: Int128) {
        limbs = []
        isNegative = number < 0
        var rest = number.magnitude
        while rest > 0 {
            limbs.append(UInt64(rest % UInt128(Self.base)))
            rest /= UInt128(Self.base)
        }
    }

    private init(_ limbs: [UInt64], _ isNegative: Bool) {
        var limbs = limbs
        while limbs.last == 0 { limbs.removeLast() }
        (self.limbs, self.isNegative) = (limbs, isNegative && !limbs.isEmpty)
    }

    private static func compare(_ left: [UInt64], _ right: [UInt64]) -> Int {
        if left.count != right.count { return left.count < right.count ? -1 : 1 }
        for (one, other) in zip(left.reversed(), right.reversed()) where one != other { return one < other ? -1 : 1 }
        return 0
    }

    static func < (left: Self, right: Self) -> Bool {
        if left.isNegative != right.isNegative { return left.isNegative }
        let order = compare(left.limbs, right.limbs)
        return left.isNegative ? order > 0 : order < 0
    }

    private static func sum(_ left: [UInt64], _ right: [UInt64]) -> [UInt64] {
        var (result, carry): ([UInt64], UInt64) = ([], 0)
        for index in 0..<max(left.count, right.count) {
            let total = (index < left.count ? left[index] : 0) + (index < right.count ? right[index] : 0) + carry
            result.append(total % base)
            carry = total / base
        }
        return carry > 0 ? result + [carry] : result
    }

    /// Of magnitudes, the larger first.
    private static func difference(_ left: [UInt64], _ right: [UInt64]) -> [UInt64] {
        var (result, borrow): ([UInt64], UInt64) = ([], 0)
        for index in left.indices {
            let take = (index < right.count ? right[index] : 0) + borrow
            borrow = left[index] < take ? 1 : 0
            result.append(left[index] + borrow * base - take)
        }
        return result
    }

    static func + (left: Self, right: Self) -> Self {
        if left.isNegative == right.isNegative { return Self(sum(left.limbs, right.limbs), left.isNegative) }
        return compare(left.limbs, right.limbs) >= 0
            ? Self(difference(left.limbs, right.limbs), left.isNegative) : Self(difference(right.limbs, left.limbs), right.isNegative)
    }

    static prefix func - (number: Self) -> Self { Self(number.limbs, !number.isNegative) }

    static func * (left: Self, right: Self) -> Self {
        var result = [UInt64](repeating: 0, count: left.limbs.count + right.limbs.count + 1)
        for (low, one) in left.limbs.enumerated() {
            var carry: UInt64 = 0
            for (high, other) in right.limbs.enumerated() {
                let total = result[low + high] + one * other + carry
                result[low + high] = total % base
                carry = total / base
            }
            result[low + right.limbs.count] += carry
        }
        return Self(result, left.isNegative != right.isNegative)
    }

    /// Cut towards zero, by schoolbook division with a binary search for each limb.
    func divided(by divisor: Self) -> (quotient: Self, remainder: Self) {
        precondition(!divisor.limbs.isEmpty)
        var quotient = [UInt64](repeating: 0, count: limbs.count)
        var rest: [UInt64] = []
        for index in limbs.indices.reversed() {
            rest.insert(limbs[index], at: 0)
            while rest.last == 0 { rest.removeLast() }
            var (low, high): (UInt64, UInt64) = (0, Self.base - 1)
            while low < high {
                let middle = (low + high + 1) / 2
                let product = (Self([middle], false) * Self(divisor.limbs, false)).limbs
                if Self.compare(product, rest) <= 0 { low = middle } else { high = middle - 1 }
            }
            quotient[index] = low
            rest = Self(Self.difference(rest, (Self([low], false) * Self(divisor.limbs, false)).limbs), false).limbs
        }
        return (Self(quotient, isNegative != divisor.isNegative), Self(rest, isNegative))
    }
}
