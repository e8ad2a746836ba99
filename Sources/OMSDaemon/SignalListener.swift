import Control
import OMSCore
import Runtime

/// Acts on signals, on a thread of its own: stop, and reload.
struct SignalListener: Sendable {
    let signals: Signals
    let mailbox: Mailbox
    let server: ControlServer
    let configuration: Configuration
    let environment: [String: String]

    /// The thread's body; returns when the daemon is to stop.
    func run() {
        while true {
            do throws(SystemError) {
                switch try signals.next() {
                case .stop: return mailbox.askStop()
                case .reload: reload()
                }
            } catch {
                Log.error("signals cannot be read any more: \(error)")
                return mailbox.askStop()
            }
        }
    }

    /// Limits, risk and roles anew; whatever else differs waits for a restart. A file with errors changes nothing.
    private func reload() {
        let systemd = Systemd(environment: environment)
        systemd.notify(.reloading)
        defer { systemd.notify(.ready) }
        do {
            let fresh = try Configuration.load(configuration.path, environment: environment)
            let credentials = try fresh.loadCredentials()
            server.replaceRoles(fresh.control.roles)
            mailbox.post(.reload(fresh.setups(credentials)))
            Log.info("limits, risk and roles are reloaded", ["config": configuration.path])
            let waiting = configuration.changesNeedingRestart(to: fresh)
            if !waiting.isEmpty { Log.warning("these changes wait for a restart", ["keys": waiting.joined(separator: " ")]) }
        } catch {
            Log.error("the configuration was not reloaded, the old one stays: \(error)")
        }
    }
}
