import CLinux

/// A thread of this process. Joined once, or let go once.
package struct Thread: Sendable {
    private let handle: pthread_t

    /// Starts a thread that runs `body` and ends with it.
    ///
    /// - Parameter name: As `top -H` shows it: at most 15 characters.
    /// - Throws: where the system gives no more threads (TasksMax, RLIMIT_NPROC).
    package static func start(_ name: String, _ body: @escaping @Sendable () -> Void) throws(SystemError) -> Thread {
        final class Work {
            let (name, body): (String, @Sendable () -> Void)
            init(_ name: String, _ body: @escaping @Sendable () -> Void) { (self.name, self.body) = (name, body) }
        }
        var handle = pthread_t()
        let work = Unmanaged.passRetained(Work(name, body))
        let code = pthread_create(
            &handle, nil,
            { argument in
                guard let argument else { return nil }
                let work = Unmanaged<Work>.fromOpaque(argument).takeRetainedValue()
                _ = omsd_name_thread(work.name)
                work.body()
                return nil
            }, work.toOpaque())
        guard code == 0 else {
            work.release()
            throw SystemError("pthread_create", errno: code)
        }
        return Thread(handle: handle)
    }

    /// Waits for its end.
    package func join() { pthread_join(handle, nil) }

    /// Nobody will wait for it.
    package func letGo() { pthread_detach(handle) }
}
