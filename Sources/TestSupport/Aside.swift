// TestSupport: what several test targets need of the world around them: a folder, a thread, a wait, a file, a seed. What only one of them needs stays with
// it; what the daemon needs is not here.

import Kernel

/// Something that goes on aside, on a thread of its own, from the moment it is made.
package final class Aside<Value>: @unchecked Sendable {
    private var outcome: Result<Value, any Error>?
    private var thread: Thread?

    package init(_ body: @escaping () throws -> Value) {
        // One thread has it at a time: this one until here, the new one until it is joined.
        nonisolated(unsafe) let body = body
        do throws(SystemError) {
            thread = try Thread.start("aside") { self.outcome = Result { try body() } }
        } catch {
            preconditionFailure("no thread could be started: \(error)")
        }
    }

    /// Waits for its end. - Returns: what `body` gave. - Throws: what it threw.
    package func join() throws -> Value {
        guard let running = thread.take() else { preconditionFailure("joined twice") }
        running.join()
        guard let outcome else { preconditionFailure("a thread that ended without an outcome") }
        return try outcome.get()
    }
}
