/// What the engine and the transport must know of a venue's private stream. Facts only; each venue's file names page and date.
package struct StreamProfile: Hashable, Sendable {
    /// Scheme, host and port (`wss://ws.bitget.com`); paths are the dialect's.
    package var url: String
    /// Where accounts of a demo are served; nil: nowhere that is known.
    package var demoURL: String?
    package var heartbeat: Heartbeat
    /// The venue ends a connection that is older, milliseconds; nil: not known to.
    package var lifeMs: Int64?
    /// What we may send: heartbeats and answers to the venue's own count. Kept in memory, a connection.
    package var messages: MessageRate
    /// Whom the venue counts connects (`stream:connect`), subscribe messages (`stream:subscribe`) and requests for tokens (`lookup:ws-token`) against.
    package var budgets: [BudgetRule]
    package var login: Login
    /// The venue speaks first, and nothing is sent before it did.
    package var greets = false
    /// nil: none is needed.
    package var token: TokenRule?
    /// Subscriptions name a market each: one that is used later is subscribed then, and polled until the venue said yes.
    package var isBySymbol = false
    /// Channels that a connection may have; nil: not known.
    package var channelsMax: Int?
    package var versions: Versions
    package var fills: Fills

    /// A text message of ours that the venue answers.
    package struct Heartbeat: Hashable, Sendable {
        package let text: String
        /// Sent this long after the last one, milliseconds.
        package let everyMs: Int64
        /// The answer is overdue then, and the connection dead.
        package let answerWithinMs: Int64
        package init(_ text: String, everyMs: Int64, answerWithinMs: Int64) {
            (self.text, self.everyMs, self.answerWithinMs) = (text, everyMs, answerWithinMs)
        }
    }

    package struct MessageRate: Hashable, Sendable {
        package let count: Int
        package let windowMs: Int64
        package init(_ count: Int, perMs windowMs: Int64) { (self.count, self.windowMs) = (count, windowMs) }
    }

    /// How the venue learns who we are.
    package enum Login: Sendable {
        /// A message that it answers before anything may be subscribed.
        case message
        /// Signed headers, or a token, at the upgrade: who is refused gets no connection.
        case upgrade
        /// A token in each subscription.
        case subscription
    }

    package struct TokenRule: Hashable, Sendable {
        /// How long one lasts, milliseconds since it was asked for. Renewed at half of that.
        package let lifeMs: Int64
        /// Ways to get one, the likeliest first; the next is tried where the venue knows no such page or takes no such token.
        package let ways: Int
        /// A new token needs a new connection; else new subscriptions on the old one do.
        package let isOfTheConnection: Bool
        package init(lifeMs: Int64, ways: Int = 1, isOfTheConnection: Bool) {
            (self.lifeMs, self.ways, self.isOfTheConnection) = (lifeMs, ways, isOfTheConnection)
        }
    }

    /// What tells an older state of an order from a newer one, beside that what was filled only grows.
    package enum Versions: Sendable {
        /// The push's version is REST's (``OrderReport/version``).
        case asREST
        /// Pushes compare among each other, where they bear one (``HeardOrder/pushedVersion``).
        case amongPushes
        case none
    }

    /// Whence the rows of executions come.
    package enum Fills: Sendable {
        /// From pushes, too, under REST's ids.
        case pushed
        /// From REST alone: a push of its own says when.
        case announced
        /// From REST alone: what was filled grows in the order's state.
        case none
    }

    package init(
        url: String, heartbeat: Heartbeat, messages: MessageRate, budgets: [BudgetRule], login: Login, versions: Versions, fills: Fills
    ) {
        (self.url, self.heartbeat, self.messages, self.budgets) = (url, heartbeat, messages, budgets)
        (self.login, self.versions, self.fills) = (login, versions, fills)
    }
}

/// What opens a venue's private stream for a while. It prints as nothing.
package struct StreamToken: Hashable, Sendable, CustomStringConvertible, CustomReflectable {
    package let text: String
    package init(_ text: String) { self.text = text }
    package var description: String { "token(…)" }
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}
