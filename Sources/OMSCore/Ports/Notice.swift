/// Something that whoever watches the daemon wants to know at once. Told when the turn that saw it is durable; the record says the same in its own words.
///
/// One a change, not one a repetition; how often a repeated one is written down is up to whoever writes it.
package struct Notice: Sendable, Equatable {
    package enum Event: Sendable, Equatable {
        case ready
        /// Why, in words for a person.
        case notReady(String)
        /// Three requests in a row, or thirty seconds, without an answer; the last reason.
        case unreachable(String)
        case reachable
        /// The venue serves this client no more for so long; its words.
        case shutOut(forMs: Int64, String)
        /// A private stream was lost, or does not come to stand; why. Told once until it is live.
        case streamDown(String)
        /// It is live: nothing that it told is missing any more.
        case streamUp
        /// A private stream is open and tells nothing: polls learned first, again and again. It is made anew.
        case streamMute(String)
        /// Orders are in doubt where none was: how many.
        case doubts(Int)
        /// No order is in doubt any more.
        case doubtsOver
        /// Look-ups could not settle it: it waits for a person.
        case parked(ClientOrderID)
        case breakFound(Break)
        /// The reason of the break is gone.
        case breakResolved(Break)
        case breakAcknowledged(Break)
        case tradingState(TradingStateRow)
        /// Rules that were read again, and that what lives passes already: in words. Nothing of it is cancelled.
        case rulesPassed(String)
        /// Rules that name markets which the venue does not have, in words: they bound nothing.
        case rulesWithoutMarket(String)
        /// Nobody took a guard over in time: what it stands for is being cancelled.
        case guardTripped(GuardRow)
        /// Orders of an account that is in the journal and not in the configuration, unsent ones among them: nothing is done for them.
        case unconfigured(orders: Int, unsent: Int, intents: Int)
        /// A row of the venue's table of markets that cannot be read, or a market that ended: it is not traded, the others are.
        case market(String)
        /// An account that was to be emptied: nothing of ours rests there any more, and what else does is known.
        case killed(KillSnapshot)
        /// It was to be emptied a minute ago.
        case killTakesLong(KillSnapshot)
    }
    /// nil: of the whole daemon.
    package let account: AccountID?
    package let event: Event
    package init(_ account: AccountID?, _ event: Event) { (self.account, self.event) = (account, event) }
}
