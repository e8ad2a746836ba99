/// Moments at which a history can be struck. Each is counted; a run of the explorer that never reached one has not tried what it says.
package enum FaultPoint: String, CaseIterable, Sendable {
    // Deaths of the process, by how far its turn had come.
    /// Nothing of the turn is durable.
    case crashBeforeCommit = "crash_before_commit"
    /// Durable; not a byte left and nobody was answered.
    case crashAfterCommit = "crash_after_commit"
    /// Some of the turn's requests left, others did not.
    case crashBetweenSends = "crash_between_sends"
    /// All requests left; callers were not answered.
    case crashBeforeReply = "crash_before_reply"
    /// The turn is whole.
    case crashAfterTurn = "crash_after_turn"
    /// An answer was read and no turn took it.
    case crashWithAnswerRead = "crash_with_answer_read"
    /// A turn took an answer and nothing of that is durable.
    case crashBeforeAnswerCommit = "crash_before_answer_commit"
    /// An answer is durable, and what follows from it did not leave.
    case crashAfterAnswerCommit = "crash_after_answer_commit"
    /// Within the first commits after a restart.
    case crashInRecovery = "crash_in_recovery"
    /// Some slices of an intent are written, not all.
    case crashInIntent = "crash_in_intent"

    // What dies with the process.
    case powerCut = "power_cut"
    case bootChange = "boot_change"
    case requestDropped = "request_dropped_at_crash"
    case requestLateAfterCrash = "request_late_after_crash"
    case cleanStop = "clean_stop"

    // The host.
    case wallStep = "wall_step"
    case slowDisk = "slow_disk"
    case diskFull = "disk_full"
    case ballastSpent = "ballast_spent"

    // The wire.
    case connectFailed = "connect_failed"
    case requestStale = "request_stale"
    case requestLate = "request_late"
    case resetThenLate = "reset_then_late"
    case answerTooLate = "answer_too_late"
    case partition

    // Of the second version.
    case venueClockStep = "venue_clock_step"
    case marketRevised = "market_revised"
    case marketEnded = "market_ended"
    case accountRemoved = "account_removed"
    case accountReturned = "account_returned"
    case keyChanged = "key_changed"
    /// The account's file holds a key of another uid.
    case keyForeign = "key_foreign"
    /// Bounds, batches, intervals and resends are other ones after a restart.
    case reconfigured
    /// The venue called an id taken whose order look-ups did not show.
    case answeredDuplicate = "answered_duplicate"
    /// Cancels were refused through a minute of calm.
    case lingering
    case killed
    /// A person told what no look-up could settle.
    case resolvedByHand = "resolved_by_hand"
    case boundMet = "bound_met"

    // Of the fourth version: private streams.
    /// A push did not come; came twice; came forty times in a row; came seconds late; came behind a newer one of its order.
    case streamLost = "stream_lost"
    case streamDoubled = "stream_doubled"
    case streamFlooded = "stream_flooded"
    case streamLate = "stream_late"
    case streamOvertaken = "stream_overtaken"
    /// An execution was told without a trade id; under a known one with another amount.
    case streamNameless = "stream_nameless"
    case streamTradeDiffers = "stream_trade_differs"
    /// An order of the same user that is none of ours was told.
    case streamForeign = "stream_foreign"
    case streamCut = "stream_cut"
    /// It was cut while an order was in doubt.
    case streamCutInDoubt = "stream_cut_in_doubt"
    /// The venue ended it by its age.
    case streamLifeOver = "stream_life_over"
    /// It was subscribed, and told nothing; answered no heartbeat either.
    case streamMute = "stream_mute"
    case streamDeaf = "stream_deaf"
    case streamTokenRefused = "stream_token_refused"
    case streamLoginRefused = "stream_login_refused"
    case streamClockRefused = "stream_clock_refused"

    // Of the seventh version: guards.
    /// A guard tripped for its connection had ended, or was silent; omsd had died meanwhile; a venue could not be reached just then.
    case guardTripped = "guard_tripped"
    case guardSilent = "guard_silent"
    case guardOutlived = "guard_outlived"
    case guardCutOff = "guard_cut_off"
    /// Somebody took it over in time.
    case guardTakenOver = "guard_taken_over"

    /// The version of histories that reaches it first.
    package var since: Int { rawValue.hasPrefix("stream_") ? 4 : rawValue.hasPrefix("guard_") ? 7 : isOfSecondVersion ? 2 : 1 }

    private var isOfSecondVersion: Bool {
        switch self {
        case .venueClockStep, .marketRevised, .marketEnded, .accountRemoved, .accountReturned, .keyChanged, .keyForeign, .reconfigured,
            .answeredDuplicate, .lingering, .killed, .resolvedByHand, .boundMet:
            true
        default: false
        }
    }

    package var isCrash: Bool { rawValue.hasPrefix("crash_") }
}
