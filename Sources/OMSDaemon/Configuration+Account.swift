import CLinux
import Control
import ControlAPI
import Kernel
import OMSCore
import Venues
import Wire

/// Reads one entry of `accounts`.
struct AccountReader {
    let section: ConfigurationSection
    let places: Places
    let profile: ProfileResolver

    static let keys = [
        "venue", "product", "uid", "credentials", "base_url", "ca_file", "request_timeout_ms", "max_in_flight", "max_intent_age_ms", "resend",
        "reconcile_interval_ms", "queue_max_orders", "on_external_order", "hold_unanswered_ms", "freshness_ms", "memory_ms", "limits", "batch_max",
        "risk", "quantity_unit", "stream", "stream_url", "stream_generation", "reconcile_live_ms", "demo", "roles",
        "accept_assumption", "deadman_ms",
    ]
    static let limitKeys = ["budget", "scope", "permits", "window_ms", "margin_ms", "share", "reserve", "penalty_ms"]
    static let riskKeys = [
        "max_order_notional", "max_order_quantity", "max_open_notional", "max_open_orders", "max_orders_per_s", "max_position", "price_band",
        "symbols",
    ]

    /// - Returns: nil when a problem was reported that leaves no account to speak of.
    func read(named id: AccountID) -> AccountConfiguration? {
        let venue = section.text("venue", isRequired: true)
        let product = section.text("product", isRequired: true)
        let profile = readProfile(venue: venue, product: product)
        let uid = readUID()
        let credentials = section.text("credentials", isRequired: true).map(places.credentials)
        let isDemo = section.bool("demo") ?? false
        let baseURL = isDemo ? readDemoURL(profile) : readBaseURL(profile?.baseURL)
        let caFile = readCAFile()
        let freshness = section.integer("freshness_ms", in: 1...86_400_000)
        if freshness != nil, let baseURL, !baseURL.isLoopback {
            section.report("only with a base_url on loopback: against a real venue a wrong window means orders sent twice", "freshness_ms")
        }
        let memory = section.integer("memory_ms", in: 1...31_536_000_000)
        if memory != nil, let baseURL, !baseURL.isLoopback {
            section.report("only with a base_url on loopback: what a real venue forgets is never proven absent", "memory_ms")
        }
        let quantityUnit = section.choice("quantity_unit", QuantityUnit.self)
        // What is so everywhere else may be said.
        if quantityUnit == .base, let venue, VenueCatalog.line(venue) != nil, !VenueCatalog.asksForQuantityUnit(venue: venue) {
            section.report("\(venue) counts quantities in one unit only: \"base\" is for az-futures", "quantity_unit")
        }
        let resend = section.choice("resend", AccountConfiguration.Resend.self) ?? .afterProof
        let age = section.integer("max_intent_age_ms", in: 1...604_800_000)
        if let age, let profile, resend != .never {
            let proof = AccountConfiguration.proofMs(of: profile, freshnessMs: freshness)
            if age < proof {
                section.report(
                    "\(age) is less than the \(proof) ms this venue needs to prove that an order is absent; raise it, or set resend: \"never\"",
                    "max_intent_age_ms")
            }
        }
        let stream = readStream(venue: venue, product: product, baseURL: baseURL, ownURL: profile?.baseURL, isDemo: isDemo)
        let limits = readLimits(profile, stream)
        let batchMax = section.count("batch_max", in: 1...max(1, profile?.placeCeiling ?? 1_000_000))
        let risk = section.section("risk", keys: Self.riskKeys).map { RiskConfiguration($0) } ?? .none
        let roles = section.section("roles", keys: Role.allCases.map(\.name)).map { RoleGrants($0) }
        let timeout = section.integer("request_timeout_ms", in: 100...120_000)
        let inFlight = section.count("max_in_flight", in: 1...256)
        if inFlight == 1 { section.report("must be at least 2: one connection is kept for cancels", "max_in_flight") }
        let interval = section.integer("reconcile_interval_ms", in: 500...3_600_000)
        let livePace = readLivePace(intervalMs: interval ?? 10_000)
        let queueMax = section.count("queue_max_orders", in: 1...10_000_000)
        let external = section.choice("on_external_order", AccountConfiguration.ExternalOrderPolicy.self)
        let hold = section.integer("hold_unanswered_ms", in: 0...3_600_000)
        let accepted = readAccepted(venue: venue, product: product, unit: quantityUnit ?? .contracts, generation: stream?.generation)
        let deadman = readDeadman(profile, resend)
        guard let venue, let product, let uid, let credentials, let baseURL else { return nil }
        var account = AccountConfiguration(
            id: id, venue: venue, product: product, uid: uid, credentialsPath: credentials.path, credentialsAreManaged: credentials.isManaged,
            baseURL: baseURL, isDemo: isDemo, caFile: caFile, requestTimeoutMs: timeout ?? AccountSetup.requestTimeoutMsDefault,
            maxInFlight: inFlight, maxIntentAgeMs: age, resend: resend, reconcileIntervalMs: interval ?? 10_000,
            queueMaxOrders: queueMax ?? 1_000_000,
            onExternalOrder: external ?? .report, holdUnansweredMs: hold ?? 30_000, freshnessMs: freshness, memoryMs: memory, limits: limits,
            batchMax: batchMax, risk: risk, quantityUnit: quantityUnit ?? .contracts, stream: stream, reconcileLiveMs: livePace,
            roles: roles, credentialsPlace: section.place(of: "credentials"))
        account.acceptedAssumptions = accepted
        account.deadmanMs = deadman
        return account
    }

    private func readProfile(venue: String?, product: String?) -> VenueProfile? {
        guard let venue else { return nil }
        guard let known = VenueCatalog.line(venue) else {
            let names = VenueCatalog.all.map(\.venue)
            let hint = closest(to: venue, among: names).map { "did you mean \"\($0)\"?" } ?? "known: \(names.joined(separator: ", "))"
            section.report("unknown venue; \(hint)", "venue")
            return nil
        }
        guard let product else { return nil }
        guard known.products.contains(product) else {
            let hint = closest(to: product, among: known.products).map { "did you mean \"\($0)\"?" }
            section.report("unknown product of \(venue); \(hint ?? "known: \(known.products.joined(separator: ", "))")", "product")
            return nil
        }
        guard let profile = profile(venue, product) else {
            section.report("\(venue) \(product) is not built into this omsd", "venue")
            return nil
        }
        return profile
    }

    private func readUID() -> String? {
        guard let uid = section.text("uid", isRequired: true) else { return nil }
        guard Self.isUID(uid) else {
            section.report("must be \(Self.uidRule)", "uid")
            return nil
        }
        return uid
    }

    static let uidRule = "1 to 64 printable ASCII characters without spaces"

    static func isUID(_ text: String) -> Bool { (1...64).contains(text.utf8.count) && text.utf8.allSatisfy { (0x21...0x7E).contains($0) } }

    /// Where the venue's demo is; nil when a problem was reported.
    private func readDemoURL(_ profile: VenueProfile?) -> HTTPOrigin? {
        guard let profile else { return nil }
        guard case .at(let own, let header) = profile.demo else {
            if case .none(let why) = profile.demo { section.report("\(profile.venue) \(profile.product) cannot be tried in a demo: \(why)", "demo") }
            return nil
        }
        let url = readBaseURL(own)
        // Where a header alone makes the difference, the host is the same.
        if header == nil, let url, let live = HTTPOrigin(profile.baseURL), url.place == live.place {
            section.report("this is \(profile.venue)'s live host, and demo is true: leave it out, or name \(own)", "base_url")
            return nil
        }
        return url
    }

    /// - Parameter own: where the account is unless the configuration says otherwise.
    private func readBaseURL(_ own: String?) -> HTTPOrigin? {
        guard let text = section.text("base_url") ?? own else { return nil }
        guard let origin = HTTPOrigin(text) else {
            section.report("must be https://HOST[:PORT], without user, path or query", "base_url")
            return nil
        }
        guard origin.isTLS || origin.isLoopback else {
            section.report("http:// is for loopback addresses only; use https://", "base_url")
            return nil
        }
        return origin
    }

    private func readCAFile() -> String? {
        guard let given = section.text("ca_file") else { return nil }
        let path = places.beside(given)
        do throws(SystemError) {
            _ = try readWholeFile(path, bytesMax: 4 << 20)
            return path
        } catch {
            section.report("\(path.escapedForLog) cannot be read: \(error)", "ca_file")
            return nil
        }
    }

    /// - Parameter stream: its limits can be named, too, while it is on.
    private func readLimits(_ profile: VenueProfile?, _ stream: StreamConfiguration?) -> [LimitConfiguration] {
        let ofStream = stream.flatMap { stream in
            profile.flatMap { VenueCatalog.stream(venue: $0.venue, product: $0.product, generation: stream.generation)?.profile.budgets }
        }
        let rules = (profile?.budgets ?? []) + (ofStream ?? [])
        var seen: Set<String> = []
        return (section.list("limits") ?? []).compactMap { item in
            guard let entry = section.reader.section(item.node, key: item.key, keys: Self.limitKeys) else { return nil }
            guard let budget = entry.text("budget", isRequired: true) else { return nil }
            let rule = rules.first { $0.name == budget }
            if let profile, rule == nil {
                let names = rules.map(\.name)
                let hint = closest(to: budget, among: names).map { "did you mean \"\($0)\"?" } ?? "known: \(names.joined(separator: ", "))"
                entry.report("\(profile.venue) \(profile.product) has no such budget; \(hint)", "budget")
            }
            if !seen.insert(budget).inserted { entry.report("the budget stands twice in this list", "budget") }
            return readLimit(entry, budget: budget, rule: rule)
        }
    }

    private func readLimit(_ entry: ConfigurationSection, budget: String, rule: BudgetRule?) -> LimitConfiguration {
        let scope = entry.choice("scope", BudgetScope.self)
        // Fewer than one request takes would let it never leave.
        let least = rule?.heaviest ?? 1
        if budget == Query.countdown(seconds: 0).name, let rule, let scope, scope != rule.scope {
            let why = "one that is late could arrive behind the word that switches it off"
            entry.report("\(budget) is counted by \(rule.scope.rawValue) and by nothing else: \(why)", "scope")
        }
        // More would let one that is late arrive behind the word that switches it off.
        let most = budget == Query.countdown(seconds: 0).name ? max(least, rule?.permits ?? least) : 1_000_000
        let permits = entry.count("permits", in: least...most)
        let all = max(least, permits ?? rule?.permits ?? 1_000_000)
        let share = entry.count("share", in: least...all)
        let reserve = entry.count("reserve", in: 0...max(0, (share ?? all) - 1))
        return LimitConfiguration(
            budget: budget, scope: scope, permits: permits, windowMs: entry.integer("window_ms", in: 1...86_400_000),
            marginMs: entry.integer("margin_ms", in: 0...60_000), share: share, reserve: reserve,
            penaltyMs: entry.integer("penalty_ms", in: 0...3_600_000), place: entry.reader.place(of: entry.key, at: entry.offset))
    }
}
