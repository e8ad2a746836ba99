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
        /// By nothing that may be tried: only by going wrong.
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
    /// What is looked at, in words.
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

    /// - Parameter names: separated by blanks.
    package init(_ certainty: Certainty, _ page: String, read: String, _ names: String) {
        (self.certainty, self.page, self.read, self.names) = (certainty, page, read, names.split(separator: " "))
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
        guard let profile = adapter(product, quantityUnit: quantityUnit)?.profile else { return [] }
        var facts = ProfileFact.all.flatMap { $0.told(of: profile) } + Conversation.all.compactMap { $0.told(of: profile) }
        if let stream = stream(product, generation: generation)?.profile {
            facts += StreamFact.all.flatMap { $0.told(of: stream) } + Conversation.ofStreams.compactMap { $0.told(of: profile) }
        }
        var assumptions: [Assumption] = []
        for fact in facts {
            guard let source = sources.source(of: fact.name) else { throw UnsourcedFact(venue: venue, name: fact.name) }
            assumptions.append(
                Assumption(name: fact.name, assumed: fact.words, source: source, sight: fact.sight, how: fact.how, bears: fact.bears))
        }
        return assumptions
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
}
