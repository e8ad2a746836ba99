/// What a private stream's pushes told of one order: an object of its own, since most orders that rest were never told of.
final class Pushed {
    /// For how long a push's version is compared with what comes behind it: a stamp that is ahead, or in another unit, would hide an order's life for ever.
    static let heardForUs: Int64 = .seconds(60)

    /// The version of the newest push, where pushes bear REST's (``heardVersion(at:)``).
    var heardVersion: Int64?
    /// The same of the last push, where pushes bear one that compares with nothing else.
    var pushedVersion: Int64?
    /// When one was taken over last, by the runner's clock; and when any told of it.
    var takenAt: Int64 = .min
    var heardAt: Int64 = .min
    /// Some of its executions were told by pushes.
    var hasFills = false

    /// The version of the newest push, for what was asked or heard at a time; nil: there is none, or it is too long ago to count.
    func heardVersion(at time: Int64) -> Int64? { takenAt != .min && time - takenAt > Self.heardForUs ? nil : heardVersion }
}

extension LiveOrder {
    /// A push told of it.
    func heard() -> Pushed {
        if let pushed { return pushed }
        let first = Pushed()
        pushed = first
        return first
    }
}
