import CLinux
import OMSCore
import TestSupport
import Testing

/// A folder with the files of a configuration, with the modes that they are to have.
final class ConfigurationScratch {
    private let folder = ScratchDirectory()
    var path: String { folder.path }

    /// Writes a file and returns its path.
    func write(_ name: String, _ text: String, mode: mode_t = 0o600) throws -> String {
        let file = folder.file(name)
        let descriptor = creat(file, mode)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        fchmod(descriptor, mode)
        let bytes = Array(text.utf8)
        try #require(CLinux.write(descriptor, bytes, bytes.count) == bytes.count)
        return file
    }

    func makeFolder(_ name: String) throws -> String {
        let made = folder.file(name)
        try #require(mkdir(made, 0o700) == 0)
        return made
    }
}

/// Northgate's profile under a name the catalogue knows: what a configuration is checked against.
func testProfile(_ venue: String, _ product: String) -> VenueProfile? {
    guard venue != "ascendex" else { return nil }
    var profile = VenueProfile(
        venue: venue, product: product, baseURL: "https://api.northgate.example",
        budgets: [BudgetRule("batch-place", 200, perMs: 1_000, scope: .apikey), BudgetRule("overall", 1_000, perMs: 60_000, scope: .ip)],
        placeMax: 100, cancelMax: 100, modifyMax: 1, cancelsByClientID: false, clientIDs: ClientIDRule(lengths: 1...32, alsoAllowed: "-_"),
        freshnessMs: 5_000, stampMarginMs: 500, visibilityDelayMs: 2_000, findSteps: 1, listsFills: true)
    profile.needsPassphrase = venue == "bitget-uta"
    return profile
}
