/// Why an order in doubt is not to be sent again although look-ups do not find it. On record with the order: a bar outlives the process that saw its reason.
package struct Bars: OptionSet, Hashable, Sendable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// The venue answered that it has or had an order of this id: no look-up that finds none can be right.
    package static let duplicate = Bars(rawValue: 1)
    /// The venue refused it, in words that are not known to be final: code and text stand in `reject_code` and `reject_text`. Proven absent it is rejected.
    package static let refusal = Bars(rawValue: 2)
    /// It was attempted with a former key: whether look-ups with the present one would show it is not certain. Lifted where the venue says the same uid.
    package static let key = Bars(rawValue: 4)
    /// It was attempted when the account was not known to be what it is now (another uid or host, or a journal without pins): a person's word lifts it.
    package static let identity = Bars(rawValue: 8)

    /// It was attempted before a rebinding to another uid or host: that the account does not show it now says nothing of where it went, whatever a later
    /// rebinding says. Only evidence, or a person's verdict on the order, ends it.
    package static let elsewhere = Bars(rawValue: 16)

    /// The venue refused its request, since one of the orders in it is or was there, and did not say which. Lifted once one of them is found.
    package static let among = Bars(rawValue: 32)

    /// Those under which absence proves nothing.
    package static let unprovable: Bars = [.duplicate, .among, .key, .identity, .elsewhere]

    private static let names: [(bar: Bars, name: String)] = [
        (.duplicate, "duplicate"), (.refusal, "refusal"), (.key, "key"), (.identity, "identity"), (.elsewhere, "elsewhere"),
        (.among, "duplicate_among"),
    ]

    /// As the column `barred_by` holds it: the names, with commas between; nil for none.
    package var text: String? { isEmpty ? nil : Self.names.filter { contains($0.bar) }.map(\.name).joined(separator: ",") }

    /// nil: a name that is not known.
    package init?(text: String) {
        self = []
        for word in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let bar = Self.names.first(where: { $0.name == word })?.bar else { return nil }
            formUnion(bar)
        }
    }
}
