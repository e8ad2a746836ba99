import CLinux
import Control
import TestSupport
import Testing

struct ListenerTests {
    private static func kind(_ body: () throws -> Void) -> ControlListenerError.Kind? {
        do {
            try body()
            return nil
        } catch { return (error as? ControlListenerError)?.kind }
    }

    @Test func `a stale socket is replaced, a living one is not`() throws {
        let folder = ScratchDirectory()
        let path = folder.file("s")
        let first = try ControlListener(path: path, mode: 0o600)
        #expect(Self.kind { _ = try ControlListener(path: path) } == .inUse)
        close(first.descriptor)

        let second = try ControlListener(path: path, mode: 0o600)

        var status = stat()
        #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o600)
        close(second.descriptor)
    }

    @Test func `what is no socket stays, and a missing folder is named`() throws {
        let folder = ScratchDirectory()
        mkdir(folder.file("s"), 0o700)
        #expect(Self.kind { _ = try ControlListener(path: folder.file("s")) } == .path)
        #expect(access(folder.file("s"), F_OK) == 0)
        #expect { try ControlListener(path: folder.file("missing/s")) } throws: { "\($0)".contains("/missing") }
        #expect(Self.kind { _ = try ControlListener(path: folder.file(String(repeating: "n", count: 120))) } == .path)
    }

    @Test func `an inherited socket serves and outlives the server; another descriptor is refused`() throws {
        let folder = ScratchDirectory()
        let path = folder.file("s")
        let made = try ControlListener(path: path)
        let kept = dup(made.descriptor)
        let sink = FakeSink()
        let server = try ControlServer(listener: ControlListener(inherited: made.descriptor), roles: RoleTable(), log: { _ in })
        sink.attach(server)
        try server.start(sink: sink)
        #expect(try RawClient(path).call("daemon.status")?["result"] != nil)

        server.stop()

        #expect(access(path, F_OK) == 0)
        #expect(Self.kind { _ = try ControlListener(inherited: 0) } == .path)
        sink.detach()
        close(kept)
    }
}
