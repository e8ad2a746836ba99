@testable import OMSCore
import Testing

/// Cancels and modifies on their way, built alone.
@Suite struct CommandsTests {
    private static func command(_ kind: CommandKind = .cancel, attempts: Int = 0, state: CommandState = .requested) -> OrderCommand {
        var command = OrderCommand(
            id: CommandID(7), kind: kind, order: OrderKey(3), clientOrderID: "c", account: "a", intent: nil, requestedAt: 1)
        (command.attempts, command.state) = (attempts, state)
        return command
    }

    @Test func `a command moves as its table allows, with who refused it and why, and is over with all that was remembered of it`() throws {
        let commands = Commands()
        commands.add(Self.command())
        commands.send(CommandID(7), stampMs: 5, at: 10)
        #expect(commands[CommandID(7)]?.attempts == 1 && commands.watch(CommandID(7))?.sentAt == 10)
        #expect(try #require(commands.move(CommandID(7), to: .submitted, .local, RequestID(9), nil, words: nil, at: 20)).from == .requested)
        let refused = try #require(commands.move(CommandID(7), to: .refused, .response, nil, "35", words: "no", at: 30))
        #expect(refused.command.rejectCode == "35" && refused.command.rejectText == "no" && refused.command.request == RequestID(9))
        #expect(refused.command.closedAt == 30)
        let again = commands.move(CommandID(7), to: .submitted, .local, nil, nil, words: nil, at: 40)
        #expect(again?.from == nil, "what is over stays over")
        commands.forget(CommandID(7))
        #expect(commands[CommandID(7)]?.id == nil && commands.watch(CommandID(7))?.turns == nil)
    }

    @Test func `a report that was asked for before the answer, or inside its pause, counts as no look`() {
        let commands = Commands()
        commands.add(Self.command())
        commands.answered(CommandID(7), words: "busy", isRefused: false, at: 100)
        #expect(commands.looked(at: CommandID(7), askedAt: 99, at: 120)?.looks == nil)
        commands.wait(CommandID(7), until: 200)
        #expect(commands.looked(at: CommandID(7), askedAt: 150, at: 199)?.looks == nil)
        #expect(commands.looked(at: CommandID(7), askedAt: 150, at: 200)?.looks == 1)
        commands.answered(CommandID(7), words: nil, isRefused: false, at: 300)
        #expect(commands.watch(CommandID(7))?.looks == 0 && commands.watch(CommandID(7))?.words == nil)
    }

    @Test func `one that goes round stands on record as it stood, until it does not`() {
        let commands = Commands()
        commands.add(Self.command())
        let open = Self.command(state: .submitted)
        #expect(commands.takeRecorded(open, from: .requested, turnsMax: 2) == .requested)
        for _ in 0..<2 { commands.turned(CommandID(7)) }
        #expect(commands.takeRecorded(open, from: .requested, turnsMax: 2) == nil)
        #expect(commands.takeRecorded(Self.command(state: .acknowledged), from: .submitted, turnsMax: 2) == nil)
        #expect(commands.takeRecorded(Self.command(state: .done), from: .acknowledged, turnsMax: 2) == .requested)
    }

    @Test func `a restart remembers of a command how often it went out, and of one that never left nothing`() {
        let commands = Commands()
        #expect(commands.restore(Self.command())?.turns == nil && commands.watch(CommandID(7))?.turns == nil)
        #expect(commands.restore(Self.command(attempts: 3))?.turns == 2)
    }

    @Test func `a taken cancel waits to be confirmed from when the first was taken, until it moves on`() {
        var confirmations = Confirmations()
        confirmations.moved(Self.command(state: .acknowledged), at: 10)
        confirmations.moved(Self.command(state: .acknowledged), at: 20)
        #expect(confirmations.taken == [OrderKey(3)] && confirmations.takenAt == 10)
        confirmations.moved(Self.command(state: .requested), at: 30)
        let wasTaken = confirmations.drop(OrderKey(3))
        #expect(confirmations.taken.isEmpty && !wasTaken)
        confirmations.restore(Self.command(.modify, state: .inDoubt))
        #expect(confirmations.lookedFor == [OrderKey(3)] && confirmations.taken.isEmpty)
    }

    @Test func `an account is emptied until it is not halted any more, and only a listing since then counts`() {
        var emptying = Emptying()
        emptying.begin(at: 100, since: 5)
        let (news, again) = (emptying.takeNews(of: "a"), emptying.takeNews(of: "a"))
        #expect(news?.row.since == 5 && again?.row == nil, "on record once")
        emptying.listed(since: 99)
        #expect(emptying.kill?.isListed == false)
        emptying.listed(since: 100)
        #expect(emptying.kill?.isListed == true)
        // Looked at anew: what was listed before does not count, and it began when it began.
        emptying.begin(at: 200, since: 9)
        #expect(emptying.kill?.isListed == false && emptying.kill?.since == 5 && emptying.kill?.startedAt == 100)
        emptying.wishAll(venueCan: true)
        emptying.askedAll()
        emptying.failedAll()
        #expect(emptying.cancelAll == .unanswered && !emptying.isAskingAll)
        emptying.turned(to: .reducing)
        #expect(emptying.kill == nil && emptying.cancelAll == .unanswered)
        emptying.turned(to: .active)
        #expect(emptying.cancelAll == .notAsked)
    }

    @Test func `what goes round pauses ever longer and keeps its break until it ends`() {
        var loops = Loops()
        let patience = Patience()
        let first = loops.turned(.cancelAll, "no", at: 0, patience)
        loops.found(4, of: .cancelAll)
        let second = loops.turned(.cancelAll, "no", at: 0, patience)
        #expect(first.turns.count == 1 && second.turns.count == 2 && second.pause >= first.pause && second.turns.breakID == 4)
        loops.hurry(.cancelAll)
        #expect(loops[.cancelAll]?.nextAt == .min)
        let ended = loops.end(.cancelAll)
        #expect(ended?.breakID == 4 && loops[.cancelAll]?.count == nil)
    }
}
