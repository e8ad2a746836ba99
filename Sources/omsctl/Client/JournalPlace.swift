import ControlAPI

extension Context {
    /// How long a daemon may take to say where its journal lies: one that hangs keeps nobody from reading the file.
    private static let patienceSeconds = 5

    /// Which journal a verb reads that works without the daemon: the one that is named, else that of the daemon on the socket, else the usual one.
    ///
    /// - Throws: where a socket was named and no daemon there says it: another daemon's journal would be the wrong answer.
    func journalPath() throws(Failure) -> String {
        if let named = arguments.text("--journal") { return named }
        do throws(Failure) {
            let status = try Connection(path: socketPath, patienceSeconds: Self.patienceSeconds).ask(DaemonStatus.self)
            guard let path = status.journalPath else {
                throw Failure(exitCode: .internal, text: "the daemon on \(socketPath.escapedForTerminal) does not say where its journal lies")
            }
            return path
        } catch {
            guard isSocketNamed else { return ReportVerb.journal }
            var failure = error
            failure.text += "\n  --journal names the file to read without it"
            throw failure
        }
    }
}
