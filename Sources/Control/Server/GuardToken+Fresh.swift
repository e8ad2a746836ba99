import OMSCore
import Wire

extension GuardToken {
    /// 256 bits of the kernel's randomness, in hex.
    static func fresh() -> GuardToken {
        var random = SystemRandomNumberGenerator()
        let text = hex((0..<32).map { _ in UInt8.random(in: 0...UInt8.max, using: &random) })
        return GuardToken(text: text, digest: Digest256(sha256(Array(text.utf8))))
    }
}

extension ControlCommand {
    /// Gives a command that hands out a guard the token that will take it over next.
    ///
    /// - Returns: whether it is one.
    mutating func takeToken(_ make: () -> GuardToken) -> Bool {
        switch self {
        case .guardBegin(let terms, _): self = .guardBegin(terms, token: make())
        case .guardResume(let presented, _): self = .guardResume(presented: presented, token: make())
        default: return false
        }
        return true
    }
}
