import Wire

/// The fields of one object, each taken once; what is left at the end is unknown.
struct FaultFields {
    let place: String
    private var left: [(key: String, value: JSON)]

    init(_ json: JSON, place: String) throws(SimulatorInputError) {
        guard let members = json.object else { throw SimulatorInputError("\(place): an object should stand here") }
        (self.place, left) = (place, members)
    }

    func wrong(_ what: String) -> SimulatorInputError { SimulatorInputError("\(place): \(what)") }

    mutating func take(_ name: String) -> JSON? {
        guard let index = left.firstIndex(where: { $0.key == name }) else { return nil }
        return left.remove(at: index).value
    }

    func finish() throws(SimulatorInputError) {
        if let stranger = left.first { throw wrong("unknown field `\(stranger.key.escapedForLog)`") }
    }

    mutating func text(_ name: String) throws(SimulatorInputError) -> String? {
        guard let value = take(name) else { return nil }
        guard let text = value.string else { throw wrong("`\(name)` should be a text") }
        return text
    }

    mutating func flag(_ name: String) throws(SimulatorInputError) -> Bool? {
        guard let value = take(name) else { return nil }
        guard let flag = value.bool else { throw wrong("`\(name)` should be true or false") }
        return flag
    }

    mutating func whole(_ name: String, in range: ClosedRange<Int64>) throws(SimulatorInputError) -> Int? {
        guard let value = take(name) else { return nil }
        guard case .number = value, let number = value.integer, range.contains(number) else {
            throw wrong("`\(name)` should be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return Int(number)
    }

    mutating func signed(_ name: String, within bound: Int64) throws(SimulatorInputError) -> Int64? {
        try whole(name, in: -bound...bound).map { Int64($0) }
    }

    mutating func fraction(_ name: String) throws(SimulatorInputError) -> Double? {
        guard let value = take(name) else { return nil }
        guard case .number(let text) = value, let number = Double(text), (0...1).contains(number) else { throw wrong("`\(name)` should be 0 to 1") }
        return number
    }

    /// One of a choice of words.
    mutating func word<Choice: RawRepresentable>(_ name: String, standing: Choice) throws(SimulatorInputError) -> Choice
    where Choice.RawValue == String {
        guard let word = try text(name) else { return standing }
        guard let choice = Choice(rawValue: word) else { throw wrong("`\(name)` cannot be `\(word.escapedForLog)`") }
        return choice
    }

    mutating func then() throws(SimulatorInputError) -> Fault.LostReply {
        guard let word = try text("then") else { return .reset }
        guard let lost = Fault.LostReply(rawValue: word) else { throw wrong("`then` should be reset or silence") }
        return lost
    }

    /// - Parameter standing: When it is not there; nil: it must be.
    mutating func milliseconds(_ name: String, standing: Fault.Milliseconds? = nil) throws(SimulatorInputError) -> Fault.Milliseconds {
        guard let value = take(name) else {
            guard let standing else { throw wrong("`\(name)` is missing") }
            return standing
        }
        let allowed: ClosedRange<Int64> = 0...86_400_000
        let ends = value.array ?? [value, value]
        guard ends.count == 2, case .number = ends[0], case .number = ends[1], let low = ends[0].integer, let high = ends[1].integer,
            allowed.contains(low), allowed.contains(high), low <= high
        else { throw wrong("`\(name)` should be milliseconds up to a day, or [low, high]") }
        return Fault.Milliseconds(low, high)
    }
}
