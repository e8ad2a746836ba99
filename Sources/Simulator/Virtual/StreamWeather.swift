import OMSCore

/// What goes wrong with private streams, by chance.
package struct StreamWeather: Sendable {
    /// How they are; the same as long as a history lasts.
    package var kind = StreamKind()

    // Of one push.

    /// It does not come; comes twice; comes forty times in a row; comes seconds after a poll may have told the same.
    package var lost = 0.0
    package var doubled = 0.0
    package var flooded = 0.0
    package var late = 0.0
    /// How long it is under way, microseconds: each by itself, so that they overtake each other.
    package var delayUs: ClosedRange<Int64> = 1_000...5_000
    /// An execution is told without its trade id; once it is on record, again with another amount.
    package var nameless = 0.0
    package var differing = 0.0
    /// Beside it comes one of an order of the same user that no account here knows.
    package var foreign = 0.0

    // Of a connection.

    /// It is cut behind a push; within a moment after an order came to be in doubt; before its life is over.
    package var cut = 0.0
    package var cutInDoubt = 0.0
    package var shortLived = 0.0
    /// From its first moment on it tells nothing: pings are answered; they are not.
    package var mute = 0.0
    package var deaf = 0.0
    /// Pongs go on, and nothing is pushed, on any connection.
    package var isMute = false
    /// No token is given; no login is taken, for the clock's sake or for another one.
    package var tokenRefused = 0.0
    package var loginRefused = 0.0
    package var clockRefused = 0.0

    package init(_ kind: StreamKind = StreamKind()) { self.kind = kind }
}

/// What kind of stream a history's venues have.
package struct StreamKind: Sendable {
    package var login = StreamProfile.Login.upgrade
    /// Pushes of executions name REST's trade ids; else rows come from REST alone.
    package var tellsFills = true
    /// Pushes bear what tells an older one from a newer one; name our own ids.
    package var hasVersions = true
    package var namesClients = true
    /// Each market is a subscription.
    package var isBySymbol = false
    /// How long the venue lets a connection live, milliseconds; nil: for ever.
    package var lifeMs: Int64?
    /// How long a token lasts, milliseconds, where the login is by one.
    package var tokenLifeMs: Int64 = 60_000
    package var heartbeatMs: Int64 = 20_000
    package init() {}
}

/// A stream without any venue's bytes.
struct VirtualStreamRules: OMSCore.StreamRules {
    private static let channel = "order"
    let kind: StreamKind

    var profile: StreamProfile {
        var profile = StreamProfile(
            url: "wss://virtual.example",
            heartbeat: StreamProfile.Heartbeat("ping", everyMs: kind.heartbeatMs, answerWithinMs: kind.heartbeatMs / 4),
            messages: StreamProfile.MessageRate(10, perMs: 1_000),
            budgets: [
                OMSCore.BudgetRule("stream:connect", 20, perMs: 10_000, scope: .apikey),
                OMSCore.BudgetRule("stream:subscribe", 20, perMs: 10_000, scope: .apikey),
                OMSCore.BudgetRule("lookup:ws-token", 1, perMs: 5_000, scope: .apikey),
            ], login: kind.login, versions: kind.hasVersions ? .amongPushes : .none, fills: kind.tellsFills ? .pushed : .announced)
        (profile.lifeMs, profile.isBySymbol) = (kind.lifeMs, kind.isBySymbol)
        if kind.login == .subscription { profile.token = StreamProfile.TokenRule(lifeMs: kind.tokenLifeMs, isOfTheConnection: false) }
        return profile
    }

    func channels(for symbols: [Symbol]) -> [[StreamChannel]] {
        guard kind.isBySymbol else { return [[StreamChannel(Self.channel)]] }
        return symbols.isEmpty ? [] : [symbols.map { StreamChannel("\(Self.channel):\($0)") }]
    }
}
