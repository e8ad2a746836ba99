import CLinux
import OMSCore
import Synchronization
import Wire

@testable import Control
@testable import omsctl

/// A terminal that keeps what is said.
final class FakeTerminal: Terminal {
    var isInteractive = false
    var files: [String: String] = [:]
    private(set) var output = ""
    private(set) var errors = ""
    func out(_ text: String) { output += text }
    func err(_ text: String) { errors += text }
    func read(_ path: String) -> [UInt8]? { files[path].map { Array($0.utf8) } }
    func now() -> Int64 { 1_795_183_260_000_000 }
    func pause(ms: Int32) {}
    private(set) var interruptWords: [String] = []
    func sayWhenInterrupted(_ text: String) { interruptWords.append(text) }
    var width = 80
    var height = 24
    var canMove = false
    var hasColor = false
    var keys = ""
    /// What goes on in the world while a key is waited for.
    var meanwhile: (Character) -> Void = { _ in }
    private(set) var isTyping = false
    func beginKeys() -> Bool {
        isTyping = isInteractive
        return isTyping
    }
    func endKeys() { isTyping = false }
    /// One key a second.
    func pause(ms: Int32, untilKeys wanted: String) -> Bool {
        guard isTyping, !keys.isEmpty else { return false }
        let key = keys.removeFirst()
        meanwhile(key)
        return wanted.contains(key)
    }
}

/// A daemon that answers by method name; what it was asked is kept.
final class ScriptedDaemon {
    let harness: Harness
    let terminal = FakeTerminal()
    private let asked: Asked

    final class Asked: Sendable {
        private let commands = Mutex<[ControlCommand]>([])
        func add(_ command: ControlCommand) -> Int {
            commands.withLock {
                $0.append(command)
                return $0.count
            }
        }
        var all: [ControlCommand] { commands.withLock { $0 } }
    }

    /// - Parameter answers: JSON text or an error for a command; nil: `{}`.
    init(_ answers: @escaping @Sendable (ControlCommand) throws -> String?) throws {
        let asked = Asked()
        self.asked = asked
        harness = try Harness(
            sink: FakeSink { call, server in
                _ = asked.add(call.command)
                do {
                    server.reply(Array((try answers(call.command) ?? "{}").utf8), to: call.ticket)
                } catch let error as ControlError {
                    server.fail(error, to: call.ticket)
                } catch {
                    server.fail(.invalidParams("\(error)"), to: call.ticket)
                }
                return true
            })
    }

    var commands: [ControlCommand] { asked.all }
    var submitted: [Intent] { commands.compactMap { if case .submit(let intent, _) = $0 { intent } else { nil } } }

    /// Runs `omsctl --socket … words`; the exit code.
    func run(_ words: String...) -> Int32 { run(words) }

    func run(_ words: [String]) -> Int32 { Client.run(["--socket", harness.path] + words, environment: [:], terminal: terminal) }
}
