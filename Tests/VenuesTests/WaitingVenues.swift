import Venues

/// Venues whose adapter stands in the tree and not in the catalogue yet, for it was not played against its dialect. What is their own is held as any venue's is:
/// golden requests, vectors, answers, pushes, sources; nothing else knows them.
enum WaitingVenues {
    static let lines = [XTFutures.line]
    /// The catalogue's, and these.
    static let known = VenueCatalog.all + lines.filter { line in VenueCatalog.line(line.venue) == nil }
    static func line(_ venue: String) -> VenueLine? { known.first { $0.venue == venue } }
}
