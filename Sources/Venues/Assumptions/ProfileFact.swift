import OMSCore

/// A property of ``VenueProfile`` as an assumption: its name, and in words what a profile says. Each property has its line, or is a name and no fact.
package struct ProfileFact: Sendable {
    /// As Swift has it.
    package let property: String
    let name: String
    private let sight: Assumption.Sight
    private let how: String
    private let bears: Assumption.Promise?
    /// Words for each part; of a fact that is one, under the name "". None: the profile says nothing of the kind.
    private let words: @Sendable (VenueProfile) -> [(part: String, words: String)]

    private init(
        _ name: String, _ property: String, _ sight: Assumption.Sight, _ how: String, bears: Assumption.Promise? = nil,
        _ words: @escaping @Sendable (VenueProfile) -> String?
    ) {
        self.init(parts: name, property, sight, how, bears: bears) { profile in words(profile).map { [("", $0)] } ?? [] }
    }

    private init(
        parts name: String, _ property: String, _ sight: Assumption.Sight, _ how: String, bears: Assumption.Promise? = nil,
        _ words: @escaping @Sendable (VenueProfile) -> [(part: String, words: String)]
    ) {
        (self.name, self.property, self.sight, self.how, self.bears, self.words) = (name, property, sight, how, bears, words)
    }

    func told(of profile: VenueProfile) -> [ToldFact] {
        words(profile).map { part, words in
            var told = ToldFact(name: part.isEmpty ? name : "\(name):\(part)", words: words, sight: sight, how: how, bears: bears)
            if property == "budgets" { told.budget = part }
            return told
        }
    }

    /// What a profile is called by, and no fact about a venue.
    package static let names: Set<String> = ["venue", "product"]

    package static let all: [ProfileFact] = places + requests + orders + questions + time + limits

    private static let places: [ProfileFact] = [
        .init("base_url", "baseURL", .reading, "the host answers, with a certificate of its name") { $0.baseURL },
        .init("demo", "demo", .reading, "the demo answers the key") { profile in
            switch profile.demo {
            case .none: nil
            case .at(let url, let header): header.map { "\(url), header \($0.name): \($0.value)" } ?? url
            }
        },
        .init("address_family", "ownAddressFamily", .nothing, "what is counted by address, by being refused") {
            $0.ownAddressFamily.map { "hosts of \($0) count addresses together" }
        },
        .init("needs_passphrase", "needsPassphrase", .nothing, "only a signature without one would show it, and keys are shut out for failed ones") {
            $0.needsPassphrase ? "a passphrase goes with each signature" : nil
        },
        .init("needs_account_facts", "needsAccountFacts", .reading, "the account's page tells what paths name") {
            $0.needsAccountFacts ? "the account's page tells what order paths name" : nil
        },
        .init("account_tells_uid", "accountTellsUID", .reading, "the uid that the account's page tells") {
            $0.accountTellsUID ? "the venue tells whose key it is" : nil
        },
    ]

    private static let requests: [ProfileFact] = [
        .init("place_max", "placeMax", .nothing, "a batch of as many is more than a rehearsal places") { count($0.placeMax, "order") + " a request" },
        .init("place_max_at_most", "placeMaxAtMost", .nothing, "a batch of as many is more than a rehearsal places") {
            $0.placeMaxAtMost.map { "batch_max may raise it to \($0)" }
        },
        .init("cancel_max", "cancelMax", .nothing, "a batch of as many is more than a rehearsal cancels") {
            count($0.cancelMax, "cancel") + " a request"
        },
        .init("modify_max", "modifyMax", .nothing, "a batch of as many is more than a rehearsal changes") {
            $0.modifyMax == 0 ? "orders cannot be changed" : count($0.modifyMax, "change") + " a request"
        },
        .init(
            "unfinished_modifies_max", "unfinishedModifiesMax", .nothing,
            "the daemon sends no more changes of one order than that, nor does a rehearsal"
        ) {
            $0.modifyMax == 0 ? nil : count($0.unfinishedModifiesMax, "change") + " of an order under way"
        },
        .init("mixes_place_and_cancel", "mixesPlaceAndCancel", .nothing, "which orders share a request is the daemon's to choose") {
            $0.mixesPlaceAndCancel ? "creates and cancels share a request" : nil
        },
        .init("modify_may_rename", "modifyMayRename", .nothing, "either is allowed for: a rehearsal tells which id an order has behind a change") {
            $0.modifyMayRename ? "a changed order may have another id" : nil
        },
        .init("cancels_by_client_id", "cancelsByClientID", .nothing, "a cancel names the venue's id wherever that is known") {
            $0.cancelsByClientID ? "a cancel may name our id" : "a cancel names the venue's id"
        },
        .init("cancels_all", "cancelsAll", .nothing, "it would take what is others'") {
            $0.cancelsAll ? "one request cancels all of the account" : "no request cancels everything"
        },
        .init("countdown", "countdownSeconds", .nothing, "running out, it would take what is others'") { profile in
            profile.countdownSeconds.map { "all of the user goes \($0.lowerBound) to \($0.upperBound) s after the countdown was set last" }
        },
    ]

    private static let orders: [ProfileFact] = [
        .init("client_ids", "clientIDs", .nothing, "a row that bears another id is no row of ours: an order under one would not be shown") {
            $0.clientIDs.words
        },
        .init("quantity_unit", "quantityUnit", .reading, "quantities and amounts of the newest closed and open orders") {
            $0.quantityUnit.map { $0 == .contracts ? "quantities count contracts" : "quantities count base currency" }
        },
    ]

    private static let questions: [ProfileFact] = [
        .init("find_max", "findMax", .reading, "a look-up of as many is answered") {
            $0.findMax == 1 ? nil : count($0.findMax, "order") + " a look-up"
        },
        .init("find_ids_max", "findIDsMax", .reading, "a look-up of as many ids is answered") {
            $0.findIDsMax == .max ? nil : count($0.findIDsMax, "id") + " a look-up"
        },
        .init("looks_up_by_venue_id", "looksUpByVenueID", .placing, "an order is found by the id computed for it", bears: .neverTwice) {
            $0.looksUpByVenueID ? "orders are found by the venue's id alone" : nil
        },
        .init("find_steps", "findSteps", .placing, "an open order, and a closed one, is on one of these pages", bears: .neverTwice) {
            $0.findSteps == 1 ? "one page shows every order" : "\($0.findSteps) pages together show every order"
        },
        .init("lists_by_symbol", "listsBySymbol", .reading, "a listing of one market is answered") {
            $0.listsBySymbol ? "listings name a market" : nil
        },
        .init(
            "listing_proves_absence", "listingProvesAbsence", .nothing, "a page that slips does so only while orders come and go between two of them",
            bears: .neverTwice
        ) {
            $0.listingProvesAbsence ? "pages of listings cannot slip" : nil
        },
        .init("says_unknown", "saysUnknown", .reading, "a look-up of an id that never was says so in the words of the page", bears: .neverTwice) {
            $0.saysUnknown ? "an id that is unknown is called unknown" : nil
        },
        .init("lists_fills", "listsFills", .filling, "executions of the newest filled order, and of one that is bought") {
            $0.listsFills ? "executions are listed" : nil
        },
    ]

    private static let time: [ProfileFact] = [
        .init("freshness", "freshnessMs", .placing, "an order stamped longer ago is refused for its stamp", bears: .neverTwice) {
            "a stamp counts for \($0.freshnessMs) ms"
        },
        .init(parts: "freshness", "freshnessMsByKind", .placing, "one stamped longer ago is refused", bears: .neverTwice) {
            $0.freshnessMsByKind.sorted { $0.key.rawValue < $1.key.rawValue }.map { ($0.key.rawValue, "a stamp counts for \($0.value) ms") }
        },
        .init("signature", "signatureMs", .reading, "a question signed longer ago is refused") { profile in
            profile.signatureMs.map { "a signature counts for \($0) ms, whatever the request's own time" }
        },
        .init("recvwindow_floor", "recvwindowFloorMs", .reading, "a request with the shortest window is answered") {
            $0.recvwindowFloorMs == 0 ? nil : "a window of \($0.recvwindowFloorMs) ms or more"
        },
        .init("stamp_margin", "stampMarginMs", .reading, "signed questions are answered, and not refused as early") {
            "a stamp \($0.stampMarginMs) ms behind the venue's clock is never ahead of it"
        },
        .init(
            "visibility_delay", "visibilityDelayMs", .placing, "how long behind its acknowledgement each look-up shows an order", bears: .neverTwice
        ) {
            "an order is seen within \($0.visibilityDelayMs) ms"
        },
        .init("memory", "memoryMs", .nothing, "an order of that age, looked for", bears: .neverTwice) {
            "orders are kept for \(span($0.memoryMs))"
        },
        .init("unfilled_memory", "unfilledMemoryMs", .nothing, "one that never traded, of that age, looked for", bears: .neverTwice) {
            $0.unfilledMemoryMs.map { "those that never traded for \(span($0))" }
        },
    ]

    private static let limits: [ProfileFact] = [
        .init(parts: "limit", "budgets", .reading, "what headers say, and that no question within it is refused", bears: .neverOverTheLimit) {
            $0.budgets.map { ($0.name, limit($0)) }
        },
        .init("endpoints", "endpoints", .nothing, "what is counted together, by being refused", bears: .neverOverTheLimit) {
            $0.endpoints.map { "\($0) is counted apart from other products" }
        },
        .init("shared_budgets", "sharedBudgets", .nothing, "what is counted together, by being refused", bears: .neverOverTheLimit) {
            $0.sharedBudgets.isEmpty ? nil : $0.sharedBudgets.sorted().joined(separator: ", ") + " of all products together"
        },
        .init("shut_out", "shutOuts", .nothing, "by being shut out") { profile in
            guard !profile.shutOuts.isEmpty else { return nil }
            return profile.shutOuts.map { rule in
                "HTTP \(rule.status) \(rule.words.map { "that says \"\($0)\"" } ?? "without JSON") for \(span(rule.forMs))"
            }.joined(separator: ", ")
        },
    ]

    /// As `10 per 1000 ms by uid`.
    static func limit(_ rule: BudgetRule) -> String {
        "\(rule.permits) per \(rule.windowMs) ms by \(rule.scope.rawValue)\(rule.isOffByDefault ? ", off by default" : "")"
    }

    static func count(_ count: Int, _ what: String) -> String { "\(count) \(what)\(count == 1 ? "" : "s")" }

    /// As `90 days`, `1 hour`, `600000 ms`.
    static func span(_ milliseconds: Int64) -> String {
        for (unit, size) in [("day", Int64(86_400_000)), ("hour", 3_600_000), ("minute", 60_000), ("second", 1_000)]
        where milliseconds >= size && milliseconds % size == 0 {
            return count(Int(milliseconds / size), unit)
        }
        return "\(milliseconds) ms"
    }
}
