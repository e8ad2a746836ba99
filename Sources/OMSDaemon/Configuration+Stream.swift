import OMSCore
import Venues
import Wire

/// The private stream of an account: where, and which of the venue's.
struct StreamConfiguration: Sendable, Equatable {
    /// `https://` stands for `wss://`, `http://` for `ws://`: an upgrade is a request.
    let origin: HTTPOrigin
    let generation: StreamGeneration

    /// As a configuration has it, with the port.
    var url: String { Self.url(of: origin) }

    /// As the journal pins it: one text for all spellings of one place.
    var place: String { Self.place(of: origin) }

    static func url(of origin: HTTPOrigin) -> String { "ws" + origin.description.dropFirst(4) }
    static func place(of origin: HTTPOrigin) -> String { "ws" + origin.place.dropFirst(4) }

    /// Reads `wss://HOST[:PORT]` or `ws://HOST[:PORT]`; nil for anything else, a path included: paths are the venue's.
    static func origin(_ url: String) -> HTTPOrigin? {
        let lower = url.lowercased()
        // A single `/` at the end is a path here, too.
        guard lower.hasPrefix("wss://") || lower.hasPrefix("ws://"), !url.hasSuffix("/") else { return nil }
        return HTTPOrigin("http" + url.dropFirst(2))
    }
}

enum StreamSwitch: String, CaseIterable, Sendable { case on, off }

extension AccountReader {
    /// The account's private stream; nil: off, or the venue has none.
    ///
    /// On by itself only where requests go to the venue's own host: a test account whose orders were told by the live venue's stream would believe them.
    /// In the demo that is the demo's host and the demo's stream.
    func readStream(venue: String?, product: String?, baseURL: HTTPOrigin?, ownURL: String?, isDemo: Bool) -> StreamConfiguration? {
        let wanted = section.choice("stream", StreamSwitch.self)
        let given = readStreamURL()
        let generation = section.choice("stream_generation", StreamGeneration.self)
        guard let venue, let product, let line = VenueCatalog.line(venue), line.products.contains(product), let baseURL else { return nil }
        if generation != nil, !line.hasOlderStream { section.report("\(venue) has one private stream only: leave it out", "stream_generation") }
        guard let dialect = line.stream(product, generation: generation ?? .newer) else {
            if wanted == .on || given != nil { section.report("\(venue) has no private stream", wanted == .on ? "stream" : "stream_url") }
            return nil
        }
        if baseURL.isLoopback, let given, !given.isLoopback {
            section.report("base_url is on loopback, and this is not: pushes of another place would be taken for this account's", "stream_url")
            return nil
        }
        let live = ownURL.flatMap { HTTPOrigin($0) }?.place
        let own = isDemo ? line.adapter(product, isDemo: true).flatMap { HTTPOrigin($0.profile.baseURL) }?.place : live
        let isOwn = own == baseURL.place
        let problem = given.flatMap { given in
            isDemo
                ? mixedInDemo(given, dialect.profile, venue: venue)
                : mixed(given, dialect.profile, venue: venue, baseURL: baseURL, isOwn: isOwn)
        }
        if let problem {
            section.report(problem, "stream_url")
            return nil
        }
        let ownStream = isDemo ? dialect.profile.demoURL : dialect.profile.url
        let origin = given ?? (isOwn ? ownStream.flatMap { StreamConfiguration.origin($0) } : nil)
        switch wanted ?? (isOwn && ownStream != nil ? .on : .off) {
        case .off: return nil
        case .on:
            guard let origin else {
                // A stream_url that cannot be read was reported.
                if section.text("stream_url") == nil {
                    section.report(
                        "needs stream_url: base_url is not \(venue)'s own\(isDemo ? " demo" : ""), and \(ownStream ?? dialect.profile.url) would tell "
                            + "of other orders", "stream")
                }
                return nil
            }
            return StreamConfiguration(origin: origin, generation: generation ?? .newer)
        }
    }

    /// Orders of one world told of by the stream of the other; nil: not as far as is known.
    private func mixed(_ given: HTTPOrigin, _ profile: StreamProfile, venue: String, baseURL: HTTPOrigin, isOwn: Bool) -> String? {
        guard let demo = profile.demoURL.flatMap({ StreamConfiguration.origin($0) }) else { return nil }
        if isOwn, given.place == demo.place { return "this is \(venue)'s demo, and base_url is not: it would tell of other orders than are placed" }
        func domain(_ origin: HTTPOrigin) -> String { origin.host.split(separator: ".").suffix(2).joined(separator: ".") }
        let isLive = given.place == StreamConfiguration.origin(profile.url)?.place
        guard isLive, !isOwn, domain(baseURL) == domain(demo), domain(demo) != domain(given) else { return nil }
        return "base_url is \(venue)'s demo, and this is not: a test key must not hear the live venue"
    }

    /// Orders of the demo told of by the live stream; nil: not as far as is known.
    private func mixedInDemo(_ given: HTTPOrigin, _ profile: StreamProfile, venue: String) -> String? {
        guard given.place == StreamConfiguration.origin(profile.url)?.place else { return nil }
        return "this is \(venue)'s live stream, and demo is true: it would tell of other orders than are placed"
    }

    private func readStreamURL() -> HTTPOrigin? {
        guard let text = section.text("stream_url") else { return nil }
        guard let origin = StreamConfiguration.origin(text) else {
            section.report("must be wss://HOST[:PORT], without user, path or query: paths are the venue's", "stream_url")
            return nil
        }
        guard origin.isTLS || origin.isLoopback else {
            section.report("ws:// is for loopback addresses only; use wss://", "stream_url")
            return nil
        }
        return origin
    }

    /// The pace of listings while a stream is live: never faster than without one.
    func readLivePace(intervalMs: Int64) -> Int64 {
        let given = section.integer("reconcile_live_ms", in: 1_000...3_600_000)
        if let given, given < intervalMs {
            section.report("\(given) is below reconcile_interval_ms (\(intervalMs)), which holds without a live stream", "reconcile_live_ms")
        }
        return given ?? max(AccountConfiguration.reconcileLiveMsDefault, intervalMs)
    }
}

extension AccountConfiguration {
    static let reconcileLiveMsDefault: Int64 = 60_000

    /// How the stream is spoken; nil: it is off.
    var streamDialect: (any StreamDialect)? {
        stream.flatMap { VenueCatalog.stream(venue: venue, product: product, generation: $0.generation) }
    }

    /// The limits of all that the account may send, its stream's among them.
    func budgets(_ profile: VenueProfile) -> [BudgetRule] { profile.budgets + (streamDialect?.profile.budgets ?? []) }

    /// What `check-config` tells of it.
    var streamWords: String {
        guard let stream else {
            let has = VenueCatalog.stream(venue: venue, product: product) != nil
            return has ? "stream off, reconciled every \(reconcileIntervalMs) ms" : "no stream, reconciled every \(reconcileIntervalMs) ms"
        }
        let which = VenueCatalog.line(venue)?.hasOlderStream == true ? " (\(stream.generation.rawValue))" : ""
        return "stream \(stream.url)\(which): "
            + "reconciled every \(reconcileIntervalMs) ms, \(reconcileLiveMs) ms while it is live"
    }
}
