import CLinux
import Kernel
import Synchronization
import TestSupport
import Testing

@Suite struct KernelTests {
    @Test func `a call from another thread ends a wait without a deadline, and one that came before ends the next`() throws {
        let poller = try Poller()
        let caller = Aside { poller.wake() }
        #expect(poller.wait(until: nil).isEmpty)
        try caller.join()

        poller.wake()
        #expect(poller.wait(until: nil).isEmpty)
    }

    @Test func `a wait tells which descriptor has what to say, and none of one that was removed`() throws {
        let poller = try Poller()
        var ends: [Int32] = [-1, -1]
        try #require(pipe(&ends) == 0)
        defer { ends.forEach { close($0) } }
        try #require(poller.add(ends[0], token: 7, Poller.reading) && poller.add(ends[1], token: 8, 0))
        #expect(poller.wait(until: 0).isEmpty)

        try #require(write(ends[1], [1], 1) == 1)
        let events = poller.wait(until: nil)
        #expect(events.map(\.token) == [7] && events[0].isReadable && !events[0].isWritable && !events[0].isHangUp)

        poller.remove(ends[0])
        try #require(poller.modify(ends[1], token: 8, Poller.writing))
        #expect(poller.wait(until: nil).map(\.token) == [8])
    }

    @Test func `a wait ends at its deadline and not before`() throws {
        let poller = try Poller()
        let deadline = bootTime() + 3_000
        while bootTime() < deadline { #expect(poller.wait(until: deadline).isEmpty) }
    }

    @Test func `a mailbox wakes a thread that may sleep, never its own, and takes nothing once it is closed`() {
        let wakes = Mutex(0)
        let mailbox = LoopMailbox<Int>(wake: { wakes.withLock { $0 += 1 } })
        #expect(mailbox.post(1) && mailbox.post(2))
        #expect(wakes.withLock { $0 } == 1, "the first of two says it")
        #expect(mailbox.drain() == [1, 2] && mailbox.isEmpty)

        mailbox.own()
        #expect(mailbox.post(3))
        #expect(wakes.withLock { $0 } == 1)
        #expect(mailbox.close() == [3])
        #expect(!mailbox.post(4) && mailbox.isEmpty)
    }

    @Test(arguments: [1, 7, 100_000]) func `a queue of bytes gives in order what was put in, whatever is taken at once`(step: Int) {
        var queue = ByteQueue(keepsMax: 4_096)
        var given: [UInt8] = []
        let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        for start in stride(from: 0, to: bytes.count, by: 60_000) {
            queue.append(Array(bytes[start..<(start + 60_000)]))
            while queue.count > 20_000 {
                let count = min(step, queue.count)
                given += queue.withBytes { Array($0[..<count]) }
                queue.removeFirst(count)
            }
        }
        queue.withBytes { given += $0 }
        #expect(given == bytes)
        queue.removeFirst(queue.count)
        #expect(queue.isEmpty)
    }

    @Test func `a thread has the name it was given and runs to its end`() throws {
        let name = Mutex("")
        let thread = try Thread.start("kernel-test") {
            var room = [CChar](repeating: 0, count: 16)
            pthread_getname_np(pthread_self(), &room, room.count)
            name.withLock { $0 = String(decoding: room.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self) }
        }
        thread.join()
        #expect(name.withLock { $0 } == "kernel-test")
    }

    @Test func `a socket name that does not fit has no address`() {
        #expect(UnixAddress(name: "/" + String(repeating: "a", count: 106)) != nil)
        #expect(UnixAddress(name: "/" + String(repeating: "a", count: 107)) == nil)
        #expect(UnixAddress(path: String(repeating: "a", count: 108)) == nil)
        #expect(UnixAddress(name: "") == nil && UnixAddress(path: "") == nil && UnixAddress(path: "a\0b") == nil)
    }

    @Test func `a name with a leading at is a file for who means a path, and none for who means a name`() throws {
        let length = try #require(UnixAddress(name: "@ab")).withPointer { $1 }
        #expect(length == socklen_t(MemoryLayout<sa_family_t>.size + 3))
        let first = try #require(UnixAddress(path: "@ab")).withPointer { address, _ in
            UnsafeRawPointer(address).load(fromByteOffset: MemoryLayout<sa_family_t>.size, as: UInt8.self)
        }
        #expect(first == UInt8(ascii: "@"))
    }

    @Test func `the nearest word is offered, and none where no word is near`() {
        let known = ["verify", "backup", "rebind"]
        #expect(closest(to: "verfiy", among: known) == "verify")
        #expect(closest(to: "bakcup", among: known) == "backup")
        #expect(closest(to: "xylophone", among: known) == nil)
        #expect(closest(to: "", among: known) == nil && closest(to: "verify", among: []) == nil)
        #expect(closest(to: String(repeating: "v", count: 65), among: known) == nil)
    }
}
