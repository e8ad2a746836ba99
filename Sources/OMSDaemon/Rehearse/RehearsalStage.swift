import CLinux
import Control
import Kernel
import OMSCore
import Synchronization
import Venues
import Wire

/// A daemon of this process for as long as a rehearsal takes: the account's journal and limits, at a socket that nobody else knows.
final class RehearsalStage {
    private let daemon: Daemon
    private let thread: Thread
    private let folder: String
    private let socketPath: String
    private let end: End

    private final class End: Sendable {
        let code = Mutex<ExitCode?>(nil)
        /// It answers, and nobody wants it to end.
        let isPlaying = Atomic<Bool>(false)
    }

    init(
        _ configuration: Configuration, account: AccountConfiguration, credentials: [AccountID: Credentials], environment: [String: String],
        signals: Signals, places: Bool
    ) throws {
        var name = Array("\(environment["TMPDIR"] ?? "/tmp")/omsd-rehearse-XXXXXX".utf8CString)
        guard mkdtemp(&name) != nil else { throw SystemError("mkdtemp") }
        folder = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        socketPath = folder + "/control.sock"
        let daemon = Daemon(configuration.rehearsing(account, socket: socketPath, places: places), environment: environment, signals: signals)
        let own = credentials.filter { $0.key == account.id }
        let end = End()
        // Made here and used there alone.
        nonisolated(unsafe) let played = daemon
        thread = try Thread.start("omsd-rehearsed") {
            let code: ExitCode
            do { code = try played.serve(own, sealKey: nil) } catch { code = Daemon.ended(by: error) }
            end.code.withLock { $0 = code }
            guard end.isPlaying.load(ordering: .acquiring) else { return }
            // A signal ended it: whatever the command waits for does not come any more, not even an answer from the terminal.
            writeToStandardError("omsd: stopped in the middle" + (places ? ": the next start of omsd cancels what may be open\n" : "\n"))
            exit((places ? ExitCode.open : .inputOutput).rawValue)
        }
        (self.daemon, self.end) = (daemon, end)
    }

    /// What it ended with; nil: it runs.
    var exitCode: ExitCode? { end.code.withLock { $0 } }

    /// Waits until it answers; nil: it ended instead.
    func caller() -> ControlCaller? {
        while exitCode == nil {
            if let caller = try? ControlCaller(path: socketPath, patienceSeconds: 90) {
                end.isPlaying.store(true, ordering: .releasing)
                return caller
            }
            usleep(10_000)
        }
        return nil
    }

    /// Ends it, and leaves nothing behind but what is on record.
    func strike() {
        end.isPlaying.store(false, ordering: .releasing)
        daemon.stop()
        thread.join()
        unlink(socketPath)
        rmdir(folder)
    }
}

extension Configuration {
    /// With one account, and nothing that others meet or that acts by itself: its stream is the rehearsal's, and others' orders are left alone.
    fileprivate func rehearsing(_ account: AccountConfiguration, socket: String, places: Bool) -> Configuration {
        var account = account
        account.lentBudgets = account.streamDialect?.profile.budgets ?? []
        account.stream = nil
        account.onExternalOrder = .report
        account.leaving = places ? .handedIn : .questions
        let control = ControlConfiguration(socketPath: socket, socketMode: 0o600, roles: RoleGrants())
        return Configuration(
            path: path, journalPath: journalPath, control: control, metricsListen: nil, logFormat: logFormat, sealKey: nil, archive: archive,
            accounts: [account])
    }
}
