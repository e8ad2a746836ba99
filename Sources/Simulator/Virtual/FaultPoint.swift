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

    package var isCrash: Bool { rawValue.hasPrefix("crash_") }
}
