import Control
import Kernel
import OMSCore
import Runtime

/// Acts on signals, on a thread of its own: stop, and reload.
struct SignalListener: Sendable {
    let signals: Signals
    let mailbox: Mailbox
    let server: ControlServer
    let configuration: Configuration
    let environment: [String: String]
    let archiving: Archiving
    /// Touched by this thread alone.
    nonisolated(unsafe) let shares: AddressShares

    /// The thread's body; returns when the daemon is to stop.
    func run() {
        var inForce = configuration
        while true {
            do throws(SystemError) {
                switch try signals.next() {
                case .stop: return mailbox.askStop()
                case .reload(let uid, let pid): reload(&inForce, by: .peer(uid: uid, pid: pid))
                }
            } catch {
                Log.error(.problem, "signals cannot be read any more: \(error)")
                return mailbox.askStop()
            }
        }
    }

    /// Limits, risk, roles of the socket and of accounts, the log's form and the archive anew; whatever else differs waits for a restart. A file with errors changes nothing.
    private func reload(_ inForce: inout Configuration, by actor: Actor) {
        let systemd = Systemd(environment: environment)
        systemd.notify(.reloading)
        defer { systemd.notify(.ready) }
        do {
            let fresh = try Configuration.load(configuration.path, environment: environment)
            let credentials = try fresh.loadCredentials()
            // A folder that is none is an error of the file, too.
            try fresh.checkArchive(isRunning: true)
            let next = inForce.reloaded(by: fresh)
            let changes = inForce.changesTakenOver(to: next)
            // Claimed before the limits that use it.
            try shares.replace(with: next.addressClaims())
            server.replaceRoles(next.roles)
            mailbox.post(.reload(next.setups(credentials), changes: changes, by: actor))
            archiving.use(next)
            inForce = next
            Log.use(fresh.logFormat)
            Log.info(
                .reload, "limits, risk, roles, log and archive are reloaded",
                ["config": configuration.path, "by": actor.text, "changes": changes.isEmpty ? "none" : changes.joined(separator: "; ")])
            for words in next.rolesOfNobody { Log.warning(.reload, words) }
            if !shares.heldBeyond.isEmpty {
                Log.warning(
                    .reload, "a share that became smaller is given back at the next start: until then other daemons of this host do without it",
                    ["held": shares.heldBeyond.joined(separator: "; ")])
            }
            // Against what the daemon was started with: what waits, waits since then.
            let waiting = configuration.changesNeedingRestart(to: fresh)
            if !waiting.isEmpty { Log.warning(.reload, "these changes wait for a restart", ["keys": waiting.joined(separator: " ")]) }
        } catch {
            Log.error(.reload, "the configuration was not reloaded, the old one stays: \(error)", ["by": actor.text])
        }
    }
}
