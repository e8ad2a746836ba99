import CLinux
import Kernel

/// One rehearsal at a time of what one configuration names: held by the file itself, so that no end of a process leaves it held.
final class RehearsalTurn {
    private let descriptor: Int32

    /// - Returns: nil where another process has it.
    init?(_ path: String) throws(SystemError) {
        descriptor = omsd_open_to_read(path)
        guard descriptor >= 0 else { throw SystemError("open \(path.escapedForLog)") }
        guard omsd_lock_file(descriptor) == 0 else { return nil }
    }

    deinit { close(descriptor) }
}
