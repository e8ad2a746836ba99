/// This machine's own clock: nothing leaves before it was set.
extension Engine {
    /// The first of January 2020, microseconds since 1970 UTC: a machine that shows less has not been told the time since it booted.
    package static let clockFloor: Int64 = 1_577_836_800_000_000

    /// At a start: venues' certificates, the stamps of requests and the deadlines of intents mean nothing by such a clock.
    func doubtClock() {
        isClockSet = now.wall >= Self.clockFloor
        guard !isClockSet else { return }
        for desk in desks { desk.access.say(Trouble.unsetClock) }
        record(.note(account: nil, nil, event(.note, note: Trouble.unsetClock)))
    }

    /// Once set it is believed for good: a clock that steps later moves nothing but the times that people see.
    func lookAtClock() {
        guard !isClockSet, now.wall >= Self.clockFloor else { return }
        isClockSet = true
        for desk in desks { desk.access.forget(Trouble.unsetClock) }
        record(.note(account: nil, nil, event(.note, note: "this machine's clock is set: requests may leave")))
    }
}
