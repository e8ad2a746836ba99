import CLinux
import OMSCore
import Runtime

/// Feeds the service manager from the loop that journals and sends: a watchdog fed elsewhere would not notice that this one stands still.
struct StatusLine {
    private let systemd: Systemd
    private let feedEveryUs: Int64
    private var lastFeed: Int64 = 0
    private var lastStatus: Int64 = 0
    private var lastLine = ""

    init(systemd: Systemd) {
        self.systemd = systemd
        feedEveryUs = systemd.watchdog_us.map { max($0 / 4, 100_000) } ?? .max
    }

    mutating func update(_ runner: Runner, metrics: MetricsServer?, at now: Int64) {
        let (engine, wal) = (runner.engine, runner.wal)
        if now - lastFeed >= feedEveryUs {
            lastFeed = now
            systemd.notify(.alive)
        }
        metrics?.turned(at: now, isStopping: engine.isStopping)
        guard now - lastStatus >= 1_000_000 else { return }
        lastStatus = now
        let accounts = engine.snapshot()
        if let metrics, let meter = runner.meter {
            metrics.publish(engine, meter.readings, wal: wal, at: Moment(monotonic: now, wall: omsd_clock_us(CLOCK_REALTIME)))
        }
        let line = accounts.map { account in
            let readiness = account.isReady ? account.state.rawValue : "not ready"
            return "\(account.account) \(readiness), \(account.queuePlace) queued, \(account.open) open, \(account.inDoubt) in doubt"
        }.joined(separator: "; ")
        // In steps: a line that changes each second is not read.
        let held = wal.isHeld ? "WAL OVER \(wal.bytes / WALWatch.highWater * 64) MiB, A READER HOLDS IT; " : ""
        let clock = engine.isClockSet ? "" : "CLOCK NOT SET; "
        let full = clock + (engine.isJournalFull ? "JOURNAL FULL; " : "") + held + line
        guard full != lastLine else { return }
        lastLine = full
        systemd.notify(.status(full))
    }
}
