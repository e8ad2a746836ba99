import Wire

/// Listen keys ride in each topic of a subscription: `order@KEY` (venue page 9.2).
enum XTListenKeys {
    /// Why a message is turned away.
    struct BadKey: Error {
        let topic: String
        /// It was good once.
        let isExpired: Bool
    }

    /// The channels that a message's topics name; a good key makes the session its owner's.
    static func channels(
        of request: XTStreamRequest, _ keys: StreamTokens, isSubscribe: Bool, _ session: inout StreamSession, _ scene: StreamScene
    ) throws(BadKey) -> [String] {
        var channels: [String] = []
        for topic in request.params {
            let parts = topic.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            let key = parts.count == 2 ? parts[1] : ""
            let standing = keys.standing(of: key, at: scene.at)
            guard case .good(let owner) = standing, let account = scene.account(owner), session.account == nil || session.account?.key == owner
            else { throw BadKey(topic: parts[0], isExpired: standing == .expired) }
            if isSubscribe, session.credential != key {
                _ = scene.count("stream:login")
                session.logins += 1
            }
            if isSubscribe { (session.account, session.credential) = (account, key) }
            channels.append(parts[0])
        }
        return channels
    }

    /// Whether a message is about the key that is in force: topics of another one are forgotten without a trace.
    static func isInForce(_ request: XTStreamRequest, _ session: StreamSession) -> Bool {
        request.params.contains { $0.hasSuffix("@" + (session.credential ?? "")) }
    }
}
