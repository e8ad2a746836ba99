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

    /// Reads the key that signs seals; nil: none is set.
    ///
    /// - Throws: ``ConfigurationError`` naming the line that names the file, and never a word of what stands in it.
    func loadSealKey() throws(ConfigurationError) -> Ed25519Key? {
        guard let sealKey else { return nil }
        func problem(_ words: String) -> ConfigurationError {
            ConfigurationError(
                problems: [
                    ConfigurationProblem(
                        file: path, line: sealKey.place?.line, column: sealKey.place?.column, key: "seal.key",
                        problem: "\(sealKey.path.escapedForLog) \(words)")
                ])
        }
        let read: Result<Ed25519Key, Ed25519Error>
        do throws(ConfigurationError) {
            read = try CredentialsText.withBytes(of: sealKey.path, isManaged: sealKey.isManaged) { bytes throws(ConfigurationError) in
                Result { () throws(Ed25519Error) in try Ed25519Key(pem: bytes) }
            }
        } catch { throw problem(error.problems.first?.problem ?? "cannot be read") }
        do throws(Ed25519Error) { return try read.get() } catch { throw problem(error.description) }
    }
}
