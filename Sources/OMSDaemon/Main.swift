import CLinux
import Kernel
import OMSCore
import Store
import Wire

@main
struct Main {
    static func main() {
        // Before anything is read: the process will hold secrets, and files it makes are not for others.
        _ = omsd_forbid_dump()
        omsd_crash_silently()
        if !prepareSecretMemory() { Log.warning(.problem, "no memory could be locked: keys may be swapped out; raise LimitMEMLOCK") }
        umask(0o027)
        exit(run(Array(CommandLine.arguments.dropFirst())).rawValue)
    }

    static func run(_ words: [String]) -> ExitCode {
        let arguments: Arguments
        do throws(ArgumentError) { arguments = try Arguments.parse(words) } catch {
            writeToStandardError("omsd: \(error)\n\n\(Arguments.usage)")
            return .usage
        }
        switch arguments {
        case .help:
            writeToStandardOutput(Arguments.usage)
            return .done
        case .version:
            writeToStandardOutput("omsd \(omsdVersion), \(SQLiteJournal.libraryVersion)\n")
            return .done
        case .checkConfig(let path): return checkConfiguration(path)
        case .verify(let verify): return verify.run()
        case .backup(let path, let target): return backup(path, to: target)
        case .compact(let path): return compact(path)
        case .rebind(let rebind): return rebind.run()
        case .rehearse(let rehearse): return rehearse.run()
        case .logInit(let logInit): return logInit.run()
        case .logLeave(let path): return leaveLog(path)
        case .run(let path): return Daemon.run(configurationPath: path)
        }
    }

    private static func checkConfiguration(_ path: String) -> ExitCode {
        do throws(ConfigurationError) {
            let configuration = try Configuration.load(path, environment: processEnvironment())
            let credentials = try configuration.loadCredentials()
            _ = try configuration.loadSealKey()
            // As a start would, and with its exit code.
            do throws(OpenError) { try SQLiteJournal.check(configuration.journalPath) } catch {
                let problem = ConfigurationProblem(file: path, line: nil, column: nil, key: "journal.path", problem: error.description.escapedForLog)
                guard error.kind != .configuration else { throw ConfigurationError(problems: [problem]) }
                writeToStandardError("\(problem)\n")
                return ExitCode(rawValue: error.exitCode) ?? .inputOutput
            }
            try configuration.checkArchive(isRunning: false)
            try configuration.checkReplica()
            let identityProblems: [String]
            do throws(JournalError) {
                identityProblems = try SQLiteJournal.identityProblems(
                    configuration.journalPath, accounts: configuration.journalAccounts, identities: configuration.identities(credentials))
            } catch {
                let words = "omsd: whether the accounts are those of the journal could not be checked: \(error.description)"
                writeToStandardError("\(words.escapedForLog)\n")
                return ExitCode(rawValue: error.exitCode) ?? .inputOutput
            }
            guard identityProblems.isEmpty else {
                throw ConfigurationError(
                    problems: identityProblems.map {
                        ConfigurationProblem(file: path, line: nil, column: nil, key: "accounts", problem: $0.escapedForLog)
                    })
            }
            if let replica = configuration.replica {
                do throws(GroupError) {
                    if let found = try configuration.probeLog(credentials)?.found { writeToStandardOutput("\(replica.words(found))\n") }
                } catch {
                    writeToStandardError("\(error.description)\n")
                    return error.code
                }
            }
            for account in configuration.accounts { writeToStandardOutput("\(account.id.text.escapedForLog): \(account.streamWords)\n") }
            for words in configuration.rolesOfNobody { writeToStandardOutput("note: \(words.escapedForLog)\n") }
            writeToStandardOutput("\(path): \(configuration.accounts.count) accounts, no error\n")
            return .done
        } catch {
            writeToStandardError("\(error)\n")
            return .configuration
        }
    }

    private static func compact(_ path: String) -> ExitCode {
        do {
            guard access(path, F_OK) == 0 else {
                writeToStandardError("omsd: \(path.escapedForLog): \(errorText(omsd_errno()))\n")
                return .inputOutput
            }
            let file = try SQLiteJournal.open(path: path, accounts: [], bootID: Daemon.bootID(), for: .upkeep)
            for warning in file.warnings { Log.warning(.problem, warning) }
            let (before, after) = try file.compact()
            writeToStandardOutput("\(path.escapedForLog): \(before) bytes, now \(after); from here on it gives back what it does not use\n")
            return .done
        } catch let error as OpenError {
            writeToStandardError("omsd: \(error.description.escapedForLog)\n")
            return ExitCode(rawValue: error.exitCode) ?? .inputOutput
        } catch let error as JournalError {
            writeToStandardError("omsd: \(error.description.escapedForLog)\n")
            return ExitCode(rawValue: error.exitCode) ?? .inputOutput
        } catch {
            writeToStandardError("omsd: \("\(error)".escapedForLog)\n")
            return .inputOutput
        }
    }

    /// A person's word that this host goes on without the group's log.
    private static func leaveLog(_ path: String) -> ExitCode {
        do {
            guard access(path, F_OK) == 0 else {
                writeToStandardError("omsd: \(path.escapedForLog): \(errorText(omsd_errno()))\n")
                return .inputOutput
            }
            let file = try SQLiteJournal.open(path: path, accounts: [], bootID: Daemon.bootID(), for: .upkeep)
            let group = try file.leaveGroup()
            writeToStandardOutput(
                group.map {
                    "\(path.escapedForLog) is no copy of group \($0)'s log any more: its turns are this host's alone, and no other host may run the group\n"
                } ?? "\(path.escapedForLog) is of no group\n")
            return .done
        } catch let error as OpenError {
            writeToStandardError("omsd: \(error.description.escapedForLog)\n")
            return ExitCode(rawValue: error.exitCode) ?? .inputOutput
        } catch {
            writeToStandardError("omsd: \("\(error)".escapedForLog)\n")
            return .inputOutput
        }
    }

    static func warnOfNames(_ path: String) {
        if let warning = SQLiteJournal.nameWarning(path) { writeToStandardError("omsd: \(warning.escapedForLog)\n") }
    }

    private static func backup(_ path: String, to target: String) -> ExitCode {
        do throws(JournalError) {
            warnOfNames(path)
            try JournalBackup.backup(from: path, to: target)
            writeToStandardOutput("\(target.escapedForLog): complete\n")
            return .done
        } catch {
            writeToStandardError("omsd: \(error.description.escapedForLog)\n")
            return ExitCode(rawValue: error.exitCode) ?? .inputOutput
        }
    }
}
