import OMSCore
import Venues
import Wire

extension Configuration {
    /// Reads every account's key, and checks what hangs on who shares one.
    ///
    /// - Throws: ``ConfigurationError`` with the problems of all accounts.
    func loadCredentials(
        profile: ProfileResolver = { VenueCatalog.adapter(venue: $0, product: $1)?.profile }
    ) throws(ConfigurationError) -> [AccountID: Credentials] {
        var loaded: [AccountID: Credentials] = [:]
        var problems: [ConfigurationProblem] = []
        for account in accounts {
            do throws(ConfigurationError) {
                loaded[account.id] = try Credentials.load(
                    account.credentialsPath, isManaged: account.credentialsAreManaged,
                    needsPassphrase: profile(account.venue, account.product)?.needsPassphrase ?? false)
            } catch {
                problems += error.problems.map { problem in
                    guard problem.line == nil, let place = account.credentialsPlace else { return problem }
                    // Nothing in that file is wrong but the file itself: the line that names it is where to look.
                    return ConfigurationProblem(
                        file: path, line: place.line, column: place.column, key: "accounts.\(account.id).credentials",
                        problem: "\(problem.file.escapedForLog) \(problem.problem)")
                }
            }
        }
        for clash in IdentityCheck.clashes(identities(loaded)) {
            let place = accounts.first { $0.id == clash.account }?.credentialsPlace
            problems.append(
                ConfigurationProblem(
                    file: path, line: place?.line, column: place?.column, key: "accounts.\(clash.account)", problem: clash.words))
        }
        problems += sharedLimitProblems(loaded.mapValues(\.fingerprint), profile: profile)
        guard problems.isEmpty else { throw ConfigurationError(problems: problems) }
        return loaded
    }
}
