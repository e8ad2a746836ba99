import Kernel
import OMSCore
import Venues
import Wire

extension AccountReader {
    /// `accept_assumption`: names as the venue's page has them, and a reason for each.
    func readAccepted(venue: String?, product: String?, unit: QuantityUnit, generation: StreamGeneration?) -> [String: String] {
        guard let accepted = section.section("accept_assumption", keys: nil) else { return [:] }
        let known = Self.assumptions(venue: venue, product: product, unit: unit, generation: generation)
        var reasons: [String: String] = [:]
        for member in accepted.members {
            if let known, !known.contains(member.key) {
                let hint = closest(to: member.key, among: known).map { "; did you mean \"\($0)\"?" } ?? "; the venue's page in docs/venues names them"
                accepted.report("nothing of that name is taken for granted of the venue\(hint)", member.key)
            }
            guard let reason = accepted.text(member.key, isRequired: true) else { continue }
            reasons[member.key] = reason
        }
        return reasons
    }

    /// nil: the venue or its product is not known, which is told elsewhere.
    static func assumptions(venue: String?, product: String?, unit: QuantityUnit, generation: StreamGeneration?) -> [String]? {
        guard let venue, let product, let line = VenueCatalog.line(venue), line.products.contains(product) else { return nil }
        return try? line.assumptions(product, quantityUnit: unit, generation: generation ?? .newer).map(\.name)
    }
}
