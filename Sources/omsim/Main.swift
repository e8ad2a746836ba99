import Glibc
import Simulator
import Wire

/// `omsim`: simulated venues behind one port. Exit codes: 1 when an audit finds something, 64 for words or files that cannot be meant, 74 for an I/O error.
@main
struct Main {
    static func main() {
        signal(SIGPIPE, SIG_IGN)
        do {
            switch try SimulatorCommand.read(Array(CommandLine.arguments.dropFirst())) {
            case .help(let text): try StandardStream.output.write(text)
            case .version: try StandardStream.output.write("omsim \(omsdVersion)\n")
            case .serve(let command): try serve(command)
            case .accounts(let command): try printOrWrite(command)
            case .explore(let command): try explore(command)
            case .audit(let command): try audit(command)
            }
        } catch let error as SimulatorInputError {
            fail(error.description, code: 64)
        } catch let failure as ProgramFailure {
            fail(failure.text, code: failure.code)
        } catch {
            fail(String(describing: error), code: 74)
        }
    }

    private static func fail(_ text: String, code: Int32) -> Never {
        // Standard error may be closed: the exit code still says it.
        _ = try? StandardStream.error.write("omsim: \(text)\n")
        exit(code)
    }
}

/// Why the program ends, and its exit code.
struct ProgramFailure: Error {
    let text: String
    let code: Int32
}
