/// How long the engine waits, how often it asks, and how much it takes on at once: all of its tuning in one value, handed to ``Engine`` when it is made. What a
/// venue or an account's configuration says is not here (``VenueProfile``, ``AccountSetup``), nor what a budget holds permits for (``Budget``).
///
/// Microseconds of the runner's clock, unless a name says otherwise.
package struct Patience: Sendable {
    package init() {}

    // MARK: The way to a venue

    /// An idle venue is asked this often whether it is there: often enough for a person to see within a minute that it is not, a few requests of thousands.
    package var silenceUs: Int64 = .seconds(15)
    /// As above, of one that did not answer last.
    package var lostUs: Int64 = .seconds(3)
    /// So many requests in a row without an answer: the venue cannot be reached. Two are lost by chance now and then.
    package var failuresMax = 3
    /// Or nothing answered for this long: as long as venues' own time-outs take.
    package var unansweredUs: Int64 = .seconds(30)
    /// How long nothing leaves, at most, while the venue cannot be reached. Behind it the engine adds full jitter.
    package var unreachablePauses = Backoff(first: .milliseconds(100), most: .seconds(10))
    /// The longest pause before a key that the venue refuses is tried again: venues count refused signatures, and lock keys for them.
    package var refusedUs: Int64 = .seconds(30)
    /// How long places and modifies wait when the venue says that it is closed for maintenance.
    package var maintenanceUs: Int64 = .seconds(5)
    /// How often an account that cannot trade is asked about again: its owner may set it right at the venue.
    package var factsProblemUs: Int64 = .seconds(30)
    /// The table of markets is read again after this long.
    package var marketsUs: Int64 = .seconds(3_600)
    /// As above, of a table that lacks a market, or stops one: one answer is no fact about the world.
    package var marketsInDoubtUs: Int64 = .seconds(10)
    /// How often at most refusals have it read again: most have other reasons than a changed rule, funds above all.
    package var marketsRereadUs: Int64 = .seconds(60)
    /// Questions for the time that proofs want are at least this far apart: one serves all of an account that wait for it.
    package var clockGapUs: Int64 = .milliseconds(500)
    /// A start has this long before it is worth a word that an account is not ready.
    package var startUs: Int64 = .seconds(10)

    // MARK: Listings

    /// Above so many orders in doubt, listings go first and single look-ups only for what they leave: a page of 100 then costs less than they do.
    package var bulkDoubts = 40
    /// How soon an order that a listing should have settled asks for the next one.
    package var listingUs: Int64 = .seconds(5)
    /// How soon history is read again, however much is in doubt.
    package var historyUs: Int64 = .seconds(2)
    /// Pages of a listing, after which it counts as one without end: a cursor that runs in circles.
    package var listingPagesMax = 20_000
    /// So many reconciliations in a row that failed: the account is not ready.
    package var listingFailuresMax = 3
    /// How long a reconciliation may stand still before whoever waits for it is answered: while the venue answers nothing at all, and while it answers other
    /// questions alone.
    package var reconcileUs: Int64 = .seconds(30)
    package var reconcileStillUs: Int64 = .seconds(120)
    /// The same however many of its questions come to their end: at the narrowest limits thousands of them take hours.
    package var reconcileMostUs: Int64 = .seconds(300)
    /// How often an order is looked up by itself where the venue cannot list.
    package var singlesUs: Int64 = .seconds(60)
    /// Listings that fail one after the other (their rows slip while cancels are carried out), before orders are asked about one by one all the same.
    package var confirmTries = 3
    /// How long a listing waits for the answers to cancels that it is to confirm.
    package var confirmUs: Int64 = .seconds(3)
    /// How soon another listing is read to confirm commands.
    package var confirmAgainUs: Int64 = .seconds(1)
    /// Rows of a page of open orders, as most venues give them.
    package var pageRows = 100

    // MARK: Look-ups

    /// How soon a lost order is first looked for: most have arrived, and are visible by then.
    package var firstLookUs: Int64 = .milliseconds(150)
    /// How soon a receipt is followed by a question for what came of it.
    package var receiptUs: Int64 = .milliseconds(100)
    /// How soon an order that trades at once or never is looked up, and again.
    package var outcomePauses = Backoff(first: .milliseconds(50), most: .seconds(5))
    /// Pauses of look-ups that are not answered.
    package var unansweredPauses = Backoff(first: .milliseconds(250))
    /// How long after it was closed without the venue's word an order is looked for again, and then again.
    package var givenUpPauses: [Int64] = [.seconds(15), .seconds(45), .seconds(240), .seconds(1_500)]
    /// How often a later page or step of a round is asked for again in a row before the round begins anew.
    package var pageTriesMax = 3
    /// Pages of one look-up step, after which it counts as unanswered.
    package var findPagesMax = 1_000
    /// Pauses of rounds that did not show an order in doubt and prove nothing yet.
    package var doubtPauses = Backoff(first: .milliseconds(200), most: .seconds(5))
    /// How long a look-up waits for a measurement of the venue's clock without which it could prove nothing, and how soon that is looked at again.
    package var clockUs: Int64 = .seconds(2)
    package var clockAgainUs: Int64 = .milliseconds(50)
    /// How soon an order is asked about again that only a listing, or only a measurement of the clock, stands in the way of proving absent.
    package var endsUs: Int64 = .seconds(2)
    package var verdictUs: Int64 = .seconds(10)
    /// How long look-ups may go on behind an order's fence before a person is asked.
    package var settlingUs: Int64 = .seconds(120)
    /// So many orders that were given up are looked for at once where somebody asks for a reconciliation, the newest; the others keep their times.
    package var soughtMax = 20
    /// Absent rounds, the visibility delay apart, after which an acknowledged order counts as missing there.
    package var missingRounds = 2
    /// How soon an order that is missing there is asked about again.
    package var missingUs: Int64 = .seconds(60)
    /// What rounds wait for is told to a person where it takes longer than this.
    package var longVisibilityUs: Int64 = .seconds(120)
    /// How often a parked order is still asked about: before a person would be asked for want of an answer, then, and in the end.
    package var parkedAtFirstUs: Int64 = .seconds(5)
    package var parkedUs: Int64 = .seconds(60)
    package var parkedMaxUs: Int64 = .seconds(3_600)
    /// Pauses of listings of executions that lacked some.
    package var fillPauses = Backoff(first: .milliseconds(100))
    /// Answers that lack executions before the venue is left alone, over about five minutes.
    package var fillTriesMax = 16

    // MARK: Private streams

    /// How long the venue may take to let us in, to greet, to take a login or a subscription, or to hand out a token.
    package var streamAnswerUs: Int64 = .seconds(15)
    /// Pauses between attempts that come to nothing: full jitter between the first and what they have grown to.
    package var streamPauses = Backoff(first: .seconds(1), most: .seconds(60))
    /// How long an attempt is let alone that would only be refused again: a person has to look.
    package var streamRefusedUs: Int64 = .seconds(300)
    /// How long a push may take behind a poll that learned of a fill or an end, before it counts as late.
    package var pushUs: Int64 = .seconds(5)
    /// So many late ones within that time: the stream is open and mute, and made anew.
    package var lateMax = 3
    package var lateUs: Int64 = .seconds(600)
    /// How many pushes of orders that are not known wait, and for how long, for the answer that may name them.
    package var parkedPushesMax = 1_000
    package var parkedPushUs: Int64 = .seconds(60)
    /// How long executions are gathered before they are listed: rows may be on their way by the stream, and an order that trades trades again.
    package var fillGatheringUs: Int64 = .seconds(1)

    // MARK: Orders and commands

    /// An order is sent so often; then a person decides.
    package var attemptsMax = 5
    /// How long an item waits that the venue put off by itself: ever longer.
    package var putOffPauses = Backoff(first: .seconds(1))
    /// Looks at the order after which an acknowledged cancel counts as lost: the first time, and once it went out again.
    package var cancelLooks = 6
    package var cancelLooksLater = 2
    /// Looks after which an acknowledged modify counts as not applied, and the least time in which it must show, beside the venue's visibility delay.
    package var modifyLooks = 6
    package var modifyUs: Int64 = .seconds(5)
    /// Looks at one order for the same command before the next ones count as repeated.
    package var looksAtOnce = 3
    /// How long what repeats itself waits for company, so that a request carries as much as it may.
    package var gatheringUs: Int64 = .milliseconds(250)

    /// Rounds between the same two acts, after which a person is told.
    package var turnsMax = 10
    /// Pauses between a command's answer and a look at its order, and before it is sent again.
    package var commandPauses = Backoff(first: .milliseconds(100))
    /// More commands of an account than so many that go round are told of together.
    package var fewRepeats = 4
    /// Pauses of other rounds that come to nothing: of questions without which nothing else is asked, of all look-ups of an account, of lists of executions, of
    /// requests with refused stamps, of the venue's own cancel-all, and of a cancel of an order that is not ours.
    package var preparationPauses = Backoff(first: .milliseconds(500))
    package var lookUpPauses = Backoff(first: .milliseconds(250))
    package var executionPauses = Backoff(first: .milliseconds(200))
    package var timestampPauses = Backoff(first: .milliseconds(100))
    package var cancelAllPauses = Backoff(first: .milliseconds(500))
    package var externalPauses = Backoff(first: .seconds(1))

    func pauses(of sort: Loop.Sort) -> Backoff {
        switch sort {
        case .preparation: preparationPauses
        case .lookUps: lookUpPauses
        case .executions: executionPauses
        case .timestamps: timestampPauses
        case .commands: commandPauses
        case .cancelAll: cancelAllPauses
        case .external: externalPauses
        }
    }

    // MARK: Turns and callers

    /// Rows of an account's requests in one turn before the rest waits for the next: what leaves first waits until all behind it is written down.
    package var launchRows = 400
    /// How long an intent that came before its account knew its markets waits instead of being refused. A venue that answers with an error ends the wait.
    package var earlyUs: Int64 = .seconds(5)
    /// How long the emptying of an account takes before watchers are told that it takes long: as long as `omsctl kill` waits by itself.
    package var killUs: Int64 = .seconds(60)
}
