import CLinux
import TestSupport

/// The preloaded library of `Preload/clock.c`: a wall clock that is off, and that a test sets while the daemon runs.
struct ShiftedClock {
    /// nil: no C compiler here.
    static let library = PreloadedLibrary.build("clock")
    let path: String

    init(_ path: String, seconds: Int64) throws {
        self.path = path
        try set(seconds: seconds)
    }

    /// Shows so many seconds more than this machine's clock does.
    func set(seconds: Int64) throws {
        let descriptor = omsd_open(path, O_WRONLY | O_CREAT, 0o600)
        defer { close(descriptor) }
        var shift = seconds
        // In place: the daemon has the file mapped.
        guard descriptor >= 0, pwrite(descriptor, &shift, 8, 0) == 8 else { throw Unexpected("\(path) cannot be written") }
    }

    /// What a daemon is started with.
    func environment() throws -> [String: String] {
        guard let library = Self.library else { throw Unexpected("the library cannot be built") }
        return ["LD_PRELOAD": library, "OMSD_CLOCK_SHIFT": path]
    }
}
