import OMSCore
import Wire

/// The tokens or listen keys that a venue gives out for its stream: whose they are and how long they are good for. Times are microseconds of the venue's clock.
final class StreamTokens {
    /// What becomes of an account's token when it asks again. No page says.
    enum Renewal: String {
        /// A new one; the old one is worth nothing from then on.
        case ends
        /// A new one beside it.
        case keeps
        /// The same one, good for another term.
        case same
    }
    enum Standing: Equatable {
        case good(account: String)
        case expired
        case unknown
    }

    private struct Token {
        let account: String
        var until: Int64
        /// Worth nothing any more, whatever the time.
        var isDead = false
    }

    var renewal = Renewal.ends
    var lifeMs: Int64
    private let prefix: String
    private var tokens: [String: Token] = [:]
    private var newest: [String: String] = [:]

    init(prefix: String, lifeMs: Int64) { (self.prefix, self.lifeMs) = (prefix, lifeMs) }

    /// The token that an account's key is given now.
    func issue(to account: String, at: Int64) -> String {
        let until = at + .milliseconds(lifeMs)
        if let old = newest[account] {
            if renewal == .same, let token = tokens[old], !token.isDead, token.until > at {
                tokens[old]?.until = until
                return old
            }
            if renewal == .ends { tokens[old]?.isDead = true }
        }
        // Told by nothing but the account and how many there were: one seed, one history.
        let text = String(hex(sha256(Array("\(prefix) \(account) \(tokens.count)".utf8))).prefix(48))
        let token = prefix + text
        tokens[token] = Token(account: account, until: until)
        newest[account] = token
        return token
    }

    func standing(of token: String, at: Int64) -> Standing {
        guard let known = tokens[token] else { return .unknown }
        return known.isDead || known.until <= at ? .expired : .good(account: known.account)
    }

    func isGood(_ token: String?, at: Int64) -> Bool {
        guard let token, case .good = standing(of: token, at: at) else { return false }
        return true
    }

    /// It is worth nothing from now on.
    func end(_ token: String) { tokens[token]?.isDead = true }

    /// Sets `token_renewal` or `token_life_ms`. - Returns: false for another name or a value that cannot be.
    func set(_ name: String, to value: String) -> Bool {
        switch name {
        case "token_renewal": assign(Renewal(rawValue: value)) { renewal = $0 }
        case "token_life_ms": assign(streamMs(value)) { lifeMs = $0 }
        default: false
        }
    }
}

/// Milliseconds of a switch, one to a year.
func streamMs(_ value: String) -> Int64? {
    guard let ms = Int64(value), (1...31_536_000_000).contains(ms) else { return nil }
    return ms
}
