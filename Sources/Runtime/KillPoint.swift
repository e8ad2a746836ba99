import CLinux
import OMSCore

/// Where a debug build can be made to die as by kill -9: `OMSD_KILL_AT=point:nth` names the passage. Release builds know nothing of it.
///
/// `answer_read`: a turn with an answer begins. `before_commit`, `after_commit`: any turn that records something; with `answer` or `intent` in the
/// middle (`before_intent_commit`) those that record one. `before_append`, `after_append`: around a group's log, in front of the local commit. `before_reply`, `after_reply`: around the answer to an intent. The transport has two more
/// around the first write of a request: `before_send`, `after_send`; sealing has two around a seal: `before_seal_commit`, `after_seal_commit`; filing has four, around the
/// name of a file and around a commit that takes orders out: `before_archive_rename`, `after_archive_rename`, `before_archive_move`, `after_archive_move`.
enum KillPoint {
    enum Side: String { case before, after }

    @inline(__always) static func answersRead(_ inputs: [Input]) {
        #if DEBUG
        if hasAnswer(inputs) { omsd_kill_point("answer_read") }
        #endif
    }

    @inline(__always) static func commit(_ side: Side, of records: [JournalRecord], after inputs: [Input]) {
        #if DEBUG
        omsd_kill_point("\(side)_commit")
        if hasAnswer(inputs) { omsd_kill_point("\(side)_answer_commit") }
        let hasIntent = records.contains { if case .intent = $0 { true } else { false } }
        if hasIntent { omsd_kill_point("\(side)_intent_commit") }
        #endif
    }

    @inline(__always) static func append(_ side: Side) {
        #if DEBUG
        omsd_kill_point("\(side)_append")
        #endif
    }

    @inline(__always) static func reply(_ side: Side, _ result: Result<Reply, ControlError>) {
        #if DEBUG
        if case .success(.submitted) = result { omsd_kill_point("\(side)_reply") }
        #endif
    }

    #if DEBUG
    private static func hasAnswer(_ inputs: [Input]) -> Bool { inputs.contains { if case .answered = $0 { true } else { false } } }
    #endif
}
