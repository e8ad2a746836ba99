import CLinux
import Testing

@testable import OMSDaemon

@Suite struct SignalsTests {
    @Test func `signals wait to be read, in the thread that blocked them`() throws {
        var before = sigset_t()
        pthread_sigmask(SIG_BLOCK, nil, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        let signals = try Signals()

        // To this thread only: the rest of the test program has not blocked them.
        raise(SIGHUP)
        #expect(try signals.next() == .reload(uid: getuid(), pid: getpid()))
        raise(SIGTERM)
        #expect(try signals.next() == .stop)
        raise(SIGINT)
        #expect(try signals.next() == .stop)
    }

    @Test func `a peer that went away is an error code`() throws {
        var before = sigset_t()
        pthread_sigmask(SIG_BLOCK, nil, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        let signals = try Signals()
        #expect(signals.descriptor >= 0)
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        close(ends[0])
        defer { close(ends[1]) }

        #expect(write(ends[1], "x", 1) == -1)
        #expect(omsd_errno() == EPIPE)
    }
}
