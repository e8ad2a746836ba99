import CLinux
import Kernel
import Wire

/// `console`: a page for a browser of this host, until it is interrupted.
enum ConsoleVerb {
    static let all: [VerbSpec] = [
        VerbSpec(
            name: "console", operands: "", operandCount: 0...0,
            summary: "a page in a browser: is it all right, and if not, what is to be done; it shows, and changes nothing",
            flags: [
                .option("--listen", "ADDRESS:PORT", "of this host only; default 127.0.0.1:0, any free port"),
                .switch("--open", "also opens it in your browser"),
            ], run: run)
    ]

    @Sendable private static func run(_ context: Context) throws(Failure) -> Exit {
        let listen = try ConsoleAddress(listen: context.arguments.text("--listen") ?? "127.0.0.1:0")
        let terminal = context.terminal
        // A daemon that is down is what the page is opened for: it is said, and the page comes up.
        do throws(Failure) { _ = try Connection(path: context.socketPath, patienceSeconds: 2) } catch {
            terminal.err("omsctl: \(error.text)\n  the page says so too, and goes on by itself when the daemon is there\n")
        }
        let server = try ConsoleServer(listen: listen, socketPath: context.socketPath, token: ConsoleGate.makeToken())
        try server.start()
        defer { server.stop() }
        let (url, port) = (server.url, server.port)
        context.show(.object([("url", .string(url))])) {
            """
            omsctl console: open this address in a browser of this host; whoever has it may look, and nobody can change anything by it
                \(url)
            Ctrl-C ends it. From another machine: `ssh -L \(port):127.0.0.1:\(port) THIS-HOST`, and the same address there

            """
        }
        if context.arguments.has("--open") { open(url, terminal) }
        while true {
            terminal.pause(ms: 1_000)
            let guesses = server.guessesToTell(at: bootTime())
            if guesses > 0 {
                terminal.err(
                    "omsctl: \(guesses) \(guesses == 1 ? "request" : "requests") without the right token refused: an address that was mistyped or is old, or"
                        + " somebody on this host who tries\n")
            }
        }
    }

    /// By a file that only this user can read: what stands on a command line is seen by everybody on the host, and the address holds the token.
    private static func open(_ url: String, _ terminal: any Terminal) {
        let folder = getenv("XDG_RUNTIME_DIR").map { String(cString: $0) } ?? "/tmp"
        var path = Array("\(folder)/omsctl-console-XXXXXX.html".utf8CString)
        let file = mkstemps(&path, 5)
        let name = String(decoding: path.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        guard file >= 0 else {
            return terminal.err("omsctl: no file can be made in \(folder.escapedForTerminal): open the address yourself\n")
        }
        let page = Array("<!doctype html><meta charset=\"utf-8\"><meta http-equiv=\"refresh\" content=\"0;url=\(url)\"><title>omsd</title>\n".utf8)
        let written = page.withUnsafeBytes { CLinux.write(file, $0.baseAddress, $0.count) }
        close(file)
        defer {
            // The browser has read it by then.
            terminal.pause(ms: 10_000)
            unlink(name)
        }
        guard written == page.count, start("xdg-open", name) else {
            return terminal.err("omsctl: xdg-open cannot be started: open the address yourself\n")
        }
    }

    /// A program of the PATH that lives on without us; false where there is none.
    private static func start(_ program: String, _ argument: String) -> Bool {
        var words: [UnsafeMutablePointer<CChar>?] = [strdup(program), strdup(argument), nil]
        defer { for word in words { free(word) } }
        var process = pid_t()
        return posix_spawnp(&process, program, nil, nil, &words, omsd_environment()) == 0
    }
}
