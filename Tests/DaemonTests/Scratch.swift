import CLinux
import OMSCore
import TestSupport
import Testing

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
