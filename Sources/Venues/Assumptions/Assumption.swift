import OMSCore

/// Something that is taken for granted of a venue: what, by whose word, how sure that is, and how somebody with a key can see it.
///
/// The adapters' profiles say what; each venue's ``VenueLine/sources`` say by whose word. The tables of docs/venues are made from the two.
package struct Assumption: Sendable, Equatable {
    /// How it can be seen whether it holds.
    package enum Sight: String, Sendable {
        /// By questions alone, which change nothing.
        case reading
        /// By orders that are placed and cancelled.
        case placing
        /// By one order that executes.
        case filling
        /// By nothing that may be tried, or that would tell: why, stands beside it.
        case nothing
    }

    /// What rests on it: the promises of README.md.
    package enum Promise: String, Sendable, CaseIterable {
        case neverTwice = "P2"
        case neverLost = "P3"
        case neverOverTheLimit = "P4"
    }

    /// `freshness`, `limit:batch-place`, `stream:heartbeat`.
    package let name: String
    /// In words, with units.
    package let assumed: String
    package let source: Source
    package let sight: Sight
    /// What is looked at, in words; of what no rehearsal shows: why.
    package let how: String
    /// nil: were it wrong, orders would be refused or slow, and no promise broken.
    package let bears: Promise?
}

/// By whose word, and how sure.
package struct Source: Sendable, Equatable {
    package enum Certainty: String, Sendable {
        /// The venue's own documentation.
        case doc
        /// Documentation of a platform that runs the same software.
        case sister
        /// The code of client libraries.
        case sdk
        /// Reports of users, and captured traffic.
        case report
        /// Nobody states it: ours, the value that costs time.
        case guess
    }
    package let certainty: Certainty
    /// Where it stands.
    package let page: String
    /// When it was read, or of when the copy is that was read.
    package let read: String
    /// Names of assumptions, a family of them as `limit:*`.
    package let names: [Substring]
    /// Why no rehearsal shows them at this venue; nil: as anywhere.
    package let unseen: String?

    /// - Parameter names: separated by blanks.
    package init(_ certainty: Certainty, _ page: String, read: String, _ names: String, unseen: String? = nil) {
        (self.certainty, self.page, self.read, self.names) = (certainty, page, read, names.split(separator: " "))
        self.unseen = unseen
    }

    /// How well a source speaks of an assumption: its own name before that of its family; nil: not at all.
    fileprivate func speaks(of name: String) -> Int? {
        names.compactMap { candidate in
            if candidate == name { return Int.max }
            guard candidate.hasSuffix("*"), name.hasPrefix(candidate.dropLast()) else { return nil }
            return candidate.utf8.count
        }.max()
    }
}

extension [Source] {
    /// nil: none of them speaks of it.
    package func source(of name: String) -> Source? {
        compactMap { source in source.speaks(of: name).map { (source, $0) } }.max { $0.1 < $1.1 }?.0
    }
}

extension VenueLine {
    /// What is taken for granted of a product, in a fixed order; of an account of the demo what holds there.
    ///
    /// - Throws: ``UnsourcedFact`` where the venue's list has no source for a fact: a mistake of ours, which the tests find.
    package func assumptions(_ product: String, quantityUnit: QuantityUnit = .contracts, generation: StreamGeneration = .newer) throws(UnsourcedFact)
        -> [Assumption]
    {
        guard let adapter = adapter(product, quantityUnit: quantityUnit) else { return [] }
        let profile = adapter.profile
        var facts = ProfileFact.all.flatMap { $0.told(of: profile) } + Conversation.all.compactMap { $0.told(of: profile) }
        if let stream = stream(product, generation: generation)?.profile {
            facts += StreamFact.all.flatMap { $0.told(of: stream) } + Conversation.ofStreams.compactMap { $0.told(of: profile) }
        }
        // Where a product has no demo, nothing of it is relied on.
        if case .none = profile.demo { facts.removeAll { $0.name == "stream:demo_url" } }
        let blamed = Set(adapter.rehearsedBudgets)
        var assumptions: [Assumption] = []
        for fact in facts {
            guard let source = sources.source(of: fact.name) else {
                if fact.isBySource { continue }
                throw UnsourcedFact(venue: venue, name: fact.name)
            }
            var (sight, how) = (fact.sight, fact.how)
            if let budget = fact.budget, !blamed.contains(budget) {
                (sight, how) = (
                    .nothing, "nothing that a rehearsal asks would be put down to it: the daemon counts it, and only a refusal shows it wrong"
                )
            }
            if let why = source.unseen { (sight, how) = (.nothing, why) }
            assumptions.append(Assumption(name: fact.name, assumed: fact.words, source: source, sight: sight, how: how, bears: fact.bears))
        }
        return assumptions
    }
}

extension VenueAdapter {
    /// Limits that a refusal of one of a rehearsal's questions is put down to.
    fileprivate var rehearsedBudgets: [String] {
        let subject = FindSubject(
            order: OrderKey(0), clientOrderID: ClientOrderID("x"), venueOrderID: VenueOrderID("1"), predictedIDs: [],
            terms: OrderTerms(symbol: Symbol("x"), side: .buy, type: .limit), sinceMs: 0)
        let asked: [Query] =
            [.serverTime, .account, .instruments, .openOrders(symbol: nil, page: nil), .history(symbol: nil, sinceMs: 0, page: nil)]
            + (0..<profile.findSteps).map { .find([subject], step: $0) } + (profile.listsFills ? [.fills(subject, page: nil)] : [])
        return asked.compactMap { profile.blamed(for: charges(of: .query($0)))?.name }
    }
}

extension VenueProfile {
    /// The limit that a refusal for the rate is put down to: of those that count the request the one with the shortest window.
    func blamed(for charges: [Charge]) -> BudgetRule? {
        charges.compactMap { charge in budgets.first { $0.covers(charge.budget) && !$0.isOffByDefault } }.min { $0.windowMs < $1.windowMs }
    }
}

/// A fact that a venue's adapter relies on, and its list of sources does not know.
package struct UnsourcedFact: Error, CustomStringConvertible {
    package let venue: String
    package let name: String
    package var description: String { "\(venue) has no source for \(name)" }
}

/// A fact as it is told: an assumption but for its source.
struct ToldFact {
    let name: String
    let words: String
    let sight: Assumption.Sight
    let how: String
    let bears: Assumption.Promise?
    /// It is relied on only where a source says so.
    var isBySource = false
    /// The limit that it is about.
    var budget: String?
}
