import CLinux

@main
struct Main {
    static func main() {
        omsd_ignore_sigpipe()
        var environment: [String: String] = [:]
        if let socket = getenv("OMSD_SOCKET") { environment["OMSD_SOCKET"] = String(cString: socket) }
        exit(Client.run(Array(CommandLine.arguments.dropFirst()), environment: environment, terminal: SystemTerminal()))
    }
}
