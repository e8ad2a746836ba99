import OMSCore

/// A property of ``StreamProfile`` as an assumption, as ``ProfileFact`` is of the venue's other profile. Nothing that streams tell is taken for absence, so that
/// no promise rests on them.
package struct StreamFact: Sendable {
    package let property: String
    private let name: String
    private let sight: Assumption.Sight
    private let how: String
    private let words: @Sendable (StreamProfile) -> [(part: String, words: String)]

    private init(
        _ name: String, _ property: String, _ sight: Assumption.Sight, _ how: String, _ words: @escaping @Sendable (StreamProfile) -> String?
    ) {
        (self.name, self.property, self.sight, self.how) = (name, property, sight, how)
        self.words = { profile in words(profile).map { [("", $0)] } ?? [] }
    }

    func told(of profile: StreamProfile) -> [ToldFact] {
        words(profile).map { part, words in
            ToldFact(name: "stream:\(name)" + (part.isEmpty ? "" : ":\(part)"), words: words, sight: sight, how: how, bears: nil)
        }
    }

    /// Limits of streams, a part each.
    private init(limits property: String) {
        (name, self.property, sight, how) = ("limit", property, .nothing, "by being refused")
        words = { $0.budgets.map { ($0.name.split(separator: ":").last.map(String.init) ?? $0.name, ProfileFact.limit($0)) } }
    }

    package static let all: [StreamFact] = [
        .init("url", "url", .reading, "it opens, with a certificate of its name") { $0.url },
        .init("demo_url", "demoURL", .reading, "it opens, with a certificate of its name") { $0.demoURL },
        .init("login", "login", .reading, "who we are is taken") {
            switch $0.login {
            case .message: "a signed message says who we are"
            case .upgrade: "the upgrade says who we are"
            case .subscription: "a token in each subscription says who we are"
            }
        },
        .init("greets", "greets", .reading, "the venue speaks first") { $0.greets ? "the venue speaks first" : nil },
        .init("token", "token", .reading, "a token is given out") { profile in
            profile.token.map { "a token lasts \(ProfileFact.span($0.lifeMs))\($0.isOfTheConnection ? ", and its connection with it" : "")" }
        },
        .init("heartbeat", "heartbeat", .reading, "a heartbeat is answered in time") {
            "\($0.heartbeat.text) every \($0.heartbeat.everyMs) ms, answered within \($0.heartbeat.answerWithinMs) ms"
        },
        .init("life", "lifeMs", .nothing, "how long a connection was let be") { profile in
            profile.lifeMs.map { "a connection is cut after \(ProfileFact.span($0))" }
        },
        .init("messages", "messages", .nothing, "by being cut") { "\($0.messages.count) messages per \($0.messages.windowMs) ms" },
        .init(limits: "budgets"),
        .init("by_symbol", "isBySymbol", .reading, "one market's channel is subscribed") { $0.isBySymbol ? "a channel for each market" : nil },
        .init("channels_max", "channelsMax", .nothing, "by being refused") { profile in
            profile.channelsMax.map { "\($0) channels a connection" }
        },
        .init("versions", "versions", .filling, "what pushes, and a look-up, say of one state") {
            switch $0.versions {
            case .asREST: "versions of pushes are those of look-ups"
            case .amongPushes: "versions of pushes compare among pushes"
            case .none: "pushes bear no version"
            }
        },
        .init("fills", "fills", .filling, "the ids that a push and a listing give one execution") {
            switch $0.fills {
            case .pushed: "executions are pushed under the ids of listings"
            case .announced: "executions are announced, and listed"
            case .none: "executions are not pushed"
            }
        },
    ]
}
